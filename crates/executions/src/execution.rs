//! Starting an execution once, whatever the number of kickoffs.

use async_trait::async_trait;
use aws_sdk_sfn::Client;
use aws_sdk_sfn::error::ProvideErrorMetadata;
use aws_sdk_sfn::types::ExecutionStatus;
use contracts::{Fault, FaultName};

use crate::fault::step_functions_fault;

/// How often the same manifest may be run: after a failed execution its name is taken for 90
/// days, so the next one gets a number.
const MOST_RUNS: u32 = 99;

/// What a kickoff needs of Step Functions.
#[async_trait]
pub trait Executions: Sync {
    /// Starts the machine under `name`, or finds it running under it.
    ///
    /// # Errors
    /// `NotFound` for a machine that is not there, `AccessDenied`, `StorageUnavailable`.
    async fn start(&self, machine: &str, name: &str, input: &str) -> Result<Started, Fault>;

    /// Whether the machine's execution of this name runs; `None` where none was ever started.
    ///
    /// # Errors
    /// `AccessDenied`, `StorageUnavailable`.
    async fn standing(&self, machine: &str, name: &str) -> Result<Option<Started>, Fault>;
}

/// What came of a start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Started {
    /// It runs, since now or before.
    Running(String),
    /// An execution of that name has ended.
    Ended,
}

/// Starts `name`, or `name-2` and so on where earlier runs of it have ended.
pub async fn start_once(
    executions: &dyn Executions,
    machine: &str,
    name: &str,
    input: &str,
) -> Result<String, Fault> {
    for run in 1..=MOST_RUNS {
        let name = match run {
            1 => name.to_owned(),
            _ => format!("{name}-{run}"),
        };
        if let Started::Running(arn) = executions.start(machine, &name, input).await? {
            return Ok(arn);
        }
    }
    Err(Fault::new(
        FaultName::InvalidInput,
        format!(
            "{name} ran {MOST_RUNS} times already and files are still left over: see the failures of its runs"
        ),
    ))
}

/// Step Functions itself.
#[derive(Debug)]
pub struct StepFunctions(Client);

impl StepFunctions {
    /// A client by the configuration's region and endpoint.
    #[must_use]
    pub fn new(config: &aws_config::SdkConfig) -> Self {
        Self(Client::new(config))
    }

    async fn state_of(&self, machine: &str, name: &str) -> Result<Started, Fault> {
        let arn = format!(
            "{}:{name}",
            machine.replace(":stateMachine:", ":execution:")
        );
        let execution = self
            .0
            .describe_execution()
            .execution_arn(&arn)
            .send()
            .await
            .map_err(|e| step_functions_fault(&arn, &e))?;
        Ok(match execution.status() {
            ExecutionStatus::Running | ExecutionStatus::PendingRedrive => Started::Running(arn),
            _ => Started::Ended,
        })
    }
}

#[async_trait]
impl Executions for StepFunctions {
    async fn start(&self, machine: &str, name: &str, input: &str) -> Result<Started, Fault> {
        let started = self
            .0
            .start_execution()
            .state_machine_arn(machine)
            .name(name)
            .input(input)
            .send()
            .await;
        match started {
            // A running execution of the same name and input answers as if it were new.
            Ok(reply) => Ok(Started::Running(reply.execution_arn)),
            Err(e) if e.code() == Some("ExecutionAlreadyExists") => {
                self.state_of(machine, name).await
            }
            Err(e) => Err(step_functions_fault(machine, &e)),
        }
    }

    async fn standing(&self, machine: &str, name: &str) -> Result<Option<Started>, Fault> {
        match self.state_of(machine, name).await {
            Ok(started) => Ok(Some(started)),
            Err(fault) if fault.name == FaultName::NotFound => Ok(None),
            Err(fault) => Err(fault),
        }
    }
}
