//! Scratch: pages from real outlines and made-up readings.
#![allow(clippy::unwrap_used, clippy::panic)]
use std::sync::Arc;

use arrow_array::{ArrayRef, Float64Array, Int64Array, StringArray};
use measures::filling::{Distance, Fallback, Filling, Method};
use measures::{fill_roads, summarise_areas, summarise_towns};
use report::{
    ClusterReport, ClusteredFile, CollectReport, FailedFile, Thumbnail, cluster_page, collect_page,
    gallery_samples, thumbnail,
};
use tables::{Coord, Crs, ReadOptions, Table};

fn main() {
    let out = std::env::args().nth(1).unwrap();
    let data = std::env::var("TRANSECT_DATA").unwrap();
    let green = vec!["green".to_owned(), "brightness".to_owned()];
    let areas = Table::open(
        format!("{data}/chicago/tracts.geojson"),
        &ReadOptions::default(),
    )
    .unwrap();
    let ids = areas.texts("geoid10").unwrap();
    let centroids = areas.centroids().unwrap();
    let mut state = 7_u64;
    let mut rnd = || {
        state = state
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        (state >> 33) as f64 / (1u64 << 31) as f64
    };
    let (mut sid, mut aid, mut st, mut rs, mut g, mut b, mut pl) =
        (vec![], vec![], vec![], vec![], vec![], vec![], vec![]);
    for (id, c) in ids.iter().zip(&centroids) {
        let (id, c) = (id.clone().unwrap(), c.unwrap());
        for k in 1..=10 {
            sid.push(format!("{id}-{k:04}"));
            aid.push(id.clone());
            let r = rnd();
            let (s, why) = if r < 0.012 {
                ("failed", "read timed out after 10 tries")
            } else if r < 0.016 {
                ("failed", "http 503: upstream <busy>")
            } else if r < 0.022 {
                ("no_imagery", "outside the picture")
            } else if r < 0.03 {
                ("blank", "one flat colour")
            } else if r < 0.07 {
                ("", "")
            } else {
                ("ok", "")
            };
            st.push(Some(s).filter(|s| !s.is_empty()));
            rs.push(Some(why).filter(|s| !s.is_empty()));
            let base = 0.28 + 0.2 * ((c.x * 40.0).sin() * (c.y * 31.0).cos());
            g.push((s == "ok").then(|| (base + 0.18 * (rnd() - 0.5)).clamp(0.0, 1.0)));
            b.push((s == "ok").then(|| 0.4 + 0.2 * rnd()));
            pl.push(Coord {
                x: c.x + 0.008 * (rnd() - 0.5),
                y: c.y + 0.006 * (rnd() - 0.5),
            });
        }
    }
    let col = |v: Vec<(&str, ArrayRef)>| {
        v.into_iter()
            .map(|(n, a)| (n.to_owned(), a))
            .collect::<Vec<_>>()
    };
    let readings = Table::new(col(vec![
        ("sample_id", Arc::new(StringArray::from(sid.clone()))),
        ("area_id", Arc::new(StringArray::from(aid))),
        ("status", Arc::new(StringArray::from(st))),
        ("reason", Arc::new(StringArray::from(rs))),
        ("green", Arc::new(Float64Array::from(g))),
        ("brightness", Arc::new(Float64Array::from(b))),
    ]))
    .unwrap()
    .with_points("geometry", &pl, Crs::wgs84())
    .unwrap();
    let summary = summarise_areas(&readings, Some((&areas, "geoid10")), &green).unwrap();
    let aerial = measures::Picture::decode(
        &std::fs::read(format!("{data}/imagery/zurich_aerial.tif")).unwrap(),
    )
    .unwrap()
    .into_rgb8()
    .unwrap();
    let rows = gallery_samples(&readings, Some("green"), 24).unwrap();
    let values = readings.numbers("green").unwrap();
    let thumbnails: Vec<Thumbnail> = rows
        .iter()
        .enumerate()
        .map(|(k, row)| {
            let crop = image::imageops::crop_imm(
                &aerial,
                (k % 8 * 100) as u32,
                (k / 8 * 150) as u32,
                100,
                100,
            )
            .to_image();
            let mut png = vec![];
            image::DynamicImage::ImageRgb8(crop)
                .write_to(&mut std::io::Cursor::new(&mut png), image::ImageFormat::Png)
                .unwrap();
            Thumbnail {
                sample_id: sid[*row].clone(),
                reading: values[*row],
                jpeg: thumbnail(&png).unwrap(),
            }
        })
        .collect();
    let page = collect_page(&CollectReport {
        name: "Tree cover in Chicago's census tracts",
        plan_id: "5f0c2d7e1a9b44c3",
        source: "cog",
        attribution: Some("© City of Chicago"),
        readings: &readings,
        measures: &green,
        areas: Some(&summary),
        towns: None,
        thumbnails: &thumbnails,
    })
    .unwrap();
    std::fs::write(format!("{out}/areas.html"), page).unwrap();

    // Newport
    let file = std::fs::File::open(format!("{out}/newport_segments.csv")).unwrap();
    let text = std::io::read_to_string(file).unwrap();
    let (mut sid, mut way, mut side, mut seq, mut g, mut pl, mut st, mut town) = (
        vec![],
        vec![],
        vec![],
        vec![],
        vec![],
        vec![],
        vec![],
        vec![],
    );
    for line in text.lines().skip(1) {
        let f: Vec<&str> = line.rsplitn(25, ',').collect();
        let f: Vec<&str> = f.into_iter().rev().collect();
        way.push(f[1].parse::<i64>().unwrap());
        side.push(f[2].to_owned());
        seq.push(f[3].parse::<i64>().unwrap());
        pl.push(Coord {
            x: f[5].parse().unwrap(),
            y: f[4].parse().unwrap(),
        });
        sid.push(f[6].to_owned());
        let keep = rnd() < 0.3;
        st.push(keep.then_some("ok"));
        g.push(keep.then(|| f[15].parse::<f64>().unwrap()));
        town.push(if f[5].parse::<f64>().unwrap() < -2.98 {
            "Newport West"
        } else {
            "Newport"
        });
    }
    let green = vec!["green".to_owned()];
    let roads = Table::new(col(vec![
        ("sample_id", Arc::new(StringArray::from(sid))),
        ("town", Arc::new(StringArray::from(town))),
        ("osm_way_id", Arc::new(Int64Array::from(way))),
        ("side", Arc::new(StringArray::from(side))),
        ("sequence", Arc::new(Int64Array::from(seq))),
        ("status", Arc::new(StringArray::from(st))),
        ("green", Arc::new(Float64Array::from(g))),
    ]))
    .unwrap()
    .with_points("geometry", &pl, Crs::wgs84())
    .unwrap();
    let start = std::time::Instant::now();
    let filled = fill_roads(
        &roads,
        &green,
        &Filling {
            method: Method::Kriging,
            distance: Distance::Road,
            fallback: Fallback::None,
        },
        None,
    )
    .unwrap();
    println!("kriging {:?}", start.elapsed());
    let towns = summarise_towns(&filled, &green).unwrap();
    let page = collect_page(&CollectReport {
        name: "Street greenery",
        plan_id: "77aa",
        source: "street_view",
        attribution: None,
        readings: &filled,
        measures: &green,
        areas: None,
        towns: Some(&towns),
        thumbnails: &[],
    })
    .unwrap();
    println!("roads page {} kB", page.len() / 1000);
    std::fs::write(format!("{out}/roads.html"), page).unwrap();

    let files = (0..14)
        .map(|k| ClusteredFile {
            filename: format!("region-{k:02}/grid.parquet"),
            rows: 20_000 + k * 777,
            clusters: 310 + k,
            score: Some(700.0 + 9.0 * k as f64),
            median_weight: Some(238.5),
            median_radius: Some(912.25),
            share_in_range: Some(1.0 - 0.03 * k as f64),
            passes: Some(2),
            elapsed_ms: Some(640 + 31 * k),
            map_svg: None,
        })
        .collect();
    let page = cluster_page(&ClusterReport {
        run: "cluster-3f2a9c".into(),
        files,
        failed: vec![FailedFile {
            filename: "broken.parquet".into(),
            error: "InvalidInput".into(),
            message: "no geometry column; the columns are a, b".into(),
        }],
        lost: 0,
    });
    std::fs::write(format!("{out}/clusters.html"), page).unwrap();
}
