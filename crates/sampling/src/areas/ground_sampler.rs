//! Points that are uniform over the ground of an area.

use geo::Coord;

use super::ground::{GroundDensity, MOST_DEGREES};
use super::trapezoids::Trapezoid;
use crate::random_stream::RandomStream;

/// The trapezoids of an area with the ground that they cover.
pub(crate) struct GroundSampler {
    trapezoids: Vec<Trapezoid>,
    /// Square metres of the trapezoids up to and with each.
    up_to: Vec<f64>,
    /// For each of as many equal parts of the area as there are trapezoids, the one that the part begins in: what is sought
    /// lies between two of them (the guide table of Chen and Asau 1974), and not all over `up_to`.
    guide: Vec<u32>,
}

impl GroundSampler {
    /// Coordinates are longitude and latitude in degrees on WGS 84.
    pub(crate) fn over(trapezoids: Vec<Trapezoid>) -> Self {
        let trapezoids: Vec<Trapezoid> = trapezoids.iter().flat_map(low_enough).collect();
        let up_to: Vec<f64> = trapezoids
            .iter()
            .scan(0.0, |sum, trapezoid| {
                *sum += Strip::of(trapezoid).ground();
                Some(*sum)
            })
            .collect();
        let part = up_to.last().copied().unwrap_or(0.0) / up_to.len() as f64;
        let mut at = 0;
        let guide = (0..up_to.len())
            .map(|number| {
                while up_to
                    .get(at)
                    .is_some_and(|&sum| sum <= number as f64 * part)
                {
                    at += 1;
                }
                at as u32
            })
            .collect();
        Self {
            trapezoids,
            up_to,
            guide,
        }
    }

    /// The trapezoid that holds the square metre `sought`, counted from the first.
    fn holding(&self, sought: f64) -> usize {
        let part = sought / self.area_m2() * self.guide.len() as f64;
        // The quotient may round across the border of a part, so the parts on both sides count.
        let number = part as usize;
        let bound = |number: usize| self.guide.get(number).map(|&at| at as usize);
        let low = bound(number.saturating_sub(1)).unwrap_or(0);
        let high = bound(number + 2)
            .map_or(self.up_to.len(), |at| at + 1)
            .min(self.up_to.len());
        let between = self.up_to.get(low..high).unwrap_or_default();
        low + between.partition_point(|&sum| sum <= sought)
    }

    /// Area on the ground in square metres.
    pub(crate) fn area_m2(&self) -> f64 {
        self.up_to.last().copied().unwrap_or(0.0)
    }

    /// One point: a trapezoid by its ground, a latitude by the ground south of it, a longitude
    /// evenly. `None` without an area. Longitude may lie beyond 180 degrees, as the area does.
    pub(crate) fn draw(&self, random: &mut RandomStream) -> Option<Coord> {
        let sought = random.unit() * self.area_m2();
        let trapezoid = self.trapezoids.get(self.holding(sought))?;
        let t = Strip::of(trapezoid).height_with(random.unit());
        let at = |[south, north]: [f64; 2]| south + t * (north - south);
        let west = at([trapezoid.at_south[0], trapezoid.at_north[0]]);
        let east = at([trapezoid.at_south[1], trapezoid.at_north[1]]);
        Some(Coord {
            x: west + random.unit() * (east - west),
            y: at([trapezoid.south, trapezoid.north]),
        })
    }
}

/// A trapezoid cut into equal heights for which [`GroundDensity`] is right.
fn low_enough(trapezoid: &Trapezoid) -> impl Iterator<Item = Trapezoid> + use<> {
    let whole = *trapezoid;
    let pieces = ((whole.north - whole.south) / MOST_DEGREES).ceil().max(1.0);
    let at = move |from: f64, to: f64, piece: u32| {
        if f64::from(piece) == pieces {
            to
        } else {
            from + (to - from) * f64::from(piece) / pieces
        }
    };
    let sides =
        move |piece| [0, 1].map(|side| at(whole.at_south[side], whole.at_north[side], piece));
    (0..)
        .take_while(move |&piece| f64::from(piece) < pieces)
        .map(move |piece| Trapezoid {
            south: at(whole.south, whole.north, piece),
            north: at(whole.south, whole.north, piece + 1),
            at_south: sides(piece),
            at_north: sides(piece + 1),
        })
}

/// A trapezoid as far as its ground is concerned: two widths, a height and a density.
struct Strip {
    width: [f64; 2],
    height: f64,
    density: GroundDensity,
}

impl Strip {
    fn of(trapezoid: &Trapezoid) -> Self {
        let width = |[west, east]: [f64; 2]| (east - west).max(0.0);
        Self {
            width: [width(trapezoid.at_south), width(trapezoid.at_north)],
            height: trapezoid.north - trapezoid.south,
            density: GroundDensity::between(trapezoid.south, trapezoid.north),
        }
    }

    fn under(&self, t: f64) -> f64 {
        self.density.under(self.width[0], self.width[1], t)
    }

    /// Square metres.
    fn ground(&self) -> f64 {
        self.under(1.0) * self.height
    }

    /// The height `t` in `[0, 1]` below which lies `share` of the ground: Newton's method, kept
    /// between bounds, from the answer for constant density.
    fn height_with(&self, share: f64) -> f64 {
        let [w0, w1] = self.width;
        let sought = share * self.under(1.0);
        let root = (w0 * w0 + share * (w1 * w1 - w0 * w0)).max(0.0).sqrt();
        let mut t = (share * (w0 + w1) / (w0 + root)).clamp(0.0, 1.0);
        if t.is_nan() {
            return 0.0;
        }
        let (mut low, mut high) = (0.0, 1.0);
        // a few steps do; the bounds halve the interval where the ground vanishes at a pole
        for _ in 0..60 {
            let excess = self.under(t) - sought;
            if excess > 0.0 {
                high = t;
            } else {
                low = t;
            }
            let newton = t - excess / ((w0 + (w1 - w0) * t) * self.density.at(t));
            let between = newton > low && newton < high;
            let next = if between {
                newton
            } else {
                f64::midpoint(low, high)
            };
            // after a step of Newton's the error is of the order of its square
            let enough = if between { 1e-9 } else { 1e-15 };
            let step = (next - t).abs();
            t = next;
            if step < enough {
                break;
            }
        }
        t
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trapezoid(south: f64, north: f64, w0: f64, w1: f64) -> Trapezoid {
        Trapezoid {
            south,
            north,
            at_south: [0.0, w0],
            at_north: [0.0, w1],
        }
    }

    #[test]
    fn half_of_the_hemisphere_lies_below_thirty_degrees() {
        // on a sphere exactly; the ellipsoid's authalic latitude of 30 degrees is 29.889 degrees
        let northern = GroundSampler::over(vec![trapezoid(0.0, 90.0, 360.0, 360.0)]);
        let southern_half = GroundSampler::over(vec![trapezoid(0.0, 30.111_1, 360.0, 360.0)]);
        let share = southern_half.area_m2() / northern.area_m2();
        assert!((share - 0.5).abs() < 1e-5, "{share}");
    }

    #[test]
    fn the_guide_finds_what_a_search_through_everything_finds() {
        let widths = (1..400).map(|n| f64::from(n * n % 37) * 0.01);
        let strips = widths.enumerate().map(|(n, width)| {
            let south = n as f64 * 0.1;
            trapezoid(south, south + 0.1, width, width)
        });
        let sampler = GroundSampler::over(strips.collect());
        for step in 0..100_000 {
            let sought = f64::from(step) / 100_000.0 * sampler.area_m2();
            let all = sampler.up_to.partition_point(|&sum| sum <= sought);
            assert_eq!(sampler.holding(sought), all, "{sought}");
        }
        for &sum in &sampler.up_to {
            let all = sampler.up_to.partition_point(|&other| other <= sum);
            assert_eq!(sampler.holding(sum), all, "{sum}");
        }
    }

    #[test]
    fn the_height_found_holds_the_share_asked_for() {
        for (south, north, w0, w1) in [
            (0.0, 7.0, 1.0, 1.0),
            (83.0, 90.0, 5.0, 5.0),
            (83.0, 90.0, 5.0, 0.0),
            (-90.0, -83.0, 0.0, 5.0),
            (50.0, 50.000_001, 0.0, 1e-9),
        ] {
            let strip = Strip::of(&trapezoid(south, north, w0, w1));
            for step in 0..=100 {
                let share = f64::from(step) / 100.0;
                let t = strip.height_with(share);
                let got = strip.under(t) / strip.under(1.0);
                assert!(
                    (0.0..=1.0).contains(&t) && (got - share).abs() < 1e-12,
                    "{south} {share} {got}"
                );
            }
        }
    }

    #[test]
    fn cutting_a_tall_trapezoid_changes_nothing() {
        let tall = trapezoid(-10.0, 70.0, 10.0, 2.0);
        let pieces: Vec<Trapezoid> = low_enough(&tall).collect();
        assert_eq!(pieces.len(), 11);
        assert_eq!(pieces[0].south, -10.0);
        assert_eq!(pieces[10].north, 70.0);
        assert!(
            pieces
                .windows(2)
                .all(|w| w[0].north == w[1].south && w[0].at_north == w[1].at_south)
        );
        assert!(
            pieces
                .iter()
                .all(|piece| piece.north - piece.south <= MOST_DEGREES)
        );
    }
}
