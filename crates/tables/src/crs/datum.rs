//! How coordinates get from one datum to another, and what is lost on the way.

/// What is known of the way from a system's datum to WGS 84.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum DatumShift {
    /// Taken as WGS 84 itself.
    None,
    /// Three or seven parameters.
    Helmert {
        parameters: usize,
        loss: Option<&'static str>,
    },
    /// Not known.
    Unknown,
}

/// Datums that PROJ takes to WGS 84 by a grid, with the parameters used here instead.
struct GridDatum {
    /// As it stands in the registry's PROJ strings.
    token: &'static str,
    /// What is used instead.
    instead: &'static str,
    loss: &'static str,
}

const GRID_DATUMS: &[GridDatum] = &[
    GridDatum {
        token: "+datum=NAD27",
        // EPSG operation 1173, the mean of the conterminous United States
        instead: "+ellps=clrk66 +towgs84=-8,160,176",
        loss: "NAD27 needs the NADCON grid; with the mean shift of the conterminous United States (EPSG:1173) places \
               are up to 10 m off there and more elsewhere",
    },
    GridDatum {
        token: "+nadgrids=nzgd2kgrid0005.gsb",
        // EPSG operation 1564
        instead: "+towgs84=59.47,-5.04,187.44,0.47,-0.1,1.024,-4.5993",
        loss: "NZGD49 needs the grid nzgd2kgrid0005; with seven parameters (EPSG:1564) places are up to 4 m off",
    },
];

/// Datums whose parameters are known to be coarser than the grid that the country uses.
const COARSE: &[(&str, &str)] = &[
    (
        "+datum=OSGB36",
        "without the grid OSTN15 (seven parameters, EPSG:1314) places are 2 m off on average and up to 5 m",
    ),
    (
        "+datum=potsdam",
        "without the grid BETA2007 (seven parameters) places are up to 3 m off",
    ),
];

/// The PROJ string with any grid replaced, and what is known of its datum.
pub(super) fn without_grids(proj: &str) -> (String, DatumShift) {
    for grid in GRID_DATUMS {
        if proj.split_whitespace().any(|part| part == grid.token) {
            let parameters = grid.instead.split(',').count();
            let shift = DatumShift::Helmert {
                parameters,
                loss: Some(grid.loss),
            };
            return (proj.replace(grid.token, grid.instead), shift);
        }
    }
    let part = |key: &str| {
        proj.split_whitespace()
            .find_map(|part| part.strip_prefix(key))
    };
    let loss = COARSE
        .iter()
        .find(|(token, _)| proj.contains(token))
        .map(|(_, loss)| *loss);
    let shift = match (part("+towgs84="), part("+datum="), part("+nadgrids=")) {
        (_, _, Some("@null")) | (_, Some("WGS84" | "NAD83"), _) => DatumShift::None,
        (Some(shift), ..) if shift.split(',').all(|value| value.parse() == Ok(0.0)) => {
            DatumShift::None
        }
        (Some(shift), ..) => DatumShift::Helmert {
            parameters: shift.split(',').count(),
            loss,
        },
        (None, Some(_), _) => DatumShift::Helmert {
            parameters: 7,
            loss,
        },
        (None, None, Some(_)) => DatumShift::Unknown,
        // systems on these ellipsoids are geocentric: they agree with WGS 84 to a metre or two
        (None, None, None) if is_geocentric(part("+ellps="), part("+rf=")) => DatumShift::None,
        // on a sphere, latitudes are taken as they are
        (None, None, None) if part("+b=").is_some() && part("+a=") == part("+b=") => {
            DatumShift::None
        }
        (None, None, None) => DatumShift::Unknown,
    };
    (proj.to_owned(), shift)
}

fn is_geocentric(ellipsoid: Option<&str>, inverse_flattening: Option<&str>) -> bool {
    matches!(ellipsoid, Some("GRS80" | "WGS84"))
        || inverse_flattening.is_some_and(|flattening| flattening.starts_with("298.2572"))
}

/// In words: what is done about two datums.
pub(super) fn describe(from: &DatumShift, to: &DatumShift) -> String {
    let known = [(from, "to"), (to, "from")]
        .into_iter()
        .filter_map(|(shift, direction)| {
            let DatumShift::Helmert { parameters, loss } = shift else {
                return None;
            };
            let text = format!("datum shift {direction} WGS 84 by {parameters} parameters");
            Some(loss.map_or_else(|| text.clone(), |loss| format!("{text} ({loss})")))
        });
    let known: Vec<String> = known.collect();
    if known.is_empty() {
        return "no datum shift (datums agree with WGS 84 to 2 m or better)".to_owned();
    }
    known.join("; ")
}
