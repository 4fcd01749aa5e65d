//! Sources that read rasters by ranges, over real HTTP.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use geo::coord;
use serde_json::{Value, json};
use tables::{Crs, Projection};
use wiremock::matchers::{method, path, query_param, query_param_contains};
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

use crate::fetch::HttpTransport;
use crate::testing::{Study, noise};
use crate::{
    Batch, BatchOutcome, Error, Grid, Halt, MemoryStore, NoProgress, Pixels, Sample, Status, Stop,
    Values,
};
use raster::geotiff::{GeotiffOptions, write_geotiff};

const CORNER: (f64, f64) = (2_683_000.0, 1_248_000.0);

/// Serves byte ranges of a file, now and then with an error first.
struct Ranges {
    bytes: Vec<u8>,
    requests: Arc<AtomicUsize>,
    fail_every: usize,
}

impl Respond for Ranges {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let number = self.requests.fetch_add(1, Ordering::SeqCst) + 1;
        if self.fail_every > 0 && number.is_multiple_of(self.fail_every) {
            return ResponseTemplate::new(503);
        }
        let range = request
            .headers
            .get("range")
            .unwrap()
            .to_str()
            .unwrap()
            .strip_prefix("bytes=")
            .unwrap()
            .to_owned();
        let (from, to) = range.split_once('-').unwrap();
        let (from, to): (usize, usize) = (from.parse().unwrap(), to.parse().unwrap());
        if from >= self.bytes.len() {
            return ResponseTemplate::new(416);
        }
        ResponseTemplate::new(206).set_body_bytes(&self.bytes[from..(to + 1).min(self.bytes.len())])
    }
}

fn raster(pixels: &Pixels) -> Vec<u8> {
    let crs = Crs::from_epsg(2056).unwrap();
    let grid = Grid {
        crs,
        origin: CORNER,
        pixel: (0.5, 0.5),
        width: pixels.width(),
        height: pixels.height(),
    };
    write_geotiff(pixels, &grid, &GeotiffOptions::default()).unwrap()
}

/// The sample whose picture of 64 pixels begins at a column and row of the raster.
fn at(column: u32, row: u32) -> Sample {
    let x = CORNER.0 + f64::from(column + 32) * 0.5;
    let y = CORNER.1 - f64::from(row + 32) * 0.5;
    let mut place = [coord! { x: x, y: y }];
    Projection::between(&Crs::from_epsg(2056).unwrap(), &Crs::wgs84())
        .unwrap()
        .project(&mut place)
        .unwrap();
    let sample_id = format!("{column}-{row}");
    let key = format!("{sample_id}.png");
    Sample {
        sample_id,
        lon: place[0].x,
        lat: place[0].y,
        heading: None,
        pitch: None,
        grid: None,
        key,
    }
}

fn cut(pixels: &Pixels, column: u32, row: u32) -> Vec<u8> {
    let bytes = pixels.bytes().unwrap();
    let line = |y: u32| {
        let start = ((row + y) * pixels.width() + column) as usize * 3;
        bytes[start..start + 64 * 3].to_vec()
    };
    (0..64).flat_map(line).collect()
}

async fn scrape(
    source: Value,
    picture: Value,
    samples: &[Sample],
    store: Arc<MemoryStore>,
) -> BatchOutcome {
    let study = Study {
        source,
        picture,
        store,
        ..Study::default()
    };
    let scraper = study.scraper(Arc::new(HttpTransport::new().unwrap()));
    let batch = Batch {
        samples,
        known: &[],
        max_requests: None,
        progress: &NoProgress,
    };
    scraper.scrape_batch(batch, &Stop::never()).await.unwrap()
}

#[tokio::test]
async fn windows_come_over_http_and_no_tile_twice() {
    let pixels = noise(700, 600, 5);
    let requests = Arc::new(AtomicUsize::new(0));
    let server = MockServer::start().await;
    let ranges = Ranges {
        bytes: raster(&pixels),
        requests: requests.clone(),
        fail_every: 5,
    };
    Mock::given(method("GET"))
        .and(path("/zurich.tif"))
        .respond_with(ranges)
        .mount(&server)
        .await;
    let samples: Vec<Sample> = (0..30).map(|i| at(i * 20, i * 17)).collect();
    let store = Arc::new(MemoryStore::default());
    let source = json!({"kind": "cog", "url": format!("{}/zurich.tif", server.uri())});
    let outcome = scrape(source, json!({"size_px": 64}), &samples, store.clone()).await;
    assert_eq!(outcome.counts.ok, 30, "{:?}", outcome.rows);
    let objects = store.objects();
    for (index, sample) in (0..30).zip(&samples) {
        let picture = Pixels::decode(&objects[&sample.key]).unwrap();
        assert_eq!(
            picture.bytes().unwrap(),
            cut(&pixels, index * 20, index * 17),
            "{}",
            sample.sample_id
        );
    }
    // Nine tiles, a header in a few reads, and a fifth of them again.
    assert!(
        requests.load(Ordering::SeqCst) <= 18,
        "{}",
        requests.load(Ordering::SeqCst)
    );
    assert_eq!(outcome.requests as usize, requests.load(Ordering::SeqCst));
}

#[tokio::test]
async fn a_raster_that_cannot_be_read_ends_the_run_and_says_what_would_do() {
    let cases: [(Vec<u8>, &str); 2] = [
        (b"<html>not here</html>".to_vec(), ""),
        (b"II\x2a\x00\x08\x00\x00\x00\xff\xff".to_vec(), ""),
    ];
    for (bytes, words) in cases {
        let server = MockServer::start().await;
        let ranges = Ranges {
            bytes,
            requests: Arc::default(),
            fail_every: 0,
        };
        Mock::given(method("GET"))
            .and(path("/a.tif"))
            .respond_with(ranges)
            .mount(&server)
            .await;
        let source = json!({"kind": "cog", "url": format!("{}/a.tif", server.uri())});
        let outcome = scrape(source, json!({"size_px": 64}), &[at(0, 0)], Arc::default()).await;
        let Some(Halt::Failed(error @ Error::Raster { .. })) = outcome.halt else {
            panic!("{:?}", outcome.halt)
        };
        assert!(
            error
                .to_string()
                .starts_with(&format!("{}/a.tif: ", server.uri())),
            "{error}"
        );
        assert!(error.to_string().contains(words), "{error}");
    }
}

#[tokio::test]
async fn a_raster_that_is_not_there_is_not_asked_for_again_and_again() {
    let server = MockServer::start().await;
    let source = json!({"kind": "cog", "url": format!("{}/gone.tif", server.uri())});
    let samples: Vec<Sample> = (0..50).map(|i| at(i, i)).collect();
    let outcome = scrape(source, json!({"size_px": 64}), &samples, Arc::default()).await;
    assert!(
        matches!(outcome.halt, Some(Halt::Failed(Error::NotFound { .. }))),
        "{:?}",
        outcome.halt
    );
    assert!(server.received_requests().await.unwrap().len() <= 3);
    let source = json!({"kind": "cog", "url": "/nowhere/gone.tif"});
    let outcome = scrape(source, json!({"size_px": 64}), &samples, Arc::default()).await;
    let Some(Halt::Failed(error)) = outcome.halt else {
        panic!("{:?}", outcome.halt)
    };
    assert!(error.to_string().contains("/nowhere/gone.tif"), "{error}");
}

fn stac_item(server: &str, id: &str, datetime: &str, cloud: f64, assets: &[(&str, &str)]) -> Value {
    let assets: serde_json::Map<String, Value> = assets
        .iter()
        .map(|(name, file)| {
            (
                (*name).to_owned(),
                json!({"href": format!("{server}/{file}")}),
            )
        })
        .collect();
    json!({
        "type": "Feature", "id": id,
        "geometry": {"type": "Polygon", "coordinates": [[[8.0, 47.0], [9.0, 47.0], [9.0, 48.0], [8.0, 48.0], [8.0, 47.0]]]},
        "properties": {"datetime": datetime, "eo:cloud_cover": cloud},
        "assets": assets, "links": [],
    })
}

#[tokio::test]
async fn the_item_asked_for_is_found_on_a_later_page_signed_and_read() {
    let server = MockServer::start().await;
    let uri = server.uri();
    let (old, new) = (noise(600, 600, 1), noise(600, 600, 2));
    for (file, pixels) in [("old.tif", &old), ("new.tif", &new)] {
        let ranges = Ranges {
            bytes: raster(pixels),
            requests: Arc::default(),
            fail_every: 0,
        };
        Mock::given(path(format!("/{file}")))
            .and(query_param("sig", "s"))
            .respond_with(ranges)
            .mount(&server)
            .await;
    }
    let first = json!({
        "features": [stac_item(&uri, "old", "2023-01-01T00:00:00Z", 1.0, &[("visual", "old.tif")])],
        "links": [{"rel": "next", "href": format!("{uri}/search?page=2")}],
    });
    let second = json!({
        "features": [
            stac_item(&uri, "cloudy", "2025-01-01T00:00:00Z", 80.0, &[("visual", "none.tif")]),
            stac_item(&uri, "new", "2024-01-01T00:00:00Z", 9.0, &[("visual", "new.tif")]),
        ],
        "links": [],
    });
    Mock::given(path("/search"))
        .and(query_param("page", "2"))
        .respond_with(ResponseTemplate::new(200).set_body_json(second))
        .mount(&server)
        .await;
    Mock::given(path("/search"))
        .and(query_param("collections", "ortho"))
        .and(query_param_contains("bbox", ","))
        .respond_with(ResponseTemplate::new(200).set_body_json(first))
        .with_priority(9)
        .mount(&server)
        .await;
    let sign = |request: &Request| {
        let href = request
            .url
            .query_pairs()
            .find(|(name, _)| name == "href")
            .unwrap()
            .1
            .into_owned();
        ResponseTemplate::new(200).set_body_json(
            json!({"href": format!("{href}?sig=s"), "msft:expiry": "2026-11-21T13:00:00Z"}),
        )
    };
    Mock::given(path("/sign"))
        .respond_with(sign)
        .mount(&server)
        .await;
    for (order, pixels, captured) in [
        ("newest", &new, "2024-01-01T00:00:00Z"),
        ("least_cloud", &old, "2023-01-01T00:00:00Z"),
    ] {
        let source = json!({"kind": "stac", "url": uri, "collections": ["ortho"], "asset": "visual", "max_cloud": 50, "order": order,
                            "sign_url": format!("{uri}/sign")});
        let store = Arc::new(MemoryStore::default());
        let samples = [at(10, 20), at(300, 200)];
        let outcome = scrape(source, json!({"size_px": 64}), &samples, store.clone()).await;
        assert_eq!(outcome.counts.ok, 2, "{outcome:?}");
        assert_eq!(outcome.rows[0].captured.as_deref(), Some(captured));
        let picture = Pixels::decode(&store.objects()[&samples[0].key]).unwrap();
        assert_eq!(picture.bytes().unwrap(), cut(pixels, 10, 20));
    }
}

#[tokio::test]
async fn assets_become_bands_in_the_order_asked() {
    let server = MockServer::start().await;
    let uri = server.uri();
    let all = noise(600, 600, 3);
    for (band, name) in [(0, "red"), (2, "blue")] {
        let one = all.clone().select(&[band]).unwrap();
        let ranges = Ranges {
            bytes: raster(&one),
            requests: Arc::default(),
            fail_every: 0,
        };
        Mock::given(path(format!("/{name}.tif")))
            .respond_with(ranges)
            .mount(&server)
            .await;
    }
    let page = json!({"features": [stac_item(&uri, "a", "2024-01-01T00:00:00Z", 1.0, &[("red", "red.tif"), ("blue", "blue.tif")])], "links": []});
    Mock::given(path("/search"))
        .respond_with(ResponseTemplate::new(200).set_body_json(page))
        .mount(&server)
        .await;
    let source = json!({"kind": "stac", "url": uri, "collections": ["ortho"]});
    let store = Arc::new(MemoryStore::default());
    let picture = json!({"size_px": 64, "format": "tiff", "bands": ["blue", "red"]});
    let outcome = scrape(source, picture, &[at(0, 0)], store.clone()).await;
    assert_eq!(
        outcome.rows[0].status,
        Status::Ok,
        "{:?}",
        outcome.rows[0].reason
    );
    let stored = Pixels::decode(&store.objects()["0-0.png"]).unwrap();
    let expected: Vec<u8> = cut(&all, 0, 0)
        .chunks(3)
        .flat_map(|pixel| [pixel[2], pixel[0]])
        .collect();
    assert_eq!(stored.values(), &Values::U8(expected));
}
