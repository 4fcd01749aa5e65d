//! Roads that are lines of a table.

use std::collections::{HashMap, HashSet};

use geo::{Geometry, LineString};
use tables::{Crs, Table};

use super::road::{Road, Roads};
use super::tags::{Attributes, Tags, is_area_if_closed, is_road, is_street};
use crate::samples::Rejected;
use crate::{Error, Result};

/// Columns that may hold the id of a way, first come first served.
const ID_COLUMNS: [&str; 5] = ["osm_way_id", "osm_id", "way_id", "@id", "id"];

/// Keys of OpenStreetMap, and columns that may hold their values.
const TAG_COLUMNS: [(&str, &[&str]); 12] = [
    ("name", &["name", "road_name"]),
    ("highway", &["highway", "road_type", "fclass"]),
    ("sidewalk", &["sidewalk"]),
    ("abutters", &["abutters"]),
    ("lanes", &["lanes"]),
    ("lit", &["lit", "lighting"]),
    ("surface", &["surface"]),
    ("maxspeed", &["maxspeed", "speed_limit"]),
    ("junction", &["junction"]),
    ("tracktype", &["tracktype"]),
    ("area", &["area"]),
    ("amenity", &["amenity"]),
];

/// The number of a way written as `way/123` or `123`.
pub(crate) fn way_number(text: &str) -> Option<i64> {
    text.strip_prefix("way/").unwrap_or(text).parse().ok()
}

/// The lines of a table that are roads to walk. Where there is a column with the class of the road,
/// it decides as `highway` does. The id is taken from a column, or is the number of the row, from 1.
pub(crate) fn roads(table: &Table, highways: &[String]) -> Result<Roads> {
    let wgs84 = Crs::wgs84();
    let table = if table.crs() == wgs84 {
        table.clone()
    } else {
        table.reproject(&wgs84)?
    };
    let ids = match ID_COLUMNS
        .into_iter()
        .find(|column| table.has_column(column))
    {
        Some(column) => Some((column, table.texts(column)?)),
        None => None,
    };
    let tags = TagTable::of(&table)?;
    let classed = tags.columns.contains_key("highway");

    let mut found = Roads::default();
    let mut seen = HashSet::new();
    for (row, geometry) in table.geometries()?.into_iter().enumerate() {
        let tags = TagRow { tags: &tags, row };
        let road = if classed {
            is_road(&tags, highways)
        } else {
            is_street(&tags)
        };
        if !road {
            continue;
        }
        let way_id = match &ids {
            Some((column, ids)) => {
                let text = ids.get(row).and_then(Option::as_deref);
                text.and_then(way_number).ok_or_else(|| Error::Row {
                    row,
                    column: (*column).to_owned(),
                    problem: format!("{:?} is no number of a way", text.unwrap_or("nothing")),
                })?
            }
            // a table has fewer than 2^32 rows
            None => row as i64 + 1,
        };
        let line = match line_of(geometry) {
            Ok(line) => line,
            Err(reason) => {
                let id = Some(format!("way/{way_id}"));
                found.rejected.push(Rejected { row, id, reason });
                continue;
            }
        };
        if line.is_closed() && is_area_if_closed(&tags) {
            continue;
        }
        if !seen.insert(way_id) {
            return Err(Error::Row {
                row,
                column: ids.map_or("id", |(column, _)| column).to_owned(),
                problem: format!("way {way_id} is there already; ids must be unique"),
            });
        }
        found.roads.push(Road {
            way_id,
            attributes: Attributes::of(&tags, &mut found.names),
            line: line.0,
        });
    }
    found.roads.sort_by_key(|road| road.way_id);
    Ok(found)
}

fn line_of(geometry: Option<Geometry>) -> std::result::Result<LineString, String> {
    let line = match geometry {
        Some(Geometry::LineString(line)) => line,
        Some(Geometry::MultiLineString(mut parts)) if parts.0.len() == 1 => parts.0.remove(0),
        Some(Geometry::MultiLineString(parts)) => {
            return Err(format!(
                "a line of {} parts; one row a part is needed",
                parts.0.len()
            ));
        }
        Some(_) => return Err("not a line".into()),
        None => return Err("no geometry".into()),
    };
    if line.0.len() < 2 {
        return Err("a line needs two vertices".into());
    }
    let on_earth = |v: &geo::Coord| v.x.abs() <= 180.0 && v.y.abs() <= 90.0;
    match line.0.iter().find(|vertex| !on_earth(vertex)) {
        Some(vertex) => Err(format!(
            "{}, {} is no longitude and latitude",
            vertex.x, vertex.y
        )),
        None => Ok(line),
    }
}

/// The columns of a table that hold tags, by key.
struct TagTable {
    columns: HashMap<&'static str, Vec<Option<String>>>,
}

impl TagTable {
    fn of(table: &Table) -> Result<Self> {
        let mut columns = HashMap::new();
        for (key, names) in TAG_COLUMNS {
            if let Some(name) = names.iter().find(|name| table.has_column(name)) {
                columns.insert(key, table.texts(name)?);
            }
        }
        Ok(Self { columns })
    }
}

struct TagRow<'a> {
    tags: &'a TagTable,
    row: usize,
}

impl Tags for TagRow<'_> {
    fn tag(&self, key: &str) -> Option<&str> {
        let value = self.tags.columns.get(key)?.get(self.row)?.as_deref();
        value.filter(|text| !text.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow_array::{ArrayRef, StringArray};
    use geo::{MultiLineString, line_string, point};
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
        let found = roads(&table, &["residential".into(), "primary".into()]).unwrap();
        assert_eq!(ways(&found), [3, 9]);
        let name = found.roads[1].attributes.road_name.unwrap();
        assert_eq!(found.names.text(name), "High Street");
        assert_eq!(found.roads[0].attributes.road_name, None);
    }

    #[test]
    fn without_a_class_every_line_is_a_road_and_without_an_id_its_row_is_one() {
        let found = roads(
            &table(&[("note", &["a", "b"])], &[line(1.), line(2.)]),
            &["residential".into()],
        )
        .unwrap();
        assert_eq!(ways(&found), [1, 2]);
    }

    #[test]
    fn what_is_no_line_is_listed_and_bad_ids_are_refused() {
        let parts = |n| {
            let part = line_string![(x: 0., y: 0.), (x: 1., y: 1.)];
            Some(Geometry::MultiLineString(MultiLineString(vec![part; n])))
        };
        let rows = [
            parts(1),
            parts(2),
            None,
            Some(point!(x: 1., y: 1.).into()),
            Some(line_string![(x: 0., y: 0.), (x: 200., y: 1.)].into()),
        ];
        let ids: &[&str] = &["1", "2", "3", "4", "5"];
        let found = roads(&table(&[("osm_id", ids)], &rows), &[]).unwrap();
        assert_eq!(ways(&found), [1]);
        let reasons: Vec<&str> = found.rejected.iter().map(|r| r.reason.as_str()).collect();
        assert_eq!(
            reasons,
            [
                "a line of 2 parts; one row a part is needed",
                "no geometry",
                "not a line",
                "200, 1 is no longitude and latitude"
            ]
        );
        let twice = table(&[("osm_id", &["1", "way/1"])], &[line(1.), line(2.)]);
        assert!(matches!(roads(&twice, &[]), Err(Error::Row { row: 1, .. })));
        let text = table(&[("osm_id", &["one"])], &[line(1.)]);
        let error = roads(&text, &[]).unwrap_err().to_string();
        assert_eq!(error, "row 0, osm_id: \"one\" is no number of a way");
    }
}
