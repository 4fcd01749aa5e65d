//! A picture of a plan of chips: features by fold, the lattice, and the chips that are kept.

use std::fmt::Write as _;

use geo::{Coord, CoordsIter, Geometry, LineString, Rect};
use tables::Table;

use super::plan::{ChipPlan, FoldIndex};
use super::planning::Layout;
use crate::Result;

/// Width of the picture in its own units.
const WIDTH: f64 = 900.0;
/// Colours of the folds (Okabe and Ito 2008: told apart by everyone).
const COLOURS: [&str; 7] = [
    "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#666666",
];

/// An SVG picture of the chips that [`plan_chips`](crate::plan_chips) would give: darker where they
/// overlap, features coloured by fold.
///
/// # Errors
/// As [`plan_chips`](crate::plan_chips).
pub fn draw_chips(features: &Table, plan: &ChipPlan, seed: u64) -> Result<String> {
    let layout = Layout::of(features, plan, seed)?;
    let windows: Vec<Rect> = layout
        .chips
        .iter()
        .map(|chip| layout.lattice.window(chip.cell))
        .collect();
    let boxes = windows
        .iter()
        .copied()
        .chain(layout.features.iter().map(|feature| feature.bounds));
    let bounds = boxes.reduce(|a, b| {
        Rect::new(
            Coord {
                x: a.min().x.min(b.min().x),
                y: a.min().y.min(b.min().y),
            },
            Coord {
                x: a.max().x.max(b.max().x),
                y: a.max().y.max(b.max().y),
            },
        )
    });
    let zero = Coord { x: 0.0, y: 0.0 };
    let frame = Frame::around(bounds.unwrap_or_else(|| Rect::new(zero, zero)));
    let mut svg = String::new();
    // writing to a String cannot fail
    let _ = write!(
        svg,
        r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {:.1}" font-family="sans-serif" font-size="14"><rect width="100%" height="100%" fill="#fff"/>"##,
        frame.height + 30.0
    );
    for feature in &layout.features {
        let colour = COLOURS[feature.fold % COLOURS.len()];
        let _ = write!(
            svg,
            r#"<path d="{}" fill="{colour}" stroke="{colour}"/>"#,
            frame.path(&feature.geometry)
        );
    }
    for window in &windows {
        let corner = frame.place(Coord {
            x: window.min().x,
            y: window.max().y,
        });
        let side = window.width() * frame.scale;
        let _ = write!(
            svg,
            r##"<rect x="{:.1}" y="{:.1}" width="{side:.1}" height="{side:.1}" fill="#000" fill-opacity=".05" stroke="#000" stroke-opacity=".5" stroke-width=".6"/>"##,
            corner.x, corner.y
        );
        let centre = frame.place(window.center());
        let _ = write!(
            svg,
            r#"<circle cx="{:.1}" cy="{:.1}" r="1.5"/>"#,
            centre.x, centre.y
        );
    }
    let folds = plan.folds.map_or_else(String::new, |f| match f.index {
        FoldIndex::One(index) => format!(", fold {index} of {}", f.chunks),
        FoldIndex::All(_) => format!(", all {} folds", f.chunks),
    });
    let _ = write!(
        svg,
        r#"<text x="8" y="{:.1}">{} chips of {:.2} m, {:.2} m apart (overlap {} %){folds}</text></svg>"#,
        frame.height + 20.0,
        windows.len(),
        plan.chip_m(),
        plan.spacing_m(),
        (plan.overlap * 100.0).round()
    );
    Ok(svg)
}

/// From metres to the picture, north up.
struct Frame {
    origin: Coord,
    scale: f64,
    height: f64,
}

impl Frame {
    fn around(bounds: Rect) -> Self {
        let margin = 8.0;
        let scale = (WIDTH - 2.0 * margin) / bounds.width().max(bounds.height() / 2.0).max(1.0);
        Self {
            origin: Coord {
                x: bounds.min().x - margin / scale,
                y: bounds.max().y + margin / scale,
            },
            scale,
            height: bounds.height() * scale + 2.0 * margin,
        }
    }

    fn place(&self, at: Coord) -> Coord {
        Coord {
            x: (at.x - self.origin.x) * self.scale,
            y: (self.origin.y - at.y) * self.scale,
        }
    }

    fn path(&self, geometry: &Geometry) -> String {
        let mut path = String::new();
        match geometry {
            Geometry::Polygon(polygon) => {
                for ring in std::iter::once(polygon.exterior()).chain(polygon.interiors()) {
                    self.line(ring, &mut path);
                    path.push('Z');
                }
            }
            Geometry::MultiPolygon(parts) => {
                for part in parts {
                    path.push_str(&self.path(&Geometry::Polygon(part.clone())));
                }
            }
            Geometry::LineString(line) => self.line(line, &mut path),
            other => {
                for at in other.coords_iter() {
                    let at = self.place(at);
                    let _ = write!(path, "M{:.1} {:.1}h2v2h-2z", at.x - 1.0, at.y - 1.0);
                }
            }
        }
        path
    }

    fn line(&self, line: &LineString, path: &mut String) {
        for (vertex, &at) in line.0.iter().enumerate() {
            let at = self.place(at);
            let _ = write!(
                path,
                "{}{:.1} {:.1}",
                if vertex == 0 { 'M' } else { 'L' },
                at.x,
                at.y
            );
        }
    }
}
