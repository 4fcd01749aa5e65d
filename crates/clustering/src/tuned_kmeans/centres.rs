//! The centres of a running k-means, laid out for looking up the nearest ones in bulk.

/// Places that are looked up at a time.
pub(super) const LANES: usize = 8;

/// Centres in metres from the middle of the area. Single precision: a centre is an estimate anyway, and half the
/// width is twice the speed.
#[derive(Clone, Debug, Default)]
pub(super) struct Centres {
    x: Vec<f32>,
    y: Vec<f32>,
}

impl Centres {
    pub(super) fn len(&self) -> usize {
        self.x.len()
    }

    pub(super) fn push(&mut self, x: f32, y: f32) {
        self.x.push(x);
        self.y.push(y);
    }

    pub(super) fn get(&self, centre: usize) -> (f32, f32) {
        (self.x[centre], self.y[centre])
    }

    pub(super) fn set(&mut self, centre: usize, (x, y): (f32, f32)) {
        self.x[centre] = x;
        self.y[centre] = y;
    }

    /// The nearest centre of each place, the first of those equally near, and its squared distance.
    pub(super) fn nearest(
        &self,
        x: &[f32; LANES],
        y: &[f32; LANES],
    ) -> ([u32; LANES], [f32; LANES]) {
        let mut least = [f32::INFINITY; LANES];
        let mut nearest = [0; LANES];
        for (centre, (cx, cy)) in self.x.iter().zip(&self.y).enumerate() {
            for lane in 0..LANES {
                let (dx, dy) = (cx - x[lane], cy - y[lane]);
                let distance = dx * dx + dy * dy;
                let nearer = distance < least[lane];
                least[lane] = if nearer { distance } else { least[lane] };
                nearest[lane] = if nearer { centre as u32 } else { nearest[lane] };
            }
        }
        (nearest, least)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_of_equally_near_centres_is_the_nearest() {
        let mut centres = Centres::default();
        for (x, y) in [(9.0, 0.0), (1.0, 0.0), (-1.0, 0.0), (0.0, 2.0)] {
            centres.push(x, y);
        }
        let (nearest, distance) = centres.nearest(
            &[0.0, 8.0, 0.0, -7.0, 0.0, 0.0, 0.0, 0.0],
            &[0.0, 0.0, 1.9, 0.0, 0.0, 0.0, 0.0, 0.0],
        );
        assert_eq!(nearest[..4], [1, 0, 3, 2]);
        assert_eq!((distance[0], distance[1], distance[3]), (1.0, 1.0, 36.0));
    }
}
