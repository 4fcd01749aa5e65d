//! Random numbers that depend on a seed and a name, and on nothing else.
//!
//! Every area draws from a stream of its own, so that the points of an area are the same whatever
//! else is planned beside it, in whatever order, in however many batches.

use rand::{Rng, SeedableRng};
use rand_pcg::Pcg64;
use sha2::{Digest, Sha256};

/// A stream of uniform numbers in `[0, 1)`.
pub(crate) struct RandomStream(Pcg64);

impl RandomStream {
    /// The stream of `name` under `seed`.
    ///
    /// SHA-256 makes the states of similar names unrelated; PCG-XSL-RR 128/64 (O'Neill 2014) draws.
    pub(crate) fn of(seed: u64, name: &str) -> Self {
        let mut hash = Sha256::new();
        hash.update(seed.to_le_bytes());
        hash.update(name.as_bytes());
        Self(Pcg64::from_seed(hash.finalize().into()))
    }

    /// The next number: the upper 53 bits, so that every value is exact and 1 is never reached.
    pub(crate) fn unit(&mut self) -> f64 {
        const STEP: f64 = 1.0 / (1_u64 << 53) as f64;
        (self.0.next_u64() >> 11) as f64 * STEP
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_and_name_give_the_same_stream_and_others_do_not() {
        let draw = |seed, name| {
            let mut stream = RandomStream::of(seed, name);
            [stream.unit(), stream.unit(), stream.unit()]
        };
        assert_eq!(draw(7, "a"), draw(7, "a"));
        assert_ne!(draw(7, "a"), draw(8, "a"));
        assert_ne!(draw(7, "a"), draw(7, "b"));
    }
}
