//! What every painted picture must hold to.
#![allow(clippy::unwrap_used, clippy::panic)]

use geo::{Area, Contains, Distance, Euclidean, Rect, coord};
use proptest::prelude::*;
use synthetic::{Cover, Error, PaintSpec, Painting, paint};

/// The a-value of L*a*b* under D65.
fn a_value(rgb: [u8; 3]) -> f64 {
    let [r, g, b] = rgb.map(|value| {
        let value = f64::from(value) / 255.0;
        if value <= 0.04045 {
            value / 12.92
        } else {
            ((value + 0.055) / 1.055).powf(2.4)
        }
    });
    let x = (0.412453 * r + 0.357580 * g + 0.180423 * b) / 0.950456;
    let y = 0.212671 * r + 0.715160 * g + 0.072169 * b;
    let f = |t: f64| {
        if t > 216.0 / 24389.0 {
            t.cbrt()
        } else {
            t * 841.0 / 108.0 + 16.0 / 116.0
        }
    };
    500.0 * (f(x) - f(y))
}

fn count(painting: &Painting, cover: Cover) -> usize {
    painting
        .covers
        .iter()
        .filter(|&&found| found == cover)
        .count()
}

#[test]
fn trees_and_only_trees_are_green() {
    let painting = paint(&PaintSpec::new(700, 3)).unwrap();
    assert!(count(&painting, Cover::Tree) > 1_000 && count(&painting, Cover::Road) > 1_000);
    for (rgb, cover) in painting.rgb.as_chunks::<3>().0.iter().zip(&painting.covers) {
        let a = a_value(*rgb);
        if *cover == Cover::Tree {
            assert!((-27.0..-7.0).contains(&a), "{rgb:?} {a}");
        } else {
            assert!(a > -3.0, "{cover:?} {rgb:?} {a}");
        }
    }
}

#[test]
fn roof_pixels_are_those_inside_the_footprints() {
    let painting = paint(&PaintSpec::new(600, 8)).unwrap();
    assert!(painting.houses.len() > 20, "{}", painting.houses.len());
    let area: f64 = painting.houses.iter().map(Area::unsigned_area).sum();
    let painted = count(&painting, Cover::Roof) as f64 * 0.25;
    assert!((painted - area).abs() < 0.01 * area, "{painted} {area}");
    for house in &painting.houses {
        let middle = geo::Centroid::centroid(house).unwrap();
        let column = ((middle.x() - painting.west) / painting.pixel_m) as usize;
        let row = ((painting.north - middle.y()) / painting.pixel_m) as usize;
        assert_eq!(painting.covers[row * 600 + column], Cover::Roof);
    }
}

#[test]
fn houses_stand_apart_beside_the_roads_and_inside_the_picture() {
    let painting = paint(&PaintSpec::new(900, 2)).unwrap();
    let extent = painting.extent();
    for (number, house) in painting.houses.iter().enumerate() {
        assert!(extent.contains(house));
        assert!(
            painting.houses[..number]
                .iter()
                .all(|other| Euclidean.distance(house, other) > 0.0)
        );
        let nearest = painting
            .roads
            .iter()
            .map(|road| Euclidean.distance(house, road))
            .fold(f64::INFINITY, f64::min);
        assert!(nearest > 1.7, "{nearest}");
    }
}

#[test]
fn the_share_of_trees_can_be_asked_of_any_part() {
    let painting = paint(&PaintSpec::new(300, 5)).unwrap();
    let all = painting.tree_share(painting.extent()).unwrap();
    assert_eq!(all, count(&painting, Cover::Tree) as f64 / 90_000.0);
    let quarters: f64 = painting
        .areas_table(2)
        .unwrap()
        .numbers("tree_share")
        .unwrap()
        .into_iter()
        .flatten()
        .sum();
    assert!((quarters / 4.0 - all).abs() < 1e-12);
    let far = Rect::new(coord! { x: 0.0, y: 0.0 }, coord! { x: 1.0, y: 1.0 });
    assert_eq!(painting.tree_share(far), None);
}

#[test]
fn the_truth_comes_as_tables() {
    let painting = paint(&PaintSpec::new(800, 5)).unwrap();
    let houses = painting.houses_table().unwrap();
    assert_eq!(houses.rows(), painting.houses.len());
    assert_eq!(houses.crs().epsg(), Some(32651));
    assert_eq!(painting.roads_table().unwrap().rows(), painting.roads.len());
    let areas = painting.areas_table(3).unwrap();
    assert_eq!(areas.rows(), 9);
    let counted: f64 = areas.numbers("houses").unwrap().into_iter().flatten().sum();
    assert_eq!(counted, painting.houses.len() as f64);
    assert_eq!(painting.transform()[1], 0.5);
}

#[test]
fn pictures_that_cannot_be_painted_are_named() {
    for (spec, message) in [
        (
            PaintSpec::new(0, 1),
            "a picture of 0 px a side cannot be painted: give 1 to 17000",
        ),
        (
            PaintSpec {
                pixel_m: 0.0,
                ..PaintSpec::new(10, 1)
            },
            "pixels of 0 m cannot be painted: give 0.05 to 5",
        ),
        (
            PaintSpec {
                centre_lat: 90.0,
                ..PaintSpec::new(10, 1)
            },
            "centre lon 125.5, lat 90 is out of range: lon -180..=180, lat -70..=70",
        ),
    ] {
        let error = paint(&spec).unwrap_err();
        assert!(!matches!(error, Error::Table(_)));
        assert_eq!(error.to_string(), message);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]
    #[test]
    fn a_picture_is_whole_and_the_same_each_time(
        size_px in 1_u32..300,
        pixel_m in 0.05..5.0_f64,
        seed: u64,
        centre_lon in -180.0..=180.0_f64,
        centre_lat in -70.0..=70.0_f64,
    ) {
        let spec = PaintSpec { size_px, pixel_m, seed, centre_lon, centre_lat };
        let painting = paint(&spec).unwrap();
        let pixels = size_px as usize * size_px as usize;
        prop_assert_eq!((painting.rgb.len(), painting.covers.len()), (3 * pixels, pixels));
        prop_assert!(painting.rgb == paint(&spec).unwrap().rgb);
        prop_assert!(!painting.roads.is_empty());
        let off = painting.west / pixel_m;
        prop_assert!((off - off.round()).abs() < 1e-6);
    }
}
