//! Bytes of RGB a second of every measure, on colours without any order: the worst case for look-ups.
#![allow(clippy::unwrap_used, clippy::panic)]

use divan::Bencher;
use divan::counter::BytesCount;
use measures::{MeasureSpec, Picture, measure};

fn main() {
    divan::main();
}

#[divan::bench(args = MeasureSpec::KINDS)]
fn random_colours(bencher: Bencher<'_, '_>, kind: &str) {
    let specs: Vec<MeasureSpec> = kind.parse().into_iter().collect();
    let mut state = 1_u32;
    let samples: Vec<u8> = std::iter::repeat_with(|| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state.to_be_bytes()[0]
    })
    .take(1024 * 1024 * 3)
    .collect();
    bencher.counter(BytesCount::of_slice(&samples)).bench(|| {
        Picture::from_bands8(1024, 1024, 3, &samples)
            .map(|picture| measure(&picture, &specs))
            .ok()
    });
}
