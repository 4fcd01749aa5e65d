//! Amazon S3, or anything that speaks like it.

use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use aws_sdk_s3::Client;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::RequestPayer;
use bytes::Bytes;

use store::{Buckets, Depth, Error, Object, Page, Store, Stores, Written, check_key};

/// Tries of a conditional write that another writer disturbs (S3 answers 409: try again).
const CONFLICT_TRIES: u32 = 5;

/// The buckets of the account that the configuration names, or of whatever its endpoint names.
#[must_use]
pub fn stores(config: &aws_config::SdkConfig) -> Stores {
    Stores::new(Account(S3::client(config)))
}

#[derive(Debug)]
struct Account(Client);

impl Buckets for Account {
    fn bucket(&self, name: &str) -> Arc<dyn Store> {
        Arc::new(S3::new(self.0.clone(), name))
    }
}

/// One bucket of S3.
#[derive(Clone, Debug)]
pub struct S3 {
    client: Client,
    bucket: String,
}

impl S3 {
    /// A client for all buckets. With an own endpoint (a local stack, a gateway) buckets are
    /// addressed by path, since names below it need not resolve.
    #[must_use]
    pub fn client(config: &aws_config::SdkConfig) -> Client {
        let own_endpoint =
            config.endpoint_url().is_some() || std::env::var_os("AWS_ENDPOINT_URL_S3").is_some();
        Client::from_conf(
            aws_sdk_s3::config::Builder::from(config)
                .force_path_style(own_endpoint)
                .build(),
        )
    }

    /// The bucket of this name.
    #[must_use]
    pub fn new(client: Client, bucket: &str) -> Self {
        Self {
            client,
            bucket: bucket.to_owned(),
        }
    }

    fn failed<E, R>(&self, key: &str, action: &'static str, error: &SdkError<E, R>) -> Error
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
        R: std::fmt::Debug,
        SdkError<E, R>: HttpStatus,
    {
        let location = self.locate(key);
        let code = error.code().unwrap_or_default();
        match (code, error.status()) {
            ("NoSuchBucket", _) => Error::BucketNotFound {
                bucket: self.bucket.clone(),
            },
            ("NoSuchKey" | "NotFound", _) | (_, Some(404)) => Error::NotFound { location },
            (
                "AccessDenied" | "InvalidAccessKeyId" | "SignatureDoesNotMatch" | "ExpiredToken",
                _,
            )
            | (_, Some(401 | 403)) => Error::Denied { location, action },
            ("SlowDown" | "RequestTimeout" | "InternalError" | "ServiceUnavailable", _)
            | (_, None | Some(408 | 409 | 429 | 500..=599)) => Error::Unavailable {
                location,
                action,
                reason: aws_reason(error),
            },
            _ => Error::Refused {
                location,
                action,
                reason: aws_reason(error),
            },
        }
    }
}

/// What an AWS service says of a failed call, in one line for people: its code and word, or the chain of causes where no
/// reply came.
pub fn aws_reason<E, R>(error: &SdkError<E, R>) -> String
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
    R: std::fmt::Debug,
{
    match (error.code(), error.message()) {
        (Some(code), Some(message)) => format!("{code}: {message}"),
        (Some(code), None) => code.to_owned(),
        // Most causes repeat what is below them; `Debug` of a reply would show all of it.
        _ => {
            let mut chain: Vec<String> = Vec::new();
            let mut cause: Option<&dyn std::error::Error> = Some(error);
            while let Some(error) = cause {
                let line = error.to_string();
                if !chain.iter().any(|above| above.contains(&line)) {
                    chain.push(line);
                }
                cause = error.source();
            }
            chain.join(": ")
        }
    }
}

/// The HTTP status of a reply, where there was one.
trait HttpStatus {
    fn status(&self) -> Option<u16>;
}

impl<E> HttpStatus for SdkError<E> {
    fn status(&self) -> Option<u16> {
        self.raw_response().map(|reply| reply.status().as_u16())
    }
}

#[async_trait]
impl Store for S3 {
    fn locate(&self, key: &str) -> String {
        format!("s3://{}/{key}", self.bucket)
    }

    async fn get(&self, key: &str) -> Result<Bytes, Error> {
        let reply = self
            .client
            .get_object()
            .bucket(&self.bucket)
            .key(key)
            .send()
            .await
            .map_err(|e| self.failed(key, "read", &e))?;
        self.body(key, reply.body).await
    }

    async fn get_range(&self, key: &str, range: Range<u64>) -> Result<Bytes, Error> {
        self.range(key, range, None).await
    }

    async fn get_range_as_payer(&self, key: &str, range: Range<u64>) -> Result<Bytes, Error> {
        self.range(key, range, Some(RequestPayer::Requester)).await
    }

    async fn get_file(&self, key: &str, path: &Path) -> Result<u64, Error> {
        let reply = self
            .client
            .get_object()
            .bucket(&self.bucket)
            .key(key)
            .send()
            .await
            .map_err(|e| self.failed(key, "read", &e))?;
        let mut from = reply.body.into_async_read();
        let mut to = tokio::fs::File::create(path)
            .await
            .map_err(|e| Error::file(path, e))?;
        let size = tokio::io::copy(&mut from, &mut to)
            .await
            .map_err(|e| Error::Unavailable {
                location: self.locate(key),
                action: "read",
                reason: e.to_string(),
            })?;
        tokio::io::AsyncWriteExt::flush(&mut to)
            .await
            .map_err(|e| Error::file(path, e))?;
        Ok(size)
    }

    async fn head(&self, key: &str) -> Result<Option<Object>, Error> {
        let reply = self
            .client
            .head_object()
            .bucket(&self.bucket)
            .key(key)
            .send()
            .await;
        match reply {
            Ok(reply) => Ok(Some(Object {
                key: key.to_owned(),
                size: length(reply.content_length()),
            })),
            Err(e) => match self.failed(key, "read", &e) {
                Error::NotFound { .. } => Ok(None),
                other => Err(other),
            },
        }
    }

    async fn put(&self, key: &str, body: Bytes, media_type: &str) -> Result<(), Error> {
        check_key(key)?;
        self.client
            .put_object()
            .bucket(&self.bucket)
            .key(key)
            .content_type(media_type)
            .body(ByteStream::from(body))
            .send()
            .await
            .map_err(|e| self.failed(key, "write", &e))?;
        Ok(())
    }

    async fn put_new(&self, key: &str, body: Bytes, media_type: &str) -> Result<Written, Error> {
        check_key(key)?;
        let mut tries = 0;
        loop {
            tries += 1;
            let reply = self
                .client
                .put_object()
                .bucket(&self.bucket)
                .key(key)
                .if_none_match("*")
                .content_type(media_type)
                .body(ByteStream::from(body.clone()))
                .send()
                .await;
            match reply {
                Ok(_) => return Ok(Written::New),
                Err(e) if e.status() == Some(412) => return Ok(Written::AlreadyThere),
                Err(e) if e.status() == Some(409) && tries < CONFLICT_TRIES => {}
                Err(e) => return Err(self.failed(key, "write", &e)),
            }
        }
    }

    async fn put_file(&self, key: &str, path: &Path, media_type: &str) -> Result<(), Error> {
        check_key(key)?;
        let body = ByteStream::from_path(path)
            .await
            .map_err(|e| Error::file(path, std::io::Error::other(e)))?;
        self.client
            .put_object()
            .bucket(&self.bucket)
            .key(key)
            .content_type(media_type)
            .body(body)
            .send()
            .await
            .map_err(|e| self.failed(key, "write", &e))?;
        Ok(())
    }

    async fn delete(&self, key: &str) -> Result<(), Error> {
        self.client
            .delete_object()
            .bucket(&self.bucket)
            .key(key)
            .send()
            .await
            .map_err(|e| self.failed(key, "delete", &e))?;
        Ok(())
    }

    async fn list(&self, prefix: &str, depth: Depth, from: Option<&str>) -> Result<Page, Error> {
        let reply = self
            .client
            .list_objects_v2()
            .bucket(&self.bucket)
            .prefix(prefix)
            .set_delimiter((depth == Depth::Folder).then(|| "/".to_owned()))
            .set_continuation_token(from.map(str::to_owned))
            .send()
            .await
            .map_err(|e| match self.failed(prefix, "list", &e) {
                Error::NotFound { .. } => Error::BucketNotFound {
                    bucket: self.bucket.clone(),
                },
                other => other,
            })?;
        let objects = reply.contents().iter().filter_map(|object| {
            Some(Object {
                key: object.key()?.to_owned(),
                size: length(object.size()),
            })
        });
        let folders = reply
            .common_prefixes()
            .iter()
            .filter_map(|folder| folder.prefix().map(str::to_owned));
        Ok(Page {
            objects: objects.collect(),
            folders: folders.collect(),
            next: reply.next_continuation_token().map(str::to_owned),
        })
    }
}

impl S3 {
    async fn range(
        &self,
        key: &str,
        range: Range<u64>,
        payer: Option<RequestPayer>,
    ) -> Result<Bytes, Error> {
        if range.is_empty() {
            return Ok(Bytes::new());
        }
        let reply = self
            .client
            .get_object()
            .bucket(&self.bucket)
            .key(key)
            .range(format!("bytes={}-{}", range.start, range.end - 1))
            .set_request_payer(payer)
            .send()
            .await;
        match reply {
            Ok(reply) => self.body(key, reply.body).await,
            // A range that starts past the end.
            Err(e) if e.status() == Some(416) => Ok(Bytes::new()),
            Err(e) => Err(self.failed(key, "read", &e)),
        }
    }

    async fn body(&self, key: &str, body: ByteStream) -> Result<Bytes, Error> {
        let body = body.collect().await.map_err(|e| Error::Unavailable {
            location: self.locate(key),
            action: "read",
            reason: e.to_string(),
        })?;
        Ok(body.into_bytes())
    }
}

/// A length header is signed in the SDK and never negative in S3.
fn length(size: Option<i64>) -> u64 {
    size.and_then(|size| u64::try_from(size).ok())
        .unwrap_or_default()
}
