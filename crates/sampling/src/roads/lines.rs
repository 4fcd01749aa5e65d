//! Roads that are lines of a table: from OpenStreetMap by way of osmnx, Overture or a GIS, or drawn.

use std::collections::{BTreeMap, HashMap, HashSet};

use geo::{Coord, Geometry};
use tables::{Crs, Table};

use super::cells::Cells;
use super::joined::{join_lines, place_key};
use super::osm::counted;
use super::plan::Access;
use super::road::{Road, Roads};
use super::tags::{Attributes, Filter, Tags, area_if_closed};
use crate::samples::Rejected;
use crate::{Error, Result};

/// Columns that may hold the id of a way, first come first served.
const ID_COLUMNS: [&str; 6] = ["osm_way_id", "osm_id", "osmid", "way_id", "@id", "id"];

/// Keys of OpenStreetMap, and columns that may hold their values.
const TAG_COLUMNS: [(&str, &[&str]); 20] = [
    ("name", &["name", "road_name", "names"]),
    ("highway", &["highway", "road_type", "fclass"]),
    ("sidewalk", &["sidewalk"]),
    ("abutters", &["abutters"]),
    ("lanes", &["lanes"]),
    ("lit", &["lit", "lighting"]),
    ("surface", &["surface", "road_surface"]),
    ("maxspeed", &["maxspeed", "speed_limit"]),
    ("junction", &["junction"]),
    ("tracktype", &["tracktype"]),
    ("area", &["area"]),
    ("amenity", &["amenity"]),
    ("access", &["access"]),
    ("foot", &["foot"]),
    ("vehicle", &["vehicle"]),
    ("motor_vehicle", &["motor_vehicle"]),
    ("bicycle", &["bicycle"]),
    ("subtype", &["subtype"]),
    ("reversed", &["reversed"]),
    ("sources", &["sources"]),
];

/// The number of a way written as `way/123`, `w123` or `123`, or as a table of floats has it, `123.0`.
pub(crate) fn way_number(text: &str) -> Option<i64> {
    let text = text.trim();
    let number = text
        .strip_prefix("way/")
        .or_else(|| text.strip_prefix('w'))
        .unwrap_or(text);
    number.strip_suffix(".0").unwrap_or(number).parse().ok()
}

/// The lines of a table that are roads to walk. Where there is a column with the class of the road,
/// it decides as `highway` does. The id is taken from a column, or is the number of the row, from 1.
///
/// A value may be a list, as osmnx writes it where it has merged ways: the first class that is
/// wanted counts, else the first value. A street that is there in both directions is taken once.
/// Rows of one id, and lines of several parts, are parts of one way.
pub(crate) fn roads(table: &Table, filter: &Filter) -> Result<Roads> {
    let wgs84 = Crs::wgs84();
    let table = if table.crs() == wgs84 {
        table.clone()
    } else {
        table.reproject(&wgs84)?
    };
    let tags = TagTable::of(&table, filter)?;
    let mut found = Roads::default();
    let ids = Ids::of(&table, &tags, &mut found.notes)?;
    let classed = tags.columns.contains_key("highway");
    if !classed {
        found.notes.push(
            "the lines have no column highway, road_type or fclass: every line is taken as a road"
                .into(),
        );
    }
    let mut left_out = Vec::new();
    let mut pieces = Vec::new();
    let mut rows: Vec<(usize, Option<Geometry>)> =
        table.geometries()?.into_iter().enumerate().collect();
    // osmnx has a two-way street in both directions: that of the way first
    rows.sort_by_key(|(row, _)| tags.row(*row).is("reversed", "true"));
    for (row, geometry) in rows {
        let tags = tags.row(row);
        let name = ids.name(row);
        if let Some(kind) = tags.tag("subtype").filter(|kind| *kind != "road") {
            left_out.push((name, format!("subtype={kind}")));
            continue;
        }
        if let Some(reason) = filter.refusal(&tags, classed) {
            left_out.push((name, reason));
            continue;
        }
        let way_id = match ids.number(row) {
            Ok(way_id) => way_id,
            Err(reason) => {
                found.rejected.push(Rejected {
                    row,
                    id: Some(name),
                    reason,
                });
                continue;
            }
        };
        let lines = match lines_of(geometry) {
            Ok(lines) => lines,
            Err(reason) => {
                found.rejected.push(Rejected {
                    row,
                    id: Some(name),
                    reason,
                });
                continue;
            }
        };
        let closed = matches!(&lines[..], [line] if line.first() == line.last());
        if let Some(reason) = area_if_closed(&tags).filter(|_| closed) {
            left_out.push((name, reason));
            continue;
        }
        pieces.push(Piece {
            way_id,
            ids: ids.all(row),
            attributes: Attributes::of(&tags, &mut found.names),
            lines,
        });
    }
    found.rejected.sort_by_key(|rejected| rejected.row);
    left_out.sort_unstable();
    found.leave_out(left_out.into_iter());
    gather(pieces, ids.are_given(), &mut found);
    Ok(found)
}

/// A row that is a road.
struct Piece {
    way_id: i64,
    /// All ids of the row, ascending.
    ids: Vec<String>,
    attributes: Attributes,
    lines: Vec<Vec<Coord>>,
}

/// Makes one road of the rows of one id that have the same attributes.
fn gather(pieces: Vec<Piece>, with_ids: bool, found: &mut Roads) {
    let mut seen = HashSet::new();
    let (mut twice, mut shared) = (0_usize, HashSet::new());
    let mut by_way: BTreeMap<i64, Vec<(Attributes, Vec<Vec<Coord>>)>> = BTreeMap::new();
    for mut piece in pieces {
        if with_ids {
            let before = piece.lines.len();
            piece
                .lines
                .retain(|line| seen.insert((piece.ids.clone(), either_way(line))));
            twice += usize::from(piece.lines.len() < before);
            if piece.lines.is_empty() {
                continue;
            }
        }
        let of_way = by_way.entry(piece.way_id).or_default();
        if !of_way.is_empty() {
            shared.insert(piece.way_id);
        }
        match of_way
            .iter_mut()
            .find(|(attributes, _)| *attributes == piece.attributes)
        {
            Some((_, lines)) => lines.append(&mut piece.lines),
            None => of_way.push((piece.attributes, piece.lines)),
        }
    }
    if twice > 0 {
        found.notes.push(format!(
            "{} the line of another one of the same id, in either direction: taken once",
            counted(twice, "row has", "rows have")
        ));
    }
    if !shared.is_empty() {
        found.notes.push(format!(
            "{} on several rows, which are taken as its parts: their points are counted on",
            counted(shared.len(), "way is", "ways are")
        ));
    }
    for (way_id, roads) in by_way {
        for (attributes, lines) in roads {
            found.roads.push(Road {
                way_id,
                attributes,
                parts: join_lines(lines),
            });
        }
    }
}

/// The same for a line and for the line the other way round.
fn either_way(line: &[Coord]) -> Vec<u64> {
    let forth: Vec<u64> = line.iter().copied().map(place_key).collect();
    let back: Vec<u64> = forth.iter().rev().copied().collect();
    forth.min(back)
}

fn lines_of(geometry: Option<Geometry>) -> std::result::Result<Vec<Vec<Coord>>, String> {
    let lines = match geometry {
        Some(Geometry::LineString(line)) => vec![line.0],
        Some(Geometry::MultiLineString(parts)) => parts.0.into_iter().map(|part| part.0).collect(),
        Some(_) => return Err("not a line".into()),
        None => return Err("no geometry".into()),
    };
    let on_earth = |v: &&Coord| !(v.x.abs() <= 180.0 && v.y.abs() <= 90.0);
    if let Some(vertex) = lines.iter().flatten().find(on_earth) {
        return Err(format!(
            "{}, {} is no longitude and latitude",
            vertex.x, vertex.y
        ));
    }
    let lines: Vec<Vec<Coord>> = lines.into_iter().filter(|line| line.len() > 1).collect();
    if lines.is_empty() {
        return Err("a line needs two vertices".into());
    }
    Ok(lines)
}

/// The columns of a table that hold tags, by key.
struct TagTable {
    columns: HashMap<String, Cells>,
}

impl TagTable {
    fn of(table: &Table, filter: &Filter) -> Result<Self> {
        let mut columns = HashMap::new();
        for (key, names) in TAG_COLUMNS {
            if let Some(name) = names.iter().find(|name| table.has_column(name)) {
                columns.insert(key.to_owned(), Cells::of(table, name)?);
            }
        }
        // Overture calls the class of a segment `class`, which elsewhere may be anything
        if !columns.contains_key("highway")
            && columns.contains_key("subtype")
            && table.has_column("class")
        {
            columns.insert("highway".to_owned(), Cells::of(table, "class")?);
        }
        if let Some(classes) = columns.get_mut("highway") {
            classes.prefer(&|class| filter.has_class(class));
        }
        for key in filter.excluded_keys() {
            if columns.contains_key(key) {
                continue;
            }
            if !table.has_column(key) {
                return Err(Error::setting(
                    "exclude",
                    format!("the table has no column {key:?}"),
                ));
            }
            columns.insert(key.to_owned(), Cells::of(table, key)?);
        }
        if filter.access() == Access::Public && !columns.contains_key("access") {
            return Err(Error::setting(
                "access",
                "is public, yet the table has no column access",
            ));
        }
        Ok(Self { columns })
    }

    fn row(&self, row: usize) -> TagRow<'_> {
        TagRow { tags: self, row }
    }
}

struct TagRow<'a> {
    tags: &'a TagTable,
    row: usize,
}

impl TagRow<'_> {
    fn values(&self, key: &str) -> &[String] {
        self.tags
            .columns
            .get(key)
            .map_or(&[], |cells| cells.at(self.row))
    }

    fn is(&self, key: &str, value: &str) -> bool {
        self.tag(key)
            .is_some_and(|found| found.eq_ignore_ascii_case(value))
    }
}

impl Tags for TagRow<'_> {
    fn tag(&self, key: &str) -> Option<&str> {
        self.values(key).first().map(String::as_str)
    }

    fn find(&self, key: &str, wanted: &dyn Fn(&str) -> bool) -> Option<&str> {
        let mut values = self.values(key).iter().map(String::as_str);
        values.find(|value| wanted(value))
    }
}

/// The ids of the rows.
enum Ids {
    /// From a column.
    Given { column: &'static str, ids: Cells },
    /// The numbers of the rows, from 1, and what the rows are called.
    Rows(Option<Cells>),
}

impl Ids {
    fn of(table: &Table, tags: &TagTable, notes: &mut Vec<String>) -> Result<Self> {
        let column = ID_COLUMNS
            .into_iter()
            .find(|column| table.has_column(column));
        let Some(column) = column else {
            return Ok(Self::Rows(None));
        };
        let ids = Cells::of(table, column)?;
        if ids.all(|id| way_number(id).is_none()) {
            // Overture's ids are no numbers, yet its sources name the ways of OpenStreetMap
            let sources = tags.columns.get("sources").map(Cells::osm_ways);
            if let Some(ids) = sources.filter(|sources| !sources.all(|id| way_number(id).is_none()))
            {
                return Ok(Self::Given {
                    column: "sources",
                    ids,
                });
            }
            notes.push(format!(
                "column {column} holds names and no numbers of ways: osm_way_id is the row, from 1"
            ));
            return Ok(Self::Rows(Some(ids)));
        }
        Ok(Self::Given { column, ids })
    }

    fn are_given(&self) -> bool {
        matches!(self, Self::Given { .. })
    }

    /// The number of the way of a row; of a list the first.
    fn number(&self, row: usize) -> std::result::Result<i64, String> {
        match self {
            // a table has fewer than 2^32 rows
            Self::Rows(_) => Ok(row as i64 + 1),
            Self::Given { column, ids } => {
                let text = ids.at(row).first();
                text.and_then(|text| way_number(text))
                    .ok_or_else(|| match text {
                        Some(text) => format!("column {column}: {text:?} is no number of a way"),
                        None => format!("column {column} is empty"),
                    })
            }
        }
    }

    fn name(&self, row: usize) -> String {
        match self {
            Self::Rows(Some(names)) if !names.at(row).is_empty() => names.at(row).join(", "),
            _ => match self.number(row) {
                Ok(number) => format!("way/{number}"),
                Err(_) => format!("row {row}"),
            },
        }
    }

    /// All ids of a row, ascending.
    fn all(&self, row: usize) -> Vec<String> {
        let mut all = match self {
            Self::Given { ids, .. } => ids.at(row).to_vec(),
            Self::Rows(_) => Vec::new(),
        };
        all.sort_unstable();
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow_array::{ArrayRef, StringArray};
    use geo::{LineString, MultiLineString, line_string, point};
    use std::sync::Arc;

    fn table(columns: &[(&str, &[&str])], lines: &[Option<Geometry>]) -> Table {
        let columns = columns.iter().map(|(name, values)| {
            (
                (*name).to_owned(),
                Arc::new(StringArray::from(values.to_vec())) as ArrayRef,
            )
        });
        Table::new(columns.collect())
            .and_then(|t| t.with_geometries("geometry", lines, Crs::wgs84()))
            .unwrap()
    }

    fn line(y: f64) -> Option<Geometry> {
        Some(line_string![(x: 0.0, y: y), (x: 1.0, y: y)].into())
    }

    fn filter(highways: &[&str]) -> Filter {
        let highways: Vec<String> = highways.iter().map(|&highway| highway.to_owned()).collect();
        Filter::of(&highways, &[], Access::Any)
    }

    fn ways(roads: &Roads) -> Vec<i64> {
        roads.roads.iter().map(|road| road.way_id).collect()
    }

    #[test]
    fn lines_are_filtered_by_their_class_and_ordered_by_id() {
        let table = table(
            &[
                ("id", &["way/9", "way/3", "4", "5"]),
                (
                    "highway",
                    &["residential", "primary", "motorway", "residential"],
                ),
                ("surface", &["asphalt", "", "asphalt", "mud"]),
                ("name", &["High Street", "", "M4", "Lane"]),
            ],
            &[line(1.), line(2.), line(3.), line(4.)],
        );
        let found = roads(&table, &filter(&["residential", "primary"])).unwrap();
        assert_eq!(ways(&found), [3, 9]);
        let name = found.roads[1].attributes.road_name.unwrap();
        assert_eq!(found.names.text(name), "High Street");
        assert_eq!(found.roads[0].attributes.road_name, None);
    }

    #[test]
    fn without_a_class_every_line_is_a_road_and_without_an_id_its_row_is_one() {
        let found = roads(
            &table(&[("note", &["a", "b"])], &[line(1.), line(2.)]),
            &filter(&["residential"]),
        )
        .unwrap();
        assert_eq!(ways(&found), [1, 2]);
        assert!(found.notes[0].contains("every line is taken as a road"));
    }

    #[test]
    fn what_is_no_line_is_listed_and_parts_belong_together() {
        let parts = |n: u8| {
            let part = |i| line_string![(x: f64::from(i), y: 0.), (x: f64::from(i), y: 1.)];
            Some(Geometry::MultiLineString(MultiLineString(
                (0..n).map(part).collect(),
            )))
        };
        let rows = [
            parts(1),
            parts(2),
            None,
            Some(point!(x: 1., y: 1.).into()),
            Some(line_string![(x: 0., y: 0.), (x: 200., y: 1.)].into()),
            line(5.),
            Some(MultiLineString(vec![LineString(vec![])]).into()),
        ];
        let ids: &[&str] = &["1", "2.0", "3", "4", "5", "one", "7"];
        let found = roads(&table(&[("osm_id", ids)], &rows), &filter(&[])).unwrap();
        assert_eq!(ways(&found), [1, 2]);
        assert_eq!(found.roads[1].parts.len(), 2);
        let reasons: Vec<&str> = found.rejected.iter().map(|r| r.reason.as_str()).collect();
        assert_eq!(
            reasons,
            [
                "no geometry",
                "not a line",
                "200, 1 is no longitude and latitude",
                "column osm_id: \"one\" is no number of a way",
                "a line needs two vertices"
            ]
        );
    }

    #[test]
    fn rows_of_one_id_are_parts_and_two_way_streets_are_there_once() {
        let back = Some(line_string![(x: 1.0, y: 1.0), (x: 0.0, y: 1.0)].into());
        let on = Some(line_string![(x: 1.0, y: 1.0), (x: 2.0, y: 1.0)].into());
        let rows = [back, line(1.), on, line(3.)];
        let osmnx = table(
            &[
                ("osmid", &["[12, 7]", "[7, 12]", "12", "13"]),
                (
                    "highway",
                    &[
                        "['steps', 'residential']",
                        "residential",
                        "residential",
                        "steps",
                    ],
                ),
                ("reversed", &["True", "False", "False", "False"]),
                (
                    "name",
                    &["['Via A, B', 'Via C']", "Via A, B", "Via A, B", ""],
                ),
            ],
            &rows,
        );
        let found = roads(&osmnx, &filter(&["residential"])).unwrap();
        // the reversed row has the ids of the other in another order: the same line once
        assert_eq!(ways(&found), [7, 12]);
        assert_eq!(
            found.roads[0].parts,
            [vec![Coord { x: 0., y: 1. }, Coord { x: 1., y: 1. }]]
        );
        let name = found.roads[0].attributes.road_name.unwrap();
        assert_eq!(found.names.text(name), "Via A, B");
        assert_eq!(found.left_out.len(), 1);
        assert!(
            found
                .notes
                .iter()
                .any(|note| note.contains("1 row has the line of another"))
        );

        let exploded = table(&[("id", &["5", "5", "5"])], &[line(1.), line(2.), line(3.)]);
        let found = roads(&exploded, &filter(&[])).unwrap();
        assert_eq!((ways(&found), found.roads[0].parts.len()), (vec![5], 3));
    }

    #[test]
    fn overture_segments_are_roads_by_their_class() {
        let rows = [line(1.), line(2.), line(3.)];
        let columns: &[(&str, &[&str])] = &[
            ("id", &["08f1", "08f2", "08f3"]),
            ("subtype", &["road", "road", "rail"]),
            ("class", &["residential", "motorway", "residential"]),
        ];
        let found = roads(&table(columns, &rows), &filter(&["residential"])).unwrap();
        assert_eq!(ways(&found), [1]);
        let reasons: Vec<(&str, &str)> = (found.left_out.iter())
            .map(|row| (row.id.as_deref().unwrap(), row.reason.as_str()))
            .collect();
        assert_eq!(
            reasons,
            [
                (
                    "08f2",
                    "highway=motorway is not one of the highways asked for"
                ),
                ("08f3", "subtype=rail")
            ]
        );
    }

    #[test]
    fn rules_need_their_columns() {
        let table = table(&[("highway", &["residential"])], &[line(1.)]);
        let highways = ["residential".to_owned()];
        let error = |rules: &[String], access| {
            roads(&table, &Filter::of(&highways, rules, access))
                .unwrap_err()
                .to_string()
        };
        assert!(error(&["tunnel=yes".into()], Access::Any).contains("no column \"tunnel\""));
        assert!(error(&[], Access::Public).contains("no column access"));
    }
}
