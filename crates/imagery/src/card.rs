//! What a data set of pictures says about itself: a card (`dataset.json`), and a `SpatioTemporal` Asset
//! Catalog (STAC 1.1.0): a collection, and an item for each picture.

use std::collections::BTreeMap;

use geo::BoundingRect;
use serde_json::{Map, Value, json};

use crate::Error;
use crate::labels::LabelMode;
use crate::ledger::{LedgerRow, Status};
use crate::picture::Picture;
use crate::scraper::Counts;
use crate::sources::Source;
use raster::Pixels;
use raster::tiff::names_and_nodata;

const STAC_VERSION: &str = "1.1.0";

/// A folder of pictures and what is known of them.
#[derive(Clone, Copy, Debug)]
pub struct DataSet<'a> {
    /// What people call it.
    pub name: &'a str,
    /// Identifier of the collection, unlike any other's.
    pub id: &'a str,
    /// Where the pictures come from.
    pub source: &'a Source,
    /// What was asked for.
    pub picture: &'a Picture,
    /// What became of each sample.
    pub rows: &'a [LedgerRow],
    /// Number of samples in each fold, where the plan has folds.
    pub folds: &'a BTreeMap<String, u64>,
    /// Bands of a picture, see [`bands`]; empty where there is no picture.
    pub bands: &'a [BandFacts],
}

/// A band of a picture.
#[derive(Clone, Debug, PartialEq)]
pub struct BandFacts {
    /// Its name, or its number from 1.
    pub name: String,
    /// Type of its values, as `NumPy` calls it.
    pub data_type: &'static str,
    /// The value that means nothing is there.
    pub nodata: Option<f64>,
}

/// The bands of a picture that was taken as `picture` says. Only a TIFF names them itself.
///
/// # Errors
/// [`Error::Picture`] for bytes that are no picture.
pub fn bands(bytes: &[u8], picture: &Picture) -> Result<Vec<BandFacts>, Error> {
    let pixels = Pixels::decode(bytes)?;
    let (mut names, nodata) = names_and_nodata(bytes).unwrap_or_default();
    if names.is_empty() {
        names.extend(picture.bands.iter().flatten().map(ToString::to_string));
        names.truncate(pixels.bands().into());
        let with_label = picture
            .labels
            .as_ref()
            .filter(|labels| labels.mode == LabelMode::Band);
        if let Some(labels) = with_label.filter(|_| names.len() + 1 == usize::from(pixels.bands()))
        {
            names.push(labels.band_name().to_owned());
        }
    }
    let bands = (0..pixels.bands()).map(|band| BandFacts {
        name: names
            .get(usize::from(band))
            .cloned()
            .unwrap_or_else(|| (band + 1).to_string()),
        data_type: pixels.values().type_name(),
        nodata,
    });
    Ok(bands.collect())
}

impl BandFacts {
    fn json(&self) -> Value {
        let mut band = Map::new();
        band.insert("name".to_owned(), json!(self.name));
        band.insert("data_type".to_owned(), json!(self.data_type));
        if let Some(nodata) = self.nodata {
            band.insert("nodata".to_owned(), json!(nodata));
        }
        Value::Object(band)
    }
}

impl DataSet<'_> {
    /// The card: what the pictures are, how many, by whose leave.
    #[must_use]
    pub fn card(&self) -> Value {
        let taken: Vec<&LedgerRow> = self.taken().collect();
        let mut sizes = BTreeMap::<String, u64>::new();
        for row in &taken {
            let size = format!("{}x{}", row.width.unwrap_or(0), row.height.unwrap_or(0));
            *sizes.entry(size).or_default() += 1;
        }
        let pixels_m: Vec<f64> = taken.iter().filter_map(|row| row.pixel_m).collect();
        json!({
            "name": self.name,
            "source": self.source.kind(),
            "attribution": self.source.attribution(),
            "licence": self.source.licence(),
            "picture": self.picture,
            "bands": self.bands.iter().map(BandFacts::json).collect::<Vec<_>>(),
            "sizes_px": sizes,
            "ground_pixel_m": mean(&pixels_m),
            "counts": Counts::of(self.rows),
            "folds": self.folds,
            "labels": self.labels(&taken),
        })
    }

    fn labels(&self, taken: &[&LedgerRow]) -> Option<Value> {
        let labels = self.picture.labels.as_ref()?;
        let shares: Vec<f64> = taken.iter().filter_map(|row| row.label_share).collect();
        let mut classes = BTreeMap::<String, u64>::new();
        for (value, pixels) in taken.iter().flat_map(|row| &row.label_pixels) {
            *classes.entry(value.to_string()).or_default() += pixels;
        }
        let all: u64 = taken
            .iter()
            .filter(|row| row.label_share.is_some())
            .map(|row| u64::from(row.width.unwrap_or(0)) * u64::from(row.height.unwrap_or(0)))
            .sum();
        let labelled: u64 = classes.values().sum();
        Some(json!({
            "layer": labels.layer,
            "column": labels.column,
            "mode": labels.mode,
            "outside": labels.outside,
            "pixels": classes,
            "pixels_outside": all.saturating_sub(labelled),
            "pictures_with_labels": shares.iter().filter(|share| **share > 0.0).count(),
            "pictures_without_labels": shares.iter().filter(|share| **share == 0.0).count(),
            "labelled_share_of_pixels": mean(&shares),
        }))
    }

    fn taken(&self) -> impl Iterator<Item = &LedgerRow> {
        self.rows.iter().filter(|row| row.status.has_picture())
    }

    /// The STAC item of a picture; `None` for a row without a picture or without a place. It lies
    /// beside the picture and the collection; `file` is the picture's name there.
    #[must_use]
    pub fn item(&self, row: &LedgerRow, file: &str) -> Option<Value> {
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
        let mut properties = Map::new();
        let (datetime, start, end) = times(row);
        properties.insert("datetime".to_owned(), json!(datetime));
        if let (Some(start), Some(end)) = (start, end) {
            properties.insert("start_datetime".to_owned(), json!(start));
            properties.insert("end_datetime".to_owned(), json!(end));
        }
        if let Some(pixel_m) = row.pixel_m {
            properties.insert("gsd".to_owned(), json!(pixel_m));
        }
        if let Some(share) = row.label_share {
            properties.insert("transect:label_share".to_owned(), json!(share));
        }
        for (name, value) in &row.measures {
            properties.insert(format!("transect:{name}"), json!(value));
        }
        let links = ["collection", "parent", "root"].map(
            |rel| json!({"rel": rel, "href": "./collection.json", "type": "application/json"}),
        );
        Some(json!({
            "type": "Feature",
            "stac_version": STAC_VERSION,
            "stac_extensions": [],
            "id": row.sample_id,
            "collection": self.id,
            "geometry": {"type": "Polygon", "coordinates": [ring]},
            "bbox": [bounds.min().x, bounds.min().y, bounds.max().x, bounds.max().y],
            "properties": properties,
            "links": links,
            "assets": self.assets(row, file),
        }))
    }

    fn assets(&self, row: &LedgerRow, file: &str) -> Value {
        let bands: Vec<Value> = self.bands.iter().map(BandFacts::json).collect();
        let mut assets = Map::new();
        assets.insert(
            "picture".to_owned(),
            json!({"href": format!("./{file}"), "type": row.media_type, "roles": ["data"], "bands": bands}),
        );
        let labels = self.picture.labels.as_ref();
        if labels.is_some_and(|labels| labels.mode == LabelMode::File) {
            let stem = file.rsplit_once('.').map_or(file, |(stem, _)| stem);
            assets.insert(
                "labels".to_owned(),
                json!({"href": format!("./{stem}.labels.tif"), "type": "image/tiff", "roles": ["labels"]}),
            );
        }
        Value::Object(assets)
    }

    /// The STAC collection, or `None` where no picture has a place. `items` are the names of the
    /// items' files, which lie beside it.
    #[must_use]
    pub fn collection(&self, items: &[String]) -> Option<Value> {
        let placed: Vec<&LedgerRow> = self.taken().filter(|row| row.footprint.is_some()).collect();
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
        let moments: Vec<String> = placed
            .iter()
            .flat_map(|row| {
                let (at, start, end) = times(row);
                [at.clone().or(start), at.or(end)]
            })
            .flatten()
            .collect();
        let link = |rel: &str, file: &str, media_type: &str| json!({"rel": rel, "href": format!("./{file}"), "type": media_type});
        let mut links = vec![link("root", "collection.json", "application/json")];
        let items = items.iter();
        links.extend(items.map(|file| link("item", file, "application/geo+json")));
        Some(json!({
            "type": "Collection",
            "stac_version": STAC_VERSION,
            "id": self.id,
            "title": self.name,
            "description": format!("Pictures of {} places, taken by Transect from {}", placed.len(), self.source.kind()),
            "license": self.source.licence().unwrap_or("other"),
            "extent": {
                "spatial": {"bbox": [bounds]},
                "temporal": {"interval": [[moments.iter().min(), moments.iter().max()]]},
            },
            "links": links,
            "assets": {"card": {"href": "./dataset.json", "type": "application/json", "roles": ["metadata"]}},
        }))
    }
}

fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
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
    use raster::Grid;
    use raster::Values;
    use raster::geotiff::{GeotiffOptions, write_geotiff};

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
            label_pixels: vec![(1.0, 30_000), (2.5, 2768)],
            ..LedgerRow::new("a", "cog", None)
        }
    }

    fn source() -> Source {
        serde_json::from_value(json!({"kind": "cog", "url": "a.tif", "licence": "CC-BY-4.0"}))
            .unwrap()
    }

    fn picture(more: Value) -> Picture {
        let mut settings =
            json!({"size_px": 256, "labels": {"layer": "fields.parquet", "column": "crop"}});
        if let (Value::Object(settings), Value::Object(more)) = (&mut settings, more) {
            settings.extend(more);
        }
        serde_json::from_value(settings).unwrap()
    }

    fn data_set<'a>(
        source: &'a Source,
        picture: &'a Picture,
        rows: &'a [LedgerRow],
        folds: &'a BTreeMap<String, u64>,
        bands: &'a [BandFacts],
    ) -> DataSet<'a> {
        DataSet {
            name: "fields",
            id: "0a1b",
            source,
            picture,
            rows,
            folds,
            bands,
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
        let (source, picture, folds) = (source(), picture(json!({})), BTreeMap::new());
        for (captured, datetime, end) in cases {
            let row = row(captured);
            let set = data_set(&source, &picture, &[], &folds, &[]);
            let item = set.item(&row, "a.tif").unwrap();
            let properties = &item["properties"];
            let found = properties.get("end_datetime").unwrap_or(&Value::Null);
            assert_eq!((&properties["datetime"], found), (&datetime, &end));
            assert_eq!(item["bbox"], json!([8.0, 47.0, 8.1, 47.1]));
            assert_eq!(item["assets"]["picture"]["href"], "./a.tif");
            assert!(
                set.item(&LedgerRow::new("b", "cog", None), "b.tif")
                    .is_none()
            );
        }
    }

    #[test]
    fn labels_in_a_file_of_their_own_are_an_asset() {
        let picture = picture(json!({"labels": {"layer": "f", "mode": "file"}}));
        let (source, folds) = (source(), BTreeMap::new());
        let set = data_set(&source, &picture, &[], &folds, &[]);
        let item = set.item(&row(None), "a.tif").unwrap();
        assert_eq!(item["assets"]["labels"]["href"], "./a.labels.tif");
    }

    #[test]
    fn the_card_counts_pictures_sizes_folds_and_classes() {
        let folds = BTreeMap::from([("0".to_owned(), 1), ("1".to_owned(), 1)]);
        let unlabelled = LedgerRow {
            label_share: Some(0.0),
            label_pixels: Vec::new(),
            ..row(None)
        };
        let rows = [row(None), unlabelled, LedgerRow::new("c", "cog", None)];
        let (source, picture) = (source(), picture(json!({})));
        let set = data_set(&source, &picture, &rows, &folds, &[]);
        let card = set.card();
        assert_eq!(card["counts"]["ok"], 2);
        assert_eq!(card["counts"]["failed"], 1);
        assert_eq!(card["sizes_px"], json!({"256x256": 2}));
        assert_eq!(card["licence"], "CC-BY-4.0");
        assert_eq!(card["labels"]["pictures_without_labels"], 1);
        assert_eq!(card["labels"]["labelled_share_of_pixels"], 0.25);
        assert_eq!(card["labels"]["pixels"], json!({"1": 30_000, "2.5": 2768}));
        assert_eq!(card["labels"]["pixels_outside"], 3 * 32_768);
        assert_eq!(card["folds"], json!({"0": 1, "1": 1}));
        let collection = set.collection(&["a.json".to_owned()]).unwrap();
        assert_eq!(
            collection["extent"]["spatial"]["bbox"],
            json!([[8.0, 47.0, 8.1, 47.1]])
        );
        assert_eq!(collection["links"][1]["href"], "./a.json");
    }

    #[test]
    fn bands_are_named_by_the_tiff_or_by_what_was_asked_for() {
        let pixels = Pixels::new(2, 1, 3, Values::U16(vec![1, 2, 3, 4, 5, 6])).unwrap();
        let grid = Grid {
            crs: tables::Crs::from_epsg(3857).unwrap(),
            origin: (0.0, 0.0),
            pixel: (1.0, 1.0),
            width: 2,
            height: 1,
        };
        let options = GeotiffOptions {
            band_names: ["B", "N", "a < b"].map(str::to_owned).into(),
            nodata: Some(7.0),
            ..GeotiffOptions::default()
        };
        let tiff = write_geotiff(&pixels, &grid, &options).unwrap();
        let found = bands(&tiff, &picture(json!({}))).unwrap();
        let names: Vec<&str> = found.iter().map(|band| band.name.as_str()).collect();
        assert_eq!(names, ["B", "N", "a < b"]);
        assert_eq!((found[0].data_type, found[0].nodata), ("uint16", Some(7.0)));

        let plain = write_geotiff(&pixels, &grid, &GeotiffOptions::default()).unwrap();
        let names = |picture: &Picture| -> Vec<String> {
            let found = bands(&plain, picture).unwrap();
            found.into_iter().map(|band| band.name).collect()
        };
        assert_eq!(
            names(&picture(json!({"bands": ["B", "N"]}))),
            ["B", "N", "crop"]
        );
        assert_eq!(names(&picture(json!({"labels": null}))), ["1", "2", "3"]);
    }
}
