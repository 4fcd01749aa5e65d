//! Searching a STAC API, and the items that it lists.

use std::cmp::Reverse;

use geo::{Geometry, Intersects, Point};
use serde_json::{Value, json};
use url::Url;

use super::{ItemOrder, Stac};
use crate::fetch::{Call, Miss, Rejection, Reply, Request, plain_status};
use crate::sample::Sample;
use crate::sources::address::below;

/// Items a page.
const PAGE: u32 = 100;
/// Pages that are followed; what lies behind them is another choice of the same place.
const MOST_PAGES: usize = 50;

/// A search, but for its place.
pub(super) struct Search {
    url: Url,
    collections: Vec<String>,
    datetime: Option<String>,
    max_cloud: Option<f64>,
    order: ItemOrder,
}

/// A raster with its place, time and assets.
#[derive(Clone, Debug)]
pub(super) struct Item {
    id: String,
    geometry: Option<Geometry>,
    datetime: Option<String>,
    cloud: Option<f64>,
    assets: Vec<(String, String)>,
}

impl Item {
    fn parse(item: &Value, base: &Url) -> Option<Self> {
        let properties = item.get("properties");
        let text = |name: &str| properties?.get(name)?.as_str().map(str::to_owned);
        let geometry = item.get("geometry").and_then(|geometry| {
            let geometry: geojson::Geometry = serde_json::from_value(geometry.clone()).ok()?;
            Geometry::try_from(geometry).ok()
        });
        // Addresses may be relative to the item's own, or to its server.
        let own = item
            .get("links")
            .and_then(Value::as_array)
            .and_then(|links| {
                links
                    .iter()
                    .find(|link| link.get("rel").and_then(Value::as_str) == Some("self"))
            })
            .and_then(|link| base.join(link.get("href")?.as_str()?).ok());
        let own = own.as_ref().unwrap_or(base);
        // A catalogue elsewhere has no say over the files of this machine.
        let absolute = |href: &str| {
            let url = own.join(href).ok()?;
            matches!(url.scheme(), "http" | "https" | "s3").then(|| String::from(url))
        };
        let assets = item
            .get("assets")?
            .as_object()?
            .iter()
            .filter_map(|(name, asset)| {
                Some((name.clone(), absolute(asset.get("href")?.as_str()?)?))
            })
            .collect();
        Some(Self {
            id: item.get("id")?.as_str()?.to_owned(),
            geometry,
            datetime: text("datetime").or_else(|| text("start_datetime")),
            cloud: properties
                .and_then(|properties| properties.get("eo:cloud_cover"))
                .and_then(Value::as_f64),
            assets,
        })
    }

    pub(super) fn id(&self) -> &str {
        &self.id
    }

    pub(super) fn datetime(&self) -> Option<&str> {
        self.datetime.as_deref()
    }

    /// Whether the item's outline has the sample inside. An item without an outline covers nothing.
    pub(super) fn covers(&self, sample: &Sample) -> bool {
        self.geometry
            .as_ref()
            .is_some_and(|outline| outline.intersects(&Point::new(sample.lon, sample.lat)))
    }

    /// Names of the assets that can be fetched.
    pub(super) fn asset_names(&self) -> Vec<&str> {
        self.assets.iter().map(|(name, _)| name.as_str()).collect()
    }

    /// Address of an asset.
    pub(super) fn asset(&self, name: &str) -> Option<&str> {
        self.assets
            .iter()
            .find(|(other, _)| other == name)
            .map(|(_, href)| href.as_str())
    }
}

impl Search {
    pub(super) fn new(api: &Url, settings: &Stac) -> Self {
        Self {
            url: below(api, &["search"]),
            collections: settings.collections.clone(),
            datetime: settings.datetime.clone(),
            max_cloud: settings.max_cloud,
            order: settings.order,
        }
    }

    /// All items in a box of lon/lat, best first.
    pub(super) async fn items(&self, bounds: [f64; 4], call: &Call) -> Result<Vec<Item>, Miss> {
        let (mut request, mut page) = self.first_page(bounds, call).await?;
        let mut items = Vec::new();
        for _ in 0..MOST_PAGES {
            let features = page
                .get("features")
                .and_then(Value::as_array)
                .map_or(&[][..], Vec::as_slice);
            let parsed = features.iter();
            items.extend(parsed.filter_map(|item| Item::parse(item, &self.url)));
            match next_page(&page, &self.url, request.body()) {
                Some(next) if !features.is_empty() => request = next,
                _ => break,
            }
            page = call.fetch(&request, judge).await?;
        }
        // Not every service filters by cloud, and none is asked to: the items say it.
        if let Some(most) = self.max_cloud {
            items.retain(|item| item.cloud.is_none_or(|cloud| cloud <= most));
        }
        self.sort(&mut items);
        Ok(items)
    }

    /// Asks by POST, whose lists every service reads alike, and by GET where there is no POST: the
    /// standard only demands the latter.
    async fn first_page(&self, bounds: [f64; 4], call: &Call) -> Result<(Request, Value), Miss> {
        let mut body = json!({"collections": self.collections, "bbox": bounds, "limit": PAGE});
        if let (Some(datetime), Value::Object(body)) = (&self.datetime, &mut body) {
            body.insert("datetime".to_owned(), json!(datetime));
        }
        let post = Request::post_json(self.url.clone(), &body);
        let answer = call.fetch(&post, |reply| match reply.status {
            404 | 405 | 501 => Ok(None),
            _ => judge(reply).map(Some),
        });
        if let Some(page) = answer.await? {
            return Ok((post, page));
        }
        let mut url = self.url.clone();
        {
            let mut query = url.query_pairs_mut();
            query
                .append_pair("collections", &self.collections.join(","))
                .append_pair("bbox", &bounds.map(|number| number.to_string()).join(","))
                .append_pair("limit", &PAGE.to_string());
            if let Some(datetime) = &self.datetime {
                query.append_pair("datetime", datetime);
            }
        }
        let get = Request::get(url);
        let page = call.fetch(&get, judge).await?;
        Ok((get, page))
    }

    fn sort(&self, items: &mut [Item]) {
        items.sort_by(|a, b| {
            let newest = |item: &Item| Reverse(item.datetime.clone());
            let cloud = |item: &Item| item.cloud.unwrap_or(f64::INFINITY);
            let by_cloud = match self.order {
                ItemOrder::Newest => std::cmp::Ordering::Equal,
                ItemOrder::LeastCloud => cloud(a).total_cmp(&cloud(b)),
            };
            by_cloud
                .then_with(|| newest(a).cmp(&newest(b)))
                .then_with(|| a.id.cmp(&b.id))
        });
    }
}

fn judge(reply: &Reply) -> Result<Value, Rejection> {
    match reply.status {
        403 => return Err(Rejection::Refused("http 403".to_owned())),
        404 => return Err(Rejection::NotThere("http 404".to_owned())),
        _ => plain_status(reply)?,
    }
    serde_json::from_slice(&reply.body)
        .ok()
        .filter(|page: &Value| page.get("features").is_some_and(Value::is_array))
        .ok_or_else(|| Rejection::Defect("a reply without a list of items".to_owned()))
}

/// The request of the next page: a link to follow, or a body to send (STAC API, item search, "Paging").
fn next_page(page: &Value, base: &Url, sent: Option<&bytes::Bytes>) -> Option<Request> {
    let links = page.get("links")?.as_array()?;
    let next = links
        .iter()
        .find(|link| link.get("rel").and_then(Value::as_str) == Some("next"))?;
    let url = base.join(next.get("href")?.as_str()?).ok()?;
    let is_post = next
        .get("method")
        .and_then(Value::as_str)
        .is_some_and(|method| method.eq_ignore_ascii_case("post"));
    if !is_post {
        return Some(Request::get(url));
    }
    let mut body = next.get("body").cloned().unwrap_or_else(|| json!({}));
    if next.get("merge").and_then(Value::as_bool) == Some(true) {
        let before: Option<Value> = sent.and_then(|sent| serde_json::from_slice(sent).ok());
        if let (Some(Value::Object(mut before)), Value::Object(new)) = (before, &body) {
            before.extend(new.clone());
            body = Value::Object(before);
        }
    }
    Some(Request::post_json(url, &body))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(id: &str, datetime: &str, cloud: f64) -> Value {
        json!({
            "id": id,
            "geometry": {"type": "Polygon", "coordinates": [[[8, 47], [9, 47], [9, 48], [8, 48], [8, 47]]]},
            "properties": {"datetime": datetime, "eo:cloud_cover": cloud},
            "assets": {"visual": {"href": "./visual.tif"}, "red": {"href": "s3://bucket/red.tif"}},
            "links": [{"rel": "self", "href": "https://s.test/items/a/a.json"}],
        })
    }

    #[test]
    fn items_come_newest_or_clearest_first() {
        let base = Url::parse("https://s.test/search").unwrap();
        let listed = [
            ("a", "2024-05-01", 3.0),
            ("b", "2024-07-01", 40.0),
            ("c", "2024-06-01", 3.0),
        ];
        for (order, expected) in [
            (ItemOrder::Newest, ["b", "c", "a"]),
            (ItemOrder::LeastCloud, ["c", "a", "b"]),
        ] {
            let settings = json!({"url": "https://s.test", "collections": ["x"]});
            let settings = Stac {
                order,
                ..serde_json::from_value(settings).unwrap()
            };
            let mut items: Vec<Item> = listed
                .iter()
                .map(|(id, time, cloud)| Item::parse(&item(id, time, *cloud), &base).unwrap())
                .collect();
            Search::new(&base, &settings).sort(&mut items);
            assert_eq!(items.iter().map(Item::id).collect::<Vec<_>>(), expected);
        }
    }

    #[test]
    fn an_item_covers_what_its_outline_holds_and_finds_its_assets() {
        let base = Url::parse("https://s.test/search").unwrap();
        let item = Item::parse(&item("a", "2024-05-01", 0.0), &base).unwrap();
        let at = |lon: f64| Sample {
            sample_id: String::new(),
            lon,
            lat: 47.5,
            heading: None,
            pitch: None,
            grid: None,
            key: String::new(),
        };
        assert!(item.covers(&at(8.5)) && !item.covers(&at(9.5)));
        assert_eq!(
            item.asset("visual"),
            Some("https://s.test/items/a/visual.tif")
        );
        assert_eq!(item.asset("red"), Some("s3://bucket/red.tif"));
        assert_eq!(item.asset("nir"), None);
        assert_eq!(item.asset_names(), ["visual", "red"]);
    }

    #[test]
    fn addresses_belong_to_the_server_and_never_to_this_machine() {
        let base = Url::parse("https://s.test/api/search").unwrap();
        let mut foreign = item("a", "2024-05-01", 0.0);
        foreign["assets"] = json!({
            "rooted": {"href": "/data/red.tif"},
            "local": {"href": "file:///etc/hostname"},
            "other": {"href": "ftp://s.test/red.tif"},
        });
        let item = Item::parse(&foreign, &base).unwrap();
        assert_eq!(item.asset("rooted"), Some("https://s.test/data/red.tif"));
        assert_eq!(item.asset_names(), ["rooted"]);
    }

    #[test]
    fn the_next_page_is_a_link_or_a_body() {
        let base = Url::parse("https://s.test/search").unwrap();
        let get = json!({"links": [{"rel": "next", "href": "https://s.test/search?token=2"}]});
        assert_eq!(
            next_page(&get, &base, None).unwrap().shown_url().as_str(),
            "https://s.test/search?token=2"
        );
        let post = json!({"links": [{"rel": "next", "href": "/search", "method": "POST", "merge": true, "body": {"token": "3"}}]});
        let sent = bytes::Bytes::from(r#"{"limit": 5, "token": "2"}"#);
        let next = next_page(&post, &base, Some(&sent)).unwrap();
        let body: Value = serde_json::from_slice(next.body().unwrap()).unwrap();
        assert_eq!(body, json!({"limit": 5, "token": "3"}));
        assert!(next_page(&json!({"links": []}), &base, None).is_none());
    }
}
