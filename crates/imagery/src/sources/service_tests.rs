//! What is special to one service, against a stand-in that answers as its documentation says.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use geo::{MultiPolygon, polygon};
use serde_json::{Value, json};
use tables::Crs;
use wiremock::matchers::{method, path, query_param};
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

use super::conformance::service_account;
use crate::fetch::HttpTransport;
use crate::labels::LabelLayer;
use crate::testing::{KEY, Study, file, noise, samples};
use crate::{
    Batch, BatchOutcome, Error, Format, Grid, Halt, MemoryStore, NoProgress, Pixels, Sample,
    Status, Stop, Values,
};
use raster::geotiff::{GeotiffOptions, write_geotiff};

async fn scrape(study: &Study, key: &str, samples: &[Sample]) -> BatchOutcome {
    let scraper = study.scraper_with_key(Arc::new(HttpTransport::new().unwrap()), key);
    let batch = Batch {
        samples,
        known: &[],
        max_requests: None,
        progress: &NoProgress,
    };
    scraper.scrape_batch(batch, &Stop::never()).await.unwrap()
}

/// Street View: a panorama for every two samples, none for the last.
async fn street_view() -> (MockServer, Arc<AtomicUsize>) {
    let server = MockServer::start().await;
    let metadata = |request: &Request| {
        let location = request
            .url
            .query_pairs()
            .find(|(name, _)| name == "location")
            .unwrap()
            .1
            .into_owned();
        let lon: f64 = location.split(',').nth(1).unwrap().parse().unwrap();
        let number = ((lon - 8.54) * 1e5).round() as u32;
        let body = if number == 6 {
            json!({"status": "ZERO_RESULTS"})
        } else {
            let lat: f64 = location.split(',').next().unwrap().parse().unwrap();
            json!({"status": "OK", "pano_id": format!("pano-{}", number / 2), "date": "2019-06",
                "location": {"lat": lat, "lng": lon}, "copyright": "© Google"})
        };
        ResponseTemplate::new(200).set_body_json(body)
    };
    Mock::given(path("/maps/api/streetview/metadata"))
        .and(query_param("key", KEY))
        .respond_with(metadata)
        .mount(&server)
        .await;
    let pictures = Arc::new(AtomicUsize::new(0));
    let counted = pictures.clone();
    let picture = move |_: &Request| {
        let number = counted.fetch_add(1, Ordering::SeqCst) as u32;
        ResponseTemplate::new(200).set_body_raw(
            file(&noise(64, 64, number), Format::Jpeg).to_vec(),
            "image/jpeg",
        )
    };
    Mock::given(path("/maps/api/streetview"))
        .respond_with(picture)
        .mount(&server)
        .await;
    (server, pictures)
}

#[tokio::test]
async fn samples_that_see_one_panorama_share_one_picture() {
    for keep_pictures in [true, false] {
        let (server, pictures) = street_view().await;
        let store = Arc::new(MemoryStore::default());
        let study = Study {
            source: json!({"kind": "street_view", "key": "env:KEY", "base_url": server.uri()}),
            picture: json!({"size_px": 64, "format": "jpeg"}),
            keep_pictures,
            store: store.clone(),
            ..Study::default()
        };
        let outcome = scrape(&study, KEY, &samples(7)).await;
        assert_eq!((outcome.counts.ok, outcome.counts.no_imagery), (6, 1));
        assert_eq!(pictures.load(Ordering::SeqCst), 3);
        assert_eq!(store.objects().len(), if keep_pictures { 3 } else { 0 });
        assert_eq!(outcome.rows[0].sha256, outcome.rows[1].sha256);
        assert_eq!(outcome.rows[0].key, outcome.rows[1].key);
        assert_eq!(outcome.rows[0].captured.as_deref(), Some("2019-06"));
        assert_eq!(outcome.rows[6].reason.as_deref(), Some("ZERO_RESULTS"));
    }
}

#[tokio::test]
async fn the_statuses_of_street_view_are_told_apart() {
    let cases = [
        ("NOT_FOUND", Some(Status::NoImagery)),
        ("INVALID_REQUEST", Some(Status::Failed)),
        ("OVER_QUERY_LIMIT", None),
        ("OVER_DAILY_LIMIT", None),
        ("UNKNOWN_ERROR", Some(Status::Failed)),
        ("REQUEST_DENIED", None),
    ];
    for (status, expected) in cases {
        let server = MockServer::start().await;
        let body = json!({"status": status, "error_message": "because"});
        Mock::given(path("/maps/api/streetview/metadata"))
            .respond_with(ResponseTemplate::new(200).set_body_json(body))
            .mount(&server)
            .await;
        let mut study = Study {
            source: json!({"kind": "street_view", "key": "env:KEY", "base_url": server.uri()}),
            picture: json!({"size_px": 64}),
            ..Study::default()
        };
        study.limits.tries = 3;
        let outcome = scrape(&study, KEY, &samples(1)).await;
        let requests = server.received_requests().await.unwrap().len();
        match expected {
            Some(expected) => {
                assert_eq!(outcome.rows[0].status, expected, "{status}");
                assert!(
                    outcome.rows[0]
                        .reason
                        .as_deref()
                        .unwrap()
                        .starts_with(status)
                );
                assert_eq!(
                    requests,
                    if status == "UNKNOWN_ERROR" { 3 } else { 1 },
                    "{status}"
                );
            }
            None if status == "REQUEST_DENIED" => assert!(matches!(
                outcome.halt,
                Some(Halt::Failed(Error::KeyRefused { .. }))
            )),
            None => assert!(
                matches!(outcome.halt, Some(Halt::Failed(Error::QuotaUsed { .. }))),
                "{status}: {:?}",
                outcome.halt
            ),
        }
    }
}

#[tokio::test]
async fn panoramas_far_away_or_of_others_are_no_imagery() {
    let cases = [
        (
            json!({"lat": 43.09, "lng": -76.17}),
            "© Google",
            None,
            Some("more than max_distance_m"),
        ),
        (json!({"lat": 47.37, "lng": 8.5404}), "© Google", None, None),
        (
            json!({"lat": 47.37, "lng": 8.5404}),
            "© Google",
            Some(20.0),
            Some("30 m away"),
        ),
        (
            json!({"lat": 47.37, "lng": 8.54}),
            "© Jane Doe",
            None,
            Some("of © Jane Doe"),
        ),
    ];
    for (location, copyright, max_distance_m, expected) in cases {
        let server = MockServer::start().await;
        let metadata = json!({"status": "OK", "pano_id": "p", "date": "2014-05", "location": location,
            "copyright": copyright});
        Mock::given(path("/maps/api/streetview/metadata"))
            .respond_with(ResponseTemplate::new(200).set_body_json(metadata))
            .mount(&server)
            .await;
        let picture = file(&noise(64, 64, 1), Format::Jpeg).to_vec();
        Mock::given(path("/maps/api/streetview"))
            .respond_with(ResponseTemplate::new(200).set_body_raw(picture, "image/jpeg"))
            .mount(&server)
            .await;
        let mut source = json!({"kind": "street_view", "key": "env:KEY", "base_url": server.uri()});
        if let Some(metres) = max_distance_m {
            source["max_distance_m"] = json!(metres);
        }
        let study = Study {
            source,
            picture: json!({"size_px": 64, "format": "jpeg"}),
            ..Study::default()
        };
        let row = scrape(&study, KEY, &samples(1)).await.rows[0].clone();
        match expected {
            Some(words) => {
                assert_eq!(row.status, Status::NoImagery, "{row:?}");
                assert!(row.reason.as_deref().unwrap().contains(words), "{row:?}");
            }
            None => {
                assert_eq!(
                    (row.status, row.picture_id.as_deref()),
                    (Status::Ok, Some("p"))
                );
                // 0.0004 degrees of longitude at 47.37 degrees north
                assert!(
                    (row.camera_distance_m.unwrap() - 30.2).abs() < 0.1,
                    "{row:?}"
                );
                assert_eq!(row.attribution.as_deref(), Some("© Google"));
            }
        }
    }
}

#[tokio::test]
async fn requests_to_street_view_are_signed() {
    let (server, _) = street_view().await;
    let study = Study {
        source: json!({"kind": "street_view", "key": "env:KEY", "signing_secret": "env:SIGN", "base_url": server.uri()}),
        picture: json!({"size_px": 64, "format": "jpeg"}),
        ..Study::default()
    };
    // Both secrets have the same value here; it is url-safe base64.
    assert_eq!(scrape(&study, KEY, &samples(1)).await.counts.ok, 1);
    let signer = crate::fetch::UrlSigner::new(&crate::Secret::new(KEY)).unwrap();
    for request in server.received_requests().await.unwrap() {
        let (unsigned, signature) = request.url.as_str().rsplit_once("&signature=").unwrap();
        let path_and_query = &unsigned[unsigned.find("/maps").unwrap()..];
        assert_eq!(signature, signer.sign(path_and_query));
    }
}

fn earth_engine(server: &MockServer, more: &Value) -> Value {
    let mut source = json!({
        "kind": "earth_engine", "project": "p", "key": "env:KEY", "collection": "projects/planet-nicfi/assets/basemaps/africa",
        "start": "2018-01-01", "end": "2018-12-31", "pixel": 4.777_314_267_823_516, "base_url": server.uri(),
    });
    source
        .as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    source
}

/// Checks a request as Earth Engine does and answers with pixels on the grid that was asked for.
async fn engine() -> (MockServer, Arc<AtomicUsize>) {
    let server = MockServer::start().await;
    let tokens = Arc::new(AtomicUsize::new(0));
    let counted = tokens.clone();
    let token = move |request: &Request| {
        counted.fetch_add(1, Ordering::SeqCst);
        let body = String::from_utf8(request.body.clone()).unwrap();
        let assertion = url::form_urlencoded::parse(body.as_bytes())
            .find(|(name, _)| name == "assertion")
            .unwrap()
            .1;
        let claim = URL_SAFE_NO_PAD
            .decode(assertion.split('.').nth(1).unwrap())
            .unwrap();
        let claim: Value = serde_json::from_slice(&claim).unwrap();
        assert_eq!(claim["iss"], "chips@p.iam.test");
        assert_eq!(
            claim["scope"],
            "https://www.googleapis.com/auth/earthengine"
        );
        assert_eq!(
            claim["exp"].as_i64().unwrap() - claim["iat"].as_i64().unwrap(),
            3600
        );
        ResponseTemplate::new(200)
            .set_body_json(json!({"access_token": "token-1", "expires_in": 3600}))
    };
    Mock::given(method("POST"))
        .and(path("/token"))
        .respond_with(token)
        .mount(&server)
        .await;
    let compute = |request: &Request| {
        assert_eq!(
            request.headers.get("authorization").unwrap(),
            "Bearer token-1"
        );
        let body: Value = serde_json::from_slice(&request.body).unwrap();
        let grid = &body["grid"];
        let side = |name: &str| u32::try_from(grid["dimensions"][name].as_u64().unwrap()).unwrap();
        let number = |name: &str| grid["affineTransform"][name].as_f64().unwrap();
        let (width, height) = (side("width"), side("height"));
        let bands = if body.to_string().contains("Image.addBands") {
            5
        } else {
            4
        };
        let values = (0..width * height * bands)
            .map(|i| (i % 4001) as u16)
            .collect();
        let pixels = Pixels::new(width, height, bands as u16, Values::U16(values)).unwrap();
        let grid = Grid {
            crs: grid["crsCode"].as_str().unwrap().parse::<Crs>().unwrap(),
            origin: (number("translateX"), number("translateY")),
            pixel: (number("scaleX"), -number("scaleY")),
            width,
            height,
        };
        match body["fileFormat"].as_str().unwrap() {
            "GEO_TIFF" => {
                let file = write_geotiff(&pixels, &grid, &GeotiffOptions::default()).unwrap();
                ResponseTemplate::new(200).set_body_raw(file, "image/tiff")
            }
            other => panic!("{other}"),
        }
    };
    Mock::given(method("POST"))
        .and(path("/v1/projects/p/image:computePixels"))
        .respond_with(compute)
        .mount(&server)
        .await;
    (server, tokens)
}

#[tokio::test]
async fn chips_of_earth_engine_share_edges_with_its_pixels_and_one_token() {
    let (server, tokens) = engine().await;
    let store = Arc::new(MemoryStore::default());
    let study = Study {
        source: earth_engine(&server, &json!({"value_type": "uint16"})),
        picture: json!({"size_px": 256, "pixel_m": 4.77, "format": "tiff", "bands": ["B", "G", "R", "N"]}),
        store: store.clone(),
        ..Study::default()
    };
    let outcome = scrape(&study, &service_account(&server.uri()), &samples(4)).await;
    assert_eq!(outcome.counts.ok, 4, "{outcome:?}");
    assert_eq!(tokens.load(Ordering::SeqCst), 1);
    let requests = server.received_requests().await.unwrap();
    for request in requests
        .iter()
        .filter(|request| request.url.path().ends_with("computePixels"))
    {
        let body: Value = serde_json::from_slice(&request.body).unwrap();
        let transform = &body["grid"]["affineTransform"];
        assert_eq!(transform["scaleX"], json!(4.777_314_267_823_516));
        for edge in ["translateX", "translateY"] {
            let pixels = transform[edge].as_f64().unwrap() / 4.777_314_267_823_516;
            assert!((pixels - pixels.round()).abs() < 1e-6, "{edge}: {pixels}");
        }
    }
    let chip = Pixels::decode(store.objects().values().next().unwrap()).unwrap();
    assert_eq!(
        (chip.width(), chip.bands(), chip.values().type_name()),
        (256, 4, "uint16")
    );
}

#[tokio::test]
async fn labels_become_the_fifth_band_here_or_there() {
    let field = polygon![(x: 8.53, y: 47.36), (x: 8.541, y: 47.36), (x: 8.541, y: 47.38), (x: 8.53, y: 47.38)];
    let layer = LabelLayer::new(vec![(MultiPolygon::new(vec![field]), 1.0)], Crs::wgs84()).unwrap();
    let layer = Arc::new(layer);
    for on_server in [false, true] {
        let (server, _) = engine().await;
        let store = Arc::new(MemoryStore::default());
        let labels = json!({"layer": "fields.parquet", "column": "cashew"});
        let study = Study {
            source: earth_engine(&server, &json!({"labels_on_server": on_server})),
            picture: json!({"size_px": 64, "pixel_m": 4.77, "format": "tiff", "bands": ["B", "G", "R", "N"], "labels": labels}),
            store: store.clone(),
            labels: Some(layer.clone()),
            ..Study::default()
        };
        let outcome = scrape(&study, &service_account(&server.uri()), &samples(1)).await;
        assert_eq!(outcome.counts.ok, 1, "{outcome:?}");
        let chip = Pixels::decode(store.objects().values().next().unwrap()).unwrap();
        assert_eq!(chip.bands(), 5);
        let asked = server.received_requests().await.unwrap();
        let with_labels = asked
            .iter()
            .any(|request| String::from_utf8_lossy(&request.body).contains("cashew"));
        assert_eq!(with_labels, on_server);
        assert!(outcome.rows[0].label_share.is_some());
    }
}

#[tokio::test]
async fn the_errors_of_earth_engine_are_told_apart() {
    let error = |code: u16, message: &str, reason: &str| {
        let body =
            json!({"error": {"code": code, "message": message, "errors": [{"reason": reason}]}});
        ResponseTemplate::new(code).set_body_json(body)
    };
    // (answer, requests it takes, whether the run ends)
    let cases = [
        (
            error(400, "User memory limit exceeded.", "badRequest"),
            1,
            false,
        ),
        (error(400, "Computation timed out.", "badRequest"), 1, false),
        (
            error(
                400,
                "ImageCollection.load: ImageCollection asset 'c' not found.",
                "badRequest",
            ),
            1,
            true,
        ),
        (error(403, "Quota", "rateLimitExceeded"), 3, false),
        (error(403, "Quota", "userRateLimitExceeded"), 3, false),
        (
            error(403, "Caller does not have permission", "forbidden"),
            1,
            true,
        ),
        (error(429, "Too Many Requests", "quota"), 3, false),
        (error(500, "Internal", "internal"), 3, false),
        (error(599, "?", "?"), 3, false),
    ];
    for (answer, requests, ends) in cases {
        let server = MockServer::start().await;
        let token = json!({"access_token": "token-1", "expires_in": 3600});
        Mock::given(path("/token"))
            .respond_with(ResponseTemplate::new(200).set_body_json(token))
            .mount(&server)
            .await;
        Mock::given(path("/v1/projects/p/image:computePixels"))
            .respond_with(answer.clone())
            .mount(&server)
            .await;
        let mut study = Study {
            source: earth_engine(&server, &json!({})),
            picture: json!({"size_px": 64, "format": "npy", "bands": ["B"]}),
            ..Study::default()
        };
        study.limits.tries = 3;
        let outcome = scrape(&study, &service_account(&server.uri()), &samples(1)).await;
        let sent = server.received_requests().await.unwrap().len() - 1;
        assert_eq!(
            (sent, outcome.halt.is_some()),
            (requests, ends),
            "{outcome:?}"
        );
    }
}

#[tokio::test]
async fn a_key_file_that_is_none_is_refused_before_anything_is_sent() {
    let server = MockServer::start().await;
    let study = Study {
        source: earth_engine(&server, &json!({})),
        picture: json!({"size_px": 64, "format": "npy", "bands": ["B"]}),
        ..Study::default()
    };
    let source: crate::Source = serde_json::from_value(study.source.clone()).unwrap();
    let mut secrets = crate::Secrets::default();
    secrets.insert(
        source.secret_names().remove(0),
        crate::Secret::new("{\"private_key\": \"hush\"}"),
    );
    let picture = serde_json::from_value(study.picture.clone()).unwrap();
    let opening = super::Opening {
        picture: &picture,
        size: picture.check().unwrap(),
        secrets: &secrets,
        ranges: Arc::new(crate::NoRanges),
        labels: None,
    };
    let error = source.open(&opening).err().unwrap();
    assert_eq!(
        error.to_string(),
        "the secret env:KEY does not hold the JSON key file of a service account"
    );
}

#[test]
fn a_reply_of_more_than_48_megabytes_is_refused_by_the_check() {
    let source: crate::Source = serde_json::from_value(json!({
        "kind": "earth_engine", "project": "p", "key": "env:KEY", "collection": "c", "start": "2018-01-01", "end": "2018-12-31", "pixel": 10,
    }))
    .unwrap();
    let check = |px: u32| {
        let picture = json!({"size_px": px, "format": "tiff", "bands": ["B", "G", "R", "N"]});
        source.check(&serde_json::from_value(picture).unwrap())
    };
    assert!(check(1254).is_ok());
    let message = check(1255).unwrap_err().to_string();
    assert!(
        message.contains("at most 50331648 bytes a reply"),
        "{message}"
    );
}
