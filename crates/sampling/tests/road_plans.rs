//! Plans of roads: what is walked, how it is cut, and in which order it is visited.
#![allow(clippy::unwrap_used, clippy::panic)]

mod osm_pbf;

use std::collections::{BTreeMap, HashSet};
use std::path::PathBuf;
use std::sync::Arc;

use arrow_array::{ArrayRef, Float64Array, Int64Array, StringArray};
use geo::{Coord, Geometry, LineString, Rect, coord, line_string};
use osm_pbf::Extract;
use sampling::{Batches, Compat, Error, Order, Planned, RoadPlan, RoadsInput, Side, plan_roads};
use tables::{Crs, ReadOptions, Table};

/// One metre eastwards and northwards in degrees at the equator.
const EAST: f64 = 1.0 / 111_319.490_8;
const NORTH: f64 = 1.0 / 110_574.275_9;

fn plan() -> RoadPlan {
    RoadPlan::of("roads")
}

fn from_pbf(extract: &Extract, plan: &RoadPlan) -> Planned {
    plan_roads(
        RoadsInput::OsmBytes(&extract.bytes()),
        None,
        plan,
        Batches::default(),
    )
    .unwrap()
}

fn texts(planned: &Planned, column: &str) -> Vec<String> {
    let table = planned.samples.table().unwrap();
    table
        .texts(column)
        .unwrap()
        .into_iter()
        .map(Option::unwrap_or_default)
        .collect()
}

fn numbers(planned: &Planned, column: &str) -> Vec<f64> {
    let table = planned.samples.table().unwrap();
    table
        .numbers(column)
        .unwrap()
        .into_iter()
        .map(|n| n.unwrap_or(f64::NAN))
        .collect()
}

/// Streets of these lengths in metres, eastwards, one north of the other, ways 1, 2, ...
fn streets(lengths: &[f64]) -> Table {
    let lines: Vec<Option<Geometry>> = lengths
        .iter()
        .zip(0..)
        .map(|(length, n)| {
            let y = f64::from(n) * 100.0 * NORTH;
            Some(line_string![(x: 0.0, y: y), (x: length * EAST, y: y)].into())
        })
        .collect();
    let names: StringArray = (0..lengths.len())
        .map(|n| Some(format!("Street {n}")))
        .collect();
    Table::new(vec![("name".into(), Arc::new(names))])
        .and_then(|t| t.with_geometries("geometry", &lines, Crs::wgs84()))
        .unwrap()
}

/// Towns from west to east, each `width` metres wide.
fn towns(names: &[&str], width: f64) -> Table {
    let squares: Vec<Option<Geometry>> = (0..names.len())
        .map(|n| {
            let west = n as f64 * width * EAST - 0.5 * EAST;
            let (min, max) = (
                coord! {x: west, y: -1.0},
                coord! {x: west + width * EAST, y: 1.0},
            );
            Some(Rect::new(min, max).to_polygon().into())
        })
        .collect();
    Table::new(vec![(
        "town".into(),
        Arc::new(StringArray::from(names.to_vec())),
    )])
    .and_then(|t| t.with_geometries("geometry", &squares, Crs::wgs84()))
    .unwrap()
}

fn in_towns(roads: &Table, towns: &Table, plan: RoadPlan) -> Planned {
    let plan = RoadPlan {
        areas: Some("towns".into()),
        area_name: Some("town".into()),
        ..plan
    };
    plan_roads(
        RoadsInput::Table(roads),
        Some(towns),
        &plan,
        Batches::Count(3),
    )
    .unwrap()
}

#[test]
fn streets_of_an_extract_become_samples_with_their_tags() {
    let extract = Extract::default()
        .node(1, 9.5, 47.1)
        .node(2, 9.5, 47.100_4)
        .node(3, 9.51, 47.1)
        .node(4, 9.6, 47.2)
        .way(
            20,
            &[1, 2],
            &[
                ("highway", "residential"),
                ("name", "Landstrasse"),
                ("lanes", "2"),
                ("maxspeed", "50"),
                ("lit", "yes"),
            ],
        )
        .way(30, &[1, 3], &[("highway", "motorway")])
        .way(
            40,
            &[1, 3],
            &[("highway", "residential"), ("junction", "roundabout")],
        )
        .way(50, &[1, 99], &[("highway", "residential")])
        .way(60, &[1, 2, 4], &[("building", "yes")])
        .way(
            70,
            &[1, 2, 4, 1],
            &[("highway", "residential"), ("amenity", "parking")],
        );
    let planned = from_pbf(&extract, &plan());
    // 44.5 m: points at 10, 20, 30 and 40 m, left and right
    assert_eq!(planned.samples.len(), 8);
    assert_eq!(
        texts(&planned, "sample_id")[..2],
        ["20-000003-left", "20-000003-right"]
    );
    assert_eq!(texts(&planned, "road_name")[0], "Landstrasse");
    assert_eq!(texts(&planned, "lighting")[0], "yes");
    assert_eq!(texts(&planned, "town")[0], "");
    assert_eq!(
        (
            numbers(&planned, "lanes")[0],
            numbers(&planned, "speed_limit")[0]
        ),
        (2.0, 31.0)
    );
    assert_eq!(numbers(&planned, "heading")[..2], [270.0, 90.0]);
    assert_eq!(numbers(&planned, "bearing")[0], 0.0);
    assert_eq!(numbers(&planned, "distance_m")[..2], [30.0, 30.0]);
    let rejected: Vec<_> = planned
        .rejected
        .iter()
        .map(|r| (r.id.as_deref(), r.reason.as_str()))
        .collect();
    assert_eq!(
        rejected,
        [(
            Some("way/50"),
            "no two neighbouring nodes of it are in the extract"
        )]
    );
    let left_out: Vec<_> = planned
        .left_out
        .iter()
        .map(|r| (r.id.as_deref().unwrap(), r.reason.as_str()))
        .collect();
    assert_eq!(
        left_out,
        [
            (
                "way/30",
                "highway=motorway is not one of the highways asked for"
            ),
            ("way/40", "junction=roundabout"),
            (
                "way/70",
                "it is closed and has amenity=parking: an area, not a road"
            ),
        ]
    );
    let network = planned.network.unwrap();
    assert_eq!(
        (network.ways, network.points_walked, network.points_kept),
        (1, 4, 4)
    );
    assert!(
        (network.length_m - 44.47).abs() < 0.01,
        "{}",
        network.length_m
    );
}

#[test]
fn files_that_are_no_extracts_say_so() {
    let error = |bytes: &[u8]| {
        plan_roads(
            RoadsInput::OsmBytes(bytes),
            None,
            &plan(),
            Batches::default(),
        )
        .unwrap_err()
        .to_string()
    };
    assert!(error(b"").contains("OSMHeader"), "{}", error(b""));
    let geojson = error(br#"{"type": "FeatureCollection"}"#);
    assert!(
        geojson.starts_with("cannot read the OpenStreetMap extract"),
        "{geojson}"
    );
    let whole = Extract::default()
        .node(1, 0., 0.)
        .way(1, &[1], &[("highway", "primary")])
        .bytes();
    assert!(error(&whole[..whole.len() - 3]).starts_with("cannot read"));
    let empty = error(&Extract::default().node(1, 0., 0.).bytes());
    assert_eq!(
        empty,
        "the input of roads has no road to walk: highway of primary, secondary, tertiary, unclassified, residential"
    );
    let missing = plan_roads(
        RoadsInput::OsmFile("no/such.osm.pbf".as_ref()),
        None,
        &plan(),
        Batches::default(),
    );
    let missing = missing.unwrap_err();
    assert!(
        matches!(missing, Error::Osm { .. }) && missing.to_string().contains("no/such.osm.pbf"),
        "{missing}"
    );
}

#[test]
fn points_are_cut_to_towns_and_counted_anew_in_each() {
    // 95 m: points at 10 .. 90 m; West has 40 m, East 40 m, then nothing
    let planned = in_towns(&streets(&[95.0]), &towns(&["West", "East"], 40.0), plan());
    let mut rows: Vec<(String, f64, f64)> = texts(&planned, "town")
        .into_iter()
        .zip(numbers(&planned, "sequence"))
        .zip(numbers(&planned, "distance_m"))
        .map(|((town, sequence), distance)| (town, sequence, distance))
        .collect();
    rows.sort_by(|a, b| a.partial_cmp(b).unwrap());
    rows.dedup();
    let expected = [
        ("East", 1., 40.),
        ("East", 2., 50.),
        ("East", 3., 60.),
        ("East", 4., 70.),
        ("West", 1., 10.),
        ("West", 2., 20.),
        ("West", 3., 30.),
    ];
    assert_eq!(
        rows,
        expected.map(|(town, sequence, distance)| (town.to_owned(), sequence, distance))
    );
    let network = planned.network.as_ref().unwrap();
    assert_eq!((network.points_walked, network.points_kept), (9, 7));
    let ids = texts(&planned, "sample_id");
    assert_eq!(ids.iter().collect::<HashSet<_>>().len(), 14);
    assert!(ids.contains(&"East-1-000003-left".to_owned()));
    // the middle of four is the upper one
    assert_eq!(ids[0], "East-1-000003-left");
}

#[test]
fn work_is_ordered_by_fold_then_town_then_way_then_side() {
    let roads = streets(&[35.0, 55.0, 15.0]);
    let planned = in_towns(&roads, &towns(&["B", "A"], 30.0), plan());
    let keys: Vec<(i64, i64, String, i64, i64, String)> = {
        let whole = |column| {
            numbers(&planned, column)
                .into_iter()
                .map(|n| n as i64)
                .collect::<Vec<_>>()
        };
        let (priority, order) = (whole("priority"), whole("order"));
        let (way, sequence) = (whole("osm_way_id"), whole("sequence"));
        let (town, side) = (texts(&planned, "town"), texts(&planned, "side"));
        (0..planned.samples.len())
            .map(|i| {
                (
                    priority[i],
                    order[i],
                    town[i].clone(),
                    way[i],
                    sequence[i],
                    side[i].clone(),
                )
            })
            .collect()
    };
    assert!(keys.is_sorted(), "{keys:?}");
    // every lane is folded: A has way 1 with one point and way 2 with three, B ways 1, 2, 3 with two, two and one
    let mut lanes: BTreeMap<(String, i64), Vec<(i64, i64, i64)>> = BTreeMap::new();
    for (priority, order, town, way, sequence, side) in keys {
        if side == "left" {
            lanes
                .entry((town, way))
                .or_default()
                .push((sequence, order, priority));
        }
    }
    let expected = [
        (("A".to_owned(), 1), vec![(1, 0, 1)]),
        (("A".to_owned(), 2), vec![(2, 0, 1), (1, 1, 2), (3, 2, 2)]),
        (("B".to_owned(), 1), vec![(2, 0, 1), (1, 1, 2)]),
        (("B".to_owned(), 2), vec![(2, 0, 1), (1, 1, 2)]),
        (("B".to_owned(), 3), vec![(1, 0, 1)]),
    ];
    assert_eq!(lanes.into_iter().collect::<Vec<_>>(), expected);
    assert_eq!(planned.batches, [0..6, 6..12, 12..18]);
}

#[test]
fn the_gap_order_visits_long_streets_before_short_ones() {
    let gap = RoadPlan {
        order: Order::Gap,
        sides: Some(vec![Side::Ahead]),
        ..plan()
    };
    let planned = in_towns(&streets(&[12.0, 900.0, 12.0]), &towns(&["A"], 2000.0), gap);
    let ways = numbers(&planned, "osm_way_id");
    // 12 m open at both ends weigh 48 m: no sooner than the long one is cut to pieces of that
    assert!(ways[..20].iter().all(|&way| way == 2.0));
    assert_eq!(
        numbers(&planned, "order"),
        (0..91).map(f64::from).collect::<Vec<_>>()
    );
    assert!(
        numbers(&planned, "priority")
            .iter()
            .all(|&priority| priority == 1.0)
    );
    assert_eq!(numbers(&planned, "sequence")[0], 45.0);
}

#[test]
fn all_six_sides_look_where_they_should() {
    let sides = vec![
        Side::Up,
        Side::Left,
        Side::Leftup,
        Side::Rightup,
        Side::Ahead,
        Side::Right,
    ];
    let all = RoadPlan {
        sides: Some(sides),
        ..plan()
    };
    let planned = plan_roads(
        RoadsInput::Table(&streets(&[15.0])),
        None,
        &all,
        Batches::default(),
    )
    .unwrap();
    let rows: Vec<(String, f64, f64)> = texts(&planned, "side")
        .into_iter()
        .zip(numbers(&planned, "heading"))
        .zip(numbers(&planned, "pitch"))
        .map(|((side, heading), pitch)| (side, heading, pitch))
        .collect();
    let expected = [
        ("up", 90., 90.),
        ("left", 0., 0.),
        ("leftup", 0., 45.),
        ("rightup", 180., 45.),
        ("ahead", 90., 0.),
        ("right", 180., 0.),
    ];
    assert_eq!(
        rows,
        expected.map(|(side, heading, pitch)| (side.to_owned(), heading, pitch))
    );
}

#[test]
fn joined_ways_carry_their_metres_on() {
    let extract = Extract::default()
        .node(1, 0., 0.)
        .node(2, 14. * EAST, 0.)
        .node(3, 31. * EAST, 0.)
        .way(
            5,
            &[1, 2],
            &[("highway", "primary"), ("name", "High Street")],
        )
        .way(
            4,
            &[2, 3],
            &[("highway", "primary"), ("name", "High Street")],
        );
    let apart = from_pbf(&extract, &plan());
    assert_eq!(apart.network.as_ref().unwrap().connections, [(4, 5)]);
    // 10 m on each of 14 and 17 m
    assert_eq!(apart.samples.len(), 4);
    let joined = from_pbf(
        &extract,
        &RoadPlan {
            join_ways: true,
            ..plan()
        },
    );
    // 10, 20 and 30 m on 31 m
    assert_eq!(joined.samples.len(), 6);
    assert!(numbers(&joined, "osm_way_id").iter().all(|&way| way == 4.0));
    assert_eq!(joined.network.unwrap().connections, []);
}

#[test]
fn points_of_the_earlier_study_are_taken_as_they_are() {
    let csv = "osm_way_id,road_name,road_type,sidewalk,abutters,lanes,lighting,surface,speed_limit,sequence,area,latitude,longitude,bearing
way/4355028,Barlow Moor Road,secondary,,retail,2,yes,asphalt,30,41,Manchester,53.43957,-2.275076,170.17
way/4355028,Barlow Moor Road,secondary,,retail,2,yes,asphalt,30,40,Manchester,53.43965,-2.275101,170.17
way/4355028,Barlow Moor Road,secondary,,retail,2,yes,asphalt,30,42,Manchester,53.43948,-2.275051,170.17
way/77,,residential,both,,0,,,0,1,Salford,53.48,-2.29,360
";
    let columns: Vec<Vec<&str>> = csv.lines().map(|line| line.split(',').collect()).collect();
    let column = |n: usize| columns[1..].iter().map(|row| row[n]).collect::<Vec<_>>();
    let float = |n| -> ArrayRef {
        Arc::new(
            column(n)
                .iter()
                .map(|v| v.parse::<f64>().ok())
                .collect::<Float64Array>(),
        )
    };
    let whole = |n| -> ArrayRef {
        Arc::new(
            column(n)
                .iter()
                .map(|v| v.parse::<i64>().ok())
                .collect::<Int64Array>(),
        )
    };
    let table: Vec<(String, ArrayRef)> = (0..14)
        .map(|n| {
            let values = match n {
                5 | 8 | 9 => whole(n),
                11..=13 => float(n),
                _ => Arc::new(StringArray::from(column(n))),
            };
            (columns[0][n].to_owned(), values)
        })
        .collect();
    let places: Vec<Coord> = columns[1..]
        .iter()
        .map(|row| coord! {x: row[12].parse().unwrap(), y: row[11].parse().unwrap()})
        .collect();
    let table = Table::new(table)
        .and_then(|t| t.with_points("geometry", &places, Crs::wgs84()))
        .unwrap();
    let planned = plan_roads(RoadsInput::Table(&table), None, &plan(), Batches::default()).unwrap();
    assert_eq!(planned.rejected, []);
    let ids = texts(&planned, "sample_id");
    assert_eq!(
        ids,
        [
            "Manchester-4355028-000041-left",
            "Manchester-4355028-000041-right",
            "Salford-77-000001-left",
            "Salford-77-000001-right",
            "Manchester-4355028-000040-left",
            "Manchester-4355028-000040-right",
            "Manchester-4355028-000042-left",
            "Manchester-4355028-000042-right",
        ]
    );
    assert_eq!(
        numbers(&planned, "heading")[..4],
        [80.17, 260.17, 270.0, 90.0]
    );
    assert_eq!(texts(&planned, "lanes")[..4], ["2", "2", "", ""]);
    assert_eq!(texts(&planned, "speed_limit")[..4], ["30", "30", "", ""]);
    assert_eq!(texts(&planned, "sidewalk")[2], "both");
    // 9 m from 40 to 41 (their 10 m), and 10 m on to 42
    assert!((numbers(&planned, "distance_m")[0] - 9.06).abs() < 0.01);
    assert_eq!(
        planned.samples.table().unwrap().points().unwrap().unwrap()[0],
        places[0]
    );
}

#[test]
fn plans_at_odds_with_their_input_are_refused() {
    let roads = streets(&[100.0]);
    let with = |plan: &RoadPlan, towns: Option<&Table>| {
        plan_roads(RoadsInput::Table(&roads), towns, plan, Batches::default()).unwrap_err()
    };
    let west = towns(&["West"], 10.0);
    assert!(matches!(
        with(&plan(), Some(&west)),
        Error::Setting {
            field: "area_name",
            ..
        }
    ));
    let named = RoadPlan {
        areas: Some("t".into()),
        area_name: Some("nom".into()),
        ..plan()
    };
    assert!(matches!(
        with(&named, None),
        Error::Setting { field: "areas", .. }
    ));
    let error = with(&named, Some(&west)).to_string();
    assert!(error.contains("nom") && error.contains("town"), "{error}");
    let far: Geometry = line_string![(x: 120.0, y: 0.0), (x: 120.1, y: 0.0)].into();
    let far = Table::new(vec![("id".into(), Arc::new(Int64Array::from(vec![8])))])
        .and_then(|t| t.with_geometries("geometry", &[Some(far)], Crs::wgs84()))
        .unwrap();
    let compat = RoadPlan {
        compat: Some(Compat::Ons2017),
        ..plan()
    };
    let error = plan_roads(RoadsInput::Table(&far), None, &compat, Batches::default()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "plan setting compat: ons-2017 takes longitude for latitude, which way 8 beyond 90 degrees does not allow"
    );
}

#[test]
fn a_town_without_roads_gives_no_samples_and_no_error() {
    let planned = in_towns(&streets(&[5000.0]), &towns(&["Elsewhere"], 0.4), plan());
    assert_eq!((planned.samples.len(), planned.batches.len()), (0, 0));
    assert_eq!(planned.samples.table().unwrap().rows(), 0);
}

#[test]
fn any_rows_are_those_of_the_whole_and_threads_change_nothing() {
    let lengths: Vec<f64> = (1..60).map(|n| f64::from(n * 37 % 400)).collect();
    let (roads, towns) = (streets(&lengths), towns(&["A", "B", "C"], 120.0));
    let bytes = |planned: &Planned| planned.write_geoparquet(Vec::new()).unwrap();
    for order in [Order::Fold, Order::Gap] {
        let plan = RoadPlan { order, ..plan() };
        let planned = in_towns(&roads, &towns, plan.clone());
        let whole = planned.samples.table().unwrap();
        let some = planned.samples.rows(100..140).unwrap();
        assert_eq!(
            some.texts("sample_id").unwrap(),
            whole.texts("sample_id").unwrap()[100..140]
        );
        assert_eq!(
            some.numbers("order").unwrap(),
            whole.numbers("order").unwrap()[100..140]
        );
        let single = rayon::ThreadPoolBuilder::new()
            .num_threads(1)
            .build()
            .unwrap();
        let alone = single.install(|| bytes(&in_towns(&roads, &towns, plan)));
        assert!(alone == bytes(&planned));
    }
}

fn data() -> Option<PathBuf> {
    let data = std::env::var_os("TRANSECT_DATA").map(PathBuf::from);
    if data.is_none() {
        println!("skipped: TRANSECT_DATA is not set");
    }
    data
}

fn within(found: usize, expected: usize, share: f64) {
    let off = found as f64 / expected as f64 - 1.0;
    assert!(
        off.abs() <= share,
        "{found} instead of {expected}: {:+.2} %",
        off * 100.0
    );
}

#[test]
fn liechtenstein_has_the_points_of_the_reference() {
    let Some(data) = data() else { return };
    let extract = data.join("streets/liechtenstein.osm.pbf");
    let walked = |plan: &RoadPlan| {
        let planned = plan_roads(
            RoadsInput::OsmFile(&extract),
            None,
            plan,
            Batches::default(),
        )
        .unwrap();
        planned.network.unwrap()
    };
    let network = walked(&plan());
    assert_eq!(network.ways, 1193);
    assert!(
        (network.length_m - 350_800.0).abs() < 100.0,
        "{}",
        network.length_m
    );
    within(network.points_walked, 34_498, 0.003);
    let compat = walked(&RoadPlan {
        compat: Some(Compat::Ons2017),
        ..plan()
    });
    within(compat.points_walked, 41_562, 0.003);
}

#[test]
fn the_municipalities_of_liechtenstein_have_the_points_of_the_reference() {
    let Some(data) = data() else { return };
    let towns = data.join("streets/liechtenstein_municipalities.geojson");
    let towns = Table::open(towns, &ReadOptions::default()).unwrap();
    // The file also holds districts and the country: municipalities have administrative level 8.
    let levels = towns.texts("admin_level").unwrap();
    let municipalities: Vec<u32> = (0u32..)
        .zip(levels)
        .filter(|(_, level)| level.as_deref() == Some("8"))
        .map(|(row, _)| row)
        .collect();
    let towns = towns.take(&municipalities).unwrap();
    let extract = std::fs::read(data.join("streets/liechtenstein.osm.pbf")).unwrap();
    let plan = RoadPlan {
        areas: Some("towns".into()),
        area_name: Some("name".into()),
        ..plan()
    };
    let planned = plan_roads(
        RoadsInput::OsmBytes(&extract),
        Some(&towns),
        &plan,
        Batches::default(),
    )
    .unwrap();
    let mut found: BTreeMap<String, usize> = BTreeMap::new();
    for (town, side) in texts(&planned, "town")
        .into_iter()
        .zip(texts(&planned, "side"))
    {
        *found.entry(town).or_default() += usize::from(side == "left");
    }
    let expected = [
        ("Balzers", 3908),
        ("Eschen", 3508),
        ("Gamprin", 1617),
        ("Mauren", 2902),
        ("Planken", 778),
        ("Ruggell", 2271),
        ("Schaan", 4977),
        ("Schellenberg", 1487),
        ("Triesen", 3355),
        ("Triesenberg", 4682),
        ("Vaduz", 4635),
    ];
    assert_eq!(found.len(), expected.len());
    for (town, points) in expected {
        within(found[town], points, 0.003);
    }
    within(found.values().sum(), 34_120, 0.003);
    assert_eq!(
        texts(&planned, "sample_id")
            .into_iter()
            .collect::<HashSet<_>>()
            .len(),
        planned.samples.len()
    );
}

#[test]
fn a_line_may_come_in_any_crs() {
    let bng = Crs::from_epsg(27700).unwrap();
    let line: LineString = vec![(331_000.0, 188_000.0), (331_095.0, 188_000.0)].into();
    let roads = Table::new(vec![("id".into(), Arc::new(Int64Array::from(vec![1])))])
        .and_then(|t| t.with_geometries("geometry", &[Some(line.into())], bng))
        .unwrap();
    let planned = plan_roads(RoadsInput::Table(&roads), None, &plan(), Batches::default()).unwrap();
    assert_eq!(planned.samples.len(), 18);
    // grid north lies 0.8 degrees off at Newport
    assert!((numbers(&planned, "bearing")[0] - 89.2).abs() < 0.1);
}
