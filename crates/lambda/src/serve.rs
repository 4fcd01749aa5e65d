//! A function's life around its handler.

use std::marker::PhantomData;
use std::panic::AssertUnwindSafe;
use std::time::{Instant, SystemTime};

use futures::FutureExt;
use futures::future::LocalBoxFuture;
use lambda_runtime::{Diagnostic, LambdaEvent, service_fn};
use serde::Serialize;
use serde_json::Value;
use tracing::Instrument;

use contracts::{Fault, FaultName};

use crate::{Deadline, Metrics, Unit, logs};

/// What a handler is told of the invocation it serves, and where it leaves its figures.
#[derive(Debug)]
pub struct Invocation {
    /// Lambda's id of this request.
    pub request_id: String,
    /// When Lambda will end it.
    pub deadline: Deadline,
    /// Figures for the metrics line.
    pub metrics: Metrics,
}

/// Runs the function: sets up logs, then hands every event, as JSON, to `handler`. What the
/// handler returns is the reply; a [`Fault`] (or a panic, as `Internal`) becomes an error reply
/// with its name, and the next event is served all the same.
///
/// # Errors
/// Only when the Lambda runtime itself cannot be reached.
pub async fn serve<R, H>(function: &'static str, handler: H) -> Result<(), lambda_runtime::Error>
where
    R: Serialize,
    H: AsyncFn(Value, &mut Invocation) -> Result<R, Fault>,
{
    let handler = Handled(handler, PhantomData);
    run(function, &handler).await
}

/// A handler whose future and reply have no types of their own, so that the runtime around it is compiled once and not in
/// every function.
trait Handler {
    fn handle<'a>(
        &'a self,
        payload: Value,
        invocation: &'a mut Invocation,
    ) -> LocalBoxFuture<'a, Result<Value, Fault>>;
}

struct Handled<R, H>(H, PhantomData<R>);

impl<R, H> Handler for Handled<R, H>
where
    R: Serialize,
    H: AsyncFn(Value, &mut Invocation) -> Result<R, Fault>,
{
    fn handle<'a>(
        &'a self,
        payload: Value,
        invocation: &'a mut Invocation,
    ) -> LocalBoxFuture<'a, Result<Value, Fault>> {
        Box::pin(async move {
            let reply = (self.0)(payload, invocation).await?;
            serde_json::to_value(reply).map_err(|error| Fault::internal(&error))
        })
    }
}

fn run<'a>(
    function: &'static str,
    handler: &'a dyn Handler,
) -> LocalBoxFuture<'a, Result<(), lambda_runtime::Error>> {
    logs::in_lambda();
    Box::pin(lambda_runtime::run(service_fn(
        move |event: LambdaEvent<Value>| async move {
            let (payload, context) = event.into_parts();
            let mut invocation = Invocation {
                deadline: Deadline::from_lambda(context.deadline(), SystemTime::now()),
                request_id: context.request_id,
                metrics: Metrics::default(),
            };
            let span = tracing::info_span!(
                "invocation",
                function,
                request_id = invocation.request_id,
                filename = payload.get("filename").and_then(serde_json::Value::as_str),
                plan_id = payload.get("plan_id").and_then(serde_json::Value::as_str),
                batch = payload.get("batch").and_then(serde_json::Value::as_u64),
            );
            answer(function, handler, payload, &mut invocation)
                .instrument(span)
                .await
        },
    )))
}

async fn answer(
    function: &str,
    handler: &dyn Handler,
    payload: Value,
    invocation: &mut Invocation,
) -> Result<Value, Diagnostic> {
    let started = Instant::now();
    let outcome = AssertUnwindSafe(handler.handle(payload, invocation))
        .catch_unwind()
        .await
        .unwrap_or_else(|_| {
            Err(Fault::new(
                FaultName::Internal,
                "the function stopped on a fault of its own: see its log",
            ))
        });
    let milliseconds = started.elapsed().as_secs_f64() * 1000.0;
    invocation
        .metrics
        .add("duration", milliseconds, Unit::Milliseconds);
    let line = invocation.metrics.line(
        function,
        &invocation.request_id,
        outcome.is_err(),
        SystemTime::now(),
    );
    println!("{line}");
    match &outcome {
        Ok(_) => tracing::info!(milliseconds, "done"),
        Err(fault) => {
            tracing::error!(
                name = fault.name.as_str(),
                message = fault.message,
                "failed"
            );
        }
    }
    outcome.map_err(|fault| Diagnostic {
        error_type: fault.name.as_str().to_owned(),
        error_message: fault.message,
    })
}
