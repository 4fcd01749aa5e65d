//! How reference systems are named, recognised and described.

use serde_json::{Value, json};
use tables::{Coord, Crs, Error, Projection};

/// What `pyproj.CRS.from_epsg(code).to_wkt("WKT1_ESRI")` gives: no code, Esri's names.
const ESRI: &[(u32, &str)] = &[
    (
        3121,
        r#"PROJCS["PRS_1992_Philippines_Zone_I",GEOGCS["GCS_PRS_1992",DATUM["D_Philippine_Reference_System_1992",SPHEROID["Clarke_1866",6378206.4,294.978698213898]],PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]],PROJECTION["Transverse_Mercator"],PARAMETER["False_Easting",500000.0],PARAMETER["False_Northing",0.0],PARAMETER["Central_Meridian",117.0],PARAMETER["Scale_Factor",0.99995],PARAMETER["Latitude_Of_Origin",0.0],UNIT["Meter",1.0]]"#,
    ),
    (
        27700,
        r#"PROJCS["British_National_Grid",GEOGCS["GCS_OSGB_1936",DATUM["D_OSGB_1936",SPHEROID["Airy_1830",6377563.396,299.3249646]],PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]],PROJECTION["Transverse_Mercator"],PARAMETER["False_Easting",400000.0],PARAMETER["False_Northing",-100000.0],PARAMETER["Central_Meridian",-2.0],PARAMETER["Scale_Factor",0.9996012717],PARAMETER["Latitude_Of_Origin",49.0],UNIT["Meter",1.0]]"#,
    ),
    (
        2154,
        r#"PROJCS["RGF_1993_Lambert_93",GEOGCS["GCS_RGF_1993",DATUM["D_RGF_1993",SPHEROID["GRS_1980",6378137.0,298.257222101]],PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]],PROJECTION["Lambert_Conformal_Conic"],PARAMETER["False_Easting",700000.0],PARAMETER["False_Northing",6600000.0],PARAMETER["Central_Meridian",3.0],PARAMETER["Standard_Parallel_1",49.0],PARAMETER["Standard_Parallel_2",44.0],PARAMETER["Latitude_Of_Origin",46.5],UNIT["Meter",1.0]]"#,
    ),
    (
        26191,
        r#"PROJCS["Nord_Maroc",GEOGCS["GCS_Merchich",DATUM["D_Merchich",SPHEROID["Clarke_1880_IGN",6378249.2,293.466021293627]],PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]],PROJECTION["Lambert_Conformal_Conic"],PARAMETER["False_Easting",500000.0],PARAMETER["False_Northing",300000.0],PARAMETER["Central_Meridian",-5.4],PARAMETER["Standard_Parallel_1",33.3],PARAMETER["Scale_Factor",0.999625769],PARAMETER["Latitude_Of_Origin",33.3],UNIT["Meter",1.0]]"#,
    ),
    (
        5070,
        r#"PROJCS["NAD_1983_Contiguous_USA_Albers",GEOGCS["GCS_North_American_1983",DATUM["D_North_American_1983",SPHEROID["GRS_1980",6378137.0,298.257222101]],PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]],PROJECTION["Albers"],PARAMETER["False_Easting",0.0],PARAMETER["False_Northing",0.0],PARAMETER["Central_Meridian",-96.0],PARAMETER["Standard_Parallel_1",29.5],PARAMETER["Standard_Parallel_2",45.5],PARAMETER["Latitude_Of_Origin",23.0],UNIT["Meter",1.0]]"#,
    ),
    (
        2263,
        r#"PROJCS["NAD_1983_StatePlane_New_York_Long_Island_FIPS_3104_Feet",GEOGCS["GCS_North_American_1983",DATUM["D_North_American_1983",SPHEROID["GRS_1980",6378137.0,298.257222101]],PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]],PROJECTION["Lambert_Conformal_Conic"],PARAMETER["False_Easting",984250.0],PARAMETER["False_Northing",0.0],PARAMETER["Central_Meridian",-74.0],PARAMETER["Standard_Parallel_1",41.0333333333333],PARAMETER["Standard_Parallel_2",40.6666666666667],PARAMETER["Latitude_Of_Origin",40.1666666666667],UNIT["US survey foot",0.304800609601219]]"#,
    ),
    (
        3035,
        r#"PROJCS["ETRS_1989_LAEA",GEOGCS["GCS_ETRS_1989",DATUM["D_ETRS_1989",SPHEROID["GRS_1980",6378137.0,298.257222101]],PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]],PROJECTION["Lambert_Azimuthal_Equal_Area"],PARAMETER["False_Easting",4321000.0],PARAMETER["False_Northing",3210000.0],PARAMETER["Central_Meridian",10.0],PARAMETER["Latitude_Of_Origin",52.0],UNIT["Meter",1.0]]"#,
    ),
    (
        3857,
        r#"PROJCS["WGS_1984_Web_Mercator_Auxiliary_Sphere",GEOGCS["GCS_WGS_1984",DATUM["D_WGS_1984",SPHEROID["WGS_1984",6378137.0,298.257223563]],PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]],PROJECTION["Mercator_Auxiliary_Sphere"],PARAMETER["False_Easting",0.0],PARAMETER["False_Northing",0.0],PARAMETER["Central_Meridian",0.0],PARAMETER["Standard_Parallel_1",0.0],PARAMETER["Auxiliary_Sphere_Type",0.0],UNIT["Meter",1.0]]"#,
    ),
    (
        4326,
        r#"GEOGCS["GCS_WGS_1984",DATUM["D_WGS_1984",SPHEROID["WGS_1984",6378137.0,298.257223563]],PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]]"#,
    ),
    (
        3031,
        r#"PROJCS["WGS_1984_Antarctic_Polar_Stereographic",GEOGCS["GCS_WGS_1984",DATUM["D_WGS_1984",SPHEROID["WGS_1984",6378137.0,298.257223563]],PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]],PROJECTION["Stereographic_South_Pole"],PARAMETER["False_Easting",0.0],PARAMETER["False_Northing",0.0],PARAMETER["Central_Meridian",0.0],PARAMETER["Standard_Parallel_1",-71.0],UNIT["Meter",1.0]]"#,
    ),
    (
        2056,
        r#"PROJCS["CH1903+_LV95",GEOGCS["GCS_CH1903+",DATUM["D_CH1903+",SPHEROID["Bessel_1841",6377397.155,299.1528128]],PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]],PROJECTION["Hotine_Oblique_Mercator_Azimuth_Center"],PARAMETER["False_Easting",2600000.0],PARAMETER["False_Northing",1200000.0],PARAMETER["Scale_Factor",1.0],PARAMETER["Azimuth",90.0],PARAMETER["Longitude_Of_Center",7.43958333333333],PARAMETER["Latitude_Of_Center",46.9524055555556],UNIT["Meter",1.0]]"#,
    ),
];

#[test]
fn the_text_that_esri_writes_without_a_code_is_recognised() {
    for (code, text) in ESRI {
        assert_eq!(Crs::from_wkt(text).unwrap().epsg(), Some(*code), "{text}");
    }
}

#[test]
fn text_that_is_no_reference_system_is_refused() {
    for text in [
        "",
        "GEOGCS",
        "GEOGCS[",
        "GEOGCS[]",
        "LOCAL_CS[\"site\"]",
        "PROJCS[\"a\",GEOGCS[\"b\"]]",
    ] {
        let error = Crs::from_wkt(text).unwrap_err();
        assert!(matches!(error, Error::UnknownCrs { .. }), "{text}: {error}");
    }
    let deep = "A[".repeat(100_000);
    assert!(Crs::from_wkt(&deep).is_err());
}

#[test]
fn names_of_every_form_are_understood() {
    let epsg = |text: &str| text.parse::<Crs>().unwrap().epsg();
    assert_eq!(epsg("EPSG:3121"), Some(3121));
    assert_eq!(epsg("epsg:3121"), Some(3121));
    assert_eq!(epsg(" 3121 "), Some(3121));
    assert_eq!(epsg("OGC:CRS84"), Some(4326));
    assert_eq!(
        "EPSG:3121".parse::<Crs>().unwrap().to_string(),
        "EPSG:3121 (PRS92 / Philippines zone 1)"
    );
    let message = |text: &str| text.parse::<Crs>().unwrap_err().to_string();
    assert_eq!(
        message("EPSG:99999"),
        "coordinate reference system EPSG:99999: no such code is known; give another, or PROJJSON"
    );
    assert_eq!(
        message("UTM 51"),
        "coordinate reference system `UTM 51`: expected EPSG:<code>, ESRI:<code>, OGC:CRS84, Well-Known Text, PROJJSON or a PROJ string"
    );
}

/// Coordinates of a place in a system and in what its own PROJJSON, stripped of every code, makes of it.
fn there(crs: &Crs, lon: f64, lat: f64) -> Coord {
    let mut coords = [Coord { x: lon, y: lat }];
    Projection::between(&Crs::wgs84(), crs)
        .unwrap()
        .project(&mut coords)
        .unwrap();
    coords[0]
}

fn without_system_code(mut json: Value) -> Value {
    json.as_object_mut().unwrap().remove("id");
    json
}

#[test]
fn projjson_says_the_same_as_the_code_it_was_made_from() {
    let places = [
        (3121, 118.0, 9.5),
        (3125, 125.4, 7.9),
        (26191, -5.0, 34.0),
        (2154, 2.35, 48.85),
        (27700, -0.13, 51.5),
        (32651, 125.4, 7.9),
        (32733, 18.4, -33.9),
        (3857, 8.5, 47.4),
        (3035, 8.5, 47.4),
        (5070, -87.6, 41.9),
        (2056, 8.54, 47.37),
        (28992, 5.39, 52.16),
        (31370, 4.35, 50.85),
        (27572, 2.35, 46.8),
        (2263, -73.9, 40.7),
        (3031, 30.0, -75.0),
        (5041, 30.0, 85.0),
        (6933, 20.0, 10.0),
        (3068, 13.4, 52.5),
        (3003, 9.2, 45.5),
        (2193, 174.8, -41.3),
        (3395, 20.0, 10.0),
    ];
    for (code, lon, lat) in places {
        let crs = Crs::from_epsg(code).unwrap();
        let json = crs.to_projjson().unwrap();
        assert_eq!(Crs::from_projjson(&json).unwrap().epsg(), Some(code));
        let anonymous = Crs::from_projjson(&without_system_code(json)).unwrap();
        assert_eq!(anonymous.epsg(), None);
        let (expected, found) = (there(&crs, lon, lat), there(&anonymous, lon, lat));
        let off = f64::hypot(expected.x - found.x, expected.y - found.y);
        // the meridian of Paris has nine digits in one text and seven in the other: a quarter of a millimetre
        let tolerance = if code == 27572 { 1e-3 } else { 1e-4 };
        assert!(
            off < tolerance,
            "EPSG:{code}: {off} off, {expected:?} {found:?}"
        );
    }
}

#[test]
fn projjson_from_pyproj_without_any_code_is_understood() {
    // json.dumps(pyproj.CRS("+proj=laea +lat_0=7.87 +lon_0=125.52 +datum=WGS84").to_json_dict())
    let json = json!({
        "$schema": "https://proj.org/schemas/v0.7/projjson.schema.json",
        "type": "ProjectedCRS",
        "name": "unknown",
        "base_crs": {
            "name": "unknown",
            "datum": {
                "type": "GeodeticReferenceFrame", "name": "World Geodetic System 1984",
                "ellipsoid": {"name": "WGS 84", "semi_major_axis": 6378137, "inverse_flattening": 298.257223563},
                "id": {"authority": "EPSG", "code": 6326}
            },
            "coordinate_system": {"subtype": "ellipsoidal", "axis": [
                {"name": "Longitude", "abbreviation": "lon", "direction": "east", "unit": "degree"},
                {"name": "Latitude", "abbreviation": "lat", "direction": "north", "unit": "degree"}
            ]}
        },
        "conversion": {
            "name": "unknown",
            "method": {"name": "Lambert Azimuthal Equal Area", "id": {"authority": "EPSG", "code": 9820}},
            "parameters": [
                {"name": "Latitude of natural origin", "value": 7.87, "unit": "degree"},
                {"name": "Longitude of natural origin", "value": 125.52, "unit": "degree"},
                {"name": "False easting", "value": 0, "unit": "metre"},
                {"name": "False northing", "value": 0, "unit": "metre"}
            ]
        },
        "coordinate_system": {"subtype": "Cartesian", "axis": [
            {"name": "Easting", "abbreviation": "E", "direction": "east", "unit": "metre"},
            {"name": "Northing", "abbreviation": "N", "direction": "north", "unit": "metre"}
        ]}
    });
    let crs = Crs::from_projjson(&json).unwrap();
    // pyproj 3.7.2 for these two places
    for (lon, lat, x, y) in [
        (125.38, 7.7425, -15443.584539059751, -14098.277913564907),
        (125.6667, 8.0025, 16172.608762609338, 14656.716413498723),
    ] {
        for crs in [&crs, &Crs::local_equal_area(125.52, 7.87).unwrap()] {
            let found = there(crs, lon, lat);
            assert!(f64::hypot(found.x - x, found.y - y) < 1e-6, "{found:?}");
        }
    }
    assert_eq!(crs.to_projjson().unwrap(), json, "as it came");
}

#[test]
fn a_system_that_cannot_be_computed_is_kept_and_refused_only_for_projecting() {
    let json = json!({"type": "EngineeringCRS", "name": "site grid"});
    let crs = Crs::from_projjson(&json).unwrap();
    assert_eq!(crs.to_projjson().unwrap(), json);
    let error = Projection::between(&crs, &Crs::wgs84())
        .err()
        .unwrap()
        .to_string();
    assert_eq!(
        error,
        "coordinate reference system site grid: EngineeringCRS is not a geographic or projected system"
    );
    // NTF (Paris) in grads, geocentric WGS 84, a datum of which no shift is known
    for code in [4807, 4978, 2000] {
        let crs = Crs::from_epsg(code).unwrap();
        let error = Projection::between(&Crs::wgs84(), &crs).err().unwrap();
        assert!(
            matches!(error, Error::UnsupportedCrs { .. }),
            "EPSG:{code}: {error}"
        );
    }
}

#[test]
fn datum_grids_that_are_not_used_are_named_with_what_that_costs() {
    let operation = |code: u32| {
        Projection::between(&Crs::wgs84(), &Crs::from_epsg(code).unwrap())
            .unwrap()
            .operation()
            .to_owned()
    };
    assert!(
        operation(26715).contains("NAD27 needs the NADCON grid"),
        "{}",
        operation(26715)
    );
    assert!(
        operation(4272).contains("nzgd2kgrid0005"),
        "{}",
        operation(4272)
    );
    let map_grid = Crs::from_epsg(27200).unwrap();
    let error = Projection::between(&Crs::wgs84(), &map_grid)
        .err()
        .unwrap()
        .to_string();
    assert!(error.contains("nzmg is not supported"), "{error}");
    assert!(
        operation(31467).contains("BETA2007"),
        "{}",
        operation(31467)
    );
    assert!(
        operation(3125).contains("7 parameters"),
        "{}",
        operation(3125)
    );
    assert!(
        operation(32651).contains("no datum shift"),
        "{}",
        operation(32651)
    );
}

#[test]
fn the_local_projection_is_centred_on_the_data_also_across_180_degrees() {
    let fiji = [
        Coord { x: 179.5, y: -17.0 },
        Coord {
            x: -179.5,
            y: -18.0,
        },
    ];
    let crs = Crs::local_equal_area_for(&fiji).unwrap();
    let [west, east] = fiji.map(|place| there(&crs, place.x, place.y));
    assert!(
        (west.x + east.x).abs() < 500.0 && west.x < 0.0,
        "{west:?} {east:?}"
    );
    assert!(
        (east.x - west.x - 106_000.0).abs() < 1_000.0,
        "{west:?} {east:?}"
    );
}

#[test]
fn utm_zones_follow_the_six_degree_rule() {
    for (lon, lat, code) in [
        (125.4, 7.9, 32651),
        (-180.0, 1.0, 32601),
        (179.99, 1.0, 32660),
        (180.0, 1.0, 32601),
        (18.0, -33.9, 32734),
    ] {
        assert_eq!(
            Crs::utm_for(lon, lat).unwrap().epsg(),
            Some(code),
            "{lon} {lat}"
        );
    }
}

#[test]
fn scale_errors_agree_with_the_definition_of_the_projections() {
    let at = |code: u32, lon: f64, lat: f64| {
        Crs::from_epsg(code).unwrap().scale_error(lon, lat).unwrap()
    };
    // pyproj.Proj(3121).get_factors(125.52, 7.87): 1.01097 both ways
    assert!((at(3121, 125.52, 7.87) - 0.01097).abs() < 2e-5);
    // the scale of UTM on its central meridian
    assert!((at(32651, 123.0, 7.9) - 4e-4).abs() < 1e-6);
    // Mercator stretches by 1 / cos(latitude), nearly
    assert!((at(3857, 8.5, 60.0) - 1.0).abs() < 0.01);
    assert!(matches!(
        Crs::wgs84().scale_error(0.0, 0.0),
        Err(Error::UnsupportedCrs { .. })
    ));
}

#[test]
fn units_are_known() {
    let metres = |code: u32| Crs::from_epsg(code).unwrap().metres_per_unit();
    assert_eq!(metres(3125), Some(1.0));
    assert!((metres(2263).unwrap() - 1200.0 / 3937.0).abs() < 1e-12);
    assert_eq!(metres(4326), None);
    assert_eq!(Crs::unknown().metres_per_unit(), None);
}
