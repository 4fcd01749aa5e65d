//! Random numbers that depend on a seed, a stratum and a step of the work, and on nothing else.
//!
//! Adding a stratum, or listing strata in another order, changes no other stratum's draw; two strata never share numbers.

use rand::{Rng, SeedableRng};
use rand_pcg::Pcg64;
use sha2::{Digest, Sha256};

/// A stream of uniform numbers.
#[derive(Clone, Debug)]
pub struct Stream(Pcg64);

impl Stream {
    /// The stream of a step of the work (`"draw"`, `"reserve"`, ...) in a stratum under a seed.
    ///
    /// SHA-256 makes the states of similar names unrelated; PCG-XSL-RR 128/64 (O'Neill 2014) draws.
    #[must_use]
    pub fn of(seed: u64, stratum: &str, step: &str) -> Self {
        let mut hash = Sha256::new();
        hash.update(seed.to_le_bytes());
        // The length keeps ("ab", "c") apart from ("a", "bc").
        hash.update((stratum.len() as u64).to_le_bytes());
        hash.update(stratum.as_bytes());
        hash.update(step.as_bytes());
        Self(Pcg64::from_seed(hash.finalize().into()))
    }

    /// The next number in `[0, 1)`: the upper 53 bits, so that every value is exact and 1 is never reached.
    pub fn unit(&mut self) -> f64 {
        const STEP: f64 = 1.0 / (1_u64 << 53) as f64;
        (self.0.next_u64() >> 11) as f64 * STEP
    }

    /// A whole number below `end`, all equally likely; 0 if `end` is 0.
    pub fn below(&mut self, end: usize) -> usize {
        let end = end as u64;
        if end == 0 {
            return 0;
        }
        // Numbers of the last, incomplete round are thrown away: they would favour the small ones.
        let whole = u64::MAX - u64::MAX % end;
        loop {
            let number = self.0.next_u64();
            if number < whole {
                return (number % end) as usize;
            }
        }
    }

    /// `0..len` in random order.
    pub fn permutation(&mut self, len: usize) -> Vec<usize> {
        let mut order: Vec<usize> = (0..len).collect();
        for last in (1..len).rev() {
            let other = self.below(last + 1);
            order.swap(last, other);
        }
        order
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_differ_by_seed_stratum_and_step() {
        let draw = |seed, stratum, step| {
            let mut stream = Stream::of(seed, stratum, step);
            [stream.unit(), stream.unit()]
        };
        let first = draw(1, "N", "draw");
        assert_eq!(first, draw(1, "N", "draw"));
        for other in [
            draw(2, "N", "draw"),
            draw(1, "S", "draw"),
            draw(1, "N", "reserve"),
            draw(1, "Nd", "raw"),
        ] {
            assert_ne!(first, other);
        }
    }

    #[test]
    fn every_order_of_three_comes_equally_often() {
        let mut stream = Stream::of(4, "", "test");
        let mut counts = std::collections::BTreeMap::new();
        for _ in 0..6000 {
            *counts.entry(stream.permutation(3)).or_insert(0) += 1;
        }
        assert_eq!(counts.len(), 6);
        // 1000 expected, standard deviation 29
        assert!(
            counts.values().all(|count| (880..1120).contains(count)),
            "{counts:?}"
        );
    }
}
