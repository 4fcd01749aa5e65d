//! A sample of clusters, worked out by hand.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::sync::Arc;

use arrow_array::{ArrayRef, Float64Array, StringArray};
use clustering::sample_clusters;
use tables::Table;

#[test]
fn two_of_three_clusters_are_those_worked_out_by_hand() {
    // 30, 50 and 120 people: a step is 100, so the third is certain; one of the others is drawn from 80.
    let ids: ArrayRef = Arc::new(StringArray::from(vec!["A", "B", "C"]));
    let weights: ArrayRef = Arc::new(Float64Array::from(vec![30.0, 50.0, 120.0]));
    let clusters = Table::new(vec![
        ("cluster_id".to_owned(), ids),
        ("cluster_weight".to_owned(), weights),
    ])
    .expect("three clusters");
    let mut drawn = [0, 0];
    for seed in 0..2_000 {
        let sample = sample_clusters(&clusters, 2, seed).expect("a sample");
        let ids: Vec<String> = sample
            .texts("cluster_id")
            .expect("ids")
            .into_iter()
            .flatten()
            .collect();
        let first = usize::from(ids[0] == "B");
        drawn[first] += 1;
        assert_eq!(ids, [["A", "B"][first], "C"]);
        let probabilities = sample.numbers("inclusion_probability").expect("shares");
        assert_eq!(probabilities, [Some([0.375, 0.625][first]), Some(1.0)]);
        // Whichever it is, the estimate of all people is right: 200.
        let estimate: f64 = sample
            .numbers("design_weight")
            .expect("design weights")
            .into_iter()
            .zip(sample.numbers("cluster_weight").expect("weights"))
            .map(|(design, weight)| design.expect("one") * weight.expect("one"))
            .sum();
        assert!((estimate - 200.0).abs() < 1e-9, "{estimate}");
    }
    // Three eighths of 2,000 are 750; four standard deviations are 87.
    assert!((663..=837).contains(&drawn[0]), "{drawn:?}");
}
