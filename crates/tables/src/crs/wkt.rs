//! Well-Known Text; version 1 here, as in the `.prj` file of a Shapefile and in the EPSG registry.
//!
//! OGC 01-009, section 7; with the names of projections and parameters that GDAL and Esri use.

use super::description::{
    Conversion, Description, Ellipsoid, Geographic, Id, LengthUnit, Projected, factor,
};
use super::methods::Method;

/// Nodes nest about five deep.
const DEEPEST: usize = 20;

/// `NAME["text", number, NODE[...], ...]`.
#[derive(Debug, Default)]
pub(super) struct Node {
    pub keyword: String,
    pub texts: Vec<String>,
    pub numbers: Vec<f64>,
    pub nodes: Vec<Node>,
}

impl Node {
    pub fn child(&self, keyword: &str) -> Option<&Self> {
        self.nodes.iter().find(|node| node.keyword == keyword)
    }

    fn need(&self, keyword: &str) -> Result<&Self, String> {
        self.child(keyword)
            .ok_or_else(|| format!("its {} has no {keyword}", self.keyword))
    }

    pub fn name(&self) -> String {
        self.texts.first().cloned().unwrap_or_default()
    }

    pub fn number(&self, index: usize) -> Result<f64, String> {
        let number = self
            .numbers
            .get(index)
            .copied()
            .filter(|number| number.is_finite());
        number.ok_or_else(|| format!("its {} `{}` lacks a number", self.keyword, self.name()))
    }

    fn id(&self) -> Option<Id> {
        let authority = self.child("AUTHORITY")?;
        let code = authority.texts.get(1).cloned();
        let code = code.or_else(|| authority.numbers.first().map(ToString::to_string))?;
        Some(Id {
            authority: authority.name(),
            code,
        })
    }
}

/// The system that a text describes, or what is wrong with it.
pub(super) fn parse(text: &str) -> Result<Description, String> {
    let mut rest = text.trim();
    let root = node(&mut rest, DEEPEST).ok_or("it is not well-formed text")?;
    if let Some(described) = super::wkt2::parse(&root) {
        return described;
    }
    match root.keyword.as_str() {
        "GEOGCS" => Ok(Description {
            geographic: geographic(&root)?,
            projected: None,
        }),
        "PROJCS" => {
            let geographic = geographic(root.need("GEOGCS")?)?;
            let projected = projected(&root, geographic.degrees_per_unit)?;
            Ok(Description {
                geographic,
                projected: Some(projected),
            })
        }
        "COMPD_CS" => {
            let is_horizontal = |node: &&Node| node.keyword == "PROJCS" || node.keyword == "GEOGCS";
            let horizontal = root
                .nodes
                .iter()
                .find(is_horizontal)
                .ok_or("it has no horizontal part")?;
            let geographic_node = if horizontal.keyword == "GEOGCS" {
                horizontal
            } else {
                horizontal.need("GEOGCS")?
            };
            let geographic = geographic(geographic_node)?;
            let is_projected = horizontal.keyword == "PROJCS";
            let projected = is_projected
                .then(|| projected(horizontal, geographic.degrees_per_unit))
                .transpose()?;
            Ok(Description {
                geographic,
                projected,
            })
        }
        keyword => Err(format!(
            "{keyword} is not a geographic or projected system in Well-Known Text"
        )),
    }
}

fn geographic(node: &Node) -> Result<Geographic, String> {
    let datum = node.need("DATUM")?;
    let spheroid = datum.need("SPHEROID")?;
    let semi_major_axis = spheroid.number(0)?;
    if semi_major_axis <= 0.0 {
        return Err(format!("its ellipsoid has an axis of {semi_major_axis} m"));
    }
    let radians = node.need("UNIT")?.number(0)?;
    let degrees_per_unit = tidy_degrees(radians);
    let prime = node.child("PRIMEM");
    let to_wgs84 = datum.child("TOWGS84").map(|shift| shift.numbers.clone());
    Ok(Geographic {
        name: node.name(),
        id: node.id(),
        datum: datum.name(),
        datum_id: datum.id(),
        ellipsoid: Ellipsoid {
            name: spheroid.name(),
            semi_major_axis,
            inverse_flattening: spheroid.number(1)?,
        },
        prime_meridian: prime.map_or_else(|| "Greenwich".to_owned(), Node::name),
        prime_longitude: prime.map_or(Ok(0.0), |prime| prime.number(0))?,
        degrees_per_unit,
        to_wgs84: to_wgs84.filter(|shift| matches!(shift.len(), 3 | 7)),
    })
}

/// Degrees in a unit given in radians, without the noise of a conversion back and forth.
pub(super) fn tidy_degrees(radians: f64) -> f64 {
    let degrees = radians.to_degrees();
    let tidy = (degrees * 1e10).round() / 1e10;
    if (tidy - degrees).abs() < 1e-12 {
        tidy
    } else {
        degrees
    }
}

fn projected(node: &Node, degrees_per_unit: f64) -> Result<Projected, String> {
    let unit = node.need("UNIT")?;
    let unit = LengthUnit {
        name: unit.name(),
        metres: unit.number(0)?,
    };
    let given = |name: &str| {
        let is_it = |parameter: &&Node| {
            parameter.keyword == "PARAMETER" && parameter.name().eq_ignore_ascii_case(name)
        };
        node.nodes.iter().find(is_it)?.number(0).ok()
    };
    let method = method(node, &given)?;
    let values = method.parameters.iter().map(|parameter| {
        let value = parameter.wkt.iter().find_map(|name| given(name));
        // Esri leaves out the angle of the grid, which is then that of the line
        let value = value.or_else(|| given("azimuth").filter(|_| parameter.proj == "gamma"));
        let scale = factor(parameter.quantity, degrees_per_unit, unit.metres);
        value.map_or_else(|| parameter.default(), |value| value * scale)
    });
    let values = values.collect();
    let conversion = Conversion {
        name: node.name(),
        method,
        values,
    };
    Ok(Projected {
        name: node.name(),
        id: node.id(),
        conversion,
        unit,
    })
}

/// The method of a projected system, variants of one name told apart by their parameters.
fn method(node: &Node, given: &impl Fn(&str) -> Option<f64>) -> Result<&'static Method, String> {
    let name = node.need("PROJECTION")?.name();
    let is_web_mercator = node.child("EXTENSION").is_some_and(|proj| {
        proj.texts
            .get(1)
            .is_some_and(|proj| proj.contains("+proj=merc") && proj.contains("@null"))
    });
    let one_parallel = given("standard_parallel_2").is_none();
    let wanted = match name.to_ascii_lowercase().as_str() {
        _ if is_web_mercator => "Mercator_Auxiliary_Sphere",
        "lambert_conformal_conic" if one_parallel => "Lambert_Conformal_Conic_1SP",
        // away from the pole, the latitude is that of the standard parallel
        "polar_stereographic"
            if given("latitude_of_origin").is_some_and(|latitude| latitude.abs() < 89.9) =>
        {
            "Stereographic_North_Pole"
        }
        _ => name.as_str(),
    };
    Method::of_name(wanted).ok_or_else(|| format!("the projection method {name} is not supported"))
}

/// A system as Well-Known Text 1, in GDAL's dialect.
pub(super) fn write(description: &Description) -> String {
    let geographic = write_geographic(&description.geographic);
    let Some(projected) = &description.projected else {
        return geographic;
    };
    let conversion = &projected.conversion;
    let method = conversion.method;
    let name = method.wkt.first().copied().unwrap_or(method.name);
    let mut text = format!(
        "PROJCS[\"{}\",{geographic},PROJECTION[\"{name}\"]",
        plain(&projected.name)
    );
    for (parameter, value) in method.parameters.iter().zip(&conversion.values) {
        let Some(name) = parameter.wkt.first() else {
            continue;
        };
        let scale = factor(
            parameter.quantity,
            description.geographic.degrees_per_unit,
            projected.unit.metres,
        );
        text.push_str(&format!(",PARAMETER[\"{name}\",{}]", value / scale));
    }
    let unit = &projected.unit;
    text.push_str(&format!(",UNIT[\"{}\",{}]", plain(&unit.name), unit.metres));
    text.push_str(&authority(projected.id.as_ref()));
    text.push(']');
    text
}

fn write_geographic(geographic: &Geographic) -> String {
    let ellipsoid = &geographic.ellipsoid;
    let shift = geographic.to_wgs84.as_ref().map(|shift| {
        let mut shift = shift.clone();
        shift.resize(7, 0.0);
        let shift: Vec<String> = shift.iter().map(ToString::to_string).collect();
        format!(",TOWGS84[{}]", shift.join(","))
    });
    format!(
        "GEOGCS[\"{}\",DATUM[\"{}\",SPHEROID[\"{}\",{},{}]{}{}],PRIMEM[\"{}\",{}],UNIT[\"degree\",{}]{}]",
        plain(&geographic.name),
        plain(&geographic.datum).replace(' ', "_"),
        plain(&ellipsoid.name),
        ellipsoid.semi_major_axis,
        ellipsoid.inverse_flattening,
        shift.unwrap_or_default(),
        authority(geographic.datum_id.as_ref()),
        plain(&geographic.prime_meridian),
        geographic.prime_longitude,
        geographic.degrees_per_unit.to_radians(),
        authority(geographic.id.as_ref())
    )
}

fn authority(id: Option<&Id>) -> String {
    id.map_or_else(String::new, |id| {
        format!(
            ",AUTHORITY[\"{}\",\"{}\"]",
            plain(&id.authority),
            plain(&id.code)
        )
    })
}

/// A name without the quotes that would end it.
fn plain(name: &str) -> String {
    name.replace('"', "'")
}

fn node(rest: &mut &str, depth: usize) -> Option<Node> {
    let depth = depth.checked_sub(1)?;
    let open = rest.find(['[', '('])?;
    let keyword = rest.get(..open)?.trim().to_ascii_uppercase();
    if keyword.is_empty()
        || !keyword
            .chars()
            .all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
    {
        return None;
    }
    let mut node = Node {
        keyword,
        ..Node::default()
    };
    *rest = rest.get(open + 1..)?;
    loop {
        *rest = rest.trim_start();
        match rest.chars().next()? {
            ']' | ')' => {
                *rest = rest.get(1..)?;
                return Some(node);
            }
            ',' => *rest = rest.get(1..)?,
            '"' => {
                let text = rest.get(1..)?;
                let end = text.find('"')?;
                node.texts.push(text.get(..end)?.to_owned());
                *rest = text.get(end + 1..)?;
            }
            _ => value(rest, &mut node, depth)?,
        }
    }
}

/// A number, a bare word such as EAST, or a node.
fn value(rest: &mut &str, node: &mut Node, depth: usize) -> Option<()> {
    let end = rest.find([',', '[', '(', ']', ')'])?;
    if matches!(rest.as_bytes().get(end), Some(b'[' | b'(')) {
        node.nodes.push(self::node(rest, depth)?);
        return Some(());
    }
    let word = rest.get(..end)?.trim();
    match word.parse() {
        Ok(number) => node.numbers.push(number),
        Err(_) => node.texts.push(word.to_owned()),
    }
    *rest = rest.get(end..)?;
    Some(())
}
