//! Structures to visit in each unit that was drawn.

use std::collections::HashMap;
use std::sync::Arc;

use arrow_array::{ArrayRef, BooleanArray, Float64Array, StringArray, UInt32Array};
use geo::{BoundingRect, Contains, Coord, Geometry, LineString, MultiLineString, Point, Rect};
use rstar::RTree;
use rstar::primitives::{GeomWithData, Line};
use serde::Serialize;
use tables::{Crs, Projection, Table};

use crate::selection::{Method, draw};
use crate::stages::{with_new, with_stage};
use crate::{Error, Result};

/// How structures are drawn.
#[derive(Clone, Debug)]
pub struct Within {
    /// Structures of each unit.
    pub take: usize,
    /// More to stand by, in each unit.
    pub reserve: usize,
    /// Whether they are drawn at equal steps in list order, or simple at random.
    pub systematic: bool,
    /// A structure with fewer neighbours within a distance of metres is set aside.
    pub isolated: Option<(usize, f64)>,
    /// The farthest road that a structure is moved to, in metres.
    pub road_within: f64,
    /// The column that says in which unit a structure lies; its place in the outline decides when `None`.
    pub unit_column: Option<String>,
    /// The seed.
    pub seed: u64,
}

/// What was drawn in a unit.
#[derive(Clone, Debug, Serialize)]
pub struct UnitDrawn {
    /// The unit.
    pub psu_id: String,
    /// Its stratum.
    pub stratum: String,
    /// Structures in it.
    pub structures: usize,
    /// Those set aside, for they have too few neighbours: their probability is 0.
    pub set_aside: usize,
    /// Structures drawn.
    pub drawn: usize,
    /// Structures that stand by.
    pub reserves: usize,
    /// Drawn structures without a road near.
    pub off_road: usize,
}

/// Structures that were drawn, and what was done in each unit.
#[derive(Clone, Debug)]
pub struct WithinDrawn {
    /// A row for each structure, points in longitude and latitude.
    pub table: Table,
    /// A line from the road to each structure that was moved to it.
    pub lines: Table,
    /// What was done in each unit.
    pub units: Vec<UnitDrawn>,
    /// Structures in no unit that was drawn.
    pub elsewhere: usize,
    /// What the user should know, a line each.
    pub warnings: Vec<String>,
}

/// Draws structures in each unit of a sample.
///
/// K of the L structures that are kept have the probability min(K, L) / L. Distances are metres on a plane about each unit.
/// `roads` are lines in longitude and latitude, with their names.
///
/// # Errors
/// [`Error::Design`] for a sample without outlines or without `p_1`; [`Error::Setting`]; [`Error::Table`].
pub fn select_within(
    sample: &Table,
    buildings: &Table,
    roads: &[(String, LineString)],
    settings: &Within,
) -> Result<WithinDrawn> {
    if settings.take == 0 {
        return Err(Error::setting("the number of structures", 0, "at least 1"));
    }
    if !sample.has_column("p_1") || !sample.has_column("psu_id") {
        return Err(Error::Design(
            "the units have no probability (p_1, psu_id): draw them by `transect select` first"
                .to_owned(),
        ));
    }
    let ids = sample.texts("psu_id")?;
    let p = crate::stages::product(sample)?;
    let strata = if sample.has_column("stratum") {
        sample.texts("stratum")?
    } else {
        vec![None; sample.rows()]
    };
    let places = lon_lat(buildings)?;
    let members = members(sample, buildings, &places, settings.unit_column.as_deref())?;
    let road_tree = road_tree(roads);
    let mut rows = Vec::new();
    let mut units = Vec::new();
    let mut warnings = Vec::new();
    let mut inside = 0;
    for unit in (0..sample.rows()).filter(|&unit| p[unit].is_some()) {
        let id = ids[unit].clone().unwrap_or_default();
        let listed = &members[unit];
        inside += listed.len();
        let points: Vec<Coord> = listed.iter().map(|&row| places[row]).collect();
        let ground = Ground::about(&points)?;
        let metres = ground.metres(&points)?;
        let kept = kept(&metres, settings.isolated);
        let mut found = UnitDrawn {
            psu_id: id.clone(),
            stratum: strata[unit].clone().unwrap_or_default(),
            structures: listed.len(),
            set_aside: listed.len() - kept.len(),
            drawn: 0,
            reserves: 0,
            off_road: 0,
        };
        let take = settings.take.min(kept.len());
        let reserve = settings.reserve.min(kept.len() - take);
        let method = if settings.systematic {
            Method::Systematic
        } else {
            Method::Srs
        };
        if take > 0 {
            // The unit's id takes the stratum's place: units draw different numbers.
            for drawn in draw(
                &vec![1.0; kept.len()],
                take,
                reserve,
                method,
                settings.seed,
                &format!("within {id}"),
            )? {
                let place = kept[drawn.unit];
                let road = nearest_road(
                    &road_tree,
                    roads,
                    &ground,
                    metres[place],
                    settings.road_within,
                )?;
                match drawn.reserve {
                    None => found.drawn += 1,
                    Some(_) => found.reserves += 1,
                }
                found.off_road += usize::from(road.is_none());
                rows.push(Structure {
                    unit,
                    building: listed[place],
                    number: rows.len(),
                    kept: kept.len(),
                    p: drawn.reserve.is_none().then_some(drawn.probability),
                    reserve: drawn.reserve.as_ref().map(|reserve| reserve.order as u32),
                    at: places[listed[place]],
                    road,
                });
            }
        }
        if found.drawn < settings.take {
            warnings.push(format!(
                "unit {id}: {} structures can be drawn, {} are asked for",
                kept.len(),
                settings.take
            ));
        }
        units.push(found);
    }
    let table = structures_table(sample, buildings, &rows, !roads.is_empty())?;
    Ok(WithinDrawn {
        lines: road_lines(&rows, &ids)?,
        table,
        units,
        elsewhere: places.len() - inside,
        warnings,
    })
}

struct Structure {
    unit: usize,
    building: usize,
    number: usize,
    /// Structures of the unit that could be drawn.
    kept: usize,
    p: Option<f64>,
    reserve: Option<u32>,
    at: Coord,
    road: Option<(Coord, usize, f64)>,
}

/// The centre of each building in longitude and latitude.
fn lon_lat(buildings: &Table) -> Result<Vec<Coord>> {
    let centres = buildings.centroids()?;
    let missing: Vec<usize> = (0..centres.len())
        .filter(|&row| centres[row].is_none())
        .collect();
    if !missing.is_empty() {
        let column = buildings.geometry_column().unwrap_or("geometry");
        return Err(Error::values(
            column,
            &missing,
            "empty geometries",
            "every structure needs a place",
        ));
    }
    let mut centres: Vec<Coord> = centres.into_iter().flatten().collect();
    Projection::between(&buildings.crs(), &Crs::wgs84())?.project(&mut centres)?;
    Ok(centres)
}

/// The buildings of each unit, by a column or by its outline. A place in two outlines belongs to the first.
fn members(
    sample: &Table,
    buildings: &Table,
    places: &[Coord],
    column: Option<&str>,
) -> Result<Vec<Vec<usize>>> {
    let mut members = vec![Vec::new(); sample.rows()];
    if let Some(column) = column {
        let ids = sample.texts("psu_id")?;
        let of: HashMap<&str, usize> = ids
            .iter()
            .enumerate()
            .filter_map(|(unit, id)| id.as_deref().map(|id| (id, unit)))
            .collect();
        for (row, id) in buildings.texts(column)?.iter().enumerate() {
            if let Some(&unit) = id.as_deref().and_then(|id| of.get(id)) {
                members[unit].push(row);
            }
        }
        return Ok(members);
    }
    let tree = RTree::bulk_load(
        places
            .iter()
            .enumerate()
            .map(|(row, at)| GeomWithData::new([at.x, at.y], row))
            .collect(),
    );
    let outlines = sample.reproject(&Crs::wgs84())?.geometries()?;
    let mut taken = vec![false; places.len()];
    for (unit, outline) in outlines.iter().enumerate() {
        let area = match outline {
            Some(outline @ (Geometry::Polygon(_) | Geometry::MultiPolygon(_))) => outline,
            _ => {
                return Err(Error::Design(format!(
                    "row {unit} of the sample has no outline: draw from a table with polygons, or name a column of the structures by --unit"
                )));
            }
        };
        let Some(around) = area.bounding_rect() else {
            continue;
        };
        let envelope = rstar::AABB::from_corners(
            [around.min().x, around.min().y],
            [around.max().x, around.max().y],
        );
        let mut found: Vec<usize> = tree
            .locate_in_envelope(&envelope)
            .filter(|place| area.contains(&Point::new(place.geom()[0], place.geom()[1])))
            .map(|place| place.data)
            .filter(|&row| !std::mem::replace(&mut taken[row], true))
            .collect();
        found.sort_unstable();
        members[unit] = found;
    }
    Ok(members)
}

/// A plane in metres about a unit: distances of a few kilometres are those on the ellipsoid, to a millimetre.
struct Ground {
    to: Projection,
    back: Projection,
}

impl Ground {
    fn about(points: &[Coord]) -> Result<Self> {
        let n = points.len().max(1) as f64;
        let sum = points
            .iter()
            .fold(Coord { x: 0.0, y: 0.0 }, |sum, &point| sum + point);
        let plane = Crs::local_equal_area(sum.x / n, sum.y / n)?;
        Ok(Self {
            to: Projection::between(&Crs::wgs84(), &plane)?,
            back: Projection::between(&plane, &Crs::wgs84())?,
        })
    }

    fn metres(&self, points: &[Coord]) -> Result<Vec<Coord>> {
        let mut metres = points.to_vec();
        self.to.project(&mut metres)?;
        Ok(metres)
    }
}

/// Those with enough neighbours, all counted before any is removed.
fn kept(metres: &[Coord], isolated: Option<(usize, f64)>) -> Vec<usize> {
    let Some((neighbours, within)) = isolated else {
        return (0..metres.len()).collect();
    };
    let tree = RTree::bulk_load(metres.iter().map(|at| [at.x, at.y]).collect());
    (0..metres.len())
        .filter(|&place| {
            let at = metres[place];
            // The structure itself is found too.
            tree.locate_within_distance([at.x, at.y], within * within)
                .take(neighbours + 1)
                .count()
                > neighbours
        })
        .collect()
}

type RoadTree = RTree<GeomWithData<Line<[f64; 2]>, usize>>;

fn road_tree(roads: &[(String, LineString)]) -> RoadTree {
    let pieces = roads.iter().enumerate().flat_map(|(road, (_, line))| {
        line.lines().map(move |piece| {
            GeomWithData::new(
                Line::new([piece.start.x, piece.start.y], [piece.end.x, piece.end.y]),
                road,
            )
        })
    });
    RTree::bulk_load(pieces.collect())
}

/// The nearest point on a road within a distance of metres, the road and the distance.
fn nearest_road(
    tree: &RoadTree,
    roads: &[(String, LineString)],
    ground: &Ground,
    at: Coord,
    within: f64,
) -> Result<Option<(Coord, usize, f64)>> {
    if roads.is_empty() {
        return Ok(None);
    }
    // A box in degrees that holds the circle; pieces in it are measured on the plane.
    let mut corners = [
        Coord {
            x: at.x - within,
            y: at.y - within,
        },
        Coord {
            x: at.x + within,
            y: at.y + within,
        },
        Coord {
            x: at.x - within,
            y: at.y + within,
        },
        Coord {
            x: at.x + within,
            y: at.y - within,
        },
    ];
    ground.back.project(&mut corners)?;
    let around = Rect::new(
        Coord {
            x: corners.iter().map(|c| c.x).fold(f64::MAX, f64::min),
            y: corners.iter().map(|c| c.y).fold(f64::MAX, f64::min),
        },
        Coord {
            x: corners.iter().map(|c| c.x).fold(f64::MIN, f64::max),
            y: corners.iter().map(|c| c.y).fold(f64::MIN, f64::max),
        },
    );
    let envelope = rstar::AABB::from_corners(
        [around.min().x, around.min().y],
        [around.max().x, around.max().y],
    );
    let mut best: Option<(Coord, usize, f64)> = None;
    for piece in tree.locate_in_envelope_intersecting(&envelope) {
        let line = piece.geom();
        let mut ends = [
            Coord {
                x: line.from[0],
                y: line.from[1],
            },
            Coord {
                x: line.to[0],
                y: line.to[1],
            },
        ];
        if ground.to.project(&mut ends).is_err() {
            continue;
        }
        let (foot, distance) = foot(at, ends[0], ends[1]);
        let nearer = best.is_none_or(|(_, road, least)| (distance, piece.data) < (least, road));
        if distance <= within && nearer {
            best = Some((foot, piece.data, distance));
        }
    }
    if let Some((foot, _, _)) = &mut best {
        ground.back.project(std::slice::from_mut(foot))?;
    }
    Ok(best)
}

/// The nearest point of a segment.
fn foot(at: Coord, a: Coord, b: Coord) -> (Coord, f64) {
    let along = b - a;
    let length = along.x * along.x + along.y * along.y;
    let t = if length > 0.0 {
        (((at - a).x * along.x + (at - a).y * along.y) / length).clamp(0.0, 1.0)
    } else {
        0.0
    };
    let foot = a + along * t;
    (foot, (at - foot).x.hypot((at - foot).y))
}

fn structures_table(
    sample: &Table,
    buildings: &Table,
    rows: &[Structure],
    with_roads: bool,
) -> Result<Table> {
    let taken: Vec<u32> = rows.iter().map(|row| row.unit as u32).collect();
    let mut table = sample.take(&taken)?;
    if let Some(geometry) = table.geometry_column().map(str::to_owned) {
        table = table.without_column(&geometry)?;
    }
    let psu = table.texts("psu_id")?;
    let mut counts: HashMap<String, usize> = HashMap::new();
    let unit_ids: Vec<String> = psu
        .iter()
        .map(|psu| {
            let psu = psu.clone().unwrap_or_default();
            let number = counts.entry(psu.clone()).or_default();
            *number += 1;
            format!("{psu}-{number:03}")
        })
        .collect();
    let id_column = ["building_id", "osm_id", "id"]
        .into_iter()
        .find(|name| buildings.has_column(name));
    let building_rows: Vec<u32> = rows.iter().map(|row| row.building as u32).collect();
    let building_ids: Vec<String> = match id_column {
        Some(column) => buildings
            .take(&building_rows)?
            .texts(column)?
            .into_iter()
            .map(Option::unwrap_or_default)
            .collect(),
        None => building_rows.iter().map(ToString::to_string).collect(),
    };
    let text = |values: &[String]| -> ArrayRef { Arc::new(StringArray::from_iter_values(values)) };
    let degrees = |value: f64| (value * 1e7).round() / 1e7;
    let number = |of: &dyn Fn(&Structure) -> Option<f64>| -> ArrayRef {
        Arc::new(rows.iter().map(of).collect::<Float64Array>())
    };
    table = with_new(&table, "unit_id", text(&unit_ids))?;
    table = with_new(&table, "structure", text(&building_ids))?;
    table = with_new(
        &table,
        "structures",
        Arc::new(UInt32Array::from_iter_values(
            rows.iter().map(|row| row.kept as u32),
        )),
    )?;
    if rows.iter().any(|row| row.reserve.is_some()) {
        let orders = rows.iter().map(|row| row.reserve).collect::<UInt32Array>();
        table = with_new(&table, "structure_reserve_order", Arc::new(orders))?;
    }
    let p: Vec<Option<f64>> = rows.iter().map(|row| row.p).collect();
    table = with_stage(&table, "p_within", &p)?;
    table = with_new(&table, "lon", number(&|row| Some(degrees(row.at.x))))?;
    table = with_new(&table, "lat", number(&|row| Some(degrees(row.at.y))))?;
    if with_roads {
        let on_road = rows
            .iter()
            .map(|row| Some(row.road.is_some()))
            .collect::<BooleanArray>();
        table = with_new(&table, "on_road", Arc::new(on_road))?;
        let foot = |row: &Structure| row.road.map_or(row.at, |(foot, _, _)| foot);
        table = with_new(
            &table,
            "road_lon",
            number(&|row| Some(degrees(foot(row).x))),
        )?;
        table = with_new(
            &table,
            "road_lat",
            number(&|row| Some(degrees(foot(row).y))),
        )?;
        table = with_new(
            &table,
            "road_distance_m",
            number(&|row| {
                row.road
                    .map(|(_, _, metres)| (metres * 10.0).round() / 10.0)
            }),
        )?;
    }
    let points: Vec<Coord> = rows.iter().map(|row| row.at).collect();
    let _ = rows.iter().map(|row| row.number).max();
    Ok(table.with_points("geometry", &points, Crs::wgs84())?)
}

fn road_lines(rows: &[Structure], ids: &[Option<String>]) -> Result<Table> {
    let moved: Vec<&Structure> = rows.iter().filter(|row| row.road.is_some()).collect();
    let psu = moved
        .iter()
        .map(|row| ids[row.unit].as_deref().unwrap_or_default());
    let lines: Vec<Option<Geometry>> = moved
        .iter()
        .map(|row| {
            let (foot, _, _) = row.road?;
            Some(Geometry::MultiLineString(MultiLineString::new(vec![
                LineString::new(vec![foot, row.at]),
            ])))
        })
        .collect();
    let psu: ArrayRef = Arc::new(StringArray::from_iter_values(psu));
    Ok(
        Table::new(vec![("psu_id".to_owned(), psu)])?.with_geometries(
            "geometry",
            &lines,
            Crs::wgs84(),
        )?,
    )
}
