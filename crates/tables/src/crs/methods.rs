//! Projection methods: what EPSG, PROJ and Well-Known Text call them and their parameters.
//!
//! Codes and names are those of the EPSG Geodetic Parameter Dataset (Guidance Note 7-2); names in Well-Known Text 1 are those
//! of GDAL and, where they differ, of Esri.

/// A kind of map projection.
#[derive(Debug, PartialEq)]
pub(super) struct Method {
    /// The EPSG code; 0 for a method that EPSG does not have.
    pub code: u32,
    pub name: &'static str,
    /// `+proj=` in PROJ.
    pub proj: &'static str,
    /// Names in Well-Known Text 1.
    pub wkt: &'static [&'static str],
    pub parameters: &'static [Parameter],
}

/// A parameter of a method.
#[derive(Debug, PartialEq)]
pub(super) struct Parameter {
    /// The EPSG code.
    pub code: u32,
    pub name: &'static str,
    /// The key in PROJ; empty for what PROJ takes for granted.
    pub proj: &'static str,
    /// Names in Well-Known Text 1.
    pub wkt: &'static [&'static str],
    pub quantity: Quantity,
}

/// What a parameter measures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Quantity {
    /// Degrees.
    Angle,
    /// Metres.
    Length,
    /// A plain number.
    Scale,
}

const fn parameter(
    code: u32,
    name: &'static str,
    proj: &'static str,
    wkt: &'static [&'static str],
    quantity: Quantity,
) -> Parameter {
    Parameter {
        code,
        name,
        proj,
        wkt,
        quantity,
    }
}

use Quantity::{Angle, Length, Scale};

const ORIGIN_LATITUDES: &[&str] = &["latitude_of_origin", "latitude_of_center"];
const ORIGIN_LONGITUDES: &[&str] = &["central_meridian", "longitude_of_center"];

const NATURAL_LATITUDE: Parameter = parameter(
    8801,
    "Latitude of natural origin",
    "lat_0",
    ORIGIN_LATITUDES,
    Angle,
);
const NATURAL_LONGITUDE: Parameter = parameter(
    8802,
    "Longitude of natural origin",
    "lon_0",
    ORIGIN_LONGITUDES,
    Angle,
);
const NATURAL_SCALE: Parameter = parameter(
    8805,
    "Scale factor at natural origin",
    "k_0",
    &["scale_factor"],
    Scale,
);
const FALSE_EASTING: Parameter =
    parameter(8806, "False easting", "x_0", &["false_easting"], Length);
const FALSE_NORTHING: Parameter =
    parameter(8807, "False northing", "y_0", &["false_northing"], Length);
const CENTRE_LATITUDE: Parameter = parameter(
    8811,
    "Latitude of projection centre",
    "lat_0",
    ORIGIN_LATITUDES,
    Angle,
);
const CENTRE_LONGITUDE: Parameter = parameter(
    8812,
    "Longitude of projection centre",
    "lonc",
    ORIGIN_LONGITUDES,
    Angle,
);
const AZIMUTH: Parameter = parameter(
    8813,
    "Azimuth at projection centre",
    "alpha",
    &["azimuth"],
    Angle,
);
const GRID_ANGLE: Parameter = parameter(
    8814,
    "Angle from Rectified to Skew Grid",
    "gamma",
    &["rectified_grid_angle"],
    Angle,
);
const CENTRE_SCALE: Parameter = parameter(
    8815,
    "Scale factor at projection centre",
    "k_0",
    &["scale_factor"],
    Scale,
);
const CENTRE_EASTING: Parameter = parameter(
    8816,
    "Easting at projection centre",
    "x_0",
    &["false_easting"],
    Length,
);
const CENTRE_NORTHING: Parameter = parameter(
    8817,
    "Northing at projection centre",
    "y_0",
    &["false_northing"],
    Length,
);
const FALSE_ORIGIN_LATITUDE: Parameter = parameter(
    8821,
    "Latitude of false origin",
    "lat_0",
    ORIGIN_LATITUDES,
    Angle,
);
const FALSE_ORIGIN_LONGITUDE: Parameter = parameter(
    8822,
    "Longitude of false origin",
    "lon_0",
    ORIGIN_LONGITUDES,
    Angle,
);
const PARALLEL_1: Parameter = parameter(
    8823,
    "Latitude of 1st standard parallel",
    "lat_1",
    &["standard_parallel_1"],
    Angle,
);
const PARALLEL_2: Parameter = parameter(
    8824,
    "Latitude of 2nd standard parallel",
    "lat_2",
    &["standard_parallel_2"],
    Angle,
);
const TRUE_PARALLEL: Parameter = parameter(
    8823,
    "Latitude of 1st standard parallel",
    "lat_ts",
    &["standard_parallel_1"],
    Angle,
);
const FALSE_ORIGIN_EASTING: Parameter = parameter(
    8826,
    "Easting at false origin",
    "x_0",
    &["false_easting"],
    Length,
);
const FALSE_ORIGIN_NORTHING: Parameter = parameter(
    8827,
    "Northing at false origin",
    "y_0",
    &["false_northing"],
    Length,
);
const POLAR_PARALLEL: Parameter = parameter(
    8832,
    "Latitude of standard parallel",
    "lat_ts",
    &["standard_parallel_1", "latitude_of_origin"],
    Angle,
);
const POLAR_LONGITUDE: Parameter = parameter(
    8833,
    "Longitude of origin",
    "lon_0",
    ORIGIN_LONGITUDES,
    Angle,
);
/// Always zero, and not a parameter in PROJ.
const EQUATOR: Parameter = parameter(8801, "Latitude of natural origin", "", &[], Angle);

/// Equal areas around a centre.
pub(super) const LAMBERT_AZIMUTHAL_EQUAL_AREA: Method = Method {
    code: 9820,
    name: "Lambert Azimuthal Equal Area",
    proj: "laea",
    wkt: &["Lambert_Azimuthal_Equal_Area"],
    parameters: &[
        NATURAL_LATITUDE,
        NATURAL_LONGITUDE,
        FALSE_EASTING,
        FALSE_NORTHING,
    ],
};

/// The methods that can be described. Variants of one name in Well-Known Text are told apart in [`super::wkt`].
pub(super) const METHODS: &[Method] = &[
    Method {
        code: 9807,
        name: "Transverse Mercator",
        proj: "tmerc",
        wkt: &["Transverse_Mercator", "Gauss_Kruger"],
        parameters: &[
            NATURAL_LATITUDE,
            NATURAL_LONGITUDE,
            NATURAL_SCALE,
            FALSE_EASTING,
            FALSE_NORTHING,
        ],
    },
    Method {
        code: 9801,
        name: "Lambert Conic Conformal (1SP)",
        proj: "lcc",
        wkt: &["Lambert_Conformal_Conic_1SP"],
        parameters: &[
            NATURAL_LATITUDE,
            NATURAL_LONGITUDE,
            NATURAL_SCALE,
            FALSE_EASTING,
            FALSE_NORTHING,
        ],
    },
    Method {
        code: 9802,
        name: "Lambert Conic Conformal (2SP)",
        proj: "lcc",
        wkt: &["Lambert_Conformal_Conic_2SP", "Lambert_Conformal_Conic"],
        parameters: &[
            FALSE_ORIGIN_LATITUDE,
            FALSE_ORIGIN_LONGITUDE,
            PARALLEL_1,
            PARALLEL_2,
            FALSE_ORIGIN_EASTING,
            FALSE_ORIGIN_NORTHING,
        ],
    },
    LAMBERT_AZIMUTHAL_EQUAL_AREA,
    Method {
        code: 9822,
        name: "Albers Equal Area",
        proj: "aea",
        wkt: &["Albers_Conic_Equal_Area", "Albers"],
        parameters: &[
            FALSE_ORIGIN_LATITUDE,
            FALSE_ORIGIN_LONGITUDE,
            PARALLEL_1,
            PARALLEL_2,
            FALSE_ORIGIN_EASTING,
            FALSE_ORIGIN_NORTHING,
        ],
    },
    Method {
        code: 1024,
        name: "Popular Visualisation Pseudo Mercator",
        proj: "webmerc",
        wkt: &["Mercator_Auxiliary_Sphere"],
        parameters: &[EQUATOR, NATURAL_LONGITUDE, FALSE_EASTING, FALSE_NORTHING],
    },
    Method {
        code: 9804,
        name: "Mercator (variant A)",
        proj: "merc",
        wkt: &["Mercator_1SP"],
        parameters: &[
            EQUATOR,
            NATURAL_LONGITUDE,
            NATURAL_SCALE,
            FALSE_EASTING,
            FALSE_NORTHING,
        ],
    },
    Method {
        code: 9805,
        name: "Mercator (variant B)",
        proj: "merc",
        wkt: &["Mercator_2SP", "Mercator"],
        parameters: &[
            TRUE_PARALLEL,
            NATURAL_LONGITUDE,
            FALSE_EASTING,
            FALSE_NORTHING,
        ],
    },
    Method {
        code: 9810,
        name: "Polar Stereographic (variant A)",
        proj: "stere",
        wkt: &["Polar_Stereographic"],
        parameters: &[
            NATURAL_LATITUDE,
            NATURAL_LONGITUDE,
            NATURAL_SCALE,
            FALSE_EASTING,
            FALSE_NORTHING,
        ],
    },
    Method {
        code: 9829,
        name: "Polar Stereographic (variant B)",
        proj: "stere",
        wkt: &["Stereographic_North_Pole", "Stereographic_South_Pole"],
        parameters: &[
            POLAR_PARALLEL,
            POLAR_LONGITUDE,
            FALSE_EASTING,
            FALSE_NORTHING,
        ],
    },
    Method {
        code: 9809,
        name: "Oblique Stereographic",
        proj: "sterea",
        wkt: &["Oblique_Stereographic", "Double_Stereographic"],
        parameters: &[
            NATURAL_LATITUDE,
            NATURAL_LONGITUDE,
            NATURAL_SCALE,
            FALSE_EASTING,
            FALSE_NORTHING,
        ],
    },
    Method {
        code: 9835,
        name: "Lambert Cylindrical Equal Area",
        proj: "cea",
        wkt: &["Cylindrical_Equal_Area"],
        parameters: &[
            TRUE_PARALLEL,
            NATURAL_LONGITUDE,
            FALSE_EASTING,
            FALSE_NORTHING,
        ],
    },
    Method {
        code: 1028,
        name: "Equidistant Cylindrical",
        proj: "eqc",
        wkt: &["Equirectangular", "Equidistant_Cylindrical", "Plate_Carree"],
        parameters: &[
            TRUE_PARALLEL,
            NATURAL_LATITUDE,
            NATURAL_LONGITUDE,
            FALSE_EASTING,
            FALSE_NORTHING,
        ],
    },
    Method {
        code: 9806,
        name: "Cassini-Soldner",
        proj: "cass",
        wkt: &["Cassini_Soldner", "Cassini"],
        parameters: &[
            NATURAL_LATITUDE,
            NATURAL_LONGITUDE,
            FALSE_EASTING,
            FALSE_NORTHING,
        ],
    },
    Method {
        code: 9818,
        name: "American Polyconic",
        proj: "poly",
        wkt: &["Polyconic"],
        parameters: &[
            NATURAL_LATITUDE,
            NATURAL_LONGITUDE,
            FALSE_EASTING,
            FALSE_NORTHING,
        ],
    },
    Method {
        code: 9815,
        name: "Hotine Oblique Mercator (variant B)",
        proj: "omerc",
        wkt: &[
            "Hotine_Oblique_Mercator_Azimuth_Center",
            "Rectified_Skew_Orthomorphic_Center",
        ],
        parameters: &[
            CENTRE_LATITUDE,
            CENTRE_LONGITUDE,
            AZIMUTH,
            GRID_ANGLE,
            CENTRE_SCALE,
            CENTRE_EASTING,
            CENTRE_NORTHING,
        ],
    },
    Method {
        code: 9812,
        name: "Hotine Oblique Mercator (variant A)",
        proj: "omerc",
        wkt: &[
            "Hotine_Oblique_Mercator",
            "Hotine_Oblique_Mercator_Azimuth_Natural_Origin",
            "Rectified_Skew_Orthomorphic_Natural_Origin",
        ],
        parameters: &[
            CENTRE_LATITUDE,
            CENTRE_LONGITUDE,
            AZIMUTH,
            GRID_ANGLE,
            CENTRE_SCALE,
            FALSE_EASTING,
            FALSE_NORTHING,
        ],
    },
    Method {
        code: 1041,
        name: "Krovak (North Orientated)",
        proj: "krovak",
        wkt: &["Krovak"],
        parameters: &[
            CENTRE_LATITUDE,
            parameter(
                8833,
                "Longitude of origin",
                "lon_0",
                ORIGIN_LONGITUDES,
                Angle,
            ),
            // PROJ takes the cone for granted
            parameter(1036, "Co-latitude of cone axis", "", &["azimuth"], Angle),
            parameter(
                8818,
                "Latitude of pseudo standard parallel",
                "",
                &["pseudo_standard_parallel_1"],
                Angle,
            ),
            parameter(
                8819,
                "Scale factor on pseudo standard parallel",
                "k_0",
                &["scale_factor"],
                Scale,
            ),
            FALSE_EASTING,
            FALSE_NORTHING,
        ],
    },
    Method {
        code: 1119,
        name: "Equidistant Conic",
        proj: "eqdc",
        wkt: &["Equidistant_Conic"],
        parameters: &[
            FALSE_ORIGIN_LATITUDE,
            FALSE_ORIGIN_LONGITUDE,
            PARALLEL_1,
            PARALLEL_2,
            FALSE_ORIGIN_EASTING,
            FALSE_ORIGIN_NORTHING,
        ],
    },
    of_world(0, "Mollweide", "moll", &["Mollweide"]),
    of_world(0, "Sinusoidal", "sinu", &["Sinusoidal"]),
    of_world(0, "Robinson", "robin", &["Robinson"]),
    of_world(0, "Miller Cylindrical", "mill", &["Miller_Cylindrical"]),
    of_world(1078, "Equal Earth", "eqearth", &["Equal_Earth"]),
    around(
        1027,
        "Lambert Azimuthal Equal Area (Spherical)",
        "laea",
        &[],
    ),
    around(
        1125,
        "Azimuthal Equidistant",
        "aeqd",
        &["Azimuthal_Equidistant"],
    ),
    around(9832, "Modified Azimuthal Equidistant", "aeqd", &[]),
    Method {
        code: 0,
        name: "Stereographic",
        proj: "stere",
        wkt: &["Stereographic"],
        parameters: &[
            NATURAL_LATITUDE,
            NATURAL_LONGITUDE,
            NATURAL_SCALE,
            FALSE_EASTING,
            FALSE_NORTHING,
        ],
    },
    Method {
        code: 9834,
        name: "Lambert Cylindrical Equal Area (Spherical)",
        proj: "cea",
        wkt: &[],
        parameters: &[
            TRUE_PARALLEL,
            NATURAL_LONGITUDE,
            FALSE_EASTING,
            FALSE_NORTHING,
        ],
    },
    Method {
        code: 1029,
        name: "Equidistant Cylindrical (Spherical)",
        proj: "eqc",
        wkt: &[],
        parameters: &[
            TRUE_PARALLEL,
            NATURAL_LATITUDE,
            NATURAL_LONGITUDE,
            FALSE_EASTING,
            FALSE_NORTHING,
        ],
    },
];

/// A method for maps of the world, whose only parameters are its meridian and what is added.
const fn of_world(
    code: u32,
    name: &'static str,
    proj: &'static str,
    wkt: &'static [&'static str],
) -> Method {
    Method {
        code,
        name,
        proj,
        wkt,
        parameters: &[NATURAL_LONGITUDE, FALSE_EASTING, FALSE_NORTHING],
    }
}

/// A method for maps around a centre.
const fn around(
    code: u32,
    name: &'static str,
    proj: &'static str,
    wkt: &'static [&'static str],
) -> Method {
    Method {
        code,
        name,
        proj,
        wkt,
        parameters: &[
            NATURAL_LATITUDE,
            NATURAL_LONGITUDE,
            FALSE_EASTING,
            FALSE_NORTHING,
        ],
    }
}

impl Method {
    /// The method of an EPSG code.
    pub fn of_code(code: u64) -> Option<&'static Self> {
        METHODS
            .iter()
            .find(|method| code != 0 && u64::from(method.code) == code)
    }

    /// The method of a name in the EPSG dataset, or in Well-Known Text 1.
    pub fn of_name(name: &str) -> Option<&'static Self> {
        METHODS
            .iter()
            .find(|method| method.name.eq_ignore_ascii_case(name))
            .or_else(|| {
                METHODS.iter().find(|method| {
                    method
                        .wkt
                        .iter()
                        .any(|known| known.eq_ignore_ascii_case(name))
                })
            })
    }
}

impl Parameter {
    /// The value where a definition gives none.
    pub fn default(&self) -> f64 {
        match self.quantity {
            Scale => 1.0,
            Angle | Length => 0.0,
        }
    }
}
