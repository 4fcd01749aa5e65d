//! Labels are those that GDAL burns.

use geo::{Coord, LineString, MultiPolygon, Polygon, coord};
use imagery::Grid;
use imagery::labels::LabelLayer;
use serde_json::{Value, json};
use tables::Crs;

use super::{gdal, read, write};

/// The shapes, burnt by `gdal_rasterize` in their order; `None` where it is not installed.
fn rasterised(shapes: &[(MultiPolygon, f64)], grid: &Grid) -> Option<Vec<u8>> {
    let directory = tempfile::tempdir().unwrap();
    let features: Vec<Value> = shapes
        .iter()
        .map(|(shape, value)| {
            let ring = |ring: &LineString| ring.coords().map(|place| json!([place.x, place.y])).collect::<Vec<_>>();
            let part = |part: &Polygon| {
                std::iter::once(part.exterior()).chain(part.interiors()).map(ring).collect::<Vec<_>>()
            };
            let coordinates: Vec<_> = shape.iter().map(part).collect();
            json!({"type": "Feature", "properties": {"class": value}, "geometry": {"type": "MultiPolygon", "coordinates": coordinates}})
        })
        .collect();
    let collection = json!({
        "type": "FeatureCollection",
        "crs": {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::32630"}},
        "features": features,
    });
    let layer = write(
        directory.path(),
        "labels.geojson",
        collection.to_string().as_bytes(),
    );
    let burnt = directory.path().join("burnt.tif");
    let bounds = grid.bounds();
    let extent = [
        bounds.min().x,
        bounds.min().y,
        bounds.max().x,
        bounds.max().y,
    ]
    .map(|number| number.to_string());
    gdal(
        "gdal_rasterize",
        &[
            "-q",
            "-a",
            "class",
            "-ot",
            "Byte",
            "-te",
            &extent[0],
            &extent[1],
            &extent[2],
            &extent[3],
            "-ts",
            &grid.width.to_string(),
            &grid.height.to_string(),
            layer.to_str().unwrap(),
            burnt.to_str().unwrap(),
        ],
    )?;
    Some(read(&burnt).bytes().unwrap().to_vec())
}

#[test]
fn labels_with_edges_through_the_centres_of_pixels_are_those_of_gdal_rasterize() {
    const CELL: i32 = 16;
    let crs = Crs::from_epsg(32630).unwrap();
    let mut luck = 6_789_u64;
    let mut random = move |below: i32| {
        luck = luck
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (luck >> 33) as i32 % below
    };
    // Pixels whose sides are round in binary numbers, and such that every place is rounded.
    for pixel in [1.0, 4.75, 0.1, 4.777_314_267_823_516] {
        let grid = Grid {
            crs: crs.clone(),
            origin: (-128.0 * pixel, 128.0 * pixel),
            pixel: (pixel, pixel),
            width: 256,
            height: 256,
        };
        // One shape to each cell of 16 pixels; cells share their borders.
        let shapes: Vec<(MultiPolygon, f64)> = (0..255)
            .map(|cell| {
                // Corners in half pixels: centres and corners of pixels alike.
                let mut ring = |kind: i32| -> LineString {
                    let mut corners: Vec<(i32, i32)> = (0..3 + random(6))
                        .map(|_| (random(2 * CELL + 1), random(2 * CELL + 1)))
                        .collect();
                    let [(x, y), (right, upper), ..] = corners[..] else {
                        panic!()
                    };
                    match kind {
                        0 => corners = vec![(x, y), (right, y), (right, upper), (x, upper)],
                        1 => corners.sort_by(|a, b| {
                            let angle = |corner: &(i32, i32)| {
                                f64::from(corner.1 - CELL).atan2(f64::from(corner.0 - CELL))
                            };
                            angle(a).total_cmp(&angle(b))
                        }),
                        // As they come: the ring may cross itself.
                        _ => {}
                    }
                    if random(2) == 0 {
                        corners.reverse();
                    }
                    let place = |(x, y): (i32, i32)| {
                        let (column, row) =
                            (2 * CELL * (cell % 16) + x, 2 * CELL * (cell / 16) + y);
                        (
                            grid.origin.0 + f64::from(column) / 2.0 * pixel,
                            grid.origin.1 - f64::from(row) / 2.0 * pixel,
                        )
                    };
                    corners.into_iter().map(place).collect()
                };
                let holed = Polygon::new(ring(cell % 3), vec![ring(cell / 3 % 3)]);
                let mut parts = vec![holed];
                if cell % 2 == 0 {
                    parts.push(Polygon::new(ring(cell / 9 % 3), Vec::new()));
                }
                (MultiPolygon::new(parts), f64::from(cell + 1))
            })
            .collect();
        let Some(theirs) = rasterised(&shapes, &grid) else {
            return;
        };
        let layer = LabelLayer::new(shapes, crs.clone()).unwrap();
        let ours = layer.burn(&grid, 0.0).unwrap().values;
        assert!(ours.iter().filter(|value| **value > 0.0).count() > 10_000);
        let ours = ours.iter().map(|value| *value as u8);
        let other = ours.zip(&theirs).filter(|(a, b)| a != *b).count();
        assert_eq!(other, 0, "pixels of {pixel}");
    }
}

#[test]
fn labels_are_those_of_gdal_rasterize() {
    let crs = Crs::from_epsg(32630).unwrap();
    let grid = Grid {
        crs: crs.clone(),
        origin: (500_000.0, 900_000.0),
        pixel: (4.75, 4.75),
        width: 256,
        height: 200,
    };
    let mut luck = 12345_u64;
    let mut random = move || {
        luck = luck
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (luck >> 11) as f64 / (1_u64 << 53) as f64
    };
    let mut shapes: Vec<(MultiPolygon, f64)> = Vec::new();
    for index in 0..60 {
        let mut star = |x: f64, y: f64, radius: f64, corners: usize, phase: f64| -> LineString {
            let corner = |step: usize, reach: f64| {
                let angle = phase + std::f64::consts::TAU * step as f64 / corners as f64;
                coord! { x: x + radius * reach * angle.cos(), y: y + radius * reach * angle.sin() }
            };
            let mut ring: Vec<Coord> = (0..corners)
                .map(|step| corner(step, 0.4 + 0.6 * random()))
                .collect();
            ring.push(ring[0]);
            LineString::new(ring)
        };
        let (x, y) = (
            499_900.0 + 1400.0 * (index as f64 * 0.618).fract(),
            899_000.0 + 1100.0 * (index as f64 * 0.377).fract(),
        );
        let outer = star(x, y, 150.0, 7 + index % 30, 0.1);
        // A hole well inside, a second part far off, and now and then a sliver.
        let hole = star(x, y, 40.0, 5, 0.3);
        let mut parts = vec![
            Polygon::new(outer, vec![hole]),
            Polygon::new(star(x + 400.0, y, 60.0, 5, 0.2), Vec::new()),
        ];
        if index % 5 == 0 {
            let sliver = vec![
                (x, y + 300.0),
                (x + 300.0, y + 300.7),
                (x + 300.0, y + 301.0),
                (x, y + 300.0),
            ];
            parts.push(Polygon::new(LineString::from(sliver), Vec::new()));
        }
        shapes.push((MultiPolygon::new(parts), (index % 9 + 1) as f64));
    }
    // GDAL burns in the order of the file and the last wins: the largest value comes last there too.
    shapes.sort_by(|a, b| a.1.total_cmp(&b.1));
    let Some(theirs) = rasterised(&shapes, &grid) else {
        return;
    };
    let mask = LabelLayer::new(shapes, crs)
        .unwrap()
        .burn(&grid, 0.0)
        .unwrap();
    let labelled = mask.values.iter().filter(|value| **value > 0.0).count();
    assert!(labelled > 10_000, "{labelled}");
    let other = mask
        .values
        .iter()
        .zip(&theirs)
        .filter(|(ours, theirs)| **ours != f64::from(**theirs))
        .count();
    assert_eq!(other, 0, "of {labelled} labelled pixels");
}
