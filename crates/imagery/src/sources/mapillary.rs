//! Mapillary Graph API, v4.

use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use url::Url;

use super::address::{below, decimals, service_url};
use super::street_view::street_px;
use super::{Aim, Camera, Content, Describe, Opening, PictureSource, Taken, UsualLimits, no_grid};
use crate::Error;
use crate::fetch::{
    Call, Miss, Rejection, Reply, Request, excerpt, expiry, picture_reply, plain_status,
};
use crate::picture::{Picture, Size};
use crate::sample::{Frame, Sample};
use crate::secret::{Secret, SecretName};
use raster::metres_per_degree;

/// Widths in which the service has pictures.
const WIDTHS: [u32; 3] = [256, 1024, 2048];
/// Pictures that one search lists at most, by the service's documentation.
const LISTED: usize = 2000;
/// Searches for one sample, each in a box of half the side.
const MOST_SEARCHES: usize = 6;

/// Street pictures of Mapillary's contributors: for each sample the nearest that looks its way.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Mapillary {
    /// Place of the access token.
    pub key: SecretName,
    /// Metres around the sample in which a picture may lie.
    #[serde(default = "default_radius")]
    pub radius_m: f64,
    /// Degrees by which a picture may look aside from the sample's heading.
    #[serde(default = "default_max_angle")]
    pub max_angle: f64,
    /// Address of the service.
    #[serde(default = "default_base_url")]
    pub base_url: String,
}

fn default_radius() -> f64 {
    25.0
}

fn default_max_angle() -> f64 {
    45.0
}

fn default_base_url() -> String {
    "https://graph.mapillary.com".to_owned()
}

impl Mapillary {
    pub(super) fn open(&self, opening: &Opening<'_>) -> Result<Arc<dyn PictureSource>, Error> {
        let px = street_px(opening.size, WIDTHS[2])?;
        let width = WIDTHS
            .into_iter()
            .find(|width| *width >= px)
            .unwrap_or(WIDTHS[2]);
        let base = service_url("source.base_url", &self.base_url)?;
        Ok(Arc::new(Opened {
            images: below(&base, &["images"]),
            token: Secret::new(format!(
                "OAuth {}",
                opening.secrets.get("source.key", &self.key)?.reveal()
            )),
            thumb: format!("thumb_{width}_url"),
            settings: self.clone(),
        }))
    }
}

impl Describe for Mapillary {
    fn check(&self, _picture: &Picture, size: Size) -> Result<(), Error> {
        service_url("source.base_url", &self.base_url)?;
        // The service refuses boxes of more than 0.01 square degrees.
        if !(self.radius_m > 0.0 && self.radius_m <= 1000.0) {
            return Err(Error::setting(
                "source.radius_m",
                self.radius_m,
                "more than 0 and at most 1000 metres",
            ));
        }
        if !(self.max_angle > 0.0 && self.max_angle <= 180.0) {
            return Err(Error::setting(
                "source.max_angle",
                self.max_angle,
                "more than 0 and at most 180 degrees",
            ));
        }
        street_px(size, WIDTHS[2]).map(|_| ())
    }

    fn addresses(&self) -> Vec<&str> {
        vec![&self.base_url]
    }

    fn secret_names(&self) -> Vec<SecretName> {
        vec![self.key.clone()]
    }

    fn usual_limits(&self) -> UsualLimits {
        // 10,000 searches a minute for each application.
        (Some(100.0), 16)
    }

    fn attribution(&self) -> Option<&str> {
        Some("© Mapillary contributors, CC BY-SA 4.0")
    }

    fn licence(&self) -> Option<&str> {
        Some("CC-BY-SA-4.0")
    }

    fn requests_each(&self, _size: Size) -> f64 {
        2.0
    }
}

struct Opened {
    images: Url,
    token: Secret,
    /// Field that holds the address of the picture.
    thumb: String,
    settings: Mapillary,
}

/// A picture that a search lists.
#[derive(Debug, PartialEq)]
struct Listed {
    id: String,
    place: (f64, f64),
    distance_m: f64,
    creator: Option<String>,
    url: String,
    captured: Option<String>,
}

impl Opened {
    /// The nearest picture that looks the sample's way.
    ///
    /// A search lists so many pictures, and not the nearest first. Where its list is full, nearer
    /// ones may be missing in it: the box is halved until the list of one is not full, and what lies
    /// in a full list counts only within the box that was searched last.
    async fn look(&self, sample: &Sample, call: &Call) -> Result<Option<Listed>, Miss> {
        let mut radius_m = self.settings.radius_m;
        let mut farther = None;
        for _ in 0..MOST_SEARCHES {
            let reply = call
                .fetch(&self.search(sample, radius_m), judge_search)
                .await?;
            // without data the service asks for less of it, which is a full list too
            let listed = reply.get("data").and_then(Value::as_array);
            let count = listed.map_or(LISTED, Vec::len);
            let nearest = self.nearest(&reply, sample);
            if count < LISTED {
                // a box holds the disc of its radius: beyond it, the larger box may know a nearer one
                let inside =
                    nearest.filter(|listed| farther.is_none() || listed.distance_m <= radius_m);
                return Ok(inside.or(farther));
            }
            farther = nearest.or(farther);
            radius_m /= 2.0;
        }
        match farther {
            Some(listed) => Ok(Some(listed)),
            None => Err(Miss::Failed(format!(
                "more pictures than a search lists, even within {:.1} m",
                radius_m * 2.0
            ))),
        }
    }

    fn search(&self, sample: &Sample, radius_m: f64) -> Request {
        let (lon_m, lat_m) = metres_per_degree(sample.lat);
        let (dx, dy) = (radius_m / lon_m.max(1.0), radius_m / lat_m);
        let bounds = [
            sample.lon - dx,
            sample.lat - dy,
            sample.lon + dx,
            sample.lat + dy,
        ];
        let fields = [
            "id,geometry,computed_geometry,compass_angle,computed_compass_angle,captured_at,is_pano,creator",
            self.thumb.as_str(),
        ];
        let mut url = self.images.clone();
        url.query_pairs_mut()
            .append_pair("bbox", &bounds.map(|number| decimals(number, 7)).join(","))
            .append_pair("fields", &fields.join(","))
            .append_pair("limit", &LISTED.to_string());
        Request::get(url).secret_header("authorization", Some(self.token.clone()))
    }

    /// The nearest listed picture that looks the sample's way.
    fn nearest(&self, reply: &Value, sample: &Sample) -> Option<Listed> {
        let listed = reply
            .get("data")?
            .as_array()?
            .iter()
            .filter_map(|image| self.listed(image, sample));
        listed.min_by(|a, b| {
            a.distance_m
                .total_cmp(&b.distance_m)
                .then_with(|| a.id.cmp(&b.id))
        })
    }

    fn listed(&self, image: &Value, sample: &Sample) -> Option<Listed> {
        // Panoramas look everywhere and nowhere.
        if image.get("is_pano").and_then(Value::as_bool) == Some(true) {
            return None;
        }
        // What structure from motion has found, where it has found anything; else what the camera said.
        let place = ["computed_geometry", "geometry"]
            .iter()
            .find_map(|name| place(image.get(*name)?));
        let (lon, lat) = place?;
        let (lon_m, lat_m) = metres_per_degree(sample.lat);
        let distance_m = ((lon - sample.lon) * lon_m).hypot((lat - sample.lat) * lat_m);
        if distance_m > self.settings.radius_m {
            return None;
        }
        if let Some(heading) = sample.heading {
            let angles = ["computed_compass_angle", "compass_angle"];
            let angle = angles.iter().find_map(|name| image.get(*name)?.as_f64())?;
            let aside = (angle - heading + 180.0).rem_euclid(360.0) - 180.0;
            if aside.abs() > self.settings.max_angle {
                return None;
            }
        }
        let captured = image.get("captured_at").and_then(Value::as_i64);
        Some(Listed {
            id: match image.get("id")? {
                Value::String(id) => id.clone(),
                other => other.to_string(),
            },
            place: (lon, lat),
            distance_m,
            creator: image
                .get("creator")
                .and_then(|creator| creator.get("username")?.as_str())
                .map(str::to_owned),
            url: image.get(&self.thumb)?.as_str()?.to_owned(),
            captured: captured
                .and_then(|ms| Timestamp::from_millisecond(ms).ok())
                .map(|time| time.to_string()),
        })
    }
}

#[async_trait]
impl PictureSource for Opened {
    async fn locate(&self, sample: &Sample, call: &Call) -> Result<Aim, Miss> {
        if sample.grid.is_some() {
            return Err(no_grid("mapillary"));
        }
        let nearest = self.look(sample, call).await?;
        let listed = nearest
            .ok_or_else(|| Miss::NoImagery("no picture near that looks this way".to_owned()))?;
        Ok(Aim {
            frame: Frame::default(),
            identity: Some(listed.id.clone()),
            captured: listed.captured,
            target: Some(listed.url),
            camera: Some(Camera {
                picture_id: listed.id,
                lon: listed.place.0,
                lat: listed.place.1,
                distance_m: listed.distance_m,
                copyright: listed
                    .creator
                    .map(|creator| format!("© {creator}, Mapillary, CC BY-SA 4.0")),
            }),
        })
    }

    async fn take(&self, _sample: &Sample, aim: &Aim, call: &Call) -> Result<Taken, Miss> {
        let url = aim
            .target
            .as_deref()
            .and_then(|target| Url::parse(target).ok());
        let url = url.ok_or_else(|| Miss::Failed("an address that cannot be".to_owned()))?;
        // The address is signed and runs out: it goes with no key, and into no ledger.
        call.fetch(&Request::get(url), |reply| {
            let (bytes, header) = picture_reply(reply, None)?;
            Ok(Taken {
                content: Content::File { bytes, header },
                expires: expiry(reply, call.now()),
            })
        })
        .await
    }
}

/// Longitude and latitude of a point; nowhere is no place (0, 0 stands for it in the service's data).
fn place(geometry: &Value) -> Option<(f64, f64)> {
    let place = geometry.get("coordinates")?.as_array()?;
    let (lon, lat) = (place.first()?.as_f64()?, place.get(1)?.as_f64()?);
    (lon != 0.0 || lat != 0.0).then_some((lon, lat))
}

/// Errors of the Graph API have a code of their own: 190 is a bad token; 4, 17, 32 and 613 are limits.
fn judge_search(reply: &Reply) -> Result<Value, Rejection> {
    let document: Option<Value> = serde_json::from_slice(&reply.body).ok();
    if let Some(error) = document.as_ref().and_then(|document| document.get("error")) {
        let code = error.get("code").and_then(Value::as_u64).unwrap_or(0);
        let message = error
            .get("message")
            .and_then(Value::as_str)
            .unwrap_or("no message");
        let said = format!("http {}, error {code}: {}", reply.status, excerpt(message));
        if message.contains("reduce the amount of data") {
            return Ok(json!({}));
        }
        return Err(match (code, reply.status) {
            (190, _) | (_, 401) => Rejection::Refused(said),
            (1 | 2 | 4 | 17 | 32 | 613, _) | (_, 429 | 500..=599) => Rejection::Retry(said),
            _ => Rejection::Final(said),
        });
    }
    plain_status(reply)?;
    document
        .filter(|document| document.get("data").is_some_and(Value::is_array))
        .ok_or_else(|| Rejection::Defect("a reply without a list of pictures".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn opened() -> Opened {
        Opened {
            images: Url::parse("https://graph.test/images").unwrap(),
            token: Secret::new("OAuth t"),
            thumb: "thumb_1024_url".to_owned(),
            settings: serde_json::from_str(r#"{"key": "env:T"}"#).unwrap(),
        }
    }

    fn sample(heading: Option<f64>) -> Sample {
        Sample {
            sample_id: "a".into(),
            lon: 9.5,
            lat: 47.1,
            heading,
            pitch: None,
            grid: None,
            key: "a.jpg".into(),
        }
    }

    fn image(id: &str, lon: f64, angle: f64) -> Value {
        json!({"id": id, "geometry": {"type": "Point", "coordinates": [lon, 47.1]}, "compass_angle": angle,
               "captured_at": 1_500_000_000_000_i64, "thumb_1024_url": format!("https://cdn.test/{id}")})
    }

    #[test]
    fn the_nearest_picture_that_looks_the_right_way_is_taken() {
        let mut panorama = image("pano", 9.5, 5.0);
        panorama["is_pano"] = json!(true);
        let reply = json!({"data": [
            image("behind", 9.5, 180.0),
            image("far", 9.5002, 0.0),
            image("near", 9.5001, 350.0),
            image("outside", 9.51, 0.0),
            panorama,
        ]});
        let pick = |heading| {
            opened()
                .nearest(&reply, &sample(heading))
                .map(|listed| listed.id)
        };
        assert_eq!(pick(Some(10.0)).as_deref(), Some("near"));
        assert_eq!(pick(Some(170.0)).as_deref(), Some("behind"));
        assert_eq!(pick(Some(90.0)), None);
        assert_eq!(pick(None).as_deref(), Some("behind"));
    }

    #[test]
    fn what_is_computed_to_be_nowhere_gives_way_to_what_the_camera_said() {
        let unplaced = json!({"type": "Point", "coordinates": [0, 0]});
        for nothing in [Value::Null, unplaced] {
            let mut listed = image("a", 9.5001, 10.0);
            listed["computed_geometry"] = nothing;
            listed["computed_compass_angle"] = Value::Null;
            let reply = json!({"data": [listed]});
            let found = opened().nearest(&reply, &sample(Some(0.0))).unwrap();
            assert_eq!(found.id, "a");
            assert!((found.distance_m - 7.6).abs() < 0.1, "{}", found.distance_m);
        }
    }

    #[test]
    fn the_time_of_capture_is_kept() {
        let reply = json!({"data": [image("a", 9.5, 0.0)]});
        let listed = opened().nearest(&reply, &sample(None)).unwrap();
        assert_eq!(listed.captured.as_deref(), Some("2017-07-14T02:40:00Z"));
    }
}
