//! From labelled features to chips.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use arrow_array::{ArrayRef, Float64Array, Int32Array, StringArray};
use geo::{
    Area, BooleanOps, BoundingRect, Centroid, Coord, Distance, Euclidean, Geometry, Intersects,
    MultiPolygon, Point, Rect,
};
use rayon::prelude::*;
use tables::{Crs, Projection, Table};

use super::folds::folds;
use super::lattice::{Cell, Lattice};
use super::plan::{AllFolds, Border, ChipPlan, FoldIndex, Folds, Keep};
use crate::samples::{Columns, Place, Planned, Rejected, Samples, batch_column, text_column};
use crate::{Batches, Error, Result, batch_ranges, slug};

/// The most places of the lattice that one plan may look at.
const MOST_CELLS: u64 = 20_000_000;

/// Chips over labelled features: the squares of a lattice in metres that meet a feature.
///
/// Features are points, lines or polygons in any CRS. The lattice lies still in its CRS, so that
/// plans of neighbouring regions have the same chips under the same names. Samples are the centres
/// of the chips, fold by fold, row by row from south to north, each from west to east; the columns `crs`,
/// `x_min`, `y_max`, `pixel_m` and `chip_px` are the chip's grid.
///
/// # Errors
/// [`Error::Setting`]; [`Error::NothingToSample`] when no feature is selected;
/// [`Error::TooManySamples`]; [`Error::Table`] for an unknown column or CRS.
pub fn plan_chips(
    features: &Table,
    plan: &ChipPlan,
    seed: u64,
    batches: Batches,
) -> Result<Planned> {
    let layout = Layout::of(features, plan, seed)?;
    let batches = batch_ranges(layout.chips.len(), batches)?;
    Ok(Planned {
        samples: Samples::of_table(layout.table(plan, &batches)?),
        batches,
        rejected: layout.rejected,
        left_out: Vec::new(),
        notes: layout.notes,
        network: None,
    })
}

/// A feature in the CRS of the grid.
pub(crate) struct Feature {
    pub(crate) geometry: Geometry,
    pub(crate) bounds: Rect,
    pub(crate) fold: usize,
}

/// What is planned, before it is a table or a picture.
pub(crate) struct Layout {
    pub(crate) crs: Crs,
    pub(crate) lattice: Lattice,
    /// All selected features, of all folds.
    pub(crate) features: Vec<Feature>,
    /// By fold, then row by row from the south.
    pub(crate) chips: Vec<Chip>,
    pub(crate) rejected: Vec<Rejected>,
    /// What the rule for borders costs.
    pub(crate) notes: Vec<String>,
}

/// A chip of a fold.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Chip {
    pub(crate) cell: Cell,
    /// 0 without folds.
    pub(crate) fold: usize,
    /// Share of its area that features of its fold cover, where that was asked for.
    share: Option<f64>,
}

impl Layout {
    pub(crate) fn of(features: &Table, plan: &ChipPlan, seed: u64) -> Result<Self> {
        plan.check()?;
        if !plan.prefix.is_empty() && slug(&plan.prefix) != plan.prefix {
            return Err(Error::setting(
                "prefix",
                "may have letters of ASCII, digits, '.', '_' and '-' only",
            ));
        }
        let rows = selected(features, plan)?;
        let features = features.take(&rows)?;
        let crs = crs_of(&features, plan)?;
        let mut found = Vec::new();
        let mut rejected = Vec::new();
        let geometries = features.reproject(&crs)?.geometries()?;
        for (&row, geometry) in rows.iter().zip(geometries) {
            let bounds = geometry.as_ref().and_then(Geometry::bounding_rect);
            match (geometry, bounds) {
                (Some(geometry), Some(bounds)) => found.push(Feature {
                    geometry,
                    bounds,
                    fold: 0,
                }),
                _ => rejected.push(Rejected {
                    row: row as usize,
                    id: None,
                    reason: "no geometry".into(),
                }),
            }
        }
        if let Some(wanted) = plan.folds {
            let places: Vec<Coord> = found
                .iter()
                .map(|f| f.geometry.centroid().map_or(f.bounds.center(), Coord::from))
                .collect();
            for (feature, fold) in found.iter_mut().zip(folds(&places, wanted.chunks, seed)?) {
                feature.fold = fold;
            }
        }
        let lattice = Lattice::of(plan, &crs);
        let kept = plan.folds.map_or(0..1, |folds| folds.kept());
        let mut all = Vec::new();
        for fold in kept {
            let of_fold: Vec<&Feature> = found.iter().filter(|f| f.fold == fold).collect();
            let chips = chips(&lattice, &of_fold, plan)?;
            all.extend(
                chips
                    .into_iter()
                    .map(|(cell, share)| Chip { cell, fold, share }),
            );
        }
        let mut notes = Vec::new();
        if let Some(wanted) = plan.folds {
            let meeting = meeting_others(&lattice, &found, &all);
            let kept: Vec<Chip> = all
                .iter()
                .zip(&meeting)
                .filter(|(_, meets)| !**meets)
                .map(|(chip, _)| *chip)
                .collect();
            notes.push(cost(&all, &kept, wanted, &lattice, &found));
            if wanted.border == Border::Drop {
                all = kept;
            }
        }
        Ok(Self {
            crs,
            lattice,
            features: found,
            chips: all,
            rejected,
            notes,
        })
    }

    /// Names of the chips: that of their place in the lattice, with the fold where a place may be a
    /// chip of several.
    fn names(&self, plan: &ChipPlan) -> Result<Vec<String>> {
        let shared = plan.folds.is_some_and(|folds| {
            folds.index == FoldIndex::All(AllFolds::All)
                && (folds.border == Border::Keep || plan.keep == Keep::All)
        });
        self.chips
            .iter()
            .map(|chip| {
                let index = self.lattice.index(chip.cell)?;
                Ok(match shared {
                    true => format!("{}{index:05}_f{}", plan.prefix, chip.fold),
                    false => format!("{}{index:05}", plan.prefix),
                })
            })
            .collect()
    }

    fn table(&self, plan: &ChipPlan, batches: &[std::ops::Range<usize>]) -> Result<Table> {
        let windows: Vec<Rect> = self
            .chips
            .iter()
            .map(|chip| self.lattice.window(chip.cell))
            .collect();
        let mut centres: Vec<Coord> = windows.iter().map(|window| window.center()).collect();
        Projection::between(&self.crs, &Crs::wgs84())?.project(&mut centres)?;
        let ids = self.names(plan)?;
        let count = self.chips.len();
        let name = self
            .crs
            .epsg()
            .map_or_else(|| self.crs.to_string(), |code| format!("EPSG:{code}"));
        // rows and columns of a lattice, folds and pixels all fit
        let int = |value: i64| i32::try_from(value).ok();
        let ints = |of: &dyn Fn(&Chip) -> i64| -> ArrayRef {
            Arc::new(
                self.chips
                    .iter()
                    .map(|chip| int(of(chip)))
                    .collect::<Int32Array>(),
            )
        };
        let same = |value: i64| -> ArrayRef {
            Arc::new((0..count).map(|_| int(value)).collect::<Int32Array>())
        };
        let floats = |values: Vec<f64>| -> ArrayRef { Arc::new(Float64Array::from(values)) };
        let further: Vec<(String, ArrayRef)> = vec![
            ("fold".into(), ints(&|chip| chip.fold as i64)),
            ("chip_row".into(), ints(&|chip| chip.cell.row)),
            ("chip_col".into(), ints(&|chip| chip.cell.column)),
            ("crs".into(), Arc::new(StringArray::from(vec![name; count]))),
            (
                "x_min".into(),
                floats(windows.iter().map(|w| w.min().x).collect()),
            ),
            (
                "y_max".into(),
                floats(windows.iter().map(|w| w.max().y).collect()),
            ),
            ("pixel_m".into(), floats(vec![plan.pixel_m; count])),
            ("chip_px".into(), same(i64::from(plan.chip_px))),
            (
                "label_share".into(),
                Arc::new(
                    self.chips
                        .iter()
                        .map(|chip| chip.share)
                        .collect::<Float64Array>(),
                ),
            ),
        ];
        Columns::default()
            .with("sample_id", text_column(ids.iter().map(Some))?)
            .with("batch", batch_column(batches, 0..count))
            .table(Place::AreaId, &centres, further)
    }
}

/// Whether each chip meets a feature of a fold that is not its own.
fn meeting_others(lattice: &Lattice, features: &[Feature], chips: &[Chip]) -> Vec<bool> {
    let mut of_cell: HashMap<Cell, Vec<usize>> = HashMap::new();
    for (number, chip) in chips.iter().enumerate() {
        of_cell.entry(chip.cell).or_default().push(number);
    }
    let met: Vec<usize> = features
        .par_iter()
        .flat_map_iter(|feature| {
            let of_cell = &of_cell;
            let [rows, columns] = lattice.around(feature.bounds);
            rows.flat_map(move |row| columns.clone().map(move |column| Cell { row, column }))
                .filter_map(move |cell| of_cell.get(&cell).map(|numbers| (cell, numbers)))
                .filter(move |(cell, numbers)| {
                    numbers
                        .iter()
                        .any(|&number| chips[number].fold != feature.fold)
                        && feature.geometry.intersects(&lattice.window(*cell))
                })
                .flat_map(|(_, numbers)| numbers.iter().copied())
                .filter(|&number| chips[number].fold != feature.fold)
        })
        .collect();
    let mut meeting = vec![false; chips.len()];
    for number in met {
        meeting[number] = true;
    }
    meeting
}

/// What each rule for borders leaves.
fn cost(
    all: &[Chip],
    kept: &[Chip],
    folds: Folds,
    lattice: &Lattice,
    features: &[Feature],
) -> String {
    let seen_by = |chips: &[Chip]| {
        let cells: HashSet<(Cell, usize)> =
            chips.iter().map(|chip| (chip.cell, chip.fold)).collect();
        let wanted = folds.kept();
        features
            .par_iter()
            .filter(|feature| wanted.contains(&feature.fold))
            .filter(|feature| {
                let [rows, columns] = lattice.around(feature.bounds);
                let mut places =
                    rows.flat_map(|row| columns.clone().map(move |column| Cell { row, column }));
                places.any(|cell| {
                    cells.contains(&(cell, feature.fold))
                        && feature.geometry.intersects(&lattice.window(cell))
                })
            })
            .count()
    };
    format!(
        "{} of {} chips meet features of several folds: border = \"drop\" leaves {} chips with {} features, \
         \"keep\" {} with {}, some of which two folds see; it is {}",
        all.len() - kept.len(),
        all.len(),
        kept.len(),
        seen_by(kept),
        all.len(),
        seen_by(all),
        match folds.border {
            Border::Drop => "drop",
            Border::Keep => "keep",
        }
    )
}

fn selected(features: &Table, plan: &ChipPlan) -> Result<Vec<u32>> {
    // a table has fewer than 2^32 rows
    let all = 0..features.rows() as u32;
    let rows: Vec<u32> = match &plan.select {
        None => all.collect(),
        Some(select) => {
            let values = features.texts(&select.column)?;
            let wanted = |value: &Option<String>| value.as_ref() == Some(&select.value);
            all.zip(values)
                .filter(|(_, value)| wanted(value))
                .map(|(row, _)| row)
                .collect()
        }
    };
    if rows.is_empty() {
        let wanted = plan.select.as_ref().map_or_else(
            || "row".into(),
            |select| format!("row with {:?} in column {:?}", select.value, select.column),
        );
        return Err(Error::NothingToSample {
            what: "the table of features",
            wanted,
        });
    }
    Ok(rows)
}

/// The projected CRS of the grid, in metres.
fn crs_of(features: &Table, plan: &ChipPlan) -> Result<Crs> {
    let crs = match &plan.crs {
        Some(name) => name.parse::<Crs>()?,
        None => {
            let bounds = features.reproject(&Crs::wgs84())?.bounds()?;
            let bounds = bounds.ok_or(Error::NothingToSample {
                what: "the table of features",
                wanted: "geometry".into(),
            })?;
            Crs::utm_for(bounds.center().x, bounds.center().y)?
        }
    };
    if crs.metres_per_unit() != Some(1.0) {
        return Err(Error::setting(
            "crs",
            format!("{crs} is not in metres; a projected CRS such as UTM is needed"),
        ));
    }
    Ok(crs)
}

/// The cells that are kept, row by row from the south.
fn chips(
    lattice: &Lattice,
    features: &[&Feature],
    plan: &ChipPlan,
) -> Result<Vec<(Cell, Option<f64>)>> {
    let grown = |bounds: Rect, by: f64| {
        let by = Coord { x: by, y: by };
        Rect::new(bounds.min() - by, bounds.max() + by)
    };
    let Some(region) = features
        .iter()
        .map(|feature| feature.bounds)
        .reduce(|a, b| {
            let low = Coord {
                x: a.min().x.min(b.min().x),
                y: a.min().y.min(b.min().y),
            };
            let high = Coord {
                x: a.max().x.max(b.max().x),
                y: a.max().y.max(b.max().y),
            };
            Rect::new(low, high)
        })
    else {
        return Ok(Vec::new());
    };
    let region = grown(region, plan.margin_m);
    let [rows, columns] = lattice.around(region);
    let count = |range: &std::ops::RangeInclusive<i64>| {
        range.end().saturating_sub(*range.start()).max(0) as u64 + 1
    };
    let cells = count(&rows).saturating_mul(count(&columns));
    if cells > MOST_CELLS {
        return Err(Error::TooManySamples {
            asked: cells,
            most: MOST_CELLS,
        });
    }
    let reach = match plan.keep {
        Keep::All => None,
        Keep::Window => Some(0.0),
        Keep::Disc => Some(plan.chip_m() / 3.0),
    };
    let touched: Vec<(Cell, usize)> = features
        .par_iter()
        .enumerate()
        .flat_map_iter(|(number, feature)| {
            let [rows, columns] = lattice.around(feature.bounds);
            rows.flat_map(move |row| columns.clone().map(move |column| Cell { row, column }))
                .filter(move |&cell| {
                    let window = lattice.window(cell);
                    match reach {
                        Some(radius) if radius > 0.0 => {
                            let centre = Geometry::Point(Point::from(window.center()));
                            Euclidean.distance(&centre, &feature.geometry) <= radius
                        }
                        _ => feature.geometry.intersects(&window),
                    }
                })
                .map(move |cell| (cell, number))
        })
        .collect();
    let mut by_cell: BTreeMap<Cell, Vec<usize>> = BTreeMap::new();
    for (cell, number) in touched {
        by_cell.entry(cell).or_default().push(number);
    }
    if plan.keep == Keep::All {
        for row in rows {
            for column in columns.clone() {
                by_cell.entry(Cell { row, column }).or_default();
            }
        }
    }
    let Some(least) = plan.min_label_share else {
        return Ok(by_cell.into_keys().map(|cell| (cell, None)).collect());
    };
    Ok(by_cell
        .into_par_iter()
        .map(|(cell, numbers)| {
            let window = lattice.window(cell);
            let labels = numbers.iter().filter_map(|&number| features.get(number));
            (
                cell,
                Some(covered(window, labels.map(|feature| &feature.geometry))),
            )
        })
        .filter(|(_, share)| share.is_some_and(|share| share >= least))
        .collect())
}

/// The share of a window that polygons cover together.
fn covered<'a>(window: Rect, labels: impl Iterator<Item = &'a Geometry>) -> f64 {
    let square = MultiPolygon(vec![window.to_polygon()]);
    let parts = labels.map(|label| match label {
        Geometry::Polygon(polygon) => polygon.intersection(&square),
        Geometry::MultiPolygon(polygons) => polygons.intersection(&square),
        _ => MultiPolygon(Vec::new()),
    });
    let union = parts.reduce(|all, part| all.union(&part));
    union.map_or(0.0, |union| union.unsigned_area() / square.unsigned_area())
}
