//! The smallest circle around a set of points.
//!
//! Points are taken in by the farthest-first rule of Gärtner, "Fast and robust smallest enclosing balls", ESA 1999: the circle is
//! that of two or three points; the point farthest outside is exchanged for one of them, as in Welzl, "Smallest enclosing disks",
//! 1991, until none is outside. A handful of passes over the points, no sorting, no hull.

use geo::Coord;

/// A circle in the plane, in the unit of its points.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Circle {
    /// The centre.
    pub centre: Coord,
    /// The radius.
    pub radius: f64,
}

/// Distances equal within this factor count as equal.
const ROUNDING: f64 = 1.0 + 1e-12;
/// Points on a circle may lie this far off it when the next circle is chosen.
const LOOSE: f64 = 1.0 + 1e-9;

/// The smallest circle around `points`; radius 0 for one point or none.
///
/// ```
/// use clustering::enclosing_circle;
/// use geo::coord;
/// let corners = [coord! { x: 0.0, y: 0.0 }, coord! { x: 6.0, y: 0.0 }, coord! { x: 6.0, y: 8.0 }];
/// assert_eq!(enclosing_circle(&corners).radius, 5.0);
/// ```
#[must_use]
pub fn enclosing_circle(points: &[Coord]) -> Circle {
    let Some(&any) = points.first() else {
        return Circle {
            centre: Coord::default(),
            radius: 0.0,
        };
    };
    let one_end = farthest(points, any).0;
    let other_end = farthest(points, one_end).0;
    let mut support = Support::of_two(one_end, other_end);
    loop {
        let (outside, distance) = farthest(points, support.circle.centre);
        if distance <= support.circle.radius * ROUNDING {
            break;
        }
        match support.taking_in(outside) {
            // Rounding can make points on one circle take turns: the radius must grow.
            Some(next) if next.circle.radius > support.circle.radius => support = next,
            _ => break,
        }
    }
    let centre = support.circle.centre;
    Circle {
        centre,
        radius: farthest(points, centre).1,
    }
}

fn farthest(points: &[Coord], from: Coord) -> (Coord, f64) {
    let mut best = (from, 0.0);
    // Eight at a time, so that the processor can take several at once and rarely guesses wrong.
    let (eights, rest) = points.as_chunks::<8>();
    for eight in eights {
        let squared = eight.map(|point| squared_distance(point, from));
        let most = squared
            .iter()
            .fold(best.1, |a, &b| if b > a { b } else { a });
        if most > best.1 {
            let at = squared.iter().position(|&squared| squared == most);
            best = (at.map_or(from, |at| eight[at]), most);
        }
    }
    for &point in rest {
        let squared = squared_distance(point, from);
        if squared > best.1 {
            best = (point, squared);
        }
    }
    (best.0, best.1.sqrt())
}

fn squared_distance(a: Coord, b: Coord) -> f64 {
    let (dx, dy) = (a.x - b.x, a.y - b.y);
    dx * dx + dy * dy
}

/// A circle and the two or three points that hold it.
#[derive(Clone, Copy)]
struct Support {
    circle: Circle,
    points: [Coord; 3],
    count: usize,
}

impl Support {
    fn of_two(a: Coord, b: Coord) -> Self {
        let centre = Coord {
            x: 0.5 * (a.x + b.x),
            y: 0.5 * (a.y + b.y),
        };
        let radius = squared_distance(a, b).sqrt() * 0.5;
        Self {
            circle: Circle { centre, radius },
            points: [a, b, b],
            count: 2,
        }
    }

    /// The circle through three points; none if they lie on a line.
    fn of_three(a: Coord, b: Coord, c: Coord) -> Option<Self> {
        // Relative to a, so that far origins cost no digits.
        let (bx, by, cx, cy) = (b.x - a.x, b.y - a.y, c.x - a.x, c.y - a.y);
        let cross = 2.0 * (bx * cy - by * cx);
        let (bb, cc) = (bx * bx + by * by, cx * cx + cy * cy);
        let (ux, uy) = ((cy * bb - by * cc) / cross, (bx * cc - cx * bb) / cross);
        let circle = Circle {
            centre: Coord {
                x: a.x + ux,
                y: a.y + uy,
            },
            radius: ux.hypot(uy),
        };
        circle.radius.is_finite().then_some(Self {
            circle,
            points: [a, b, c],
            count: 3,
        })
    }

    /// The smallest circle around these points and another, which lies outside and so on the new circle.
    fn taking_in(&self, outside: Coord) -> Option<Self> {
        let held = &self.points[..self.count];
        let pairs = held.iter().map(|&a| Some(Self::of_two(a, outside)));
        let triples = held.iter().enumerate().flat_map(|(i, &a)| {
            held[..i]
                .iter()
                .map(move |&b| Self::of_three(a, b, outside))
        });
        pairs
            .chain(triples)
            .flatten()
            .filter(|next| held.iter().all(|&point| next.holds(point)))
            .min_by(|a, b| a.circle.radius.total_cmp(&b.circle.radius))
    }

    fn holds(&self, point: Coord) -> bool {
        let limit = self.circle.radius * LOOSE;
        squared_distance(point, self.circle.centre) <= limit * limit
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use geo::coord;
    use proptest::prelude::*;

    #[test]
    fn one_point_or_none_has_no_radius() {
        assert_eq!(enclosing_circle(&[]).radius, 0.0);
        let alone = coord! { x: 3.0, y: 4.0 };
        assert_eq!(enclosing_circle(&[alone, alone]).radius, 0.0);
        assert_eq!(enclosing_circle(&[alone]).centre, alone);
    }

    #[test]
    fn an_equilateral_triangle_is_held_by_its_three_corners() {
        let points = [0.0, 1.0, 2.0].map(|third: f64| {
            let angle = third * std::f64::consts::TAU / 3.0;
            coord! { x: 5e5 + 10.0 * angle.cos(), y: 8e5 + 10.0 * angle.sin() }
        });
        let circle = enclosing_circle(&points);
        assert!((circle.radius - 10.0).abs() < 1e-9);
        assert!((circle.centre.x - 5e5).abs() < 1e-9);
    }

    #[test]
    fn an_obtuse_triangle_is_held_by_its_longest_side() {
        let points = [(0.0, 0.0), (10.0, 0.0), (5.0, 1.0)].map(|(x, y)| coord! { x: x, y: y });
        assert_eq!(enclosing_circle(&points).radius, 5.0);
    }

    /// By definition: the smallest of all circles through two or three points that hold the rest.
    fn by_definition(points: &[Coord]) -> f64 {
        let mut best = f64::INFINITY;
        for (i, &a) in points.iter().enumerate() {
            for (j, &b) in points.iter().enumerate().take(i) {
                let thirds = points[..j]
                    .iter()
                    .filter_map(|&c| Support::of_three(a, b, c));
                for circle in std::iter::once(Support::of_two(a, b)).chain(thirds) {
                    if points.iter().all(|&point| circle.holds(point)) {
                        best = best.min(circle.circle.radius);
                    }
                }
            }
        }
        best
    }

    proptest! {
        #[test]
        fn the_circle_is_the_smallest_that_holds_all_points(
            points in prop::collection::vec((0i32..40, 0i32..40), 2..12)
        ) {
            let points: Vec<Coord> = points
                .into_iter()
                .map(|(x, y)| coord! { x: f64::from(x) * 92.3, y: f64::from(y) * 91.7 })
                .collect();
            let found = enclosing_circle(&points).radius;
            prop_assert!((found - by_definition(&points)).abs() <= 1e-6 * (1.0 + found));
        }
    }
}
