//! A study from its plan to its summary over storage in memory; the picture service is a server on this machine that answers as
//! Mapbox documents (Static Images API).
#![allow(clippy::unwrap_used, clippy::panic)]

use std::io::Cursor;
use std::sync::Arc;

use async_trait::async_trait;
use imagery::{Secret, SecretName, Stop};
use serde_json::json;
use store::{Store, Stores};
use study::{Error, Inputs, Keys, PlanReply, SecretKeys, Study, Worker};
use wiremock::matchers::method;
use wiremock::{Mock, MockServer, ResponseTemplate};

const SIDE: u32 = 64;

struct Token;

#[async_trait]
impl SecretKeys for Token {
    async fn find(&self, _name: &SecretName) -> Result<Secret, Error> {
        Ok(Secret::new("pk.test"))
    }
}

/// A picture whose left half is leaves (a* of CIE L*a*b* is -25, green from -30 to -5) and whose right half is asphalt (0): its
/// green share is a half.
fn half_green() -> Vec<u8> {
    let picture = image::RgbImage::from_fn(SIDE, SIDE, |x, _| {
        image::Rgb(if x < SIDE / 2 {
            [70, 110, 60]
        } else {
            [120, 120, 120]
        })
    });
    let mut bytes = Cursor::new(Vec::new());
    picture
        .write_to(&mut bytes, image::ImageFormat::Png)
        .unwrap();
    bytes.into_inner()
}

/// Two squares of a hundredth of a degree, far apart.
fn areas() -> String {
    let square = |name: &str, west: f64| {
        let (east, south, north) = (west + 0.01, 47.0, 47.01);
        json!({"type": "Feature", "properties": {"name": name}, "geometry": {"type": "Polygon", "coordinates": [
            [[west, south], [east, south], [east, north], [west, north], [west, south]]
        ]}})
    };
    json!({"type": "FeatureCollection", "features": [square("east", 9.0), square("west", 8.0)]})
        .to_string()
}

struct Studied {
    server: MockServer,
    stores: Stores,
    output: Arc<dyn Store>,
    study: Study,
}

impl Studied {
    /// Four samples in each area, in two batches; the service answers with `reply`.
    async fn with(reply: ResponseTemplate) -> Self {
        let server = MockServer::start().await;
        Mock::given(method("GET"))
            .respond_with(reply)
            .mount(&server)
            .await;
        let stores = Stores::in_memory();
        let input = stores.bucket("in");
        let media_type = "application/geo+json";
        input
            .put("areas.geojson", areas().into(), media_type)
            .await
            .unwrap();
        let study = Study::from_json(json!({
            "name": "two squares", "seed": 7,
            "plan": {"kind": "areas", "file": "areas.geojson", "id": "name", "per_area": 4},
            "source": {"kind": "mapbox", "key": "env:MAPBOX_TOKEN", "base_url": server.uri()},
            "picture": {"size_m": 50, "size_px": SIDE, "format": "png"},
            "measures": ["green"],
            "batches": 2,
            "limits": {"per_second": 1000, "tries": 1},
        }));
        Self {
            output: stores.bucket("out"),
            study: study.unwrap(),
            server,
            stores,
        }
    }

    async fn plan(&self) -> PlanReply {
        let inputs = Inputs::Bucket(self.stores.bucket("in"));
        let output = self.output.as_ref();
        study::plan(&self.study, &inputs, output, "out", 1, &self.stores)
            .await
            .unwrap()
    }

    async fn worker(&self, plan_id: &str) -> Worker {
        let output = Arc::clone(&self.output);
        Worker::of_plan(plan_id, None, output, &self.stores, 1, &Token)
            .await
            .unwrap()
    }

    async fn scrape(&self, plan_id: &str, batch: u32) -> study::Done {
        let worker = self.worker(plan_id).await;
        worker.scrape(batch, &Stop::never(), &|_| {}).await.unwrap()
    }

    async fn requests(&self) -> usize {
        self.server.received_requests().await.unwrap().len()
    }

    async fn text(&self, key: &str) -> String {
        String::from_utf8(self.output.get(key).await.unwrap().to_vec()).unwrap()
    }
}

fn picture() -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_raw(half_green(), "image/png")
}

#[tokio::test]
async fn the_same_study_on_the_same_input_is_the_same_plan() {
    let studied = Studied::with(picture()).await;
    let first = studied.plan().await;
    let keys = Keys::of(&first.plan_id);
    let samples = studied.output.get(&keys.samples()).await.unwrap();
    let second = studied.plan().await;
    assert_eq!(first, second);
    assert_eq!((first.count, first.batch_count, first.rejected), (8, 2, 0));
    assert_eq!(samples, studied.output.get(&keys.samples()).await.unwrap());
    assert_eq!(studied.text(&keys.batches()).await.lines().count(), 2);

    let mut other = studied.study.clone();
    other.seed = 8;
    let inputs = Inputs::Bucket(studied.stores.bucket("in"));
    let output = studied.output.as_ref();
    let third = study::plan(&other, &inputs, output, "out", 1, &studied.stores).await;
    assert_ne!(third.unwrap().plan_id, first.plan_id);
}

#[tokio::test]
async fn a_batch_done_again_asks_the_service_for_nothing() {
    let studied = Studied::with(picture()).await;
    let plan = studied.plan().await;
    let done = studied.scrape(&plan.plan_id, 0).await;
    assert!(done.halt.is_none());
    assert_eq!(
        (done.reply.ok, done.reply.failed, done.reply.remaining),
        (4, 0, 0)
    );
    assert_eq!(studied.requests().await, 4);
    assert_eq!(studied.output.list_all("images/").await.unwrap().len(), 4);

    let again = studied.scrape(&plan.plan_id, 0).await;
    assert_eq!((again.reply.failed, again.reply.remaining), (0, 0));
    assert_eq!(studied.requests().await, 4);
}

#[tokio::test]
async fn a_batch_that_the_plan_has_not_is_refused() {
    let studied = Studied::with(picture()).await;
    let plan = studied.plan().await;
    let worker = studied.worker(&plan.plan_id).await;
    let refused = worker.scrape(2, &Stop::never(), &|_| {}).await;
    assert!(matches!(
        refused,
        Err(Error::NoBatch {
            batch: 2,
            batches: 2,
            ..
        })
    ));
}

#[tokio::test]
async fn a_summary_gives_each_area_the_share_that_its_pictures_show() {
    let studied = Studied::with(picture()).await;
    let plan = studied.plan().await;
    for batch in 0..2 {
        studied.scrape(&plan.plan_id, batch).await;
    }
    let summary = study::sum_up(&plan.plan_id, &studied.output).await.unwrap();
    assert_eq!((summary.samples, summary.done), (8, 8));
    let map = summary
        .geojson
        .iter()
        .find(|key| key.contains("area"))
        .unwrap();
    let map: serde_json::Value = serde_json::from_str(&studied.text(map).await).unwrap();
    let features = map["features"].as_array().unwrap();
    assert_eq!(features.len(), 2);
    for feature in features {
        assert_eq!(feature["properties"]["green_mean"], json!(0.5), "{feature}");
    }
    assert!(summary.report.is_some());
}

#[tokio::test]
async fn a_service_that_refuses_every_picture_leaves_no_reading() {
    let studied = Studied::with(ResponseTemplate::new(422)).await;
    let plan = studied.plan().await;
    let done = studied.scrape(&plan.plan_id, 0).await;
    assert_eq!(done.reply.ok, 0);
    assert!(studied.output.list_all("images/").await.unwrap().is_empty());
    assert!(
        done.reply.failed + done.reply.remaining == 4,
        "{:?}",
        done.reply
    );
}
