//! One suite that every source which sends pictures passes, each against a stand-in that answers
//! as the service's documentation says, over real HTTP.

use std::sync::{Arc, LazyLock};

use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::RsaKeyPair;
use base64::Engine as _;
use bytes::Bytes;
use serde_json::{Value, json};
use wiremock::matchers::{method, path, path_regex, query_param, query_param_contains};
use wiremock::{Mock, MockServer, Respond, ResponseTemplate};

use crate::fetch::HttpTransport;
use crate::testing::{KEY, Study, file, flat, noise, samples};
use crate::{
    Batch, BatchOutcome, Error, Format, Halt, Limits, MemoryStore, NoProgress, Status, Stop,
};

/// The services of the suite.
const SERVICES: [Service; 7] = [
    Service {
        name: "mapbox",
        px: 64,
        sized: true,
    },
    Service {
        name: "xyz",
        px: 256,
        sized: true,
    },
    Service {
        name: "wms",
        px: 64,
        sized: true,
    },
    Service {
        name: "arcgis",
        px: 64,
        sized: true,
    },
    Service {
        name: "street_view",
        px: 64,
        sized: true,
    },
    Service {
        name: "mapillary",
        px: 64,
        sized: false,
    },
    Service {
        name: "earth_engine",
        px: 64,
        sized: true,
    },
];

#[derive(Clone, Copy)]
struct Service {
    name: &'static str,
    /// Side of the picture that the service sends.
    px: u32,
    /// Whether the size is asked for.
    sized: bool,
}

impl Service {
    fn source(self, server: &str) -> Value {
        match self.name {
            "mapbox" => json!({"kind": "mapbox", "key": "env:KEY", "base_url": server}),
            "xyz" => {
                json!({"kind": "xyz", "url": format!("{server}/tiles/{{z}}/{{x}}/{{y}}.png?token={{key}}"), "key": "env:KEY", "zoom": 3})
            }
            "wms" => {
                json!({"kind": "wms", "url": format!("{server}/wms?map=a"), "layers": ["ortho"], "key": "env:KEY"})
            }
            "arcgis" => {
                json!({"kind": "arcgis", "url": format!("{server}/rest/naip/ImageServer"), "key": "env:KEY"})
            }
            "street_view" => json!({"kind": "street_view", "key": "env:KEY", "base_url": server}),
            "mapillary" => json!({"kind": "mapillary", "key": "env:KEY", "base_url": server}),
            _ => {
                json!({"kind": "earth_engine", "project": "p", "key": "env:KEY", "collection": "c", "start": "2024-01-01",
                        "end": "2025-01-01", "pixel": 10.0, "range": [0, 3000], "base_url": server})
            }
        }
    }

    fn picture(self) -> Value {
        match self.name {
            "street_view" | "mapillary" => json!({"size_px": 64}),
            "xyz" => json!({"size_px": 16}),
            "earth_engine" => json!({"size_px": 64, "bands": ["B", "G", "R"]}),
            _ => json!({"size_m": 50, "size_px": 64}),
        }
    }

    /// Answers requests for pictures with `answer`, and those around them as the service does.
    async fn stand_in(self, answer: impl Respond + 'static) -> MockServer {
        let server = MockServer::start().await;
        let get =
            |mock_path: &str| Mock::given(method("GET")).and(path_regex(mock_path.to_owned()));
        match self.name {
            "mapbox" => {
                get(r"^/styles/v1/mapbox/satellite-v9/static/8\.54\d*,47\.37,[\d.]+,0,0/64x64$")
                    .and(query_param("access_token", KEY))
                    .respond_with(answer)
                    .mount(&server)
                    .await;
            }
            "xyz" => {
                get(r"^/tiles/3/\d+/\d+\.png$")
                    .and(query_param("token", KEY))
                    .respond_with(answer)
                    .mount(&server)
                    .await;
            }
            "wms" => {
                get("^/wms$")
                    .and(query_param("REQUEST", "GetMap"))
                    .and(query_param("map", "a"))
                    .and(query_param("key", KEY))
                    .respond_with(answer)
                    .mount(&server)
                    .await;
            }
            "arcgis" => {
                get("^/rest/naip/ImageServer/exportImage$")
                    .and(query_param("f", "image"))
                    .and(query_param("adjustAspectRatio", "false"))
                    .and(query_param("token", KEY))
                    .respond_with(answer)
                    .mount(&server)
                    .await;
            }
            "street_view" => {
                // The panorama stands where it is asked for.
                let metadata = |request: &wiremock::Request| {
                    let mut query = request.url.query_pairs();
                    let location = query.find(|(name, _)| name == "location").unwrap().1;
                    let (lat, lng) = location.split_once(',').unwrap();
                    let place = json!({"lat": lat.parse::<f64>().unwrap(), "lng": lng.parse::<f64>().unwrap()});
                    ResponseTemplate::new(200)
                        .set_body_json(json!({"status": "OK", "pano_id": "pano-1",
                        "location": place, "date": "2019-06", "copyright": "© Google"}))
                };
                Mock::given(path("/maps/api/streetview/metadata"))
                    .and(query_param("key", KEY))
                    .respond_with(metadata)
                    .mount(&server)
                    .await;
                Mock::given(path("/maps/api/streetview"))
                    .and(query_param("pano", "pano-1"))
                    .and(query_param("heading", "90"))
                    .and(query_param("return_error_code", "true"))
                    .and(query_param("key", KEY))
                    .respond_with(answer)
                    .mount(&server)
                    .await;
            }
            "mapillary" => {
                let listed = json!({"data": [{"id": "7", "computed_geometry": {"type": "Point", "coordinates": [8.54, 47.37]},
                    "computed_compass_angle": 80.0, "captured_at": 1_500_000_000_000_i64,
                    "thumb_256_url": format!("{}/thumb/7.jpg?sig=x", server.uri())}]});
                Mock::given(path("/images"))
                    .and(query_param_contains("bbox", ","))
                    .and(wiremock::matchers::header(
                        "authorization",
                        format!("OAuth {KEY}").as_str(),
                    ))
                    .respond_with(ResponseTemplate::new(200).set_body_json(listed))
                    .mount(&server)
                    .await;
                get("^/thumb/7.jpg$")
                    .respond_with(answer)
                    .mount(&server)
                    .await;
            }
            _ => {
                let token =
                    json!({"access_token": "token-1", "expires_in": 3600, "token_type": "Bearer"});
                Mock::given(path("/token"))
                    .and(wiremock::matchers::body_string_contains("assertion="))
                    .respond_with(ResponseTemplate::new(200).set_body_json(token))
                    .mount(&server)
                    .await;
                Mock::given(method("POST"))
                    .and(path("/v1/projects/p/image:computePixels"))
                    .and(wiremock::matchers::header(
                        "authorization",
                        "Bearer token-1",
                    ))
                    .respond_with(answer)
                    .mount(&server)
                    .await;
            }
        }
        server
    }

    /// The key that the source is opened with.
    fn key(self, server: &str) -> String {
        if self.name == "earth_engine" {
            service_account(server)
        } else {
            KEY.to_owned()
        }
    }

    async fn scrape(self, server: &MockServer, store: Arc<MemoryStore>) -> BatchOutcome {
        let study = Study {
            source: self.source(&server.uri()),
            picture: self.picture(),
            store,
            ..Study::default()
        };
        let transport = Arc::new(HttpTransport::new().unwrap());
        let scraper = study.scraper_with_key(transport, &self.key(&server.uri()));
        let samples = samples(1);
        let batch = Batch {
            samples: &samples,
            known: &[],
            max_requests: None,
            progress: &NoProgress,
        };
        scraper.scrape_batch(batch, &Stop::never()).await.unwrap()
    }

    fn good(self) -> Bytes {
        file(&noise(self.px, self.px, 3), Format::Png)
    }
}

/// A private key made for the tests of this process.
static PRIVATE_KEY: LazyLock<String> = LazyLock::new(|| {
    let key = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
    let der: aws_lc_rs::encoding::Pkcs8V1Der<'static> = key.as_der().unwrap();
    let body = base64::engine::general_purpose::STANDARD.encode(der.as_ref());
    let lines: Vec<&str> = body
        .as_bytes()
        .chunks(64)
        .map(|line| std::str::from_utf8(line).unwrap())
        .collect();
    format!(
        "-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n",
        lines.join("\n")
    )
});

/// A key file of a service account.
pub(super) fn service_account(server: &str) -> String {
    json!({
        "type": "service_account",
        "client_email": "chips@p.iam.test",
        "private_key_id": "k1",
        "private_key": *PRIVATE_KEY,
        "token_uri": format!("{server}/token"),
    })
    .to_string()
}

/// Answers in turn, the last one again and again.
struct InTurn(Vec<ResponseTemplate>, std::sync::atomic::AtomicUsize);

fn in_turn(answers: impl IntoIterator<Item = ResponseTemplate>) -> InTurn {
    InTurn(
        answers.into_iter().collect(),
        std::sync::atomic::AtomicUsize::new(0),
    )
}

impl Respond for InTurn {
    fn respond(&self, _request: &wiremock::Request) -> ResponseTemplate {
        let turn = self.1.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        self.0[turn.min(self.0.len() - 1)].clone()
    }
}

fn picture(bytes: Bytes) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_raw(bytes.to_vec(), "image/png")
}

#[tokio::test]
async fn a_picture_is_stored_as_it_came() {
    for service in SERVICES {
        let store = Arc::new(MemoryStore::default());
        let server = service.stand_in(in_turn([picture(service.good())])).await;
        let outcome = service.scrape(&server, store.clone()).await;
        let row = &outcome.rows[0];
        assert_eq!(
            (row.status, &row.reason),
            (Status::Ok, &None),
            "{}",
            service.name
        );
        assert_eq!(row.source, service.name);
        let objects = store.objects();
        assert_eq!(objects.keys().collect::<Vec<_>>(), ["images/p/s00000.png"]);
        if service.name != "xyz" {
            assert_eq!(
                objects["images/p/s00000.png"],
                service.good(),
                "{}",
                service.name
            );
        }
        let lies_somewhere = !matches!(service.name, "street_view" | "mapillary");
        assert_eq!(row.footprint.is_some(), lies_somewhere, "{}", service.name);
        assert!(!format!("{row:?}").contains(KEY), "{}", service.name);
    }
}

#[tokio::test]
async fn what_may_pass_is_tried_again() {
    let cut = |service: Service| picture(service.good().slice(..service.good().len() - 40));
    for service in SERVICES {
        let troubles = [
            ResponseTemplate::new(500),
            ResponseTemplate::new(429).insert_header("retry-after", "0"),
            ResponseTemplate::new(503),
            cut(service),
        ];
        let server = service
            .stand_in(in_turn(
                troubles.into_iter().chain([picture(service.good())]),
            ))
            .await;
        let outcome = service.scrape(&server, Arc::default()).await;
        assert_eq!(
            (outcome.rows[0].status, &outcome.rows[0].reason),
            (Status::Ok, &None),
            "{}",
            service.name
        );
        assert!(
            outcome.rows[0].attempts >= 5,
            "{}: {}",
            service.name,
            outcome.rows[0].attempts
        );
    }
}

#[tokio::test]
async fn documents_in_place_of_pictures_are_rows_with_their_words() {
    let xml = "<?xml version='1.0'?><ServiceExceptionReport><ServiceException>Layer ortho is not defined</ServiceException></ServiceExceptionReport>";
    let cases = [
        (
            "application/vnd.ogc.se_xml",
            xml,
            "xml instead of a picture: Layer ortho is not defined",
        ),
        (
            "text/html",
            "<!doctype html><title>Sign in</title>",
            "html instead of a picture: Sign in",
        ),
    ];
    for service in SERVICES {
        for (media_type, body, words) in cases {
            let answer = ResponseTemplate::new(200).set_body_raw(body, media_type);
            let server = service.stand_in(in_turn([answer])).await;
            let store = Arc::new(MemoryStore::default());
            let outcome = service.scrape(&server, store.clone()).await;
            let row = &outcome.rows[0];
            assert_eq!(
                (row.status, row.reason.as_deref()),
                (Status::Failed, Some(words)),
                "{}",
                service.name
            );
            assert!(store.objects().is_empty());
        }
    }
}

#[tokio::test]
async fn a_picture_of_another_size_fails_and_is_not_asked_for_again() {
    for service in SERVICES.into_iter().filter(|service| service.sized) {
        let other = file(&noise(service.px / 2, service.px / 2, 3), Format::Png);
        let server = service.stand_in(in_turn([picture(other)])).await;
        let outcome = service.scrape(&server, Arc::default()).await;
        let row = &outcome.rows[0];
        assert_eq!(row.status, Status::Failed, "{}", service.name);
        assert!(
            row.reason.as_deref().unwrap().contains("pixels"),
            "{}: {:?}",
            service.name,
            row.reason
        );
    }
}

#[tokio::test]
async fn an_all_white_picture_is_blank() {
    for service in SERVICES {
        let server = service
            .stand_in(in_turn([picture(file(
                &flat(service.px, service.px),
                Format::Png,
            ))]))
            .await;
        let store = Arc::new(MemoryStore::default());
        let outcome = service.scrape(&server, store.clone()).await;
        assert_eq!(outcome.rows[0].status, Status::Blank, "{}", service.name);
        assert!(store.objects().is_empty(), "{}", service.name);
    }
}

#[tokio::test]
async fn a_refused_key_is_one_error_for_the_whole_run() {
    for service in SERVICES {
        // Services echo what they were sent; the requests of these two for a picture hold another key.
        let echoed = if matches!(service.name, "mapillary" | "earth_engine") {
            "it"
        } else {
            KEY
        };
        let said =
            format!("{{\"error\": {{\"message\": \"key {echoed} is not valid\", \"code\": 401}}}}");
        let server = service
            .stand_in(in_turn([ResponseTemplate::new(401).set_body_string(said)]))
            .await;
        let outcome = service.scrape(&server, Arc::default()).await;
        let Some(Halt::Failed(error @ Error::KeyRefused { .. })) = &outcome.halt else {
            panic!("{}: {:?}", service.name, outcome.halt)
        };
        assert!(error.to_string().contains("is not valid"), "{error}");
        assert!(
            !format!("{error} {outcome:?}").contains(KEY),
            "{}",
            service.name
        );
    }
}

#[tokio::test]
async fn a_body_that_ends_early_is_asked_for_again() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let whole = file(&noise(64, 64, 3), Format::Png);
    let server = tokio::spawn(async move {
        let mut turn = 0;
        while turn < 3 {
            let (mut socket, _) = listener.accept().await.unwrap();
            let mut request = vec![0; 4096];
            // The look whether there is a way to the source asks nothing.
            if socket.read(&mut request).await.unwrap() == 0 {
                continue;
            }
            let head = format!(
                "HTTP/1.1 200 OK\r\nContent-Type: image/png\r\nContent-Length: {}\r\n\r\n",
                whole.len()
            );
            socket.write_all(head.as_bytes()).await.unwrap();
            let sent = if turn < 2 {
                &whole[..whole.len() / 3]
            } else {
                &whole[..]
            };
            socket.write_all(sent).await.unwrap();
            socket.shutdown().await.unwrap();
            turn += 1;
        }
    });
    let source =
        json!({"kind": "mapbox", "key": "env:KEY", "base_url": format!("http://{address}")});
    let study = Study {
        source,
        limits: Limits {
            concurrency: Some(1),
            ..Limits::default()
        },
        ..Study::default()
    };
    let samples = samples(1);
    let batch = Batch {
        samples: &samples,
        known: &[],
        max_requests: None,
        progress: &NoProgress,
    };
    let scraper = study.scraper(Arc::new(HttpTransport::new().unwrap()));
    let outcome = scraper.scrape_batch(batch, &Stop::never()).await.unwrap();
    assert_eq!(
        (outcome.rows[0].status, outcome.rows[0].attempts),
        (Status::Ok, 3),
        "{:?}",
        outcome.rows[0].reason
    );
    server.await.unwrap();
}

#[tokio::test]
async fn a_server_that_is_gone_is_said_to_be_gone() {
    let source = json!({"kind": "mapbox", "key": "env:KEY", "base_url": "http://127.0.0.1:9"});
    let study = Study {
        source,
        limits: Limits {
            tries: 2,
            ..Limits::default()
        },
        ..Study::default()
    };
    let samples = samples(1);
    let batch = Batch {
        samples: &samples,
        known: &[],
        max_requests: None,
        progress: &NoProgress,
    };
    let scraper = study.scraper(Arc::new(HttpTransport::new().unwrap()));
    let outcome = scraper.scrape_batch(batch, &Stop::never()).await.unwrap();
    let Some(Halt::Failed(error @ Error::Unreachable { .. })) = outcome.halt else {
        panic!("{:?}", outcome.halt)
    };
    let reason = error.to_string();
    assert!(
        reason.starts_with("mapbox: no way to 127.0.0.1") && reason.ends_with("nothing is counted"),
        "{reason}"
    );
    assert!(!reason.contains(KEY));
    assert_eq!((outcome.rows.len(), outcome.requests), (0, 0));
}
