//! How far the study has come.

use maud::html;
use measures::Tally;

use super::CollectReport;
use crate::Result;
use crate::map::Status;
use crate::numbers::{count, decimal, percent, share};
use crate::page::{Section, tiles};

pub(super) fn section(report: &CollectReport<'_>) -> Result<Section> {
    let mut tally = Tally::default();
    report
        .readings
        .texts("status")?
        .iter()
        .for_each(|status| tally.count(status.as_deref()));
    let mut figures = vec![
        (count(tally.asked), "samples"),
        (count(tally.got), "pictures"),
    ];
    if let Some(areas) = report.areas {
        figures.push((count(areas.rows() as u64), "areas"));
    }
    if let Some(towns) = report.towns {
        figures.push((count(towns.rows() as u64), "towns"));
    }
    let mean;
    if let Some(measure) = report.measures.first() {
        let filled = report.readings.has_column("predicted");
        let values = report.readings.numbers(measure)?;
        mean = format!("mean {measure}{}", if filled { ", filled" } else { "" });
        figures.push((
            decimal(measures::mean(values.into_iter().flatten()).mean),
            &mean,
        ));
    }
    let of = |status: Status| match status {
        Status::Ok => tally.got,
        Status::Blank => tally.blank,
        Status::NoImagery => tally.no_imagery,
        Status::Failed => tally.failed,
        Status::Waiting => tally.waiting,
    };
    let order = [
        Status::Ok,
        Status::Blank,
        Status::NoImagery,
        Status::Failed,
        Status::Waiting,
    ];
    Ok(Section {
        id: "overview",
        title: "Overview",
        body: html! {
            (tiles(&figures))
            div.progress aria-hidden="true" {
                @for status in order {
                    @if of(status) > 0 { span class=(status.class()) style=(format!("flex-grow:{}", of(status))) {} }
                }
            }
            ul.legend {
                @for status in order {
                    li {
                        span class={ "swatch " (status.class()) } {}
                        (status.words()) ": " (count(of(status))) " (" (percent(share(of(status), tally.asked))) ")"
                    }
                }
            }
        },
    })
}
