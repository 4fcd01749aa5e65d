//! The smallest circle around a set of points.
//!
//! Welzl, "Smallest enclosing disks (balls and ellipsoids)", LNCS 555, 1991, in its iterative form over the corners of the
//! convex hull, which hold the circle and are few.

use geo::Coord;

use crate::convex_hull::convex_hull_into;

/// A circle in the plane, in the unit of its points.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Circle {
    /// The centre.
    pub centre: Coord,
    /// The radius.
    pub radius: f64,
}

impl Circle {
    const NONE: Self = Self {
        centre: Coord { x: 0.0, y: 0.0 },
        radius: 0.0,
    };

    /// Whether a point lies inside, or outside by no more than rounding.
    fn holds(&self, point: Coord) -> bool {
        let (dx, dy) = (point.x - self.centre.x, point.y - self.centre.y);
        let limit = self.radius * (1.0 + 1e-12);
        dx * dx + dy * dy <= limit * limit
    }

    fn through_two(a: Coord, b: Coord) -> Self {
        let centre = Coord {
            x: 0.5 * (a.x + b.x),
            y: 0.5 * (a.y + b.y),
        };
        Self {
            centre,
            radius: distance(centre, a).max(distance(centre, b)),
        }
    }

    /// The circle through three points; none if they lie on a line.
    fn through_three(a: Coord, b: Coord, c: Coord) -> Option<Self> {
        // Relative to a, so that far origins cost no digits.
        let (bx, by, cx, cy) = (b.x - a.x, b.y - a.y, c.x - a.x, c.y - a.y);
        let cross = 2.0 * (bx * cy - by * cx);
        let (bb, cc) = (bx * bx + by * by, cx * cx + cy * cy);
        let (ux, uy) = ((cy * bb - by * cc) / cross, (bx * cc - cx * bb) / cross);
        let centre = Coord {
            x: a.x + ux,
            y: a.y + uy,
        };
        let radius = distance(centre, a)
            .max(distance(centre, b))
            .max(distance(centre, c));
        radius.is_finite().then_some(Self { centre, radius })
    }
}

fn distance(a: Coord, b: Coord) -> f64 {
    (a.x - b.x).hypot(a.y - b.y)
}

/// The smallest circle around `points`, which are reordered; radius 0 for one point or none.
///
/// ```
/// use clustering::enclosing_circle;
/// use geo::coord;
/// let mut corners = [coord! { x: 0.0, y: 0.0 }, coord! { x: 6.0, y: 0.0 }, coord! { x: 6.0, y: 8.0 }];
/// assert_eq!(enclosing_circle(&mut corners).radius, 5.0);
/// ```
#[must_use]
pub fn enclosing_circle(points: &mut [Coord]) -> Circle {
    CircleFinder::default().find(points)
}

/// [`enclosing_circle`] for many sets: keeps its buffer between them.
#[derive(Debug, Default)]
pub struct CircleFinder {
    hull: Vec<Coord>,
}

impl CircleFinder {
    /// The smallest circle around `points`, which are reordered.
    pub fn find(&mut self, points: &mut [Coord]) -> Circle {
        convex_hull_into(points, &mut self.hull);
        around_hull(&self.hull)
    }
}

/// The smallest circle around the corners of a hull. The corners are walked in steps far apart, as a shuffle would: in
/// order around the hull the circle would grow a little at almost every corner.
fn around_hull(hull: &[Coord]) -> Circle {
    let n = hull.len();
    let Some(&first) = hull.first() else {
        return Circle::NONE;
    };
    let step = coprime_step(n);
    let corner = |i: usize| hull[(i * step) % n];
    let mut circle = Circle {
        centre: first,
        radius: 0.0,
    };
    for i in 1..n {
        if circle.holds(corner(i)) {
            continue;
        }
        circle = Circle {
            centre: corner(i),
            radius: 0.0,
        };
        for j in 0..i {
            if circle.holds(corner(j)) {
                continue;
            }
            circle = Circle::through_two(corner(i), corner(j));
            for k in 0..j {
                if !circle.holds(corner(k)) {
                    circle =
                        Circle::through_three(corner(i), corner(j), corner(k)).unwrap_or(circle);
                }
            }
        }
    }
    circle
}

/// A step near the golden section of n without a common divisor with it.
fn coprime_step(n: usize) -> usize {
    let start = n * 382 / 1000;
    (start.max(1)..=n)
        .find(|&step| gcd(step, n) == 1)
        .unwrap_or(1)
}

fn gcd(a: usize, b: usize) -> usize {
    if b == 0 { a } else { gcd(b, a % b) }
}
