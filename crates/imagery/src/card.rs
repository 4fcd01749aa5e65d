//! What a data set of pictures says about itself: a card (`dataset.json`), and `SpatioTemporal` Asset
//! Catalog items (STAC 1.0.0) for each picture.

use std::collections::BTreeMap;

use geo::BoundingRect;
use serde_json::{Value, json};

use crate::ledger::{LedgerRow, Status};
use crate::picture::Picture;
use crate::scraper::Counts;
use crate::sources::Source;

const STAC_VERSION: &str = "1.0.0";

/// The card of a data set: what the pictures are, how many, by whose leave. `folds` counts the
/// samples of each fold, where the plan has folds.
pub fn dataset_card(
    name: &str,
    source: &Source,
    picture: &Picture,
    rows: &[LedgerRow],
    folds: &BTreeMap<String, u64>,
) -> Value {
    let with_picture: Vec<&LedgerRow> =
        rows.iter().filter(|row| row.status.has_picture()).collect();
    let sizes: BTreeMap<String, u64> =
        with_picture.iter().fold(BTreeMap::new(), |mut sizes, row| {
            let size = format!("{}x{}", row.width.unwrap_or(0), row.height.unwrap_or(0));
            *sizes.entry(size).or_default() += 1;
            sizes
        });
    let shares: Vec<f64> = with_picture
        .iter()
        .filter_map(|row| row.label_share)
        .collect();
    let mean = |values: &[f64]| {
        (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
    };
    json!({
        "name": name,
        "source": source.kind(),
        "attribution": source.attribution(),
        "licence": source.licence(),
        "picture": picture,
        "sizes_px": sizes,
        "pixel_m": mean(&with_picture.iter().filter_map(|row| row.pixel_m).collect::<Vec<_>>()),
        "counts": Counts::of(rows),
        "folds": folds,
        "labels": picture.labels.as_ref().map(|labels| json!({
            "layer": labels.layer,
            "column": labels.column,
            "mode": labels.mode,
            "pictures_with_labels": shares.iter().filter(|share| **share > 0.0).count(),
            "pictures_without_labels": shares.iter().filter(|share| **share == 0.0).count(),
            "labelled_share_of_pixels": mean(&shares),
        })),
    })
}

/// The STAC item of a picture; `None` for a row without a picture or without a place. `href` is the
/// picture's address as seen from the item.
pub fn stac_item(row: &LedgerRow, collection: &str, href: &str) -> Option<Value> {
    if !matches!(row.status, Status::Ok | Status::Exists) {
        return None;
    }
    let outline = row.footprint.as_ref()?;
    let bounds = outline.bounding_rect()?;
    let ring: Vec<[f64; 2]> = outline
        .exterior()
        .coords()
        .map(|place| [place.x, place.y])
        .collect();
    let (datetime, start, end) = times(row);
    let mut properties = json!({ "datetime": datetime });
    if let (Value::Object(properties), Some(start), Some(end)) = (&mut properties, start, end) {
        properties.insert("start_datetime".to_owned(), json!(start));
        properties.insert("end_datetime".to_owned(), json!(end));
    }
    if let (Value::Object(properties), Some(pixel_m)) = (&mut properties, row.pixel_m) {
        properties.insert("gsd".to_owned(), json!(pixel_m));
    }
    for (name, value) in &row.measures {
        if let Value::Object(properties) = &mut properties {
            properties.insert(format!("transect:{name}"), json!(value));
        }
    }
    Some(json!({
        "type": "Feature",
        "stac_version": STAC_VERSION,
        "stac_extensions": [],
        "id": row.sample_id,
        "collection": collection,
        "geometry": {"type": "Polygon", "coordinates": [ring]},
        "bbox": [bounds.min().x, bounds.min().y, bounds.max().x, bounds.max().y],
        "properties": properties,
        "links": [{"rel": "collection", "href": "./collection.json", "type": "application/json"}],
        "assets": {"picture": {"href": href, "type": row.media_type, "roles": ["data"]}},
    }))
}

/// The STAC collection of a data set, or `None` where no picture has a place.
pub fn stac_collection(name: &str, source: &Source, rows: &[LedgerRow]) -> Option<Value> {
    let placed: Vec<&LedgerRow> = rows
        .iter()
        .filter(|row| row.status.has_picture() && row.footprint.is_some())
        .collect();
    let bounds = placed
        .iter()
        .filter_map(|row| row.footprint.as_ref()?.bounding_rect())
        .map(|bounds| {
            [
                bounds.min().x,
                bounds.min().y,
                bounds.max().x,
                bounds.max().y,
            ]
        })
        .reduce(|a, b| {
            [
                a[0].min(b[0]),
                a[1].min(b[1]),
                a[2].max(b[2]),
                a[3].max(b[3]),
            ]
        })?;
    let moments = |row: &&&LedgerRow| {
        let (at, start, end) = times(row);
        [at.clone().or(start), at.or(end)]
    };
    let all: Vec<String> = placed
        .iter()
        .flat_map(|row| moments(&row))
        .flatten()
        .collect();
    Some(json!({
        "type": "Collection",
        "stac_version": STAC_VERSION,
        "id": name,
        "description": format!("Pictures of {} places, taken by Transect from {}", placed.len(), source.kind()),
        "license": source.licence().unwrap_or("proprietary"),
        "extent": {
            "spatial": {"bbox": [bounds]},
            "temporal": {"interval": [[all.iter().min(), all.iter().max()]]},
        },
        "links": [],
    }))
}

/// When a picture was captured: a moment, or a span where only the year or the month is known. A
/// picture of unknown date stands at the time when it was fetched.
fn times(row: &LedgerRow) -> (Option<String>, Option<String>, Option<String>) {
    let fetched = row.fetched_at.map(|time| time.to_string());
    let Some(captured) = row.captured.as_deref() else {
        return (fetched, None, None);
    };
    if let Ok(moment) = captured.parse::<jiff::Timestamp>() {
        return (Some(moment.to_string()), None, None);
    }
    let padded = match captured.len() {
        4 => format!("{captured}-01-01"),
        7 => format!("{captured}-01"),
        _ => captured.to_owned(),
    };
    let Ok(first) = padded.parse::<jiff::civil::Date>() else {
        return (fetched, None, None);
    };
    let last = match captured.len() {
        4 => first.last_of_year(),
        7 => first.last_of_month(),
        _ => first,
    };
    (
        None,
        Some(format!("{first}T00:00:00Z")),
        Some(format!("{last}T23:59:59Z")),
    )
}

#[cfg(test)]
mod tests {
    use geo::polygon;

    use super::*;

    fn row(captured: Option<&str>) -> LedgerRow {
        LedgerRow {
            status: Status::Ok,
            width: Some(256),
            height: Some(256),
            footprint: Some(
                polygon![(x: 8.0, y: 47.0), (x: 8.1, y: 47.0), (x: 8.1, y: 47.1), (x: 8.0, y: 47.1)],
            ),
            captured: captured.map(str::to_owned),
            fetched_at: Some("2026-11-21T12:00:00Z".parse().unwrap()),
            media_type: Some("image/tiff".to_owned()),
            label_share: Some(0.5),
            ..LedgerRow::new("a", "cog", None)
        }
    }

    #[test]
    fn an_item_stands_at_its_time_or_spans_what_is_known_of_it() {
        let cases = [
            (
                Some("2024-05-06T10:11:12Z"),
                json!("2024-05-06T10:11:12Z"),
                Value::Null,
            ),
            (Some("2019-02"), Value::Null, json!("2019-02-28T23:59:59Z")),
            (Some("2020"), Value::Null, json!("2020-12-31T23:59:59Z")),
            (None, json!("2026-11-21T12:00:00Z"), Value::Null),
        ];
        for (captured, datetime, end) in cases {
            let item = stac_item(&row(captured), "chips", "./a.tif").unwrap();
            let properties = &item["properties"];
            assert_eq!(
                (
                    &properties["datetime"],
                    properties.get("end_datetime").unwrap_or(&Value::Null)
                ),
                (&datetime, &end)
            );
            assert_eq!(item["bbox"], json!([8.0, 47.0, 8.1, 47.1]));
        }
        assert!(stac_item(&LedgerRow::new("b", "cog", None), "chips", "./b.tif").is_none());
    }

    #[test]
    fn the_card_counts_pictures_sizes_folds_and_labels() {
        let source: Source =
            serde_json::from_value(json!({"kind": "cog", "url": "a.tif", "licence": "CC-BY-4.0"}))
                .unwrap();
        let picture =
            serde_json::from_value(json!({"size_px": 256, "labels": {"layer": "fields.parquet"}}))
                .unwrap();
        let folds = BTreeMap::from([("0".to_owned(), 1), ("1".to_owned(), 1)]);
        let unlabelled = LedgerRow {
            label_share: Some(0.0),
            ..row(None)
        };
        let rows = [row(None), unlabelled, LedgerRow::new("c", "cog", None)];
        let card = dataset_card("fields", &source, &picture, &rows, &folds);
        assert_eq!(card["counts"]["ok"], 2);
        assert_eq!(card["counts"]["failed"], 1);
        assert_eq!(card["sizes_px"], json!({"256x256": 2}));
        assert_eq!(card["licence"], "CC-BY-4.0");
        assert_eq!(card["labels"]["pictures_without_labels"], 1);
        assert_eq!(card["labels"]["labelled_share_of_pixels"], 0.25);
        assert_eq!(card["folds"], json!({"0": 1, "1": 1}));
        let collection = stac_collection("fields", &source, &rows).unwrap();
        assert_eq!(
            collection["extent"]["spatial"]["bbox"],
            json!([[8.0, 47.0, 8.1, 47.1]])
        );
    }
}
