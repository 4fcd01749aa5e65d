//! Keys asked of a server that answers as the services document; the local stack's own are asked in `tests/test_secrets.py`.
#![allow(clippy::unwrap_used)]

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use imagery::SecretName;
use secrets::CloudKeys;
use study::SecretKeys;
use wiremock::matchers::{body_json, header, header_regex, method};
use wiremock::{Mock, MockServer, ResponseTemplate};

/// As if the environment named `server` as its endpoint, with a session's credentials.
fn configuration(server: &MockServer) -> SdkConfig {
    let session = Some("session".to_owned());
    let credentials = Credentials::new("AKIDEXAMPLE", "wJalrXUtnFEMI", session, None, "test");
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-west-1"))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .endpoint_url(server.uri())
        .build()
}

async fn answering(reply: ResponseTemplate) -> MockServer {
    let server = MockServer::start().await;
    Mock::given(method("POST"))
        .respond_with(reply)
        .mount(&server)
        .await;
    server
}

/// What is said where the key `name` cannot be had.
async fn problem(server: &MockServer, name: &str) -> String {
    let name: SecretName = name.parse().unwrap();
    let keys = CloudKeys::new(&configuration(server));
    keys.find(&name).await.unwrap_err().to_string()
}

fn refused(status: u16, body: &serde_json::Value) -> ResponseTemplate {
    ResponseTemplate::new(status).set_body_raw(body.to_string(), "application/x-amz-json-1.1")
}

#[tokio::test]
async fn a_secret_is_asked_for_by_a_signed_request() {
    let server = MockServer::start().await;
    let signature = "^AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/[0-9]{8}/eu-west-1/secretsmanager/aws4_request, \
                     SignedHeaders=content-type;host;x-amz-date;x-amz-security-token;x-amz-target, Signature=[0-9a-f]{64}$";
    Mock::given(method("POST"))
        .and(header("content-type", "application/x-amz-json-1.1"))
        .and(header("x-amz-target", "secretsmanager.GetSecretValue"))
        .and(header("x-amz-security-token", "session"))
        .and(header_regex("authorization", signature))
        .and(body_json(
            serde_json::json!({"SecretId": "transect/mapbox"}),
        ))
        .respond_with(refused(
            200,
            &serde_json::json!({"Name": "transect/mapbox", "SecretString": "pk.1\n"}),
        ))
        .expect(1)
        .mount(&server)
        .await;
    let keys = CloudKeys::new(&configuration(&server));
    let found = keys.find(&"secret:transect/mapbox".parse().unwrap()).await;
    assert_eq!(found.unwrap(), imagery::Secret::new("pk.1"));
}

#[tokio::test]
async fn a_parameter_is_asked_for_decrypted() {
    let server = MockServer::start().await;
    Mock::given(header("x-amz-target", "AmazonSSM.GetParameter"))
        .and(body_json(
            serde_json::json!({"Name": "/transect/mapbox", "WithDecryption": true}),
        ))
        .respond_with(refused(
            200,
            &serde_json::json!({"Parameter": {"Name": "/transect/mapbox", "Value": "pk.2"}}),
        ))
        .mount(&server)
        .await;
    let keys = CloudKeys::new(&configuration(&server));
    let found = keys.find(&"ssm:/transect/mapbox".parse().unwrap()).await;
    assert_eq!(found.unwrap(), imagery::Secret::new("pk.2"));
}

#[tokio::test]
async fn a_refusal_is_told_in_the_services_word_and_not_tried_again() {
    let body = serde_json::json!({
        "__type": "com.amazonaws.secretsmanager#ResourceNotFoundException",
        "Message": "Secrets Manager can't find the specified secret.",
    });
    let server = answering(refused(400, &body)).await;
    assert_eq!(
        problem(&server, "secret:none").await,
        "the key secret:none of the source was not found: \
         ResourceNotFoundException: Secrets Manager can't find the specified secret."
    );
    assert_eq!(server.received_requests().await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_throttled_request_is_tried_again() {
    let server = MockServer::start().await;
    let busy = serde_json::json!({"__type": "ThrottlingException", "message": "Rate exceeded"});
    Mock::given(method("POST"))
        .respond_with(refused(400, &busy))
        .up_to_n_times(2)
        .with_priority(1)
        .mount(&server)
        .await;
    Mock::given(method("POST"))
        .respond_with(refused(200, &serde_json::json!({"SecretString": "pk.3"})))
        .mount(&server)
        .await;
    let keys = CloudKeys::new(&configuration(&server));
    let found = keys.find(&"secret:a".parse().unwrap()).await;
    assert_eq!(found.unwrap(), imagery::Secret::new("pk.3"));
    assert_eq!(server.received_requests().await.unwrap().len(), 3);
}

#[tokio::test]
async fn a_reply_of_another_form_is_told_without_repeating_it() {
    let server =
        answering(ResponseTemplate::new(200).set_body_string("pk.hush, but no JSON")).await;
    let problem = problem(&server, "secret:a").await;
    assert!(
        problem.ends_with("the reply is not in the form that the service documents"),
        "{problem}"
    );
}

#[tokio::test]
async fn a_binary_secret_holds_no_text() {
    let body = serde_json::json!({"SecretBinary": "cGsuNA=="});
    let server = answering(refused(200, &body)).await;
    let problem = problem(&server, "secret:a").await;
    assert!(problem.ends_with("it holds no text"), "{problem}");
}
