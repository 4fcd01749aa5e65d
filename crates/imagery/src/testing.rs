//! What tests share: pictures, samples and a service in memory.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use tokio::time::{Instant, sleep};

use crate::fetch::Backoff;
use crate::{
    Clock, Format, Limits, MemoryStore, NoRanges, Picture, PictureStore, Reply, Request, Sample,
    Scraper, Seams, Secret, Secrets, Setup, Source, Transport, TransportFault,
};
use raster::{Pixels, Values};
use raster::{encode, geotiff::GeotiffOptions};

/// A picture of noise, another for each seed.
pub(crate) fn noise(width: u32, height: u32, seed: u32) -> Pixels {
    let values = (0..width * height * 3)
        .map(|i| {
            (i.wrapping_mul(2_654_435_761)
                .wrapping_add(seed.wrapping_mul(40_503))
                >> 13) as u8
        })
        .collect();
    Pixels::new(width, height, 3, Values::U8(values)).unwrap()
}

pub(crate) fn flat(width: u32, height: u32) -> Pixels {
    Pixels::new(
        width,
        height,
        3,
        Values::U8(vec![255; width as usize * height as usize * 3]),
    )
    .unwrap()
}

pub(crate) fn file(pixels: &Pixels, format: Format) -> Bytes {
    encode(pixels, None, format, &GeotiffOptions::default())
        .unwrap()
        .into()
}

/// So many samples in a row along a street of Zurich.
pub(crate) fn samples(count: usize) -> Vec<Sample> {
    let sample = |index: usize| Sample {
        sample_id: format!("s{index:05}"),
        lon: 8.54 + index as f64 * 1e-5,
        lat: 47.37,
        heading: Some(90.0),
        pitch: None,
        grid: None,
        key: format!("images/p/s{index:05}.png"),
    };
    (0..count).map(sample).collect()
}

/// A clock that stands still.
pub(crate) struct Still;

impl Clock for Still {
    fn now(&self) -> jiff::Timestamp {
        "2026-11-21T12:00:00Z".parse().unwrap()
    }
}

/// How the service in memory answers a request: its address, and how often it was asked before.
pub(crate) type Answer = dyn Fn(&str, usize) -> Result<Reply, TransportFault> + Send + Sync;

/// A service in memory.
pub(crate) struct Service {
    latency: Duration,
    answer: Box<Answer>,
    /// When each request came, by address.
    pub(crate) asked: Mutex<BTreeMap<String, Vec<Instant>>>,
    under_way: AtomicUsize,
    pub(crate) most_under_way: AtomicUsize,
}

impl Service {
    pub(crate) fn new(
        latency: Duration,
        answer: impl Fn(&str, usize) -> Result<Reply, TransportFault> + Send + Sync + 'static,
    ) -> Arc<Self> {
        Arc::new(Self {
            latency,
            answer: Box::new(answer),
            asked: Mutex::default(),
            under_way: AtomicUsize::new(0),
            most_under_way: AtomicUsize::new(0),
        })
    }

    /// All moments at which requests came, in order.
    pub(crate) fn moments(&self) -> Vec<Instant> {
        let mut moments: Vec<Instant> = self
            .asked
            .lock()
            .unwrap()
            .values()
            .flatten()
            .copied()
            .collect();
        moments.sort();
        moments
    }

    pub(crate) fn count(&self) -> usize {
        self.moments().len()
    }
}

#[async_trait]
impl Transport for Service {
    async fn send(&self, request: &Request) -> Result<Reply, TransportFault> {
        let url = request.shown_url().to_string();
        let before = {
            let mut asked = self.asked.lock().unwrap();
            let moments = asked.entry(url.clone()).or_default();
            moments.push(Instant::now());
            moments.len() - 1
        };
        let now = self.under_way.fetch_add(1, Ordering::SeqCst) + 1;
        self.most_under_way.fetch_max(now, Ordering::SeqCst);
        sleep(self.latency).await;
        self.under_way.fetch_sub(1, Ordering::SeqCst);
        (self.answer)(&url, before)
    }
}

pub(crate) fn reply(status: u16, body: impl Into<Bytes>) -> Reply {
    Reply {
        status,
        headers: HeaderMap::new(),
        body: body.into(),
    }
}

pub(crate) fn with_header(mut reply: Reply, name: &'static str, value: &str) -> Reply {
    reply.headers.insert(
        HeaderName::from_static(name),
        HeaderValue::from_str(value).unwrap(),
    );
    reply
}

/// A study over Mapbox, whose requests are one for each picture.
pub(crate) struct Study {
    pub(crate) source: serde_json::Value,
    pub(crate) picture: serde_json::Value,
    pub(crate) limits: Limits,
    pub(crate) workers: u32,
    pub(crate) keep_pictures: bool,
    pub(crate) store: Arc<dyn PictureStore>,
    pub(crate) backoff: Backoff,
    pub(crate) measure: Option<Arc<dyn crate::Measure>>,
    pub(crate) labels: Option<Arc<crate::labels::LabelLayer>>,
}

impl Default for Study {
    fn default() -> Self {
        Self {
            source: serde_json::json!({"kind": "mapbox", "key": "env:KEY"}),
            picture: serde_json::json!({"size_m": 50, "size_px": 64}),
            limits: Limits {
                per_second: Some(1e6),
                concurrency: Some(8),
                ..Limits::default()
            },
            workers: 1,
            keep_pictures: true,
            store: Arc::new(MemoryStore::default()),
            backoff: Backoff {
                first: Duration::from_millis(2),
                cap: Duration::from_millis(20),
            },
            measure: None,
            labels: None,
        }
    }
}

/// The key that every test source uses: it must never be seen again.
pub(crate) const KEY: &str = "hush-7f3a0bc";

impl Study {
    pub(crate) fn scraper(&self, transport: Arc<dyn Transport>) -> Scraper {
        self.scraper_with_key(transport, KEY)
    }

    pub(crate) fn scraper_with_key(&self, transport: Arc<dyn Transport>, key: &str) -> Scraper {
        let source: Source = serde_json::from_value(self.source.clone()).unwrap();
        let picture: Picture = serde_json::from_value(self.picture.clone()).unwrap();
        let mut secrets = Secrets::default();
        for name in source.secret_names() {
            secrets.insert(name, Secret::new(key));
        }
        let setup = Setup {
            source,
            picture,
            limits: self.limits.clone(),
            workers: self.workers,
            seed: 7,
            keep_pictures: self.keep_pictures,
            secrets,
            labels: self.labels.clone(),
            measure: self.measure.clone(),
        };
        let seams = Seams {
            transport,
            store: self.store.clone(),
            ranges: Arc::new(NoRanges),
            clock: Arc::new(Still),
        };
        Scraper::new(setup, seams)
            .unwrap()
            .with_backoff(self.backoff)
    }
}
