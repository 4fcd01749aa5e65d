//! Independent random streams of one seed: each subject (coast, people, names …) draws from its own, so that a
//! change to one leaves the others as they were.

use fastnoise_lite::{FastNoiseLite, FractalType, NoiseType};
use rand::SeedableRng;
use rand_pcg::Pcg64;

/// What a stream is for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Subject {
    Layout = 1,
    Border,
    Lakes,
    EmptyLand,
    Countryside,
    Settlements,
    People,
    Names,
    Rooftops,
    Soil,
    Streets,
    Houses,
    Woods,
    Trees,
}

/// One step of Steele, Lea and Flood's `SplitMix64` (OOPSLA 2014): far-apart values from near seeds.
fn spread(seed: u64, subject: Subject) -> u64 {
    let mut z = seed.wrapping_add((subject as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15));
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// The random stream of a subject.
pub(crate) fn stream(seed: u64, subject: Subject) -> Pcg64 {
    Pcg64::seed_from_u64(spread(seed, subject))
}

/// Smooth fractal noise in -1..1.
pub(crate) struct Noise {
    noise: FastNoiseLite,
    size: f64,
}

impl Noise {
    /// Noise whose largest bumps are about `size` units across.
    pub(crate) fn new(seed: u64, subject: Subject, size: f64) -> Self {
        let bytes = spread(seed, subject).to_le_bytes();
        let mut noise =
            FastNoiseLite::with_seed(i32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]));
        noise.set_noise_type(Some(NoiseType::OpenSimplex2));
        noise.set_fractal_type(Some(FractalType::FBm));
        noise.set_fractal_octaves(Some(4));
        noise.set_frequency(Some(1.0));
        Self { noise, size }
    }

    /// The noise at a place.
    pub(crate) fn at(&self, x: f64, y: f64) -> f64 {
        f64::from(
            self.noise
                .get_noise_2d((x / self.size) as f32, (y / self.size) as f32),
        )
    }
}
