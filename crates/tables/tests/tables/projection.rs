//! Projections against figures computed with pyproj 3.7.2 (PROJ 9.5.1), without grids and without network:
//!
//! ```python
//! pyproj.Transformer.from_crs(4326, code, always_xy=True).transform(lon, lat)
//! ```

use geo::{Coord, Geometry, polygon};
use proptest::prelude::*;
use tables::{Crs, Error, Projection};

/// EPSG code, longitude, latitude, x, y.
type Figure = (u32, f64, f64, f64, f64);

/// Where no datum grid is needed.
const FIGURES: &[Figure] = &[
    // PRS92 / Philippines zones 1 and 5; the third is far outside of zone 1
    (3121, 117.5, 9.5, 554736.6395581926, 1050610.1083075018),
    (3121, 118.9, 10.2, 708052.5281199145, 1128599.2510521412),
    (3121, 125.4, 7.9, 1429292.2727847565, 883009.5996005824),
    (3125, 125.4, 7.9, 543939.6139127007, 873617.5701714212),
    (3125, 125.66, 8.0, 572592.6260932374, 884713.0445878011),
    // Merchich / Nord Maroc
    (26191, -6.84, 34.02, 366891.4312721832, 381040.15984564973),
    (26191, -5.0, 34.03, 536782.0440040587, 381302.55758727394),
    (26191, -4.0, 32.5, 631379.7788019661, 212480.08534093923),
    // RGF93 / Lambert-93
    (2154, 2.35, 48.85, 652301.5648305281, 6861302.725899576),
    (2154, 5.37, 43.3, 892394.7774196876, 6247424.645813702),
    (2154, -4.48, 48.39, 147078.3305377646, 6836175.333849055),
    // UTM, north and south
    (32651, 125.4, 7.9, 764617.0680415482, 874004.7933843747),
    (32651, 121.0, 14.6, 284552.124736449, 1615033.1189925359),
    (32733, 18.42, -33.92, 816196.7117962425, 6241444.314438066),
    (32733, 15.0, -1.0, 500000.00000000175, 9889469.841197625),
    (32631, 2.35, 48.85, 452314.8912336655, 5410984.887604439),
    // web Mercator
    (3857, 8.54, 47.37, 950668.4513745563, 6002677.997532714),
    (3857, -122.4, 37.77, -13625505.673096687, 4546985.284430412),
    (3857, 179.9, -60.0, 20026376.393709917, -8399737.889818357),
    // ETRS89 / LAEA Europe
    (3035, 8.54, 47.37, 4210654.956500657, 2696243.014387729),
    (3035, -9.14, 38.72, 2665402.840045985, 1946531.1244081089),
    (3035, 24.94, 60.17, 5145382.16170416, 4206177.50404137),
    // NAD83 / Conus Albers
    (5070, -87.63, 41.88, 688859.4285168711, 2127843.048030342),
    (5070, -122.4, 37.77, -2273954.87202963, 1954942.9513665747),
    (5070, -80.2, 25.8, 1592562.7904327023, 438476.4996621238),
];

/// OSGB36 / British National Grid: PROJ takes the same seven parameters (EPSG:1314) where it has no grid.
const BRITISH: &[Figure] = &[
    (
        27700,
        -0.1276,
        51.5072,
        530043.1949814068,
        180358.20862000342,
    ),
    (27700, -3.19, 55.95, 325784.7480079234, 673635.7681078728),
    (27700, -4.25, 50.37, 240089.14999348574, 54654.07250088977),
];

/// One centimetre.
const TOLERANCE: f64 = 0.01;

fn check(figures: &[Figure], tolerance: f64) {
    for &(code, lon, lat, x, y) in figures {
        let crs = Crs::from_epsg(code).unwrap();
        let mut coords = [Coord { x: lon, y: lat }];
        Projection::between(&Crs::wgs84(), &crs)
            .unwrap()
            .project(&mut coords)
            .unwrap();
        let [found] = coords;
        let off = f64::hypot(found.x - x, found.y - y);
        assert!(off < tolerance, "EPSG:{code} at {lon}, {lat}: {off} m off");
        Projection::between(&crs, &Crs::wgs84())
            .unwrap()
            .project(&mut coords)
            .unwrap();
        let [back] = coords;
        let off = f64::hypot(back.x - lon, back.y - lat) * 111_000.0;
        assert!(
            off < tolerance,
            "EPSG:{code} back at {lon}, {lat}: {off} m off"
        );
    }
}

#[test]
fn projections_are_within_a_centimetre_of_proj() {
    check(FIGURES, TOLERANCE);
}

#[test]
fn the_british_grid_is_within_a_centimetre_of_proj_without_its_datum_grid_and_says_what_that_costs()
{
    check(BRITISH, TOLERANCE);
    let projection = Projection::between(&Crs::wgs84(), &Crs::from_epsg(27700).unwrap()).unwrap();
    assert!(
        projection.operation().contains("OSTN15"),
        "{}",
        projection.operation()
    );
}

#[test]
fn x_is_longitude_although_epsg_puts_latitude_first() {
    let (epsg, ogc) = (Crs::from_epsg(4326).unwrap(), Crs::wgs84());
    let mut coords = [Coord { x: 125.0, y: 7.0 }];
    Projection::between(&epsg, &ogc)
        .unwrap()
        .project(&mut coords)
        .unwrap();
    assert_eq!(coords, [Coord { x: 125.0, y: 7.0 }]);
    assert_eq!(epsg, ogc);
}

#[test]
fn swapped_coordinates_are_an_error_that_names_the_row() {
    let projection = Projection::between(&Crs::wgs84(), &Crs::from_epsg(3125).unwrap()).unwrap();
    let mut coords = [Coord { x: 125.0, y: 7.0 }, Coord { x: 7.0, y: 125.0 }];
    let error = projection.project(&mut coords).unwrap_err();
    assert_eq!(
        error.to_string(),
        "coordinate 1: (7, 125) is out of range, expected longitude -180 to 180, then latitude -90 to 90"
    );
    for wrong in [f64::NAN, f64::INFINITY, 200.0] {
        let error = projection
            .project(&mut [Coord { x: wrong, y: 7.0 }])
            .unwrap_err();
        assert!(
            matches!(error, Error::CoordinateOutOfRange { row: 0, .. }),
            "{error}"
        );
    }
}

#[test]
fn a_place_that_a_projection_cannot_reach_is_an_error_that_names_it() {
    let mercator = Projection::between(&Crs::wgs84(), &Crs::from_epsg(3395).unwrap()).unwrap();
    let mut coords = vec![Coord { x: 1.0, y: 2.0 }; 3000];
    coords[2500].y = 90.0;
    match mercator.project(&mut coords).unwrap_err() {
        Error::CoordinateOutOfRange { row, x, y, .. } => assert_eq!((row, x, y), (2500, 1.0, 90.0)),
        other => panic!("{other}"),
    }
}

#[test]
fn coordinates_without_a_reference_system_cannot_be_projected() {
    let error = Projection::between(&Crs::unknown(), &Crs::wgs84())
        .err()
        .unwrap();
    assert!(matches!(&error, Error::UnknownCrs { .. }), "{error}");
    assert!(error.to_string().contains("say which to assume"), "{error}");
}

#[test]
fn geometries_are_projected_with_their_holes() {
    let square = |low: f64, high: f64| {
        vec![
            (low, low),
            (high, low),
            (high, high),
            (low, high),
            (low, low),
        ]
    };
    let mut geometry = Geometry::Polygon(geo::Polygon::new(
        square(0.0, 1.0).into(),
        vec![square(0.4, 0.6).into()],
    ));
    let projection = Projection::between(&Crs::wgs84(), &Crs::from_epsg(3857).unwrap()).unwrap();
    projection.project_geometry(&mut geometry).unwrap();
    let Geometry::Polygon(projected) = geometry else {
        panic!("a polygon stays one")
    };
    let mut corner = [Coord { x: 0.6, y: 0.4 }];
    projection.project(&mut corner).unwrap();
    assert_eq!(projected.interiors()[0].0[1], corner[0]);
    let empty = polygon![];
    projection
        .project_geometry(&mut Geometry::Polygon(empty))
        .unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn there_and_back_is_where_it_began(lon in -179.9..179.9_f64, lat in -80.0..80.0_f64) {
        let local = Crs::local_equal_area(lon, lat).unwrap();
        let utm = Crs::utm_for(lon, lat).unwrap();
        for crs in [local, utm] {
            let mut coords = [Coord { x: lon, y: lat }];
            Projection::between(&Crs::wgs84(), &crs).unwrap().project(&mut coords).unwrap();
            Projection::between(&crs, &Crs::wgs84()).unwrap().project(&mut coords).unwrap();
            prop_assert!((coords[0].x - lon).abs() < 1e-8 && (coords[0].y - lat).abs() < 1e-8, "{:?}", coords);
        }
    }

    #[test]
    fn areas_are_right_in_the_local_projection(lon in -179.9..179.9_f64, lat in -85.0..85.0_f64) {
        // a cell of a hundredth of a degree, its area on WGS 84 by the formula of the authalic latitude
        let size = 0.01;
        let (low, high) = (lat - size / 2.0, lat + size / 2.0);
        let crs = Crs::local_equal_area(lon, lat).unwrap();
        let mut corners = [
            Coord { x: lon - size / 2.0, y: low }, Coord { x: lon + size / 2.0, y: low },
            Coord { x: lon + size / 2.0, y: high }, Coord { x: lon - size / 2.0, y: high },
        ];
        Projection::between(&Crs::wgs84(), &crs).unwrap().project(&mut corners).unwrap();
        let mut area = 0.0;
        for (a, b) in corners.iter().zip(corners.iter().cycle().skip(1)) {
            area += (a.x * b.y - b.x * a.y) / 2.0;
        }
        let expected = size.to_radians() * (authalic(high) - authalic(low));
        prop_assert!((area / expected - 1.0).abs() < 1e-6, "{} {}", area, expected);
    }
}

/// The area between the equator and a latitude, for each radian of longitude, in square metres (Snyder 1987, 3-12).
fn authalic(latitude: f64) -> f64 {
    let (a, e2) = (6_378_137.0_f64, 6.694_379_990_141_317e-3_f64);
    let (e, sine) = (e2.sqrt(), latitude.to_radians().sin());
    let q =
        sine / (1.0 - e2 * sine * sine) - ((1.0 - e * sine) / (1.0 + e * sine)).ln() / (2.0 * e);
    a * a * (1.0 - e2) / 2.0 * q
}
