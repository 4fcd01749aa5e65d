//! From a table to its clusters: the whole way.

use std::sync::Arc;

use arrow_array::builder::{Float64Builder, StringBuilder, UInt32Builder};
use arrow_array::{Array, ArrayRef, Float64Array, StringArray, UInt32Array};
use arrow_schema::DataType;
use tables::Table;

use crate::clusters_table::clusters_table;
use crate::discs::Discs;
use crate::figures::{Figures, measure};
use crate::ground::Ground;
use crate::naming::{Named, name};
use crate::tuned_kmeans::tuned_kmeans;
use crate::{Budget, Error, Graph, Grouping, Method, Params, Report, Settings, balanced, columns};

/// The columns a clustered table has more than its input.
const CLUSTER_COLUMNS: [&str; 3] = ["cluster_id", "cluster_weight", "cluster_pass"];
/// How finely discs are drawn for the bound in the report. Five times as fine moves it by less than a hundredth.
const TILES_A_RADIUS: u32 = 8;

/// What comes of clustering a table.
#[derive(Debug, Clone)]
pub struct Clustered {
    /// Every row and column of the input, with `cluster_id`, `cluster_weight` and `cluster_pass`, sorted by `cluster_id`.
    pub table: Table,
    /// One row a cluster: `cluster_id`, `cluster_pass`, `cluster_weight`, `rows`, `radius` in metres, `contiguous`, `in_range`,
    /// `flags`, and the hull in longitude and latitude.
    pub clusters: Table,
    /// The figures.
    pub report: Report,
}

/// Groups the rows of `table` into clusters.
///
/// The result depends on the places, the settings and the seed alone: not on the order of the rows, nor on the number of
/// threads of the rayon pool it runs on.
///
/// # Errors
/// Everything in [`Error`]: a setting, a column, a weight, a geometry or a CRS that must be changed first.
pub fn cluster_table(
    table: &Table,
    params: &Params,
    budget: &Budget<'_>,
) -> Result<Clustered, Error> {
    let table = without_cluster_columns(table, params.overwrite)?;
    let weight_column = columns::weight_column(&table, params);
    if let Some(column) = weight_column {
        columns::require(&table, column)?;
    }
    if table.rows() == 0 {
        let settings = params.settings(&mut |_, _| Ok(false))?;
        return nothing(&table, weight_column, &settings);
    }
    let settings =
        params.settings(&mut |name, condition| columns::decide(&table, name, condition))?;
    budget.check_memory(&table)?;
    let mut ground = Ground::read(&table, params, &settings)?;

    let grouping = match settings.method {
        Method::Balanced => balanced(
            &ground.places(),
            &ground.order,
            &ground.graph,
            &settings,
            params.small_islands,
            budget,
        ),
        Method::TunedKmeans => tuned_kmeans(&ground.places(), &settings, budget),
    };
    let clusters = Clusters::arrange(&ground, &grouping, &settings);
    drop(grouping);
    let components = ground.graph.pieces(|_| 0).1;
    // The neighbours take more room than anything else here, and have served.
    ground.graph = Graph::default();

    let report = Report {
        components: components as u64,
        ..clusters.report(&ground, &table, weight_column, &settings)
    };
    Ok(Clustered {
        clusters: clusters_table(
            &ground,
            &clusters.members,
            &clusters.names,
            &clusters.passes,
            &clusters.figures,
            &settings,
        )?,
        table: clusters.write(&ground, &table, weight_column)?,
        report,
    })
}

/// The table without the columns that are to be made, or an error if it must not lose them.
fn without_cluster_columns(table: &Table, overwrite: bool) -> Result<Table, Error> {
    let mut table = table.clone();
    for column in CLUSTER_COLUMNS {
        if table.has_column(column) {
            if !overwrite {
                return Err(Error::AlreadyClustered { column });
            }
            table = table.without_column(column)?;
        }
    }
    Ok(table)
}

/// The answer for a table without rows.
fn nothing(
    table: &Table,
    weight_column: Option<&str>,
    settings: &Settings,
) -> Result<Clustered, Error> {
    let ids: ArrayRef = Arc::new(StringArray::from_iter_values([""; 0]));
    let passes: ArrayRef = Arc::new(UInt32Array::from_iter_values([]));
    let weights = weights_like(table, weight_column, Float64Array::from(Vec::<f64>::new()))?;
    let report = Report {
        weight_column: weight_column.map(str::to_owned),
        ..Report::empty(settings)
    };
    Ok(Clustered {
        clusters: Table::new(vec![("cluster_id".to_owned(), Arc::clone(&ids))])?,
        table: with_cluster_columns(table, ids, weights, passes)?,
        report,
    })
}

fn with_cluster_columns(
    table: &Table,
    ids: ArrayRef,
    weights: ArrayRef,
    passes: ArrayRef,
) -> Result<Table, Error> {
    let [id, weight, pass] = CLUSTER_COLUMNS;
    Ok(table
        .with_column(id, ids)?
        .with_column(weight, weights)?
        .with_column(pass, passes)?)
}

/// Weights in the type of the weight column; 64 bits where that type has no room for a sum or is no number, and 64-bit
/// integers where rows count.
fn weights_like(
    table: &Table,
    column: Option<&str>,
    weights: Float64Array,
) -> Result<ArrayRef, Error> {
    let wanted = match column {
        None => DataType::Int64,
        Some(column) => match table.schema().field_with_name(column) {
            Ok(field) if field.data_type().is_numeric() => field.data_type().clone(),
            _ => DataType::Float64,
        },
    };
    let exact = if wanted.is_integer() {
        DataType::Int64
    } else {
        DataType::Float64
    };
    let weights: ArrayRef = Arc::new(weights);
    for kind in [wanted, exact] {
        // Values that do not fit become null.
        if let Ok(cast) = arrow_cast::cast(&weights, &kind)
            && cast.null_count() == weights.null_count()
        {
            return Ok(cast);
        }
    }
    Ok(weights)
}

/// The clusters in their final order.
struct Clusters {
    /// The places of each, in canonical order.
    members: Vec<Vec<u32>>,
    names: Vec<String>,
    passes: Vec<u32>,
    figures: Vec<Figures>,
    /// Passes that were run.
    run: u32,
}

impl Clusters {
    fn arrange(ground: &Ground, grouping: &Grouping, settings: &Settings) -> Self {
        let mut first = vec![u64::MAX; grouping.clusters.len()];
        for (place, &cluster) in (0u64..).zip(&grouping.cluster_of) {
            let first = &mut first[cluster as usize];
            *first = place.min(*first);
        }
        let Named { rank, mut names } = name(grouping, &first);
        let cluster_of: Vec<u32> = grouping
            .cluster_of
            .iter()
            .map(|&cluster| rank[cluster as usize])
            .collect();
        let mut members = vec![Vec::new(); names.len()];
        for (place, &cluster) in (0u32..).zip(&cluster_of) {
            members[cluster as usize].push(place);
        }
        let mut passes = vec![0; names.len()];
        for (lineage, &rank) in grouping.clusters.iter().zip(&rank) {
            passes[rank as usize] = lineage.pass;
        }
        let figures = measure(
            &ground.places(),
            &ground.graph,
            &cluster_of,
            &members,
            settings,
        );
        // A single cluster without weight is no survey cluster: it has no number.
        if let ([only], [name]) = (figures.as_slice(), names.as_mut_slice())
            && only.weight == 0.0
        {
            *name = "CLUSTER_0".to_owned();
        }
        Self {
            members,
            names,
            passes,
            figures,
            run: grouping.passes,
        }
    }

    fn report(
        &self,
        ground: &Ground,
        table: &Table,
        weight_column: Option<&str>,
        settings: &Settings,
    ) -> Report {
        let places = ground.places();
        let discs = Discs::new(
            places.centres,
            places.weights,
            settings.target_radius,
            TILES_A_RADIUS,
        );
        let report = Report {
            rows: table.rows() as u64,
            rows_left_out: ground.left_out.len() as u64,
            passes: self.run,
            adjacency: Some(ground.adjacency),
            projection: Some(ground.crs_name.clone()),
            weight_column: weight_column.map(str::to_owned),
            warnings: ground.warnings.clone(),
            ..Report::empty(settings)
        }
        .with_figures(&self.figures, settings);
        Report {
            feasible_weight_share: (report.total_weight > 0.0)
                .then(|| discs.weight_within_reach(settings.min_weight) / report.total_weight),
            ..report
        }
    }

    /// The rows of the table cluster by cluster, as they stood within each, those left out last.
    fn write(
        &self,
        ground: &Ground,
        table: &Table,
        weight_column: Option<&str>,
    ) -> Result<Table, Error> {
        let mut rows = Vec::with_capacity(table.rows());
        let mut counts = Vec::with_capacity(self.members.len());
        for members in &self.members {
            let start = rows.len();
            rows.extend(members.iter().map(|&place| ground.rows[place as usize]));
            rows[start..].sort_unstable();
            counts.push(rows.len() - start);
        }
        rows.extend_from_slice(&ground.left_out);
        let none = ground.left_out.len();

        let mut ids = StringBuilder::with_capacity(rows.len(), rows.len() * 13);
        let mut weights = Float64Builder::with_capacity(rows.len());
        let mut passes = UInt32Builder::with_capacity(rows.len());
        for (cluster, &count) in counts.iter().enumerate() {
            for _ in 0..count {
                ids.append_value(&self.names[cluster]);
                weights.append_value(self.figures[cluster].weight);
                passes.append_value(self.passes[cluster]);
            }
        }
        ids.append_nulls(none);
        weights.append_nulls(none);
        passes.append_nulls(none);
        with_cluster_columns(
            &table.take(&rows)?,
            Arc::new(ids.finish()),
            weights_like(table, weight_column, weights.finish())?,
            Arc::new(passes.finish()),
        )
    }
}
