//! Quotas of a made-up plan: three towns with samples in the order of their visits, and ledgers as runs would leave them.

use arrow_array::{ArrayRef, StringArray};
use serde_json::json;
use store::Memory;
use tables::{Coord, Crs};

use super::*;
use crate::{BatchId, BatchLine};

const PLAN: &str = "0123456789abcdef";

/// Towns by turns, in two batches of the plan: a0 b0 c0 a1 b1 a2 | a3 a4.
const VISITS: [&str; 8] = ["a0", "b0", "c0", "a1", "b1", "a2", "a3", "a4"];

async fn planned() -> Arc<dyn Store> {
    let store: Arc<dyn Store> = Arc::new(Memory::new("out"));
    let keys = Keys::of(PLAN);
    let study = json!({
        "name": "three towns",
        "plan": {"kind": "roads", "file": "roads.geojson", "interval_m": 10.0},
        "source": {"kind": "cog", "url": "s3://imagery/a.tif"},
        "picture": {"size_px": 64},
    });
    store
        .put(&keys.study(), study.to_string().into(), JSON)
        .await
        .unwrap();
    let texts = |values: Vec<String>| Arc::new(StringArray::from(values)) as ArrayRef;
    let column = |take: fn(&str) -> String| texts(VISITS.iter().map(|id| take(id)).collect());
    let batch: ArrayRef = Arc::new(Int32Array::from(vec![0, 0, 0, 0, 0, 0, 1, 1]));
    let points = vec![Coord { x: 9.5, y: 47.1 }; VISITS.len()];
    let samples = Table::new(vec![
        ("sample_id".into(), column(str::to_owned)),
        ("batch".into(), batch),
        ("town".into(), column(|id| id[..1].to_uppercase())),
    ])
    .unwrap()
    .with_points("geometry", &points, Crs::wgs84())
    .unwrap();
    let groups = WriteOptions {
        row_groups: RowGroups::Exactly(vec![6, 2]),
    };
    let bytes = samples.to_geoparquet(&groups).unwrap();
    store
        .put(&keys.samples(), bytes.into(), PARQUET)
        .await
        .unwrap();
    store
        .put(&keys.batches(), "{}\n{}\n".into(), LINES)
        .await
        .unwrap();
    store
}

/// Writes a part of the ledger: samples and what became of them.
async fn tell(store: &Arc<dyn Store>, quota: Option<u32>, rows: &[(&str, &str)]) {
    let column = |values: Vec<&str>| Arc::new(StringArray::from(values)) as ArrayRef;
    let table = Table::new(vec![
        (
            "sample_id".into(),
            column(rows.iter().map(|row| row.0).collect()),
        ),
        (
            "status".into(),
            column(rows.iter().map(|row| row.1).collect()),
        ),
    ])
    .unwrap();
    let bytes = table.to_geoparquet(&WriteOptions::default()).unwrap();
    let key = Keys::of(PLAN).ledger_part(BatchId { quota, batch: 0 });
    store.put(&key, bytes.into(), PARQUET).await.unwrap();
}

async fn next(store: &Arc<dyn Store>, at_most: u64, quota: &Quota) -> NextSamples {
    let runs = QuotaRuns::of_plan(PLAN, store.as_ref()).await.unwrap();
    NextSamples::find(quota, at_most, &runs, store)
        .await
        .unwrap()
}

/// Takes a quota; gives back the run and the names of its samples.
async fn take(store: &Arc<dyn Store>, at_most: u64, quota: &Quota) -> (QuotaRun, Vec<String>) {
    let run = next(store, at_most, quota)
        .await
        .claim(store)
        .await
        .unwrap()
        .unwrap();
    let ids = run.sample_ids.clone();
    (run, ids)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_quota_takes_the_next_samples_of_every_town_in_batches_of_its_own() {
    let store = planned().await;
    let quota = Quota {
        batch_size: 3,
        ..Quota::of_plan(PLAN)
    };
    // 5, 2 and 1 left of 8, by largest remainder of 4: 2.5, 1 and 0.5; nobody starves
    let (run, ids) = take(&store, 4, &quota).await;
    assert_eq!(ids, ["a0", "b0", "c0", "a1"]);
    assert_eq!((run.number, run.batch_count, run.samples()), (1, 2, 4));
    assert_eq!(run.name(), "collect-0123456789abcdef-00001");

    run.list_batches(store.as_ref(), "out", 10).await.unwrap();
    let list = store.get(&run.batches()).await.unwrap();
    let lines: Vec<BatchLine> = list
        .split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty())
        .map(|line| serde_json::from_slice(line).unwrap())
        .collect();
    assert_eq!(
        lines
            .iter()
            .map(|line| (line.quota, line.batch))
            .collect::<Vec<_>>(),
        [(Some(1), 0), (Some(1), 1)]
    );
    let last = stored::samples(&store, &Keys::of(PLAN).quota_samples(1), 1)
        .await
        .unwrap();
    assert_eq!(last.texts("sample_id").unwrap(), [Some("a1".to_owned())]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_in_flight_is_not_taken_twice_and_comes_back_when_its_run_ends_without_it() {
    let store = planned().await;
    let quota = Quota::of_plan(PLAN);
    let (first, ids) = take(&store, 3, &quota).await;
    assert_eq!(ids, ["a0", "b0", "c0"]);
    let (_, second) = take(&store, 3, &quota).await;
    assert_eq!(second, ["a1", "b1", "a2"]);
    // the first run dies after one sample
    tell(&store, Some(1), &[("b0", "ok")]).await;
    first.end(store.as_ref()).await.unwrap();
    let third = next(&store, 10, &quota).await;
    assert_eq!(
        third.standing,
        Standing {
            done: 1,
            in_flight: 3,
            resting: 0,
            waiting: 4
        }
    );
    let (run, ids) = take(&store, 10, &quota).await;
    assert_eq!((run.number, ids.join(" ")), (3, "a0 c0 a3 a4".to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_claims_at_once_one_gets_the_samples_and_the_other_looks_again() {
    let store = planned().await;
    let quota = Quota::of_plan(PLAN);
    let (one, other) = (next(&store, 3, &quota).await, next(&store, 3, &quota).await);
    assert!(one.claim(&store).await.unwrap().is_some());
    assert_eq!(other.claim(&store).await.unwrap(), None);
    assert_eq!(take(&store, 3, &quota).await.1, ["a1", "b1", "a2"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_failed_is_tried_after_the_others_then_rests_and_is_taken_back_by_a_retry() {
    let store = planned().await;
    let quota = Quota {
        tries: 2,
        ..Quota::of_plan(PLAN)
    };
    let (run, _) = take(&store, 4, &quota).await;
    tell(
        &store,
        Some(1),
        &[
            ("a0", "failed"),
            ("b0", "no_imagery"),
            ("c0", "ok"),
            ("a1", "failed"),
        ],
    )
    .await;
    run.end(store.as_ref()).await.unwrap();

    let (run, ids) = take(&store, 5, &quota).await;
    assert_eq!(
        ids,
        ["b1", "a2", "a3", "a4", "a0"],
        "a0 failed: it comes last"
    );
    tell(
        &store,
        Some(2),
        &[
            ("b1", "ok"),
            ("a2", "ok"),
            ("a3", "blank"),
            ("a4", "exists"),
            ("a0", "failed"),
        ],
    )
    .await;
    run.end(store.as_ref()).await.unwrap();

    let third = next(&store, 5, &quota).await;
    assert_eq!(
        third.standing,
        Standing {
            done: 6,
            in_flight: 0,
            resting: 1,
            waiting: 1
        }
    );
    let (run, ids) = take(&store, 5, &quota).await;
    assert_eq!(ids, ["a1"]);
    tell(&store, Some(3), &[("a1", "failed")]).await;
    run.end(store.as_ref()).await.unwrap();
    assert!(next(&store, 5, &quota).await.is_empty());

    assert_eq!(retry(PLAN, &store).await.unwrap(), 2);
    let (run, ids) = take(&store, 5, &quota).await;
    assert_eq!((run.number, ids.join(" ")), (4, "a0 a1".to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn weights_go_by_the_names_of_towns() {
    let store = planned().await;
    let weights = |of: &[(&str, f64)]| Quota {
        sharing: TownSharing::Weights(
            of.iter()
                .map(|(town, weight)| ((*town).to_owned(), *weight))
                .collect(),
        ),
        ..Quota::of_plan(PLAN)
    };
    let found = next(&store, 3, &weights(&[("A", 1.0), ("B", 2.0)])).await;
    assert_eq!(
        found.picks,
        [(0, 0), (0, 1), (0, 4)].map(|(batch, row)| Pick { batch, row })
    );
    let runs = QuotaRuns::of_plan(PLAN, store.as_ref()).await.unwrap();
    let error = NextSamples::find(&weights(&[("Q", 1.0)]), 3, &runs, &store)
        .await
        .unwrap_err();
    assert!(error.to_string().contains("weights"), "{error}");
}
