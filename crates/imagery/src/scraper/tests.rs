use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use sha2::{Digest, Sha256};
use tokio::time::Instant;

use super::{Batch, BatchOutcome, Halt, NoProgress, Progress, Scraper};
use crate::fetch::Backoff;
use crate::ledger::update;
use crate::testing::{KEY, Service, Study, file, flat, noise, reply, samples, with_header};
use crate::{
    Error, ErrorKind, Fault, FaultKind, Format, LedgerRow, Limits, Measure, MemoryStore,
    PictureStore, Pixels, Put, Reply, RequestCap, Sample, Status, Stop, TransportFault,
};

async fn scrape(scraper: &Scraper, samples: &[Sample], known: &[LedgerRow]) -> BatchOutcome {
    let batch = Batch {
        samples,
        known,
        max_requests: None,
        progress: &NoProgress,
    };
    scraper.scrape_batch(batch, &Stop::never()).await.unwrap()
}

/// The picture of a place: another for each address.
fn picture(url: &str) -> Bytes {
    file(
        &noise(
            64,
            64,
            url.bytes().fold(7, |seed, byte| {
                seed.wrapping_mul(31).wrapping_add(byte.into())
            }),
        ),
        Format::Png,
    )
}

fn good(url: &str) -> Result<Reply, TransportFault> {
    Ok(reply(200, picture(url)))
}

#[tokio::test]
async fn every_sample_has_one_row_in_the_order_of_the_samples() {
    let service = Service::new(Duration::ZERO, |url, _| good(url));
    let study = Study::default();
    let samples = samples(40);
    let outcome = scrape(&study.scraper(service.clone()), &samples, &[]).await;
    let names: Vec<_> = outcome
        .rows
        .iter()
        .map(|row| row.sample_id.as_str())
        .collect();
    assert_eq!(
        names,
        samples
            .iter()
            .map(|sample| sample.sample_id.as_str())
            .collect::<Vec<_>>()
    );
    assert_eq!(
        (outcome.counts.ok, outcome.requests, outcome.remaining.len()),
        (40, 40, 0)
    );
    assert!(outcome.halt.is_none());
    for row in &outcome.rows {
        let stored = study
            .store
            .get(row.key.as_ref().unwrap())
            .await
            .unwrap()
            .unwrap();
        let sha256: String = Sha256::digest(&stored)
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        assert_eq!(row.sha256.as_deref(), Some(sha256.as_str()));
        assert_eq!(
            (row.bytes, row.width, row.attempts),
            (Some(stored.len() as u64), Some(64), 1)
        );
    }
}

#[tokio::test]
async fn a_second_run_fetches_what_failed_and_nothing_else() {
    let service = Service::new(Duration::ZERO, |url, before| {
        match url.contains("8.54003") {
            true if before == 0 => Ok(reply(422, "no such size")),
            _ => good(url),
        }
    });
    let study = Study::default();
    let samples = samples(10);
    let first = scrape(&study.scraper(service.clone()), &samples, &[]).await;
    assert_eq!((first.counts.ok, first.counts.failed), (9, 1));
    assert_eq!(
        first.rows[3].reason.as_deref(),
        Some("http 422: no such size")
    );
    let second = scrape(&study.scraper(service.clone()), &samples, &first.rows).await;
    assert_eq!(
        (second.counts.ok, second.counts.exists, second.requests),
        (1, 9, 1)
    );
    assert_eq!(second.rows[0].sha256, first.rows[0].sha256);
    assert_eq!(second.rows[0].fetched_at, first.rows[0].fetched_at);
}

#[tokio::test]
async fn a_stored_picture_without_a_row_is_read_back_and_not_fetched() {
    let service = Service::new(Duration::ZERO, |url, _| good(url));
    let study = Study {
        measure: Some(Arc::new(MeanRed)),
        ..Study::default()
    };
    let samples = samples(5);
    let first = scrape(&study.scraper(service.clone()), &samples, &[]).await;
    let again = scrape(&study.scraper(service.clone()), &samples, &[]).await;
    assert_eq!(
        (again.counts.exists, again.requests, service.count()),
        (5, 0, 5)
    );
    for (new, old) in again.rows.iter().zip(&first.rows) {
        assert_eq!(
            (&new.sha256, &new.measures, &new.footprint),
            (&old.sha256, &old.measures, &old.footprint)
        );
    }
}

#[tokio::test]
async fn what_is_no_whole_picture_under_a_key_is_replaced() {
    let service = Service::new(Duration::ZERO, |url, _| good(url));
    let study = Study::default();
    let samples = samples(1);
    study
        .store
        .put(
            &samples[0].key,
            Bytes::from_static(b"\x89PNG half"),
            "image/png",
        )
        .await
        .unwrap();
    let outcome = scrape(&study.scraper(service.clone()), &samples, &[]).await;
    assert_eq!(outcome.rows[0].status, Status::Ok);
    let stored = study.store.get(&samples[0].key).await.unwrap().unwrap();
    assert_eq!(outcome.rows[0].bytes, Some(stored.len() as u64));
}

#[tokio::test]
async fn a_refused_key_stops_the_run_at_once_and_is_never_repeated() {
    let said = format!("{{\"message\": \"bad token {KEY}\"}}");
    let service = Service::new(Duration::from_millis(1), move |_, _| {
        Ok(reply(401, said.clone()))
    });
    let study = Study::default();
    let outcome = scrape(&study.scraper(service.clone()), &samples(500), &[]).await;
    let Some(Halt::Failed(error)) = &outcome.halt else {
        panic!("{:?}", outcome.halt)
    };
    assert_eq!(error.kind(), ErrorKind::AccessDenied);
    assert!(service.count() <= 8, "{} requests", service.count());
    assert_eq!((outcome.rows.len(), outcome.remaining.len()), (0, 500));
    assert!(!format!("{outcome:?} {error}").contains(KEY));
}

#[tokio::test]
async fn a_source_that_never_answers_is_given_up_for_all() {
    let service = Service::new(Duration::ZERO, |_, _| {
        Err(TransportFault::Connect("connection refused".to_owned()))
    });
    let study = Study {
        limits: Limits {
            tries: 3,
            concurrency: Some(4),
            ..Limits::default()
        },
        ..Study::default()
    };
    let outcome = scrape(&study.scraper(service.clone()), &samples(500), &[]).await;
    let Some(Halt::Failed(error)) = outcome.halt else {
        panic!("{:?}", outcome.halt)
    };
    assert_eq!(error.kind(), ErrorKind::SourceUnavailable);
    assert_eq!(outcome.rows.len() + outcome.remaining.len(), 500);
    assert!(service.count() < 100, "{} requests", service.count());
    assert!(error.to_string().contains("connection refused"), "{error}");
}

#[tokio::test]
async fn the_cap_on_requests_is_never_passed_tries_included() {
    let service = Service::new(Duration::ZERO, |url, before| {
        if before < 2 {
            Ok(reply(503, ""))
        } else {
            good(url)
        }
    });
    let study = Study::default();
    let samples = samples(100);
    let batch = Batch {
        samples: &samples,
        known: &[],
        max_requests: Some(Arc::new(RequestCap::new(50))),
        progress: &NoProgress,
    };
    let outcome = study
        .scraper(service.clone())
        .scrape_batch(batch, &Stop::never())
        .await
        .unwrap();
    assert_eq!((service.count(), outcome.requests), (50, 50));
    assert_eq!(outcome.halt, Some(Halt::RequestCap { max_requests: 50 }));
    assert_eq!(outcome.rows.len() + outcome.remaining.len(), 100);
    assert!(outcome.rows.iter().all(|row| row.status == Status::Ok));
}

#[tokio::test(start_paused = true)]
async fn a_stop_ends_waiting_at_once_and_gives_back_what_is_left() {
    // The first ten answer; then the service asks everyone to wait for ten minutes.
    let service = Service::new(Duration::from_millis(10), |url, _| {
        if url.contains("8.5400") || url.contains("/8.54,") {
            good(url)
        } else {
            Ok(with_header(reply(429, ""), "retry-after", "600"))
        }
    });
    let study = Study::default();
    let samples = samples(50);
    let (stopper, stop) = Stop::pair();
    let scraper = study.scraper(service.clone());
    let batch = Batch {
        samples: &samples,
        known: &[],
        max_requests: None,
        progress: &NoProgress,
    };
    let start = Instant::now();
    let (outcome, ()) = tokio::join!(scraper.scrape_batch(batch, &stop), async {
        tokio::time::sleep(Duration::from_secs(30)).await;
        stopper.stop();
    });
    let outcome = outcome.unwrap();
    assert_eq!(outcome.halt, Some(Halt::Stopped));
    assert!(
        start.elapsed() < Duration::from_secs(31),
        "{:?}",
        start.elapsed()
    );
    assert_eq!((outcome.rows.len(), outcome.remaining.len()), (10, 40));
    assert_eq!(outcome.remaining[0], "s00010");
}

#[tokio::test(start_paused = true)]
async fn a_request_under_way_gets_its_grace_and_no_more() {
    let service = Service::new(Duration::from_secs(25), |url, _| good(url));
    let (stopper, stop) = Stop::pair();
    stopper.stop();
    let late = Stop::pair();
    let study = Study::default();
    let samples = samples(4);
    let scraper = study.scraper(service.clone());
    let batch = || Batch {
        samples: &samples,
        known: &[],
        max_requests: None,
        progress: &NoProgress,
    };
    let outcome = scraper.scrape_batch(batch(), &stop).await.unwrap();
    assert_eq!((outcome.rows.len(), service.count()), (0, 0));
    let start = Instant::now();
    let (outcome, ()) = tokio::join!(scraper.scrape_batch(batch(), &late.1), async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        late.0.stop();
    });
    assert_eq!(outcome.unwrap().remaining.len(), 4);
    assert!(
        (9..=10).contains(&start.elapsed().as_secs()),
        "{:?}",
        start.elapsed()
    );
}

#[tokio::test(start_paused = true)]
async fn a_pause_asked_for_holds_the_whole_worker() {
    let service = Service::new(Duration::from_millis(10), |url, before| {
        if url.contains("8.54,") && before == 0 {
            Ok(with_header(
                reply(429, ""),
                "x-rate-limit-reset",
                "1795262440",
            ))
        } else {
            good(url)
        }
    });
    let study = Study {
        limits: Limits {
            per_second: Some(10.0),
            concurrency: Some(2),
            ..Limits::default()
        },
        ..Study::default()
    };
    let outcome = scrape(&study.scraper(service.clone()), &samples(20), &[]).await;
    assert_eq!(outcome.counts.ok, 20);
    let moments = service.moments();
    let gap = moments
        .windows(2)
        .map(|pair| pair[1] - pair[0])
        .max()
        .unwrap();
    // The clock stands at 12:00:00, and the reset comes at 12:00:40.
    assert!(
        (Duration::from_secs(39)..Duration::from_secs(41)).contains(&gap),
        "{gap:?}"
    );
}

#[tokio::test]
async fn a_pause_too_long_to_sit_out_ends_the_run_with_its_length() {
    let service = Service::new(Duration::ZERO, |_, _| {
        Ok(with_header(reply(429, ""), "retry-after", "86400"))
    });
    let outcome = scrape(&Study::default().scraper(service), &samples(20), &[]).await;
    assert_eq!(
        outcome.halt,
        Some(Halt::Failed(Error::SourceThrottled {
            source_kind: "mapbox",
            wait_s: 86_400
        }))
    );
}

#[tokio::test(start_paused = true)]
async fn workers_together_stay_under_the_runs_rate_in_every_second() {
    let service = Service::new(Duration::from_millis(30), |url, _| good(url));
    let limits = Limits {
        per_second: Some(40.0),
        concurrency: Some(16),
        ..Limits::default()
    };
    let study = Study {
        limits,
        workers: 4,
        ..Study::default()
    };
    let samples = samples(240);
    let scrapers: Vec<Scraper> = (0..4).map(|_| study.scraper(service.clone())).collect();
    let batches = samples
        .chunks(60)
        .zip(&scrapers)
        .map(|(part, scraper)| scrape(scraper, part, &[]));
    let outcomes = futures::future::join_all(batches).await;
    assert_eq!(
        outcomes
            .iter()
            .map(|outcome| outcome.counts.ok)
            .sum::<u64>(),
        240
    );
    let moments = service.moments();
    for (index, first) in moments.iter().enumerate() {
        let within = moments[index..]
            .iter()
            .take_while(|moment| **moment - *first < Duration::from_secs(1))
            .count();
        assert!(within <= 40, "{within} requests within a second");
    }
    assert!(service.most_under_way.load(Ordering::SeqCst) <= 16);
    let rate = 239.0 / (moments[239] - moments[0]).as_secs_f64();
    assert!(rate > 36.0, "{rate} a second");
}

#[tokio::test(start_paused = true)]
async fn throughput_comes_within_a_tenth_of_what_concurrency_and_latency_allow() {
    let service = Service::new(Duration::from_millis(50), |url, _| good(url));
    let limits = Limits {
        per_second: Some(1e6),
        concurrency: Some(20),
        ..Limits::default()
    };
    let study = Study {
        limits,
        ..Study::default()
    };
    let outcome = scrape(&study.scraper(service.clone()), &samples(1000), &[]).await;
    assert_eq!(outcome.counts.ok, 1000);
    let moments = service.moments();
    let took = (moments[999] - moments[0]).as_secs_f64() + 0.05;
    assert!(took < 1000.0 / 20.0 * 0.05 * 1.1, "{took} s");
    assert_eq!(service.most_under_way.load(Ordering::SeqCst), 20);
}

/// Two thousand samples, a service that fails one time in five in six ways, a worker dropped five
/// times wherever it happens to be.
#[tokio::test]
async fn nothing_is_lost_or_fetched_twice_when_a_worker_dies() {
    let service = Service::new(Duration::from_millis(1), |url, before| {
        let luck = url.bytes().fold(before as u64 * 977, |sum, byte| {
            sum.wrapping_mul(131).wrapping_add(byte.into())
        }) % 30;
        let whole = picture(url);
        match luck {
            0 => Ok(reply(500, "oops")),
            1 => Ok(with_header(reply(429, ""), "retry-after", "0")),
            2 => Ok(reply(
                200,
                "<?xml version=\"1.0\"?><ServiceException>busy</ServiceException>",
            )),
            3 => Ok(reply(200, "<html><body>maintenance</body></html>")),
            4 => Ok(reply(200, whole.slice(..whole.len() / 2))),
            5 => Err(TransportFault::CutShort),
            _ => Ok(reply(200, whole)),
        }
    });
    let store = Arc::new(Watched::default());
    let limits = Limits {
        per_second: None,
        concurrency: Some(32),
        ..Limits::default()
    };
    let limits = Limits {
        per_second: Some(1e6),
        ..limits
    };
    let study = Study {
        store: store.clone(),
        limits,
        ..Study::default()
    };
    let samples = samples(2000);
    let mut known: Vec<LedgerRow> = Vec::new();
    for kill in 1..=5 {
        let scraper = study.scraper(service.clone());
        tokio::select! {
            biased;
            () = store.holds(300 * kill) => {}
            outcome = scrape(&scraper, &samples, &known) => panic!("finished before it was killed: {:?}", outcome.counts),
        }
    }
    let at_last_kill = service.count();
    for _ in 0..6 {
        let outcome = scrape(&study.scraper(service.clone()), &samples, &known).await;
        known = update(known, outcome.rows);
        if known.iter().all(|row| row.status.has_picture()) {
            break;
        }
    }
    assert!(service.count() > at_last_kill);
    assert_eq!(known.len(), 2000);
    let objects = store.stored.objects();
    assert_eq!(objects.len(), 2000);
    let asked = service.asked.lock().unwrap();
    for (row, sample) in known.iter().zip(&samples) {
        assert_eq!(row.sample_id, sample.sample_id);
        let stored = &objects[&sample.key];
        let url = asked
            .keys()
            .find(|url| url.contains(&format!("/{},{}", short(sample.lon), short(sample.lat))))
            .unwrap();
        assert_eq!(stored, &picture(url), "{}", sample.sample_id);
        let sha256: String = Sha256::digest(stored)
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        assert_eq!(row.sha256.as_deref(), Some(sha256.as_str()));
        let stored_at = store.when.lock().unwrap()[&sample.key];
        assert!(
            asked[url].iter().all(|moment| *moment <= stored_at),
            "{} was fetched after it was stored",
            sample.sample_id
        );
    }
}

fn short(degrees: f64) -> String {
    format!("{degrees:.7}").trim_end_matches('0').to_owned()
}

#[tokio::test]
async fn two_workers_on_one_batch_do_no_harm() {
    let service = Service::new(Duration::from_millis(1), |url, _| good(url));
    let study = Study::default();
    let samples = samples(60);
    let (one, two) = (
        study.scraper(service.clone()),
        study.scraper(service.clone()),
    );
    let (one, two) = tokio::join!(scrape(&one, &samples, &[]), scrape(&two, &samples, &[]));
    assert_eq!((one.rows.len(), two.rows.len()), (60, 60));
    for (a, b) in one.rows.iter().zip(&two.rows) {
        assert!(a.status.has_picture() && b.status.has_picture());
        assert_eq!(a.sha256, b.sha256);
    }
}

#[tokio::test]
async fn a_store_that_refuses_ends_the_batch_with_its_words() {
    for (kind, expected) in [
        (FaultKind::Denied, ErrorKind::AccessDenied),
        (FaultKind::Full, ErrorKind::StorageUnavailable),
    ] {
        let service = Service::new(Duration::ZERO, |url, _| good(url));
        let study = Study {
            store: Arc::new(Refusing(kind)),
            ..Study::default()
        };
        let outcome = scrape(&study.scraper(service.clone()), &samples(200), &[]).await;
        let Some(Halt::Failed(error)) = outcome.halt else {
            panic!("{:?}", outcome.halt)
        };
        assert_eq!(error.kind(), expected);
        assert_eq!(error.to_string(), "storing images/p/s00000.png: no");
        assert!(service.count() < 40, "{}", service.count());
    }
}

#[tokio::test]
async fn pictures_that_may_not_be_kept_are_measured_and_let_go() {
    let service = Service::new(Duration::ZERO, |url, _| good(url));
    let store = Arc::new(MemoryStore::default());
    let study = Study {
        keep_pictures: false,
        measure: Some(Arc::new(MeanRed)),
        store: store.clone(),
        ..Study::default()
    };
    let samples = samples(5);
    let outcome = scrape(&study.scraper(service.clone()), &samples, &[]).await;
    assert!(store.objects().is_empty());
    for row in &outcome.rows {
        assert_eq!((row.status, row.key.as_deref()), (Status::Ok, None));
        assert!(row.measure("red").flatten().is_some_and(|red| red > 50.0));
        assert!(row.sha256.is_some());
    }
    let again = scrape(&study.scraper(service.clone()), &samples, &outcome.rows).await;
    assert_eq!((again.requests, again.rows == outcome.rows), (0, true));
}

#[tokio::test]
async fn a_blank_picture_is_a_row_and_no_object_and_is_not_asked_for_again() {
    let white = file(&flat(64, 64), Format::Png);
    let service = Service::new(Duration::ZERO, move |_, _| Ok(reply(200, white.clone())));
    let store = Arc::new(MemoryStore::default());
    let study = Study {
        store: store.clone(),
        ..Study::default()
    };
    let samples = samples(3);
    let outcome = scrape(&study.scraper(service.clone()), &samples, &[]).await;
    assert_eq!((outcome.counts.blank, store.objects().len()), (3, 0));
    assert_eq!(outcome.rows[0].reason.as_deref(), Some("one flat colour"));
    assert_eq!(
        scrape(&study.scraper(service.clone()), &samples, &outcome.rows)
            .await
            .requests,
        0
    );
}

#[tokio::test]
async fn a_picture_in_another_format_than_asked_is_written_anew() {
    let service = Service::new(Duration::ZERO, |_, _| {
        Ok(reply(200, file(&noise(64, 64, 1), Format::Png)))
    });
    let study = Study {
        picture: serde_json::json!({"size_m": 50, "size_px": 64, "format": "tiff", "sidecar": false}),
        ..Study::default()
    };
    let outcome = scrape(&study.scraper(service), &samples(1), &[]).await;
    let stored = study
        .store
        .get(outcome.rows[0].key.as_ref().unwrap())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(Pixels::decode(&stored).unwrap(), noise(64, 64, 1));
    assert_eq!(outcome.rows[0].media_type.as_deref(), Some("image/tiff"));
}

#[tokio::test(start_paused = true)]
async fn rows_are_handed_over_from_time_to_time() {
    #[derive(Default)]
    struct Seen(Mutex<(usize, Vec<usize>)>);
    #[async_trait]
    impl Progress for Seen {
        fn row(&self, _row: &LedgerRow) {
            self.0.lock().unwrap().0 += 1;
        }
        async fn checkpoint(&self, rows: &[LedgerRow]) -> Result<(), Fault> {
            self.0.lock().unwrap().1.push(rows.len());
            Ok(())
        }
    }
    let service = Service::new(Duration::from_secs(1), |url, _| good(url));
    let limits = Limits {
        concurrency: Some(1),
        ..Limits::default()
    };
    let study = Study {
        limits,
        ..Study::default()
    };
    let samples = samples(70);
    let seen = Seen::default();
    let batch = Batch {
        samples: &samples,
        known: &[],
        max_requests: None,
        progress: &seen,
    };
    study
        .scraper(service)
        .scrape_batch(batch, &Stop::never())
        .await
        .unwrap();
    let (rows, checkpoints) = seen.0.into_inner().unwrap();
    assert_eq!(rows, 70);
    assert_eq!(checkpoints.len(), 2, "{checkpoints:?}");
    assert!(
        checkpoints[0].abs_diff(29) <= 1 && checkpoints[1].abs_diff(59) <= 1,
        "{checkpoints:?}"
    );
}

#[tokio::test]
async fn a_name_that_stands_twice_is_an_error() {
    let service = Service::new(Duration::ZERO, |url, _| good(url));
    let mut samples = samples(2);
    samples[1].sample_id = samples[0].sample_id.clone();
    let batch = Batch {
        samples: &samples,
        known: &[],
        max_requests: None,
        progress: &NoProgress,
    };
    let error = Study::default()
        .scraper(service)
        .scrape_batch(batch, &Stop::never())
        .await
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "sample_id is \"s00000\" twice: expected a name for each sample"
    );
}

#[test]
fn the_usual_backoff_is_a_second_and_at_most_a_minute() {
    assert_eq!(
        (Backoff::USUAL.first, Backoff::USUAL.cap),
        (Duration::from_secs(1), Duration::from_secs(60))
    );
}

/// Mean of the first band.
struct MeanRed;

impl Measure for MeanRed {
    fn names(&self) -> Vec<String> {
        vec!["red".to_owned()]
    }

    fn measure(&self, picture: &Pixels) -> crate::Readings {
        let bands = usize::from(picture.bands());
        let red: Vec<f64> = picture
            .bytes()
            .unwrap()
            .iter()
            .step_by(bands)
            .map(|value| f64::from(*value))
            .collect();
        crate::Readings {
            values: vec![Some(red.iter().sum::<f64>() / red.len() as f64)],
            reason: None,
        }
    }
}

/// A store that remembers when each object came.
#[derive(Default)]
struct Watched {
    stored: MemoryStore,
    when: Mutex<std::collections::BTreeMap<String, Instant>>,
}

impl Watched {
    /// Returns when so many objects are there.
    async fn holds(&self, count: usize) {
        while self.when.lock().unwrap().len() < count {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
}

#[async_trait]
impl PictureStore for Watched {
    async fn size(&self, key: &str) -> Result<Option<u64>, Fault> {
        self.stored.size(key).await
    }
    async fn get(&self, key: &str) -> Result<Option<Bytes>, Fault> {
        self.stored.get(key).await
    }
    async fn put_if_absent(&self, key: &str, bytes: Bytes, media_type: &str) -> Result<Put, Fault> {
        self.when
            .lock()
            .unwrap()
            .entry(key.to_owned())
            .or_insert_with(Instant::now);
        self.stored.put_if_absent(key, bytes, media_type).await
    }
    async fn put(&self, key: &str, bytes: Bytes, media_type: &str) -> Result<(), Fault> {
        self.stored.put(key, bytes, media_type).await
    }
}

/// A store that takes nothing.
struct Refusing(FaultKind);

#[async_trait]
impl PictureStore for Refusing {
    async fn size(&self, _key: &str) -> Result<Option<u64>, Fault> {
        Ok(None)
    }
    async fn get(&self, _key: &str) -> Result<Option<Bytes>, Fault> {
        Ok(None)
    }
    async fn put_if_absent(
        &self,
        key: &str,
        _bytes: Bytes,
        _media_type: &str,
    ) -> Result<Put, Fault> {
        // The first sample's words are waited for by the test.
        if key.ends_with("s00000.png") {
            return Err(Fault::new(self.0, "no"));
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
        Err(Fault::new(self.0, "no"))
    }
    async fn put(&self, _key: &str, _bytes: Bytes, _media_type: &str) -> Result<(), Fault> {
        Err(Fault::new(self.0, "no"))
    }
}
