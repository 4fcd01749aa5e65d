//! What a run will take, before anything is asked of its source.

use serde::Serialize;

use crate::limits::Limits;
use crate::picture::{Format, Picture};
use crate::{Error, Source};

/// What a run will take, roughly.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Estimate {
    /// Requests, tries that fail not counted; at most `limits.max_requests`.
    pub requests: u64,
    /// Bytes that are stored.
    pub bytes: u64,
    /// Seconds that the run takes at least.
    pub seconds: f64,
    /// Price in US dollars by the service's public list, without free allowances.
    pub usd: Option<f64>,
    /// What the figures rest on.
    pub note: String,
}

/// Usual time from a request to the end of its reply, in seconds.
const USUAL_LATENCY: f64 = 0.15;

/// Estimates a run over so many samples.
///
/// # Errors
/// [`Error::Setting`] for settings that cannot be right.
pub fn estimate(
    source: &Source,
    picture: &Picture,
    limits: &Limits,
    samples: u64,
) -> Result<Estimate, Error> {
    source.check(picture)?;
    let size = picture.check()?;
    let pace = limits.share(source, 1)?;
    let needed = samples as f64 * source.requests_each(size);
    let capped = limits
        .max_requests
        .is_some_and(|most| (most as f64) < needed);
    let requests = limits
        .max_requests
        .map_or(needed, |most| needed.min(most as f64));
    let side = size.usual_px();
    let bands = picture.bands.as_ref().map_or(3, Vec::len) as f64;
    let each = side * side * bytes_per_value(picture.format) * bands;
    let by_rate = pace.per_second.map_or(0.0, |rate| requests / rate);
    let by_places = requests * USUAL_LATENCY / pace.concurrency as f64;
    let per_thousand = usd_per_thousand(source);
    let mut note = format!(
        "{:.2} requests a sample; {:.2} bytes a value as {}; {USUAL_LATENCY} s a request",
        source.requests_each(size),
        bytes_per_value(picture.format),
        picture.format
    );
    if let Some(price) = per_thousand {
        note.push_str(&format!(
            "; {price} USD for a thousand pictures by the list of 2026, without free allowances"
        ));
    }
    if capped {
        note.push_str("; max_requests ends the run before its last sample");
    }
    Ok(Estimate {
        requests: requests.ceil() as u64,
        bytes: (samples as f64 * each) as u64,
        seconds: by_rate.max(by_places),
        usd: per_thousand.map(|price| samples as f64 * price / 1000.0),
        note,
    })
}

/// Stored bytes of one value of an aerial photograph, measured on `zurich_aerial.tif`.
fn bytes_per_value(format: Format) -> f64 {
    match format {
        Format::Png | Format::Tiff => 0.7,
        Format::Webp => 0.5,
        Format::Jpeg => 0.1,
        Format::Npy => 1.0,
    }
}

/// List prices in US dollars for a thousand pictures.
fn usd_per_thousand(source: &Source) -> Option<f64> {
    match source {
        Source::Mapbox(_) => Some(1.0),
        Source::StreetView(_) => Some(7.0),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_chicago_study_takes_one_request_a_sample() {
        let source =
            serde_json::from_str(r#"{"kind": "mapbox", "key": "env:MAPBOX_TOKEN"}"#).unwrap();
        let picture: Picture = serde_json::from_str(r#"{"size_m": 50, "format": "jpeg"}"#).unwrap();
        let estimate = estimate(&source, &picture, &Limits::default(), 8010).unwrap();
        assert_eq!(estimate.requests, 8010);
        // 1,250 a minute.
        assert!((estimate.seconds - 8010.0 / 1250.0 * 60.0).abs() < 1.0);
        assert_eq!(estimate.usd, Some(8.01));
    }

    #[test]
    fn a_cap_shows_in_the_estimate() {
        let source = serde_json::from_str(r#"{"kind": "cog", "url": "a.tif"}"#).unwrap();
        let picture: Picture = serde_json::from_str(r#"{"size_m": 50}"#).unwrap();
        let limits = Limits {
            max_requests: Some(10),
            ..Limits::default()
        };
        let estimate = estimate(&source, &picture, &limits, 8010).unwrap();
        assert_eq!(estimate.requests, 10);
        assert!(estimate.note.contains("max_requests ends the run"));
    }
}
