//! Samples as dots, coloured by what became of them.

use geo::Coord;
use maud::{Markup, html};

use super::frame::{Frame, path_data, push};

/// Up to so many, each dot has a light rim, to be seen on an area of its own colour.
const MOST_WITH_HALO: usize = 5_000;

/// What became of a sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Status {
    Waiting,
    Ok,
    Blank,
    NoImagery,
    Failed,
}

impl Status {
    /// In the order of drawing: what needs attention comes last, on top.
    pub(crate) const ALL: [Self; 5] = [
        Self::Waiting,
        Self::Ok,
        Self::Blank,
        Self::NoImagery,
        Self::Failed,
    ];

    /// From a ledger's word; a sample without one waits.
    pub(crate) fn of(word: Option<&str>) -> Self {
        match word {
            Some("ok" | "exists") => Self::Ok,
            Some("blank") => Self::Blank,
            Some("no_imagery") => Self::NoImagery,
            Some("failed") => Self::Failed,
            _ => Self::Waiting,
        }
    }

    /// Its class in `page.css`.
    pub(crate) fn class(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Ok => "ok",
            Self::Blank => "blank",
            Self::NoImagery => "no_imagery",
            Self::Failed => "failed",
        }
    }

    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Ok => "picture",
            Self::Blank => "blank picture",
            Self::NoImagery => "no imagery",
            Self::Failed => "failed",
        }
    }
}

/// The samples of each status as one path of dots; the fewer there are, the larger they are.
pub(crate) fn dots_layer(frame: &Frame, samples: &[(Coord, Status)]) -> Markup {
    let size = (160.0 / (samples.len().max(1) as f64).sqrt()).clamp(1.6, 7.0);
    html! {
        @for status in Status::ALL {
            @let path = dots(frame, samples, status);
            @if !path.is_empty() {
                @if samples.len() <= MOST_WITH_HALO {
                    path class="dots halo" stroke-width=(format!("{:.1}", size + 2.0)) d=(path_data(&path)) {}
                }
                path class={ "dots " (status.class()) } stroke-width=(format!("{size:.1}")) d=(path_data(&path)) {}
            }
        }
    }
}

/// A line of no length with round ends is a dot, and costs a dozen bytes.
fn dots(frame: &Frame, samples: &[(Coord, Status)], status: Status) -> String {
    let mut path = String::new();
    for (place, _) in samples.iter().filter(|(_, of)| *of == status) {
        push(&mut path, 'M', frame.at(*place));
        path.push_str("h0");
    }
    path
}
