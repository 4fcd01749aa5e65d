//! Measures the scraper: `scrape serve PORT` answers every GET with one JPEG after 50 ms, and
//! `scrape run URL SAMPLES CONCURRENCY FOLDER` fetches from it and prints one JSON object.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use bytes::Bytes;
use image::codecs::jpeg::JpegEncoder;
use imagery::{
    Batch, Fault, FaultKind, HttpTransport, Limits, NoProgress, NoRanges, PictureStore, Put,
    Sample, Scraper, Seams, Secret, Secrets, Setup, Source, Stop, SystemClock,
};
use serde_json::json;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;

const LATENCY: Duration = Duration::from_millis(50);

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().collect();
    match arguments
        .iter()
        .map(String::as_str)
        .collect::<Vec<_>>()
        .as_slice()
    {
        [_, "serve", port] => serve(port.parse()?).await,
        [_, "run", url, samples, concurrency, folder] => {
            run(
                url,
                samples.parse()?,
                concurrency.parse()?,
                PathBuf::from(folder),
            )
            .await
        }
        _ => Err("scrape serve PORT | scrape run URL SAMPLES CONCURRENCY FOLDER".into()),
    }
}

/// Answers GET after GET on each connection.
async fn serve(port: u16) -> Result<(), Box<dyn std::error::Error>> {
    let picture: Arc<[u8]> = aerial_like_jpeg()?.into();
    let listener = TcpListener::bind(("127.0.0.1", port)).await?;
    loop {
        let (socket, _) = listener.accept().await?;
        socket.set_nodelay(true)?;
        let picture = picture.clone();
        tokio::spawn(async move {
            let (reader, mut writer) = socket.into_split();
            let mut lines = BufReader::new(reader).lines();
            while let Ok(Some(line)) = lines.next_line().await {
                if !line.is_empty() {
                    continue;
                }
                tokio::time::sleep(LATENCY).await;
                let head = format!(
                    "HTTP/1.1 200 OK\r\ncontent-type: image/jpeg\r\ncontent-length: {}\r\n\r\n",
                    picture.len()
                );
                if writer
                    .write_all(&[head.as_bytes(), &picture].concat())
                    .await
                    .is_err()
                {
                    break;
                }
            }
        });
    }
}

/// 256 pixels of soft shapes and grain: about as many bytes as an aerial photograph.
fn aerial_like_jpeg() -> Result<Vec<u8>, image::ImageError> {
    let picture = image::RgbImage::from_fn(256, 256, |x, y| {
        let wave = ((x as f32 / 17.0).sin() + (y as f32 / 23.0).cos()) * 40.0;
        let grain = ((x * 7919 + y * 104_729) % 37) as f32;
        image::Rgb([
            (110.0 + wave + grain) as u8,
            (120.0 + wave * 0.8 + grain) as u8,
            (90.0 + wave * 0.5 + grain) as u8,
        ])
    });
    let mut bytes = Vec::new();
    picture.write_with_encoder(JpegEncoder::new_with_quality(&mut bytes, 85))?;
    Ok(bytes)
}

async fn run(
    url: &str,
    count: usize,
    concurrency: u32,
    folder: PathBuf,
) -> Result<(), Box<dyn std::error::Error>> {
    let source: Source =
        serde_json::from_value(json!({"kind": "mapbox", "key": "env:KEY", "base_url": url}))?;
    let mut secrets = Secrets::default();
    for name in source.secret_names() {
        secrets.insert(name, Secret::new("key"));
    }
    let setup = Setup {
        source,
        picture: serde_json::from_value(json!({"size_m": 50, "size_px": 256, "format": "jpeg"}))?,
        limits: Limits {
            per_second: Some(1e6),
            concurrency: Some(concurrency),
            ..Limits::default()
        },
        workers: 1,
        seed: 1,
        keep_pictures: true,
        secrets,
        labels: None,
        measure: None,
    };
    std::fs::create_dir_all(&folder)?;
    let seams = Seams {
        transport: Arc::new(HttpTransport::new()?),
        store: Arc::new(Folder(folder)),
        ranges: Arc::new(NoRanges),
        clock: Arc::new(SystemClock),
    };
    let samples: Vec<Sample> = (0..count)
        .map(|index| Sample {
            sample_id: format!("{index:06}"),
            lon: 8.5 + index as f64 * 1e-6,
            lat: 47.3,
            heading: None,
            pitch: None,
            grid: None,
            key: format!("{index:06}.jpg"),
        })
        .collect();
    let scraper = Scraper::new(setup, seams)?;
    let start = Instant::now();
    let batch = Batch {
        samples: &samples,
        known: &[],
        max_requests: None,
        progress: &NoProgress,
    };
    let outcome = scraper.scrape_batch(batch, &Stop::never()).await?;
    let seconds = start.elapsed().as_secs_f64();
    let limit = f64::from(concurrency) / LATENCY.as_secs_f64();
    println!(
        "{}",
        json!({
            "ok": outcome.counts.ok,
            "bytes": outcome.counts.bytes,
            "seconds": seconds,
            "pictures_per_second": outcome.counts.ok as f64 / seconds,
            "share_of_limit": outcome.counts.ok as f64 / seconds / limit,
        })
    );
    Ok(())
}

/// Files in a folder, written beside and renamed.
struct Folder(PathBuf);

fn fault(error: &std::io::Error) -> Fault {
    Fault::new(FaultKind::Unavailable, error.to_string())
}

#[async_trait]
impl PictureStore for Folder {
    async fn size(&self, key: &str) -> Result<Option<u64>, Fault> {
        Ok(std::fs::metadata(self.0.join(key))
            .ok()
            .map(|metadata| metadata.len()))
    }

    async fn get(&self, key: &str) -> Result<Option<Bytes>, Fault> {
        Ok(std::fs::read(self.0.join(key)).ok().map(Bytes::from))
    }

    async fn put_if_absent(&self, key: &str, bytes: Bytes, media_type: &str) -> Result<Put, Fault> {
        self.put(key, bytes, media_type).await.map(|()| Put::Stored)
    }

    async fn put(&self, key: &str, bytes: Bytes, _media_type: &str) -> Result<(), Fault> {
        let path = self.0.join(key);
        let part = path.with_extension("part");
        tokio::task::spawn_blocking(move || {
            std::fs::write(&part, &bytes).and_then(|()| std::fs::rename(&part, path))
        })
        .await
        .map_err(|error| Fault::new(FaultKind::Unavailable, error.to_string()))?
        .map_err(|error| fault(&error))
    }
}
