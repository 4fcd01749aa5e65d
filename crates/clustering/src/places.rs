//! What is clustered: places with a position, a weight and perhaps an outline.

use geo::Coord;

/// Places to cluster, in projected metres. All slices but `outlines` have one entry a place.
///
/// Both methods depend on the order of the places; `cluster_table` sorts them by position first, so
/// that the order of the rows does not matter.
#[derive(Debug, Clone, Copy)]
pub struct Places<'a> {
    /// Position: the point, or the centroid of the polygon.
    pub centres: &'a [Coord],
    /// Finite weights, zero or more.
    pub weights: &'a [f64],
    /// Corners that a cluster's radius must enclose; `None` when the places are points.
    pub outlines: Option<Outlines<'a>>,
}

impl<'a> Places<'a> {
    /// Number of places.
    #[must_use]
    pub fn len(&self) -> usize {
        self.centres.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.centres.is_empty()
    }

    /// The points that the radius of a cluster with this place must enclose.
    #[must_use]
    pub fn corners(&self, place: usize) -> &'a [Coord] {
        match self.outlines {
            Some(outlines) => outlines.of(place),
            None => &self.centres[place..=place],
        }
    }
}

/// The corners of each place's convex hull, one place after the other.
#[derive(Debug, Clone, Copy)]
pub struct Outlines<'a> {
    /// Where each place's corners begin in `corners`; one longer than the number of places.
    pub starts: &'a [usize],
    /// All corners.
    pub corners: &'a [Coord],
}

impl<'a> Outlines<'a> {
    /// The corners of one place.
    #[must_use]
    pub fn of(&self, place: usize) -> &'a [Coord] {
        &self.corners[self.starts[place]..self.starts[place + 1]]
    }
}

/// Some of the places, on their own.
pub(crate) struct Part {
    centres: Vec<Coord>,
    pub weights: Vec<f64>,
    /// Where the corners of each place begin, and the corners.
    outlines: Option<(Vec<usize>, Vec<Coord>)>,
}

impl Part {
    pub fn new(places: &Places<'_>, members: &[u32]) -> Self {
        let outlines = places.outlines.map(|outlines| {
            let mut starts = vec![0];
            let mut corners = Vec::new();
            for &member in members {
                corners.extend_from_slice(outlines.of(member as usize));
                starts.push(corners.len());
            }
            (starts, corners)
        });
        Self {
            centres: members
                .iter()
                .map(|&member| places.centres[member as usize])
                .collect(),
            weights: members
                .iter()
                .map(|&member| places.weights[member as usize])
                .collect(),
            outlines,
        }
    }

    pub fn places(&self) -> Places<'_> {
        let outlines = self
            .outlines
            .as_ref()
            .map(|(starts, corners)| Outlines { starts, corners });
        Places {
            centres: &self.centres,
            weights: &self.weights,
            outlines,
        }
    }
}
