//! Reference systems by code, PROJ string and Well-Known Text against figures of pyproj (PROJ 9), without grids.
#![allow(clippy::unreadable_literal)]

use tables::{Coord, Crs, Projection};

/// Definition, longitude, latitude, x, y: `Transformer.from_crs("OGC:CRS84", definition, always_xy=True)`.
const FIGURES: &[(&str, f64, f64, f64, f64)] = &[
    (
        "ESRI:54009",
        30.1,
        -2.0,
        3015571.1569510894,
        -247270.49102313418,
    ),
    (
        "ESRI:54009",
        125.5,
        7.2,
        12516669.486265117,
        889344.8975256729,
    ),
    (
        "ESRI:54009",
        -60.0,
        45.0,
        -4846214.901744976,
        5340244.911544235,
    ),
    (
        "ESRI:54008",
        30.1,
        -2.0,
        3348689.158755104,
        -221149.45337213486,
    ),
    (
        "ESRI:54008",
        125.5,
        7.2,
        13861162.597656986,
        796176.7375855097,
    ),
    (
        "ESRI:54030",
        30.1,
        -2.0,
        2843010.1004596963,
        -213903.83600540232,
    ),
    (
        "ESRI:54030",
        -70.0,
        52.0,
        -5656316.197902316,
        5532923.315066147,
    ),
    (
        "ESRI:54034",
        30.1,
        -2.0,
        3350716.6728775348,
        -221104.8457790427,
    ),
    (
        "ESRI:54017",
        30.1,
        -2.0,
        2904237.0355519853,
        -255096.1523238908,
    ),
    (
        "ESRI:54017",
        10.0,
        60.0,
        964862.802508965,
        6351419.997326233,
    ),
    (
        "ESRI:54002",
        30.1,
        -2.0,
        1675358.3364387678,
        -222638.98158654713,
    ),
    (
        "ESRI:54002",
        10.0,
        50.0,
        556597.4539663679,
        5565974.539663678,
    ),
    (
        "ESRI:54004",
        30.1,
        -2.0,
        3350716.6728775348,
        -221194.07716771495,
    ),
    (
        "ESRI:54032",
        30.1,
        -2.0,
        3349312.619348465,
        -231728.73353037046,
    ),
    (
        "ESRI:54032",
        60.0,
        40.0,
        5399506.35578462,
        5205557.6906782705,
    ),
    (
        "ESRI:102003",
        -100.0,
        40.0,
        -338390.5875508668,
        287313.8794652284,
    ),
    (
        "ESRI:102008",
        -100.0,
        40.0,
        -321422.376139527,
        6782.16004346922,
    ),
    (
        "ESRI:102022",
        30.1,
        -2.0,
        528154.7116581346,
        -238129.2975226257,
    ),
    (
        "ESRI:102025",
        100.0,
        50.0,
        326127.95073502365,
        2438761.580910638,
    ),
    (
        "ESRI:102011",
        30.1,
        -2.0,
        1679907.1859535577,
        -221149.45337213486,
    ),
    (
        "ESRI:102016",
        30.0,
        80.0,
        558412.9286879253,
        -967199.5640908232,
    ),
    (
        "ESRI:102017",
        30.0,
        80.0,
        557704.5254795029,
        -965972.5737415907,
    ),
    (
        "ESRI:102018",
        30.0,
        80.0,
        559834.575933051,
        -969661.929349821,
    ),
    (
        "ESRI:102005",
        -100.0,
        40.0,
        -339637.03392343625,
        118473.89167600924,
    ),
    (
        "ESRI:53009",
        30.1,
        -2.0,
        3012196.7967974646,
        -246993.800589167,
    ),
    (
        "+proj=sinu +lon_0=0 +x_0=0 +y_0=0 +R=6371007.181 +units=m +no_defs",
        30.1,
        -2.0,
        3344932.180156875,
        -222390.10395330464,
    ),
    (
        "+proj=sinu +lon_0=0 +x_0=0 +y_0=0 +R=6371007.181 +units=m +no_defs",
        -120.0,
        45.0,
        -9435213.034449777,
        5003777.338949354,
    ),
    (
        "+proj=moll +lon_0=0 +x_0=0 +y_0=0 +datum=WGS84 +units=m +no_defs",
        30.1,
        -2.0,
        3015571.1569510894,
        -247270.49102313418,
    ),
    (
        "+proj=laea +lat_0=5 +lon_0=20 +datum=WGS84 +units=m",
        30.1,
        -2.0,
        1124259.642842597,
        -767973.8824034196,
    ),
    (
        "+proj=utm +zone=36 +south +datum=WGS84",
        30.1,
        -2.0,
        177359.49200464354,
        9778653.86132358,
    ),
    (
        "+proj=aea +lat_1=-5 +lat_2=-42 +lat_0=-32 +lon_0=-60 +datum=WGS84 +units=m",
        -60.0,
        -20.0,
        0.0,
        1398635.761941655,
    ),
    (
        "+proj=lcc +lat_1=49 +lat_0=49 +lon_0=0 +k_0=0.99 +x_0=1000 +y_0=2000 +ellps=GRS80 +towgs84=0,0,0",
        2.0,
        48.0,
        148763.39966431085,
        -106147.10480004427,
    ),
    (
        "+proj=eqearth +datum=WGS84",
        30.0,
        -2.0,
        2873164.2845789567,
        -256948.8894881519,
    ),
    (
        "+proj=eqc +lat_ts=0 +datum=WGS84",
        30.0,
        -2.0,
        3339584.723798207,
        -222638.98158654713,
    ),
    (
        "EPSG:6933",
        30.1,
        -2.0,
        2904237.0355519853,
        -255096.1523238908,
    ),
    (
        "EPSG:3408",
        30.0,
        60.0,
        1648995.147090443,
        -2856143.376195162,
    ),
    (
        "EPSG:3413",
        -40.0,
        70.0,
        190690.45935105087,
        -2179601.924020097,
    ),
    (
        "EPSG:3031",
        30.0,
        -75.0,
        819391.6192036181,
        1419227.9157567972,
    ),
    (
        "EPSG:8857",
        30.0,
        10.0,
        2853294.7273668847,
        1281605.5100848181,
    ),
    (
        "EPSG:28992",
        5.39,
        52.16,
        155191.35381243424,
        463537.1362732911,
    ),
    (
        "EPSG:2056",
        8.54,
        47.37,
        2683186.2855802407,
        1247156.744091096,
    ),
    (
        "EPSG:3375",
        101.7,
        3.1,
        411518.89470901707,
        343073.68946811726,
    ),
    (
        "EPSG:3078",
        -85.0,
        44.0,
        580017.6589746515,
        383669.8373363698,
    ),
    (
        "EPSG:2180",
        20.0,
        52.0,
        568629.1017431414,
        459781.1716786437,
    ),
    (
        "EPSG:3006",
        15.0,
        60.0,
        500000.0000000009,
        6651411.190239697,
    ),
    (
        "EPSG:5880",
        -50.0,
        -15.0,
        5430178.545955981,
        8337123.8615642935,
    ),
    (
        "EPSG:3174",
        -85.0,
        44.0,
        956425.176813117,
        825501.9419670611,
    ),
    (
        "EPSG:3347",
        -80.0,
        45.0,
        7146451.043424047,
        1069116.616090903,
    ),
    (
        "EPSG:3577",
        140.0,
        -25.0,
        797850.9657381484,
        -2727559.6331614526,
    ),
    (
        "EPSG:3112",
        140.0,
        -25.0,
        598456.2763912163,
        -2856146.766172849,
    ),
    (
        "EPSG:7755",
        78.0,
        20.0,
        3794294.9808499347,
        3566812.4877754706,
    ),
    (
        "EPSG:3832",
        170.0,
        -10.0,
        2226389.8158654715,
        -1111475.1028522244,
    ),
    (
        "EPSG:2193",
        174.8,
        -41.3,
        1750697.5213341913,
        5426376.623168275,
    ),
];

/// Code, and what `pyproj.CRS(code).to_wkt()` gives: Well-Known Text 2.
const TEXTS: &[(&str, &str)] = &[
    (
        "ESRI:54009",
        r#"PROJCRS["World_Mollweide",BASEGEOGCRS["WGS 84",DATUM["World Geodetic System 1984",ELLIPSOID["WGS 84",6378137,298.257223563,LENGTHUNIT["metre",1]]],PRIMEM["Greenwich",0,ANGLEUNIT["Degree",0.0174532925199433]]],CONVERSION["World_Mollweide",METHOD["Mollweide"],PARAMETER["Longitude of natural origin",0,ANGLEUNIT["Degree",0.0174532925199433],ID["EPSG",8802]],PARAMETER["False easting",0,LENGTHUNIT["metre",1],ID["EPSG",8806]],PARAMETER["False northing",0,LENGTHUNIT["metre",1],ID["EPSG",8807]]],CS[Cartesian,2],AXIS["(E)",east,ORDER[1],LENGTHUNIT["metre",1]],AXIS["(N)",north,ORDER[2],LENGTHUNIT["metre",1]],USAGE[SCOPE["Not known."],AREA["World."],BBOX[-90,-180,90,180]],ID["ESRI",54009]]"#,
    ),
    (
        "EPSG:4267",
        r#"GEOGCRS["NAD27",DATUM["North American Datum 1927",ELLIPSOID["Clarke 1866",6378206.4,294.978698213898,LENGTHUNIT["metre",1]]],PRIMEM["Greenwich",0,ANGLEUNIT["degree",0.0174532925199433]],CS[ellipsoidal,2],AXIS["geodetic latitude (Lat)",north,ORDER[1],ANGLEUNIT["degree",0.0174532925199433]],AXIS["geodetic longitude (Lon)",east,ORDER[2],ANGLEUNIT["degree",0.0174532925199433]],USAGE[SCOPE["Geodesy."],AREA["North and central America: Antigua and Barbuda - onshore. Bahamas - onshore plus offshore over internal continental shelf only. Belize - onshore. British Virgin Islands - onshore. Canada onshore - Alberta, British Columbia, Manitoba, New Brunswick, Newfoundland and Labrador, Northwest Territories, Nova Scotia, Nunavut, Ontario, Prince Edward Island, Quebec, Saskatchewan and Yukon - plus offshore east coast. Cuba - onshore and offshore. El Salvador - onshore. Guatemala - onshore. Honduras - onshore. Panama - onshore. Puerto Rico - onshore. Mexico - onshore plus offshore east coast. Nicaragua - onshore. United States (USA) onshore and offshore - Alabama, Alaska, Arizona, Arkansas, California, Colorado, Connecticut, Delaware, Florida, Georgia, Idaho, Illinois, Indiana, Iowa, Kansas, Kentucky, Louisiana, Maine, Maryland, Massachusetts, Michigan, Minnesota, Mississippi, Missouri, Montana, Nebraska, Nevada, New Hampshire, New Jersey, New Mexico, New York, North Carolina, North Dakota, Ohio, Oklahoma, Oregon, Pennsylvania, Rhode Island, South Carolina, South Dakota, Tennessee, Texas, Utah, Vermont, Virginia, Washington, West Virginia, Wisconsin and Wyoming - plus offshore . US Virgin Islands - onshore."],BBOX[7.15,167.65,83.17,-47.74]],ID["EPSG",4267]]"#,
    ),
    (
        "EPSG:3121",
        r#"PROJCRS["PRS92 / Philippines zone 1",BASEGEOGCRS["PRS92",DATUM["Philippine Reference System 1992",ELLIPSOID["Clarke 1866",6378206.4,294.978698213898,LENGTHUNIT["metre",1]]],PRIMEM["Greenwich",0,ANGLEUNIT["degree",0.0174532925199433]],ID["EPSG",4683]],CONVERSION["Philippines zone I",METHOD["Transverse Mercator",ID["EPSG",9807]],PARAMETER["Latitude of natural origin",0,ANGLEUNIT["degree",0.0174532925199433],ID["EPSG",8801]],PARAMETER["Longitude of natural origin",117,ANGLEUNIT["degree",0.0174532925199433],ID["EPSG",8802]],PARAMETER["Scale factor at natural origin",0.99995,SCALEUNIT["unity",1],ID["EPSG",8805]],PARAMETER["False easting",500000,LENGTHUNIT["metre",1],ID["EPSG",8806]],PARAMETER["False northing",0,LENGTHUNIT["metre",1],ID["EPSG",8807]]],CS[Cartesian,2],AXIS["easting (X)",east,ORDER[1],LENGTHUNIT["metre",1]],AXIS["northing (Y)",north,ORDER[2],LENGTHUNIT["metre",1]],USAGE[SCOPE["Engineering survey, topographic mapping."],AREA["Philippines - west of 118°E onshore and offshore."],BBOX[6.21,116.04,18.64,118]],ID["EPSG",3121]]"#,
    ),
    (
        "ESRI:102022",
        r#"PROJCRS["Africa_Albers_Equal_Area_Conic",BASEGEOGCRS["WGS 84",ENSEMBLE["World Geodetic System 1984 ensemble",MEMBER["World Geodetic System 1984 (Transit)"],MEMBER["World Geodetic System 1984 (G730)"],MEMBER["World Geodetic System 1984 (G873)"],MEMBER["World Geodetic System 1984 (G1150)"],MEMBER["World Geodetic System 1984 (G1674)"],MEMBER["World Geodetic System 1984 (G1762)"],MEMBER["World Geodetic System 1984 (G2139)"],MEMBER["World Geodetic System 1984 (G2296)"],ELLIPSOID["WGS 84",6378137,298.257223563,LENGTHUNIT["metre",1]],ENSEMBLEACCURACY[2.0]],PRIMEM["Greenwich",0,ANGLEUNIT["degree",0.0174532925199433]],ID["EPSG",4326]],CONVERSION["Africa_Albers_Equal_Area_Conic",METHOD["Albers Equal Area",ID["EPSG",9822]],PARAMETER["Latitude of false origin",0,ANGLEUNIT["degree",0.0174532925199433],ID["EPSG",8821]],PARAMETER["Longitude of false origin",25,ANGLEUNIT["degree",0.0174532925199433],ID["EPSG",8822]],PARAMETER["Latitude of 1st standard parallel",20,ANGLEUNIT["degree",0.0174532925199433],ID["EPSG",8823]],PARAMETER["Latitude of 2nd standard parallel",-23,ANGLEUNIT["degree",0.0174532925199433],ID["EPSG",8824]],PARAMETER["Easting at false origin",0,LENGTHUNIT["metre",1],ID["EPSG",8826]],PARAMETER["Northing at false origin",0,LENGTHUNIT["metre",1],ID["EPSG",8827]]],CS[Cartesian,2],AXIS["(E)",east,ORDER[1],LENGTHUNIT["metre",1]],AXIS["(N)",north,ORDER[2],LENGTHUNIT["metre",1]],USAGE[SCOPE["Not known."],AREA["Africa"],BBOX[-35,-25,39,55]],ID["ESRI",102022]]"#,
    ),
    (
        "EPSG:32736",
        r#"PROJCRS["WGS 84 / UTM zone 36S",BASEGEOGCRS["WGS 84",ENSEMBLE["World Geodetic System 1984 ensemble",MEMBER["World Geodetic System 1984 (Transit)"],MEMBER["World Geodetic System 1984 (G730)"],MEMBER["World Geodetic System 1984 (G873)"],MEMBER["World Geodetic System 1984 (G1150)"],MEMBER["World Geodetic System 1984 (G1674)"],MEMBER["World Geodetic System 1984 (G1762)"],MEMBER["World Geodetic System 1984 (G2139)"],MEMBER["World Geodetic System 1984 (G2296)"],ELLIPSOID["WGS 84",6378137,298.257223563,LENGTHUNIT["metre",1]],ENSEMBLEACCURACY[2.0]],PRIMEM["Greenwich",0,ANGLEUNIT["degree",0.0174532925199433]],ID["EPSG",4326]],CONVERSION["UTM zone 36S",METHOD["Transverse Mercator",ID["EPSG",9807]],PARAMETER["Latitude of natural origin",0,ANGLEUNIT["degree",0.0174532925199433],ID["EPSG",8801]],PARAMETER["Longitude of natural origin",33,ANGLEUNIT["degree",0.0174532925199433],ID["EPSG",8802]],PARAMETER["Scale factor at natural origin",0.9996,SCALEUNIT["unity",1],ID["EPSG",8805]],PARAMETER["False easting",500000,LENGTHUNIT["metre",1],ID["EPSG",8806]],PARAMETER["False northing",10000000,LENGTHUNIT["metre",1],ID["EPSG",8807]]],CS[Cartesian,2],AXIS["(E)",east,ORDER[1],LENGTHUNIT["metre",1]],AXIS["(N)",north,ORDER[2],LENGTHUNIT["metre",1]],USAGE[SCOPE["Navigation and medium accuracy spatial referencing."],AREA["Between 30°E and 36°E, southern hemisphere between 80°S and equator, onshore and offshore. Burundi. Eswatini (Swaziland). Kenya. Malawi. Mozambique. Rwanda. South Africa. Tanzania. Uganda. Zambia. Zimbabwe."],BBOX[-80,30,0,36]],ID["EPSG",32736]]"#,
    ),
    (
        "EPSG:3035",
        r#"PROJCRS["ETRS89-extended / LAEA Europe",BASEGEOGCRS["ETRS89",ENSEMBLE["European Terrestrial Reference System 1989 ensemble",MEMBER["European Terrestrial Reference Frame 1989"],MEMBER["European Terrestrial Reference Frame 1990"],MEMBER["European Terrestrial Reference Frame 1991"],MEMBER["European Terrestrial Reference Frame 1992"],MEMBER["European Terrestrial Reference Frame 1993"],MEMBER["European Terrestrial Reference Frame 1994"],MEMBER["European Terrestrial Reference Frame 1996"],MEMBER["European Terrestrial Reference Frame 1997"],MEMBER["European Terrestrial Reference Frame 2000"],MEMBER["European Terrestrial Reference Frame 2005"],MEMBER["European Terrestrial Reference Frame 2014"],MEMBER["European Terrestrial Reference Frame 2020"],ELLIPSOID["GRS 1980",6378137,298.257222101,LENGTHUNIT["metre",1]],ENSEMBLEACCURACY[0.1]],PRIMEM["Greenwich",0,ANGLEUNIT["degree",0.0174532925199433]],ID["EPSG",4258]],CONVERSION["Europe Equal Area 2001",METHOD["Lambert Azimuthal Equal Area",ID["EPSG",9820]],PARAMETER["Latitude of natural origin",52,ANGLEUNIT["degree",0.0174532925199433],ID["EPSG",8801]],PARAMETER["Longitude of natural origin",10,ANGLEUNIT["degree",0.0174532925199433],ID["EPSG",8802]],PARAMETER["False easting",4321000,LENGTHUNIT["metre",1],ID["EPSG",8806]],PARAMETER["False northing",3210000,LENGTHUNIT["metre",1],ID["EPSG",8807]]],CS[Cartesian,2],AXIS["northing (Y)",north,ORDER[1],LENGTHUNIT["metre",1]],AXIS["easting (X)",east,ORDER[2],LENGTHUNIT["metre",1]],USAGE[SCOPE["Statistical analysis."],AREA["Europe - European Union (EU) countries and candidates. Europe - onshore and offshore: Albania; Andorra; Austria; Belgium; Bosnia and Herzegovina; Bulgaria; Croatia; Cyprus; Czechia; Denmark; Estonia; Faroe Islands; Finland; France; Germany; Gibraltar; Greece; Hungary; Iceland; Ireland; Italy; Kosovo; Latvia; Liechtenstein; Lithuania; Luxembourg; Malta; Monaco; Montenegro; Netherlands; North Macedonia; Norway including Svalbard and Jan Mayen; Poland; Portugal including Madeira and Azores; Romania; San Marino; Serbia; Slovakia; Slovenia; Spain including Canary Islands; Sweden; Switzerland; Türkiye (Turkey); United Kingdom (UK) including Channel Islands and Isle of Man; Vatican City State."],BBOX[24.6,-35.58,84.73,44.83]],ID["EPSG",3035]]"#,
    ),
    (
        "EPSG:2263",
        r#"PROJCRS["NAD83 / New York Long Island (ftUS)",BASEGEOGCRS["NAD83",DATUM["North American Datum 1983",ELLIPSOID["GRS 1980",6378137,298.257222101,LENGTHUNIT["metre",1]]],PRIMEM["Greenwich",0,ANGLEUNIT["degree",0.0174532925199433]],ID["EPSG",4269]],CONVERSION["SPCS83 New York Long Island zone (US survey foot)",METHOD["Lambert Conic Conformal (2SP)",ID["EPSG",9802]],PARAMETER["Latitude of false origin",40.1666666666667,ANGLEUNIT["degree",0.0174532925199433],ID["EPSG",8821]],PARAMETER["Longitude of false origin",-74,ANGLEUNIT["degree",0.0174532925199433],ID["EPSG",8822]],PARAMETER["Latitude of 1st standard parallel",41.0333333333333,ANGLEUNIT["degree",0.0174532925199433],ID["EPSG",8823]],PARAMETER["Latitude of 2nd standard parallel",40.6666666666667,ANGLEUNIT["degree",0.0174532925199433],ID["EPSG",8824]],PARAMETER["Easting at false origin",984250,LENGTHUNIT["US survey foot",0.304800609601219],ID["EPSG",8826]],PARAMETER["Northing at false origin",0,LENGTHUNIT["US survey foot",0.304800609601219],ID["EPSG",8827]]],CS[Cartesian,2],AXIS["easting (X)",east,ORDER[1],LENGTHUNIT["US survey foot",0.304800609601219]],AXIS["northing (Y)",north,ORDER[2],LENGTHUNIT["US survey foot",0.304800609601219]],USAGE[SCOPE["Engineering survey, topographic mapping."],AREA["United States (USA) - New York - counties of Bronx; Kings; Nassau; New York; Queens; Richmond; Suffolk."],BBOX[40.47,-74.26,41.3,-71.8]],ID["EPSG",2263]]"#,
    ),
];

fn there(crs: &Crs, lon: f64, lat: f64) -> tables::Result<Coord> {
    let mut coords = [Coord { x: lon, y: lat }];
    Projection::between(&Crs::wgs84(), crs)?.project(&mut coords)?;
    Ok(coords[0])
}

/// One centimetre or, by name, not at all.
#[test]
fn definitions_of_every_form_are_within_a_centimetre_of_proj_or_refused() {
    let mut wrong = Vec::new();
    let mut refused = Vec::new();
    for &(definition, lon, lat, x, y) in FIGURES {
        let found = definition
            .parse::<Crs>()
            .and_then(|crs| there(&crs, lon, lat).map(|found| (crs, found)));
        match found {
            Err(error) => refused.push(format!("{definition}: {error}")),
            Ok((crs, found)) => {
                let off = f64::hypot(found.x - x, found.y - y);
                if off > 0.01 {
                    wrong.push(format!("{definition} at {lon}, {lat}: {off} m off"));
                }
                let mut back = [found];
                let inverse = Projection::between(&crs, &Crs::wgs84()).unwrap();
                inverse.project(&mut back).unwrap();
                let off = f64::hypot(back[0].x - lon, back[0].y - lat) * 111_000.0;
                if off > 0.01 {
                    wrong.push(format!("{definition} back at {lon}, {lat}: {off} m off"));
                }
                let json = match crs.to_projjson() {
                    Ok(json) => json,
                    Err(error) => {
                        wrong.push(format!("{definition}: {error}"));
                        continue;
                    }
                };
                let again = there(&Crs::from_projjson(&json).unwrap(), lon, lat).unwrap();
                if f64::hypot(again.x - found.x, again.y - found.y) > 0.01 {
                    wrong.push(format!("{definition}: its PROJJSON means another system"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}\nrefused: {refused:#?}");
    assert!(refused.is_empty(), "{refused:#?}");
}

#[test]
fn well_known_text_2_is_the_system_of_its_code() {
    for (code, text) in TEXTS {
        let read: Crs = text.parse().unwrap();
        let expected: Crs = code.parse().unwrap();
        let (lon, lat) = if code.ends_with("4267") || code.ends_with("2263") {
            (-74.0, 40.7)
        } else {
            (30.0, 9.0)
        };
        let (found, expected) = (
            there(&read, lon, lat).unwrap(),
            there(&expected, lon, lat).unwrap(),
        );
        let off = f64::hypot(found.x - expected.x, found.y - expected.y);
        assert!(off < 1e-3, "{code}: {off}");
        let written = read.to_wkt().unwrap().unwrap();
        let again = there(&Crs::from_wkt(&written).unwrap(), lon, lat).unwrap();
        assert!(
            f64::hypot(found.x - again.x, found.y - again.y) < 1e-3,
            "{code}: {written}"
        );
    }
}

#[test]
fn what_is_not_understood_is_refused_by_name() {
    let message = |text: &str| text.parse::<Crs>().unwrap_err().to_string();
    assert!(message("+proj=gstmerc +lat_0=1").contains("gstmerc is not supported"));
    assert!(message("+proj=moll +R_A +datum=WGS84").contains("+R_A is not understood"));
    // spheres in EPSG, ellipsoids in older registries: kilometres apart
    for code in [3973, 3974, 3975] {
        let grid = Crs::from_epsg(code).unwrap();
        let error = there(&grid, 30.0, 10.0).unwrap_err().to_string();
        assert!(error.contains("EASE-Grid 2.0"), "{error}");
    }
    assert!(message("ESRI:999999").contains("no such code is known"));
}
