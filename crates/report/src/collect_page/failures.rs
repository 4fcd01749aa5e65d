//! What went wrong, by reason.

use std::collections::BTreeMap;

use maud::html;

use super::CollectReport;
use super::areas::table;
use crate::Result;
use crate::map::Status;
use crate::numbers::{count, share};
use crate::page::{Cell, Section};

pub(super) fn section(report: &CollectReport<'_>) -> Result<Option<Section>> {
    let readings = report.readings;
    let statuses = readings.texts("status")?;
    let reasons = if readings.has_column("reason") {
        readings.texts("reason")?
    } else {
        vec![None; readings.rows()]
    };
    let ids = readings.texts("sample_id")?;
    let mut groups: BTreeMap<(Status, &str), (u64, &str)> = BTreeMap::new();
    for (row, status) in statuses.iter().enumerate() {
        let status = Status::of(status.as_deref());
        if matches!(status, Status::Ok | Status::Waiting) {
            continue;
        }
        let group = groups.entry((status, reasons[row].as_deref().unwrap_or("no reason given")));
        group.or_insert((0, ids[row].as_deref().unwrap_or(""))).0 += 1;
    }
    if groups.is_empty() {
        return Ok(None);
    }
    let mut groups: Vec<_> = groups.into_iter().collect();
    groups.sort_by_key(|(_, (samples, _))| std::cmp::Reverse(*samples));
    let text = |cell: fn(&((Status, &str), (u64, &str))) -> String| {
        groups.iter().map(|group| Cell::Text(cell(group))).collect()
    };
    let columns = vec![
        (
            "what".to_owned(),
            text(|((status, _), _)| status.words().to_owned()),
        ),
        (
            "reason".to_owned(),
            text(|((_, reason), _)| (*reason).to_owned()),
        ),
        (
            "samples".to_owned(),
            groups
                .iter()
                .map(|(_, (samples, _))| Cell::Count(*samples))
                .collect(),
        ),
        (
            "share of all".to_owned(),
            groups
                .iter()
                .map(|(_, (samples, _))| Cell::Share(Some(share(*samples, readings.rows() as u64))))
                .collect(),
        ),
        (
            "for instance".to_owned(),
            text(|(_, (_, example))| (*example).to_owned()),
        ),
    ];
    let without: u64 = groups.iter().map(|(_, (samples, _))| samples).sum();
    let caption = format!("{} samples without a usable picture", count(without));
    Ok(Some(Section {
        id: "failures",
        title: "Failures by reason",
        body: html! { (table(&caption, columns).markup()) },
    }))
}
