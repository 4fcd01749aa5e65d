//! From a table to its clusters: the whole way.

use std::sync::Arc;

use arrow_array::builder::{Float64Builder, StringBuilder, UInt32Builder};
use arrow_array::{Array, ArrayRef, Float64Array, StringArray, UInt32Array};
use arrow_schema::DataType;
use tables::Table;

use crate::bound::feasible_weight;
use crate::clusters_table::clusters_table;
use crate::columns::{self, RowSettings};
use crate::figures::{Figures, measure};
use crate::ground::Ground;
use crate::naming::{Named, name};
use crate::places::Part;
use crate::tuned_kmeans::tuned_kmeans;
use crate::{
    Budget, CanonicalOrder, Error, Graph, Grouping, Lineage, Method, Params, Places, Report,
    Settings, Side, ThinPieces, TradeOff, balanced,
};

/// The columns a clustered table has more than its input.
const CLUSTER_COLUMNS: [&str; 3] = ["cluster_id", "cluster_weight", "cluster_pass"];

/// What comes of clustering a table.
#[derive(Debug, Clone)]
pub struct Clustered {
    /// Every row and column of the input, with `cluster_id`, `cluster_weight` and `cluster_pass`, sorted by `cluster_id`.
    pub table: Table,
    /// One row a cluster: `cluster_id`, `cluster_pass`, `cluster_weight`, `rows`, `radius` in metres, `contiguous`, `in_range`,
    /// `flags`, the columns of strata and those to carry, and the outline in the CRS of the input, with the hull and the centre as
    /// further columns.
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
    let weight_column = columns::weight_column(&table, params)?;
    for column in &params.carry {
        columns::require(&table, column)?;
    }
    if let Some(reach) = params.bridge
        && !(reach.is_finite() && reach >= 0.0)
    {
        return Err(Error::Setting {
            name: "bridge",
            value: reach.to_string(),
            expected: "a number of metres, or 0 for no bridges",
        });
    }
    let row_settings = RowSettings::read(&table, params)?;
    if table.rows() == 0 {
        return nothing(&table, weight_column, &row_settings.all);
    }
    budget.check_memory(&table)?;
    let mut ground = Ground::read(&table, params, row_settings, weight_column)?;

    let mut grouping = group(&ground, params, budget);
    let before_target = grouping.before_target.take();
    let clusters = Clusters::arrange(&ground, &grouping);
    drop(grouping);
    let report = Report {
        components: ground.graph.pieces(|_| 0).1 as u64,
        ..clusters.report(&ground, &table, weight_column, params, before_target)
    };
    // The neighbours take more room than anything else here, and have served.
    ground.graph = Graph::default();

    Ok(Clustered {
        clusters: clusters_table(&ground, &table, &clusters, params)?,
        table: clusters.write(&ground, &table, weight_column)?,
        report,
    })
}

/// Groups places with the same settings by themselves.
fn group(ground: &Ground, params: &Params, budget: &Budget<'_>) -> Grouping {
    if let [only] = ground.settings.as_slice() {
        return run(
            &ground.places(),
            &ground.order,
            &ground.graph,
            only,
            params,
            budget,
        );
    }
    let mut whole = Grouping::flat(vec![0; ground.rows.len()], 0);
    let mut members: Vec<Vec<u32>> = vec![Vec::new(); ground.settings.len()];
    let mut number_of = Vec::with_capacity(ground.rows.len());
    for (place, &settings) in (0u32..).zip(&ground.settings_of) {
        number_of.push(members[settings as usize].len() as u32);
        members[settings as usize].push(place);
    }
    for (own, settings) in (0u32..).zip(&ground.settings) {
        let members = &members[own as usize];
        let part = Part::new(&ground.places(), members);
        let order = CanonicalOrder {
            places: Vec::new(),
            keys: members
                .iter()
                .map(|&place| ground.order.keys[place as usize])
                .collect(),
            ..ground.order
        };
        let graph = ground.graph.part(members, |place| {
            (ground.settings_of[place as usize] == own).then(|| number_of[place as usize])
        });
        let found = run(&part.places(), &order, &graph, settings, params, budget);
        let first = whole.clusters.len() as u32;
        for (&place, &cluster) in members.iter().zip(&found.cluster_of) {
            whole.cluster_of[place as usize] = first + cluster;
        }
        // Labels of the first pass are those of one grouping: they move on with the clusters.
        whole
            .clusters
            .extend(found.clusters.into_iter().map(|cluster| {
                let mut path = cluster.path;
                if let Some(label) = path.first_mut() {
                    *label += first;
                }
                Lineage { path, ..cluster }
            }));
        whole.passes = whole.passes.max(found.passes);
        if let Some(found) = found.before_target {
            whole.before_target.get_or_insert_default().extend(found);
        }
    }
    whole
}

fn run(
    places: &Places<'_>,
    order: &CanonicalOrder,
    graph: &Graph,
    settings: &Settings,
    params: &Params,
    budget: &Budget<'_>,
) -> Grouping {
    match settings.method {
        Method::Balanced => balanced(places, order, graph, settings, params.small_islands, budget),
        Method::TunedKmeans => tuned_kmeans(places, settings, budget),
    }
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
    settings: &[Settings],
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
pub(crate) struct Clusters {
    /// The places of each, in canonical order.
    pub members: Vec<Vec<u32>>,
    pub names: Vec<String>,
    pub passes: Vec<u32>,
    pub figures: Vec<Figures>,
    /// Passes that were run.
    run: u32,
}

impl Clusters {
    fn arrange(ground: &Ground, grouping: &Grouping) -> Self {
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
        let figures = measure(ground, &cluster_of, &members);
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
        params: &Params,
        before_target: Option<Vec<(f64, bool)>>,
    ) -> Report {
        let feasible = feasible_weight(ground);
        let answer: Vec<(f64, bool)> = self
            .figures
            .iter()
            .map(|figures| (figures.weight, figures.is_good()))
            .collect();
        let merged = (ground.strata.merged, ground.strata.merged_weight);
        let report = Report {
            rows: table.rows() as u64,
            rows_left_out: ground.left_out.len() as u64,
            passes: self.run,
            adjacency: Some(ground.adjacency),
            projection: Some(ground.crs_name.clone()),
            weight_column: weight_column.map(str::to_owned),
            weight_candidates: match weight_column {
                Some(_) => Vec::new(),
                None => columns::numeric(table),
            },
            bridges: ground.bridges,
            thin_pieces_merged: (params.thin_pieces == ThinPieces::Merge).then_some(merged),
            trade_off: (params.method == Method::Balanced).then(|| TradeOff {
                prefer: params.prefer,
                most_good: before_target.map(|found| Side::of(&found)),
                answer: Side::of(&answer),
            }),
            warnings: ground.warnings.clone(),
            ..Report::empty(&ground.settings)
        };
        report.with_figures(&self.figures, &ground.settings, &feasible)
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
