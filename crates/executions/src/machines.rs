//! Where state machines are, and how their executions stand.

use aws_config::SdkConfig;
use aws_sdk_sfn::Client;
use aws_sdk_sfn::types::ExecutionStatus;
use contracts::{Fault, FaultName};

use crate::fault::step_functions_fault;

/// The state machines of the account (or local stack) that the environment names.
#[derive(Debug)]
pub struct Machines(Client);

/// How an execution stands.
#[derive(Debug)]
pub struct Standing {
    status: ExecutionStatus,
    /// Name of the error, and what is said of it, of an execution that failed.
    pub failure: Option<(String, String)>,
    /// What it gave back, once it has succeeded.
    pub output: Option<String>,
    /// Items of its distributed maps.
    pub items: Items,
}

/// Counts over all distributed maps of an execution.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Items {
    /// Items there are.
    pub total: u64,
    /// Items that succeeded.
    pub done: u64,
    /// Items that failed, ran out of time or were aborted.
    pub failed: u64,
}

impl Items {
    /// Items that have not ended.
    #[must_use]
    pub fn left(&self) -> u64 {
        self.total.saturating_sub(self.done + self.failed)
    }
}

impl Standing {
    /// Step Functions' word for the state.
    #[must_use]
    pub fn status(&self) -> &str {
        self.status.as_str()
    }

    /// Whether it ended well.
    #[must_use]
    pub fn has_succeeded(&self) -> bool {
        self.status == ExecutionStatus::Succeeded
    }

    /// Whether it has not ended.
    #[must_use]
    pub fn is_running(&self) -> bool {
        matches!(
            self.status,
            ExecutionStatus::Running | ExecutionStatus::PendingRedrive
        )
    }
}

impl Machines {
    /// By the configuration's region and endpoint.
    #[must_use]
    pub fn new(config: &SdkConfig) -> Self {
        Self(Client::new(config))
    }

    /// The ARN of a machine that is named by ARN or by name.
    ///
    /// # Errors
    /// `NotFound` where there is no such machine, with the names of those there are.
    pub async fn arn_of(&self, machine: &str) -> Result<String, Fault> {
        if machine.starts_with("arn:") {
            return Ok(machine.to_owned());
        }
        let mut known = Vec::new();
        let mut pages = self.0.list_state_machines().into_paginator().items().send();
        while let Some(listed) = pages.next().await {
            let listed = listed.map_err(|e| step_functions_fault("state machines", &e))?;
            if listed.name == machine {
                return Ok(listed.state_machine_arn);
            }
            known.push(listed.name);
        }
        Err(Fault::new(
            FaultName::NotFound,
            format!(
                "no state machine is named {machine}; there are: {}",
                known.join(", ")
            ),
        ))
    }

    /// Begins an execution of a STANDARD machine; gives back its ARN.
    ///
    /// # Errors
    /// `NotFound` for a machine that is not there, `AccessDenied`, `InvalidInput`, `StorageUnavailable`.
    pub async fn start(&self, machine: &str, input: &str) -> Result<String, Fault> {
        let started = self
            .0
            .start_execution()
            .state_machine_arn(machine)
            .input(input)
            .send()
            .await
            .map_err(|e| step_functions_fault(machine, &e))?;
        Ok(started.execution_arn)
    }

    /// Runs an EXPRESS machine and waits for what it gives back.
    ///
    /// # Errors
    /// As [`Machines::start`], and `Internal` where the execution failed, with its error and cause.
    pub async fn run_express(&self, machine: &str, input: &str) -> Result<String, Fault> {
        let own_endpoint = std::env::var_os("AWS_ENDPOINT_URL").is_some()
            || std::env::var_os("AWS_ENDPOINT_URL_SFN").is_some();
        let mut request = self
            .0
            .start_sync_execution()
            .state_machine_arn(machine)
            .input(input)
            .customize();
        if own_endpoint {
            // The SDK puts `sync-` before the host, which only AWS's own names resolve.
            request = request.mutate_request(|request| {
                let uri = request.uri().replacen("://sync-", "://", 1);
                let _ = request.set_uri(uri);
            });
        }
        let reply = request
            .send()
            .await
            .map_err(|e| step_functions_fault(machine, &e))?;
        match reply.output {
            Some(output) if reply.error.is_none() => Ok(output),
            _ => Err(Fault::new(
                FaultName::Internal,
                format!(
                    "{} ended as {}: {} {}",
                    reply.execution_arn,
                    reply.status.as_str(),
                    reply.error.unwrap_or_default(),
                    reply.cause.unwrap_or_default()
                ),
            )),
        }
    }

    /// How an execution stands now.
    ///
    /// # Errors
    /// `NotFound` for an execution that is not there, `AccessDenied`, `StorageUnavailable`.
    pub async fn standing(&self, execution: &str) -> Result<Standing, Fault> {
        let described = self
            .0
            .describe_execution()
            .execution_arn(execution)
            .send()
            .await
            .map_err(|e| step_functions_fault(execution, &e))?;
        Ok(Standing {
            items: self.items(execution).await?,
            failure: described
                .error
                .map(|error| (error, described.cause.unwrap_or_default())),
            output: described.output,
            status: described.status,
        })
    }

    async fn items(&self, execution: &str) -> Result<Items, Fault> {
        let mut items = Items::default();
        let mut runs = self
            .0
            .list_map_runs()
            .execution_arn(execution)
            .into_paginator()
            .items()
            .send();
        while let Some(run) = runs.next().await {
            let run = run.map_err(|e| step_functions_fault(execution, &e))?;
            let described = self
                .0
                .describe_map_run()
                .map_run_arn(&run.map_run_arn)
                .send()
                .await
                .map_err(|e| step_functions_fault(&run.map_run_arn, &e))?;
            if let Some(counts) = described.item_counts {
                let count = |n: i64| u64::try_from(n).unwrap_or_default();
                items.total += count(counts.total);
                items.done += count(counts.succeeded);
                items.failed += count(counts.failed + counts.timed_out + counts.aborted);
            }
        }
        Ok(items)
    }
}
