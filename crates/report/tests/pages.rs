//! Pages made from small studies: what is on them, and what is not.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow_array::{ArrayRef, Float64Array, Int32Array, Int64Array, StringArray};
use measures::filling::{Distance, Fallback, Filling, Method};
use measures::{fill_roads, summarise_areas, summarise_towns, town_tables};
use report::{ClusterReport, ClusteredFile, CollectReport, FailedFile, Thumbnail};
use report::{TownReport, cluster_page, collect_page, gallery_samples, thumbnail, town_page};
use tables::{Coord, Crs, ReadOptions, Table};

fn green() -> Vec<String> {
    vec!["green".to_owned()]
}

fn texts(values: &[&str]) -> ArrayRef {
    Arc::new(StringArray::from_iter(
        values
            .iter()
            .map(|text| (!text.is_empty()).then_some(*text)),
    ))
}

fn table(columns: Vec<(&str, ArrayRef)>, places: &[Coord]) -> Table {
    let columns = columns
        .into_iter()
        .map(|(name, values)| (name.to_owned(), values))
        .collect();
    Table::new(columns)
        .unwrap()
        .with_points("geometry", places, Crs::wgs84())
        .unwrap()
}

fn places(count: usize) -> Vec<Coord> {
    (0..count)
        .map(|index| Coord {
            x: 8.5 + index as f64 / 1000.0,
            y: 47.3,
        })
        .collect()
}

/// Five samples in two areas, one of which failed with a reason that tries to be markup.
fn areas_study() -> (Table, Table) {
    let readings = table(
        vec![
            ("sample_id", texts(&["a-1", "a-2", "a-3", "b-1", "b-2"])),
            ("area_id", texts(&["a", "a", "a", "b", "b"])),
            ("status", texts(&["ok", "exists", "failed", "blank", ""])),
            (
                "reason",
                texts(&["", "", "<script>alert(1)</script>", "", ""]),
            ),
            (
                "green",
                Arc::new(Float64Array::from(vec![
                    Some(0.2),
                    Some(0.4),
                    None,
                    None,
                    None,
                ])),
            ),
        ],
        &places(5),
    );
    let areas = r#"{"type": "FeatureCollection", "features": [
        {"type": "Feature", "properties": {"id": "a"}, "geometry": {"type": "Polygon",
         "coordinates": [[[8.49,47.29],[8.51,47.29],[8.51,47.31],[8.49,47.31],[8.49,47.29]]]}},
        {"type": "Feature", "properties": {"id": "b"}, "geometry": null}]}"#;
    let areas = Table::from_bytes(
        "areas.geojson",
        areas.as_bytes().to_vec().into(),
        &ReadOptions::default(),
    )
    .unwrap();
    let summary = summarise_areas(&readings, Some((&areas, "id")), &green()).unwrap();
    (readings, summary)
}

fn page_of(
    readings: &Table,
    areas: Option<&Table>,
    towns: Option<&Table>,
    thumbnails: &[Thumbnail],
) -> String {
    let measures = if readings.has_column("green") {
        green()
    } else {
        Vec::new()
    };
    collect_page(&CollectReport {
        name: "Trees & houses",
        plan_id: "0f3a",
        source: "cog",
        attribution: Some("swisstopo"),
        readings,
        measures: &measures,
        areas,
        towns,
        town_pages: &BTreeMap::from([("Ely".to_owned(), "towns/ely.html".to_owned())]),
        thumbnails,
    })
    .unwrap()
}

/// Every element that is opened is closed, in order.
fn assert_well_formed(page: &str) {
    let void = ["meta", "img", "br", "!DOCTYPE"];
    let markup = page.split("<script>").next().unwrap_or_default();
    let markup = markup
        .split("<style>")
        .next()
        .unwrap_or_default()
        .to_owned()
        + markup.split("</style>").nth(1).unwrap_or_default();
    let mut open: Vec<&str> = Vec::new();
    for tag in markup.split('<').skip(1) {
        let name = tag
            .split(|c: char| c.is_whitespace() || c == '>')
            .next()
            .unwrap_or_default();
        match name.strip_prefix('/') {
            Some(name) => assert_eq!(open.pop(), Some(name)),
            None if void.contains(&name) => {}
            None => open.push(name),
        }
    }
    assert_eq!(open, ["html", "body"]);
}

#[test]
fn the_page_of_areas_shows_counts_map_readings_failures_and_rows() {
    let (readings, summary) = areas_study();
    let page = page_of(&readings, Some(&summary), None, &[]);
    assert_well_formed(&page);
    for part in [
        "<title>Trees &amp; houses</title>",
        "plan <code>0f3a</code>",
        "swisstopo",
        r##"<a href="#failures">"##,
        "a: 0.300",
        "mean 0.300",
        r#"class="dots failed""#,
        r#"class="dots waiting""#,
        "&lt;script&gt;alert(1)&lt;/script&gt;",
        "Map of 5 samples in 1 areas",
    ] {
        assert!(page.contains(part), "{part}");
    }
    assert!(!page.contains("alert(1)</script>"));
    assert!(
        !page.contains("http://") && !page.contains("https://"),
        "the page loads nothing"
    );
}

#[test]
fn a_study_without_a_measure_areas_or_pictures_still_has_a_page() {
    let readings = table(
        vec![("sample_id", texts(&["c"])), ("status", texts(&[""]))],
        &places(1),
    );
    let page = page_of(&readings, None, None, &[]);
    assert_well_formed(&page);
    assert!(page.contains("waiting: 1 (100.0 %)"));
    let nothing = table(vec![("sample_id", texts(&[])), ("status", texts(&[]))], &[]);
    assert_well_formed(&page_of(&nothing, None, None, &[]));
}

#[test]
fn the_page_of_roads_has_a_map_a_town_and_both_sides_on_it() {
    let readings = table(
        vec![
            ("sample_id", texts(&["1", "2", "3", "4", "5"])),
            ("town", texts(&["Ely", "Ely", "Ely", "Ely", "Upton"])),
            (
                "road_name",
                texts(&[
                    "High <Street>",
                    "High <Street>",
                    "High <Street>",
                    "High <Street>",
                    "",
                ]),
            ),
            (
                "osm_way_id",
                Arc::new(Int64Array::from(vec![7, 7, 7, 7, 9])),
            ),
            ("side", texts(&["left", "left", "right", "right", "left"])),
            ("sequence", Arc::new(Int32Array::from(vec![1, 2, 1, 2, 1]))),
            ("status", texts(&["ok", "", "", "ok", ""])),
            (
                "green",
                Arc::new(Float64Array::from(vec![
                    Some(0.1),
                    None,
                    None,
                    Some(0.7),
                    None,
                ])),
            ),
        ],
        &[places(2), places(2), places(1)].concat(),
    );
    let filling = Filling {
        method: Method::Interpolate,
        distance: Distance::Road,
        fallback: Fallback::None,
    };
    let filled = fill_roads(&readings, &green(), &filling, None).unwrap();
    let towns = summarise_towns(&filled, None, &green()).unwrap();
    let page = page_of(&filled, None, Some(&towns), &[]);
    assert_well_formed(&page);
    for part in [
        "Roads of Ely",
        "Roads of Upton",
        "mean green, filled",
        r#"class="roads s0""#,
        r#"class="roads s7""#,
        "snone",
    ] {
        assert!(page.contains(part), "{part}");
    }
    assert!(
        page.contains("mean 0.400"),
        "the histogram is of readings only"
    );
    assert!(page.contains(r#"<a href="towns/ely.html">Ely</a>"#));

    let tables = town_tables(&filled).unwrap();
    let [(ely, samples), (upton, nothing)] = tables.as_slice() else {
        panic!("{} towns", tables.len());
    };
    let town = |town, samples| {
        let report = TownReport {
            town,
            study: "Trees & houses",
            study_page: "../index.html",
            attribution: None,
            samples,
            measure: "green",
        };
        town_page(&report).unwrap()
    };
    let page = town(ely.as_deref(), samples);
    assert_well_formed(&page);
    for part in [
        "<h1>Ely</h1>",
        r#"<a href="../index.html">Trees &amp; houses</a>"#,
        "High &lt;Street&gt;",
        "mean 0.400",
        r#"class="roads s7""#,
    ] {
        assert!(page.contains(part), "{part}");
    }
    let page = town(upton.as_deref(), nothing);
    assert_well_formed(&page);
    assert!(page.contains("without a name") && page.contains("snone"));
}

#[test]
fn the_gallery_goes_from_the_lowest_reading_to_the_highest_and_leaves_out_what_is_not_stored() {
    let values: Vec<Option<f64>> = (0..100)
        .rev()
        .map(|value| Some(f64::from(value) / 100.0))
        .collect();
    let mut statuses = vec!["ok"; 100];
    statuses[50] = "failed";
    let readings = table(
        vec![
            ("status", texts(&statuses)),
            ("green", Arc::new(Float64Array::from(values))),
        ],
        &places(100),
    );
    let rows = gallery_samples(&readings, Some("green"), 10).unwrap();
    assert_eq!(rows, [95, 85, 75, 65, 55, 44, 34, 24, 14, 4]);
    assert_eq!(gallery_samples(&readings, None, 200).unwrap().len(), 99);
}

#[test]
fn a_thumbnail_is_a_small_jpeg_inside_the_page() {
    let mut png = Vec::new();
    let picture = image::DynamicImage::ImageRgb8(image::RgbImage::from_pixel(
        400,
        300,
        image::Rgb([20, 160, 60]),
    ));
    picture
        .write_to(&mut std::io::Cursor::new(&mut png), image::ImageFormat::Png)
        .unwrap();
    let jpeg = thumbnail(&png).unwrap();
    let small = image::load_from_memory(&jpeg).unwrap();
    assert_eq!((small.width(), small.height()), (192, 144));
    assert_eq!(thumbnail(b"<html>"), None);

    let (readings, summary) = areas_study();
    let thumbnails = [Thumbnail {
        sample_id: "a-1".to_owned(),
        reading: Some(0.2),
        jpeg,
    }];
    let page = page_of(&readings, Some(&summary), None, &thumbnails);
    assert_well_formed(&page);
    assert!(
        page.contains("data:image/jpeg;base64,/9j/") && page.contains(r#"alt="Picture at a-1""#)
    );
}

#[test]
fn the_page_of_a_clustering_run_reads_the_functions_replies() {
    let reply = r#"{"filename": "a/north.parquet", "output_key": "a/clustered_north.parquet", "rows": 50000, "clusters": 40,
        "score": 812.5, "median_weight": 240.0, "median_radius": 900.0, "share_in_range": 0.75, "passes": 2, "elapsed_ms": 1500}"#;
    let mut file: ClusteredFile = serde_json::from_str(reply).unwrap();
    file.map_svg = Some("<?xml version=\"1.0\"?>\n<svg viewBox=\"0 0 1 1\"></svg>".to_owned());
    let failed: FailedFile = serde_json::from_str(
        r#"{"item": "b.parquet", "error": "InvalidInput", "message": "no column `people`"}"#,
    )
    .unwrap();
    let page = cluster_page(&ClusterReport {
        run: "cluster-01".to_owned(),
        files: vec![file],
        failed: vec![failed],
        lost: 1,
    });
    assert_well_formed(&page);
    for part in [
        "a/north.parquet",
        "812.500",
        "75.0 %",
        "1.500",
        "no column `people`",
        "files without an answer",
        "<svg viewBox=\"0 0 1 1\">",
    ] {
        assert!(page.contains(part), "{part}");
    }
    assert!(!page.contains("<?xml"));
}
