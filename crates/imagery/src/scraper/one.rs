//! One sample, from what is known of it to its row.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use tokio::sync::OnceCell;

use super::Scraper;
use super::process::{EncodedImage, ImageProcessor, MASK_ENDING, Processed};
use crate::Error;
use crate::compute::compute;
use crate::fetch::{Call, Fetcher, Miss};
use crate::labels::Mask;
use crate::ledger::{LedgerRow, Status};
use crate::sample::Sample;
use crate::sources::{Aim, Taken};
use crate::store::Put;

/// Does samples one by one, many at a time.
pub(super) struct One<'a> {
    scraper: &'a Scraper,
    fetcher: Arc<Fetcher>,
    processor: ImageProcessor,
    measure_names: Vec<String>,
    known: HashMap<&'a str, &'a LedgerRow>,
    /// Pictures that serve several samples, by what makes them the same.
    shared: Mutex<HashMap<String, Arc<OnceCell<Acquired>>>>,
}

/// A sample's row.
pub(super) struct Done {
    pub(super) row: LedgerRow,
    /// Whether the source never answered as it should, however often it was asked.
    pub(super) gave_up: bool,
}

/// Why a sample has no row.
pub(super) enum Unfinished {
    Stopped,
    Capped,
    Fatal(Error),
}

/// What a row says of a picture.
#[derive(Clone)]
struct Acquired {
    status: Status,
    reason: Option<String>,
    valid_share: Option<f64>,
    key: Option<String>,
    facts: Option<Facts>,
    measures: Vec<(String, Option<f64>)>,
    fetched_at: Option<jiff::Timestamp>,
    expires: Option<jiff::Timestamp>,
}

#[derive(Clone)]
struct Facts {
    bytes: u64,
    sha256: String,
    media_type: &'static str,
    size: (u32, u32),
}

impl<'a> One<'a> {
    pub(super) fn new(
        scraper: &'a Scraper,
        fetcher: Arc<Fetcher>,
        known: HashMap<&'a str, &'a LedgerRow>,
    ) -> Self {
        let setup = &scraper.setup;
        let labels = setup
            .picture
            .labels
            .clone()
            .filter(|_| !setup.source.burns_labels());
        let processor = ImageProcessor {
            format: setup.picture.format,
            sidecar: setup.picture.sidecar,
            blank: setup.picture.blank,
            min_valid_share: setup.picture.min_valid_share,
            labels,
            measure: setup.measure.clone(),
        };
        let measure_names = setup
            .measure
            .as_ref()
            .map_or_else(Vec::new, |measure| measure.names());
        Self {
            scraper,
            fetcher,
            processor,
            measure_names,
            known,
            shared: Mutex::default(),
        }
    }

    /// The sample's row, or why it has none.
    pub(super) async fn row(&self, sample: &Sample) -> Result<Done, Unfinished> {
        let source = &self.scraper.setup.source;
        let mut row = LedgerRow::new(&sample.sample_id, source.kind(), source.attribution());
        let call = self.fetcher.call();
        let mut gave_up = false;
        let miss = match self.picture(sample, &call, &mut row).await {
            Ok(()) => None,
            Err(Miss::NoImagery(reason)) => Some((Status::NoImagery, reason)),
            Err(Miss::Failed(reason)) => Some((Status::Failed, reason)),
            Err(Miss::GaveUp(reason)) => {
                gave_up = true;
                Some((
                    Status::Failed,
                    format!("{reason} ({} tries)", call.attempts()),
                ))
            }
            Err(Miss::Stopped) => return Err(Unfinished::Stopped),
            Err(Miss::Capped) => return Err(Unfinished::Capped),
            Err(Miss::Fatal(error)) => return Err(Unfinished::Fatal(error)),
        };
        if let Some((status, reason)) = miss {
            row.status = status;
            row.reason = Some(reason);
        }
        row.attempts += call.attempts();
        row.http_status = call.http_status().or(row.http_status);
        if row.measures.is_empty() {
            row.measures = self
                .measure_names
                .iter()
                .map(|name| (name.clone(), None))
                .collect();
        }
        Ok(Done { row, gave_up })
    }

    async fn picture(&self, sample: &Sample, call: &Call, row: &mut LedgerRow) -> Result<(), Miss> {
        let known = self.known.get(sample.sample_id.as_str()).copied();
        if let Some(known) = known
            && self.still_holds(known).await?
        {
            *row = known.clone();
            if known.status == Status::Ok && self.scraper.setup.keep_pictures {
                row.status = Status::Exists;
            }
            return Ok(());
        }
        let aim = self.scraper.source.locate(sample, call).await?;
        row.footprint.clone_from(&aim.frame.footprint);
        row.pixel_m = aim.frame.pixel_m;
        row.captured.clone_from(&aim.captured);
        if let Some(camera) = &aim.camera {
            row.picture_id = Some(camera.picture_id.clone());
            row.camera_lon = Some(camera.lon);
            row.camera_lat = Some(camera.lat);
            row.camera_distance_m = Some(camera.distance_m);
            if camera.copyright.is_some() {
                row.attribution.clone_from(&camera.copyright);
            }
        }
        let mask = self.mask(&aim).await?;
        if let Some(mask) = &mask {
            row.label_share = Some(mask.share);
            row.label_pixels.clone_from(&mask.counts);
        }
        if let Some(reason) = self.too_few_labels(mask.as_deref()) {
            row.status = Status::Blank;
            row.reason = Some(reason);
            return Ok(());
        }
        let shot = match &aim.identity {
            None => self.shoot(sample, &aim, mask, call).await?,
            Some(identity) => {
                let cell = {
                    let mut shared = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
                    shared.entry(identity.clone()).or_default().clone()
                };
                cell.get_or_try_init(|| self.shoot(sample, &aim, mask, call))
                    .await?
                    .clone()
            }
        };
        shot.enter(row);
        Ok(())
    }

    /// Whether an earlier row needs no more work.
    async fn still_holds(&self, known: &LedgerRow) -> Result<bool, Miss> {
        match known.status {
            Status::Failed => Ok(false),
            Status::NoImagery | Status::Blank => Ok(true),
            Status::Ok | Status::Exists => {
                if !self
                    .measure_names
                    .iter()
                    .all(|name| known.measure(name).is_some())
                {
                    return Ok(false);
                }
                match (&known.key, known.bytes) {
                    _ if !self.scraper.setup.keep_pictures => Ok(true),
                    (Some(key), Some(bytes)) => Ok(self.size(key).await? == Some(bytes)),
                    _ => Ok(false),
                }
            }
        }
    }

    /// The picture, found in the store or taken from the source.
    async fn shoot(
        &self,
        sample: &Sample,
        aim: &Aim,
        mask: Option<Arc<Mask>>,
        call: &Call,
    ) -> Result<Acquired, Miss> {
        let keep = self.scraper.setup.keep_pictures;
        let mut occupied = false;
        if keep && self.size(&sample.key).await?.is_some() {
            if let Some(print) = self.stored(&sample.key).await? {
                return Ok(self.shot(Status::Exists, Some(sample.key.clone()), &print, None));
            }
            // What is there is no whole picture of this format: it is taken again and replaced.
            occupied = true;
        }
        let (processed, expires) = self.take(sample, aim, mask, call).await?;
        let print = match processed {
            Processed::Image(image) => *image,
            Processed::NoImagery(reason) => return Err(Miss::NoImagery(reason)),
            Processed::Blank(reason) => {
                return Ok(Acquired {
                    status: Status::Blank,
                    reason: Some(reason),
                    valid_share: None,
                    key: None,
                    facts: None,
                    measures: Vec::new(),
                    fetched_at: Some(call.now()),
                    expires: None,
                });
            }
        };
        if !keep {
            let mut shot = self.shot(Status::Ok, None, &print, expires);
            shot.fetched_at = Some(call.now());
            return Ok(shot);
        }
        let mut shot = self.store(&sample.key, print, occupied, expires).await?;
        shot.fetched_at = Some(call.now());
        Ok(shot)
    }

    /// Asks the source; a picture that cannot be decoded is asked for once more.
    async fn take(
        &self,
        sample: &Sample,
        aim: &Aim,
        mask: Option<Arc<Mask>>,
        call: &Call,
    ) -> Result<(Processed, Option<jiff::Timestamp>), Miss> {
        let mut tried = false;
        loop {
            let Taken { content, expires } = self.scraper.source.take(sample, aim, call).await?;
            let (processor, grid) = (self.processor.clone(), aim.frame.grid.clone());
            // A source that burns labels in by itself has done so already.
            let mask = mask.clone().filter(|_| processor.labels.is_some());
            let work = move || processor.process(content, grid.as_ref(), mask.as_deref());
            match compute("processing a picture", work)
                .await
                .map_err(Miss::Fatal)?
            {
                Ok(processed) => return Ok((processed, expires)),
                Err(Error::Picture { .. }) if !tried => tried = true,
                Err(error) => return Err(error.into()),
            }
        }
    }

    async fn store(
        &self,
        key: &str,
        print: EncodedImage,
        occupied: bool,
        expires: Option<jiff::Timestamp>,
    ) -> Result<Acquired, Miss> {
        let store = &self.scraper.seams.store;
        let media_type = print.header.format.media_type();
        // What stands beside goes first: a picture that is there is complete.
        for (ending, bytes) in &print.beside {
            let key = beside(key, ending);
            let media_type = match ending.rsplit('.').next() {
                Some("tif") => "image/tiff",
                Some("npy") => "application/x-npy",
                _ => "application/xml",
            };
            store
                .put(&key, bytes.clone(), media_type)
                .await
                .map_err(|fault| fatal(&key, fault))?;
        }
        if occupied {
            store
                .put(key, print.bytes.clone(), media_type)
                .await
                .map_err(|fault| fatal(key, fault))?;
        } else {
            let put = store
                .put_if_absent(key, print.bytes.clone(), media_type)
                .await;
            if put.map_err(|fault| fatal(key, fault))? == Put::Exists {
                // Another worker was faster: the row is about what is stored, not about what came here.
                if let Some(stored) = self.stored(key).await? {
                    return Ok(self.shot(Status::Exists, Some(key.to_owned()), &stored, expires));
                }
            }
        }
        Ok(self.shot(Status::Ok, Some(key.to_owned()), &print, expires))
    }

    /// The picture under a key, where it is whole.
    async fn stored(&self, key: &str) -> Result<Option<EncodedImage>, Miss> {
        let bytes: Option<Bytes> = self
            .scraper
            .seams
            .store
            .get(key)
            .await
            .map_err(|fault| fatal(key, fault))?;
        let Some(bytes) = bytes else { return Ok(None) };
        let processor = self.processor.clone();
        let mask_key = beside(key, MASK_ENDING);
        let mask = match processor.has_masks_beside() {
            true => self
                .scraper
                .seams
                .store
                .get(&mask_key)
                .await
                .map_err(|fault| fatal(&mask_key, fault))?,
            false => None,
        };
        let print = compute("reading a stored picture", move || {
            processor.reread(bytes, mask)
        })
        .await
        .map_err(Miss::Fatal)?;
        Ok(print.ok())
    }

    async fn size(&self, key: &str) -> Result<Option<u64>, Miss> {
        self.scraper
            .seams
            .store
            .size(key)
            .await
            .map_err(|fault| fatal(key, fault))
    }

    async fn mask(&self, aim: &Aim) -> Result<Option<Arc<Mask>>, Miss> {
        let (Some(labels), Some(layer), Some(grid)) = (
            &self.scraper.setup.picture.labels,
            &self.scraper.setup.labels,
            &aim.frame.grid,
        ) else {
            return Ok(None);
        };
        let (layer, grid, outside) = (layer.clone(), grid.clone(), labels.outside);
        let mask = compute("burning labels", move || layer.burn(&grid, outside))
            .await
            .map_err(Miss::Fatal)?;
        Ok(Some(Arc::new(mask?)))
    }

    fn too_few_labels(&self, mask: Option<&Mask>) -> Option<String> {
        let labels = self.scraper.setup.picture.labels.as_ref()?;
        let least = labels.min_label_share?;
        let share = mask?.share;
        (share < least).then(|| {
            format!("labels cover {share:.4} of the picture, less than min_label_share {least}")
        })
    }

    fn shot(
        &self,
        status: Status,
        key: Option<String>,
        print: &EncodedImage,
        expires: Option<jiff::Timestamp>,
    ) -> Acquired {
        Acquired {
            status,
            reason: print.reason.clone(),
            valid_share: print.valid_share,
            key,
            facts: Some(Facts {
                bytes: print.bytes.len() as u64,
                sha256: print.sha256.clone(),
                media_type: print.header.format.media_type(),
                size: (print.header.width, print.header.height),
            }),
            measures: print.measures.clone(),
            fetched_at: None,
            expires,
        }
    }
}

impl Acquired {
    fn enter(self, row: &mut LedgerRow) {
        row.status = self.status;
        row.reason = self.reason;
        row.valid_share = self.valid_share;
        row.key = self.key;
        row.measures = self.measures;
        row.fetched_at = self.fetched_at;
        row.expires = self.expires;
        if let Some(facts) = self.facts {
            row.bytes = Some(facts.bytes);
            row.sha256 = Some(facts.sha256);
            row.media_type = Some(facts.media_type.to_owned());
            row.width = Some(facts.size.0);
            row.height = Some(facts.size.1);
        }
    }
}

fn fatal(key: &str, fault: crate::store::Fault) -> Miss {
    Miss::Fatal(Error::Storage {
        key: key.to_owned(),
        fault,
    })
}

/// `a/b.png` with another ending: `a/b.labels.tif`.
fn beside(key: &str, ending: &str) -> String {
    let stem = match key.rsplit_once('.') {
        Some((stem, extension)) if !extension.contains('/') => stem,
        _ => key,
    };
    format!("{stem}.{ending}")
}
