//! Directions to look from a point: sides of the way, or compass headings.

use super::plan::{Side, hundredths};
use crate::{Error, Result};

/// The most directions that one point may have.
const MOST_VIEWS: usize = 64;

/// A direction to look.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct View {
    /// What stands in the column `side`, and in ids.
    pub(crate) name: String,
    direction: Direction,
    pub(crate) pitch: f64,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Direction {
    /// Seen from the way.
    Side(Side),
    /// Hundredths of a degree clockwise from north.
    Compass(u16),
}

impl View {
    /// Heading of the camera where the way goes to `bearing`, hundredths of a degree; none for a side
    /// of a way that is not known.
    pub(crate) fn heading(&self, bearing: Option<u16>) -> Option<f64> {
        match self.direction {
            Direction::Side(side) => bearing.map(|bearing| side.heading_of(bearing)),
            Direction::Compass(heading) => Some(f64::from(heading) / 100.0),
        }
    }
}

/// Sides, then headings, each with every pitch.
pub(crate) fn views(sides: &[Side], headings: &[f64], pitches: &[f64]) -> Result<Vec<View>> {
    if headings.is_empty() && !pitches.is_empty() {
        return Err(Error::setting(
            "pitches",
            "go with headings, which are missing",
        ));
    }
    let mut views: Vec<View> = sides
        .iter()
        .map(|&side| View {
            name: side.name().to_owned(),
            direction: Direction::Side(side),
            pitch: side.pitch(),
        })
        .collect();
    let level = [0.0];
    let pitches = if pitches.is_empty() { &level } else { pitches };
    for &heading in headings {
        if !(-360.0..=360.0).contains(&heading) {
            return Err(Error::setting(
                "headings",
                format!("has {heading}; degrees clockwise from north, from 0 to 360"),
            ));
        }
        for &pitch in pitches {
            if !(-90.0..=90.0).contains(&pitch) {
                return Err(Error::setting(
                    "pitches",
                    format!("has {pitch}; degrees above the horizon, from -90 to 90"),
                ));
            }
            let heading = hundredths(heading);
            views.push(View {
                name: name(heading, pitch),
                direction: Direction::Compass(heading),
                pitch,
            });
        }
    }
    if views.is_empty() {
        return Err(Error::setting(
            "sides",
            "is empty; for instance left and right",
        ));
    }
    if views.len() > MOST_VIEWS {
        let problem = format!(
            "give {} directions from each point; at most {MOST_VIEWS}",
            views.len()
        );
        return Err(Error::setting("headings", problem));
    }
    for (number, view) in views.iter().enumerate() {
        if views[..number]
            .iter()
            .any(|before| before.name == view.name)
        {
            let field = match view.direction {
                Direction::Side(_) => "sides",
                Direction::Compass(_) => "headings",
            };
            return Err(Error::setting(field, format!("has {} twice", view.name)));
        }
    }
    Ok(views)
}

/// `h060` for 60 degrees, `h022.5up30` and `h060down45` with a pitch.
fn name(heading: u16, pitch: f64) -> String {
    let mut name = format!("h{:03}", heading / 100);
    if !heading.is_multiple_of(100) {
        let cents = format!(".{:02}", heading % 100);
        name.push_str(cents.trim_end_matches('0'));
    }
    if pitch > 0.0 {
        name.push_str(&format!("up{pitch}"));
    } else if pitch < 0.0 {
        name.push_str(&format!("down{}", -pitch));
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn six_headings_and_three_pitches_are_eighteen_views() {
        let headings = [0.0, 60.0, 120.0, 180.0, 240.0, 300.0];
        let found = views(&[], &headings, &[-45.0, 0.0, 45.0]).unwrap();
        assert_eq!(found.len(), 18);
        let names: Vec<&str> = found
            .iter()
            .take(4)
            .map(|view| view.name.as_str())
            .collect();
        assert_eq!(names, ["h000down45", "h000", "h000up45", "h060down45"]);
        assert_eq!(
            (found[3].heading(None), found[3].pitch),
            (Some(60.0), -45.0)
        );
        let mixed = views(&[Side::Ahead], &[22.5, 359.999], &[]).unwrap();
        let names: Vec<&str> = mixed.iter().map(|view| view.name.as_str()).collect();
        assert_eq!(names, ["ahead", "h022.5", "h000"]);
        assert_eq!(mixed[0].heading(Some(4648)), Some(46.48));
        assert_eq!(mixed[0].heading(None), None);
    }

    #[test]
    fn views_that_cannot_be_are_refused() {
        let field = |headings: &[f64], pitches: &[f64]| match views(&[], headings, pitches) {
            Err(Error::Setting { field, .. }) => field,
            other => panic!("{other:?}"),
        };
        assert_eq!(field(&[], &[]), "sides");
        assert_eq!(field(&[], &[45.0]), "pitches");
        assert_eq!(field(&[f64::NAN], &[]), "headings");
        assert_eq!(field(&[0.0], &[f64::NAN]), "pitches");
        assert_eq!(field(&[0.0, 360.0], &[]), "headings");
        let many: Vec<f64> = (0..65).map(f64::from).collect();
        assert_eq!(field(&many, &[]), "headings");
    }
}
