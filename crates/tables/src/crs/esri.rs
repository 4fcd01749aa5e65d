//! Codes of Esri for projections of the world and of continents, which EPSG does not have.
//!
//! From the table of reference systems of PROJ 9, as PROJ strings.

/// Code, name, definition.
const SYSTEMS: &[(u32, &str, &str)] = &[
    (
        53001,
        "Sphere_Plate_Carree",
        "+proj=eqc +lat_ts=0 +lat_0=0 +lon_0=0 +x_0=0 +y_0=0 +R=6371000 +units=m",
    ),
    (
        53002,
        "Sphere_Equidistant_Cylindrical",
        "+proj=eqc +lat_ts=60 +lat_0=0 +lon_0=0 +x_0=0 +y_0=0 +R=6371000 +units=m",
    ),
    (
        53003,
        "Sphere_Miller_Cylindrical",
        "+proj=mill +lon_0=0 +x_0=0 +y_0=0 +R=6371000 +units=m",
    ),
    (
        53004,
        "Sphere_Mercator",
        "+proj=merc +lat_ts=0 +lon_0=0 +x_0=0 +y_0=0 +R=6371000 +units=m",
    ),
    (
        53008,
        "Sphere_Sinusoidal",
        "+proj=sinu +lon_0=0 +x_0=0 +y_0=0 +R=6371000 +units=m",
    ),
    (
        53009,
        "Sphere_Mollweide",
        "+proj=moll +lon_0=0 +x_0=0 +y_0=0 +R=6371000 +units=m",
    ),
    (
        53017,
        "Sphere_Behrmann",
        "+proj=cea +lat_ts=30 +lon_0=0 +x_0=0 +y_0=0 +R=6371000 +units=m",
    ),
    (
        53021,
        "Sphere_Polyconic",
        "+proj=poly +lat_0=0 +lon_0=0 +x_0=0 +y_0=0 +R=6371000 +units=m",
    ),
    (
        53026,
        "Sphere_Stereographic",
        "+proj=stere +lat_0=0 +lon_0=0 +k=1 +x_0=0 +y_0=0 +R=6371000 +units=m",
    ),
    (
        53027,
        "Sphere_Equidistant_Conic",
        "+proj=eqdc +lat_0=0 +lon_0=0 +lat_1=60 +lat_2=60 +x_0=0 +y_0=0 +R=6371000 +units=m",
    ),
    (
        53028,
        "Sphere_Cassini",
        "+proj=cass +lat_0=0 +lon_0=0 +x_0=0 +y_0=0 +R=6371000 +units=m",
    ),
    (
        53030,
        "Sphere_Robinson",
        "+proj=robin +lon_0=0 +x_0=0 +y_0=0 +R=6371000 +units=m",
    ),
    (
        53032,
        "Sphere_Azimuthal_Equidistant",
        "+proj=aeqd +lat_0=0 +lon_0=0 +x_0=0 +y_0=0 +R=6371000 +units=m",
    ),
    (
        53034,
        "Sphere_Cylindrical_Equal_Area",
        "+proj=cea +lat_ts=0 +lon_0=0 +x_0=0 +y_0=0 +R=6371000 +units=m",
    ),
    (
        53035,
        "Sphere_Equal_Earth_Greenwich",
        "+proj=eqearth +lon_0=0 +x_0=0 +y_0=0 +R=6371008.7714 +units=m",
    ),
    (
        53036,
        "Sphere_Equal_Earth_Americas",
        "+proj=eqearth +lon_0=-90 +x_0=0 +y_0=0 +R=6371008.7714 +units=m",
    ),
    (
        53037,
        "Sphere_Equal_Earth_Asia_Pacific",
        "+proj=eqearth +lon_0=150 +x_0=0 +y_0=0 +R=6371008.7714 +units=m",
    ),
    (
        54001,
        "World_Plate_Carree",
        "+proj=eqc +lat_ts=0 +lat_0=0 +lon_0=0 +x_0=0 +y_0=0 +datum=WGS84 +units=m",
    ),
    (
        54002,
        "World_Equidistant_Cylindrical",
        "+proj=eqc +lat_ts=60 +lat_0=0 +lon_0=0 +x_0=0 +y_0=0 +datum=WGS84 +units=m",
    ),
    (
        54004,
        "World_Mercator",
        "+proj=merc +lat_ts=0 +lon_0=0 +x_0=0 +y_0=0 +datum=WGS84 +units=m",
    ),
    (
        54008,
        "World_Sinusoidal",
        "+proj=sinu +lon_0=0 +x_0=0 +y_0=0 +datum=WGS84 +units=m",
    ),
    (
        54009,
        "World_Mollweide",
        "+proj=moll +lon_0=0 +x_0=0 +y_0=0 +datum=WGS84 +units=m",
    ),
    (
        54017,
        "World_Behrmann",
        "+proj=cea +lat_ts=30 +lon_0=0 +x_0=0 +y_0=0 +datum=WGS84 +units=m",
    ),
    (
        54021,
        "World_Polyconic",
        "+proj=poly +lat_0=0 +lon_0=0 +x_0=0 +y_0=0 +datum=WGS84 +units=m",
    ),
    (
        54026,
        "World_Stereographic",
        "+proj=stere +lat_0=0 +lon_0=0 +k=1 +x_0=0 +y_0=0 +datum=WGS84 +units=m",
    ),
    (
        54027,
        "World_Equidistant_Conic",
        "+proj=eqdc +lat_0=0 +lon_0=0 +lat_1=60 +lat_2=60 +x_0=0 +y_0=0 +datum=WGS84 +units=m",
    ),
    (
        54028,
        "World_Cassini",
        "+proj=cass +lat_0=0 +lon_0=0 +x_0=0 +y_0=0 +datum=WGS84 +units=m",
    ),
    (
        54030,
        "World_Robinson",
        "+proj=robin +lon_0=0 +x_0=0 +y_0=0 +datum=WGS84 +units=m",
    ),
    (
        54032,
        "World_Azimuthal_Equidistant",
        "+proj=aeqd +lat_0=0 +lon_0=0 +x_0=0 +y_0=0 +datum=WGS84 +units=m",
    ),
    (
        54034,
        "World_Cylindrical_Equal_Area",
        "+proj=cea +lat_ts=0 +lon_0=0 +x_0=0 +y_0=0 +datum=WGS84 +units=m",
    ),
    (
        102001,
        "Canada_Albers_Equal_Area_Conic",
        "+proj=aea +lat_0=40 +lon_0=-96 +lat_1=50 +lat_2=70 +x_0=0 +y_0=0 +datum=NAD83 +units=m",
    ),
    (
        102002,
        "Canada_Lambert_Conformal_Conic",
        "+proj=lcc +lat_0=40 +lon_0=-96 +lat_1=50 +lat_2=70 +x_0=0 +y_0=0 +datum=NAD83 +units=m",
    ),
    (
        102003,
        "USA_Contiguous_Albers_Equal_Area_Conic",
        "+proj=aea +lat_0=37.5 +lon_0=-96 +lat_1=29.5 +lat_2=45.5 +x_0=0 +y_0=0 +datum=NAD83 +units=m",
    ),
    (
        102004,
        "USA_Contiguous_Lambert_Conformal_Conic",
        "+proj=lcc +lat_0=39 +lon_0=-96 +lat_1=33 +lat_2=45 +x_0=0 +y_0=0 +datum=NAD83 +units=m",
    ),
    (
        102005,
        "USA_Contiguous_Equidistant_Conic",
        "+proj=eqdc +lat_0=39 +lon_0=-96 +lat_1=33 +lat_2=45 +x_0=0 +y_0=0 +datum=NAD83 +units=m",
    ),
    (
        102007,
        "Hawaii_Albers_Equal_Area_Conic",
        "+proj=aea +lat_0=13 +lon_0=-157 +lat_1=8 +lat_2=18 +x_0=0 +y_0=0 +datum=NAD83 +units=m",
    ),
    (
        102008,
        "North_America_Albers_Equal_Area_Conic",
        "+proj=aea +lat_0=40 +lon_0=-96 +lat_1=20 +lat_2=60 +x_0=0 +y_0=0 +datum=NAD83 +units=m",
    ),
    (
        102009,
        "North_America_Lambert_Conformal_Conic",
        "+proj=lcc +lat_0=40 +lon_0=-96 +lat_1=20 +lat_2=60 +x_0=0 +y_0=0 +datum=NAD83 +units=m",
    ),
    (
        102010,
        "North_America_Equidistant_Conic",
        "+proj=eqdc +lat_0=40 +lon_0=-96 +lat_1=20 +lat_2=60 +x_0=0 +y_0=0 +datum=NAD83 +units=m",
    ),
    (
        102011,
        "Africa_Sinusoidal",
        "+proj=sinu +lon_0=15 +x_0=0 +y_0=0 +datum=WGS84 +units=m",
    ),
    (
        102012,
        "Asia_Lambert_Conformal_Conic",
        "+proj=lcc +lat_0=0 +lon_0=105 +lat_1=30 +lat_2=62 +x_0=0 +y_0=0 +datum=WGS84 +units=m",
    ),
    (
        102016,
        "North_Pole_Azimuthal_Equidistant",
        "+proj=aeqd +lat_0=90 +lon_0=0 +x_0=0 +y_0=0 +datum=WGS84 +units=m",
    ),
    (
        102017,
        "North_Pole_Lambert_Azimuthal_Equal_Area",
        "+proj=laea +lat_0=90 +lon_0=0 +x_0=0 +y_0=0 +datum=WGS84 +units=m",
    ),
    (
        102018,
        "North_Pole_Stereographic",
        "+proj=stere +lat_0=90 +lon_0=0 +k=1 +x_0=0 +y_0=0 +datum=WGS84 +units=m",
    ),
    (
        102019,
        "South_Pole_Azimuthal_Equidistant",
        "+proj=aeqd +lat_0=-90 +lon_0=0 +x_0=0 +y_0=0 +datum=WGS84 +units=m",
    ),
    (
        102020,
        "South_Pole_Lambert_Azimuthal_Equal_Area",
        "+proj=laea +lat_0=-90 +lon_0=0 +x_0=0 +y_0=0 +datum=WGS84 +units=m",
    ),
    (
        102021,
        "South_Pole_Stereographic",
        "+proj=stere +lat_0=-90 +lon_0=0 +k=1 +x_0=0 +y_0=0 +datum=WGS84 +units=m",
    ),
    (
        102022,
        "Africa_Albers_Equal_Area_Conic",
        "+proj=aea +lat_0=0 +lon_0=25 +lat_1=20 +lat_2=-23 +x_0=0 +y_0=0 +datum=WGS84 +units=m",
    ),
    (
        102023,
        "Africa_Equidistant_Conic",
        "+proj=eqdc +lat_0=0 +lon_0=25 +lat_1=20 +lat_2=-23 +x_0=0 +y_0=0 +datum=WGS84 +units=m",
    ),
    (
        102024,
        "Africa_Lambert_Conformal_Conic",
        "+proj=lcc +lat_0=0 +lon_0=25 +lat_1=20 +lat_2=-23 +x_0=0 +y_0=0 +datum=WGS84 +units=m",
    ),
    (
        102025,
        "Asia_North_Albers_Equal_Area_Conic",
        "+proj=aea +lat_0=30 +lon_0=95 +lat_1=15 +lat_2=65 +x_0=0 +y_0=0 +datum=WGS84 +units=m",
    ),
    (
        102026,
        "Asia_North_Equidistant_Conic",
        "+proj=eqdc +lat_0=30 +lon_0=95 +lat_1=15 +lat_2=65 +x_0=0 +y_0=0 +datum=WGS84 +units=m",
    ),
    (
        102027,
        "Asia_North_Lambert_Conformal_Conic",
        "+proj=lcc +lat_0=30 +lon_0=95 +lat_1=15 +lat_2=65 +x_0=0 +y_0=0 +datum=WGS84 +units=m",
    ),
    (
        102028,
        "Asia_South_Albers_Equal_Area_Conic",
        "+proj=aea +lat_0=-15 +lon_0=125 +lat_1=7 +lat_2=-32 +x_0=0 +y_0=0 +datum=WGS84 +units=m",
    ),
    (
        102029,
        "Asia_South_Equidistant_Conic",
        "+proj=eqdc +lat_0=-15 +lon_0=125 +lat_1=7 +lat_2=-32 +x_0=0 +y_0=0 +datum=WGS84 +units=m",
    ),
    (
        102030,
        "Asia_South_Lambert_Conformal_Conic",
        "+proj=lcc +lat_0=-15 +lon_0=125 +lat_1=7 +lat_2=-32 +x_0=0 +y_0=0 +datum=WGS84 +units=m",
    ),
    (
        102039,
        "USA_Contiguous_Albers_Equal_Area_Conic_USGS_version",
        "+proj=aea +lat_0=23 +lon_0=-96 +lat_1=29.5 +lat_2=45.5 +x_0=0 +y_0=0 +datum=NAD83 +units=m",
    ),
];

/// Name and PROJ string of a code.
pub(super) fn entry(code: u32) -> Option<(&'static str, &'static str)> {
    let system = SYSTEMS.iter().find(|(known, ..)| *known == code);
    system.map(|(_, name, definition)| (*name, *definition))
}
