//! Counts the green pixels of raw RGB several times over: the peer of `benches/measures.py`.
//!
//! `green_throughput FILE ROUNDS`, where FILE holds RGB bytes and nothing else.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::hint::black_box;

use measures::{MeasureSpec, Picture, measure};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(file), Some(rounds)) = (arguments.next(), arguments.next()) else {
        return Err("usage: green_throughput FILE ROUNDS".into());
    };
    let samples = std::fs::read(file)?;
    let pixels = samples.len() / 3;
    let measures: Vec<MeasureSpec> = vec!["green".parse()?];
    let picture = Picture::from_bands8(u32::try_from(pixels)?, 1, 3, &samples)?;
    let mut share = 0.0;
    for _ in 0..rounds.parse()? {
        share = measure(black_box(&picture), &measures)
            .first()
            .copied()
            .flatten()
            .unwrap_or_default();
    }
    println!("{}", (share * pixels as f64).round());
    Ok(())
}
