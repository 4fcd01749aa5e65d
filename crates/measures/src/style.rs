//! How QGIS draws a map: a style file beside it.

/// What a map draws.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Drawn {
    /// Points.
    Points,
    /// Lines.
    Lines,
}

/// Classes of a style.
const CLASSES: u32 = 5;

/// A style of QGIS (`.qml`) that colours a map by a share between 0 and 1, from grey to green. QGIS takes it up by itself
/// where it lies beside the map under the same name.
#[must_use]
pub fn qgis_style(column: &str, drawn: Drawn) -> String {
    let (kind, layer, property) = match drawn {
        Drawn::Points => ("marker", "SimpleMarker", "color"),
        Drawn::Lines => ("line", "SimpleLine", "line_color"),
    };
    let (mut ranges, mut symbols) = (String::new(), String::new());
    for class in 0..CLASSES {
        let share = |class: u32| f64::from(class) / f64::from(CLASSES);
        let (lower, upper) = (share(class), share(class + 1));
        let towards = |from: f64, to: f64| {
            (from + (to - from) * f64::from(class) / f64::from(CLASSES - 1)).round() as u8
        };
        let (red, green, blue) = (towards(222., 0.), towards(222., 109.), towards(222., 44.));
        ranges.push_str(&format!(
            "      <range lower=\"{lower}\" upper=\"{upper}\" symbol=\"{class}\" label=\"{lower} to {upper}\" render=\"true\"/>\n"
        ));
        symbols.push_str(&format!(
            "      <symbol type=\"{kind}\" name=\"{class}\" alpha=\"1\">\n        <layer class=\"{layer}\" enabled=\"1\">\n          \
             <Option type=\"Map\">\n            <Option type=\"QString\" name=\"{property}\" value=\"{red},{green},{blue},255\"/>\n          \
             </Option>\n        </layer>\n      </symbol>\n"
        ));
    }
    let column = escaped(column);
    format!(
        "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n<qgis styleCategories=\"Symbology\" version=\"3.28\">\n  \
         <renderer-v2 type=\"graduatedSymbol\" attr=\"&quot;{column}&quot;\" graduatedMethod=\"GraduatedColor\">\n    \
         <ranges>\n{ranges}    </ranges>\n    <symbols>\n{symbols}    </symbols>\n  </renderer-v2>\n</qgis>\n"
    )
}

/// Text as an attribute of XML, in the quotes that QGIS puts around the name of a column.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_style_has_a_symbol_a_class_and_names_its_column() {
        let style = qgis_style("green_mean", Drawn::Lines);
        assert_eq!(style.matches("<range ").count(), 5);
        assert_eq!(style.matches("<symbol type=\"line\"").count(), 5);
        assert!(style.contains("attr=\"&quot;green_mean&quot;\""));
        assert!(
            style.contains("value=\"222,222,222,255\"") && style.contains("value=\"0,109,44,255\"")
        );
        assert!(qgis_style("a<b", Drawn::Points).contains("a&lt;b"));
    }
}
