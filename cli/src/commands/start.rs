//! `transect start`: begins an execution on AWS, or on a stack that stands in for it.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use kickoff::StepFunctions;
use lambda_shell::{Fault, FaultName, Metrics};
use serde_json::{Value, json};
use store::Stores;

use crate::executions::Machines;

/// Bytes of input that Step Functions takes (quota "maximum input or output size").
const MAX_INPUT_BYTES: usize = 262_144;

/// Start an execution; credentials, region and endpoint come from the environment as for any AWS
/// tool
#[derive(Subcommand)]
pub enum Start {
    Cluster(StartCluster),
    Express(StartExpress),
}

impl Start {
    pub async fn run(self) -> Result<(), Fault> {
        match self {
            Self::Cluster(start) => start.run().await,
            Self::Express(start) => start.run().await,
        }
    }
}

/// Cluster every table of a bucket that has no result yet: lists both buckets, writes the
/// manifest, starts the state machine. Prints the reply as JSON.
#[derive(Args)]
pub struct StartCluster {
    /// Bucket of the tables
    #[arg(long)]
    input_bucket: String,
    /// Bucket for the results
    #[arg(long)]
    output_bucket: String,
    /// Name or ARN of the state machine
    #[arg(long, required_unless_present = "dry_run")]
    machine: Option<String>,
    /// Only tables whose key starts with this
    #[arg(long, default_value = "")]
    prefix: String,
    /// At most this many tables
    #[arg(long)]
    limit: Option<u64>,
    /// Settings for every table, as JSON
    #[arg(long, value_name = "JSON")]
    params: Option<String>,
    /// Tables at once [default: 100]
    #[arg(long, value_name = "N")]
    max_concurrency: Option<u32>,
    /// Count only: write nothing, start nothing
    #[arg(long)]
    dry_run: bool,
}

impl StartCluster {
    async fn run(self) -> Result<(), Fault> {
        let config = aws_config::load_from_env().await;
        let machine = match &self.machine {
            Some(machine) => Some(Machines::new(&config).arn_of(machine).await?),
            None => None,
        };
        let params: Option<Value> = match &self.params {
            None => None,
            Some(text) => Some(
                serde_json::from_str(text)
                    .map_err(|error| Fault::invalid_event(format!("--params: {error}")))?,
            ),
        };
        let event = json!({
            "workflow": "cluster",
            "input_bucket": self.input_bucket,
            "output_bucket": self.output_bucket,
            "prefix": self.prefix,
            "limit": self.limit,
            "state_machine_arn": machine,
            "dry_run": self.dry_run,
            "params": params,
            "max_concurrency": self.max_concurrency,
        });
        let stores = Stores::on_s3(&config);
        let executions = StepFunctions::new(&config);
        let metrics = &mut Metrics::default();
        let reply = Box::pin(kickoff::handle(event, &stores, &executions, metrics)).await?;
        eprintln!("{}", reply.message);
        println!(
            "{}",
            serde_json::to_string(&reply).map_err(|e| Fault::internal(&e))?
        );
        Ok(())
    }
}

/// Run a small batch list on the EXPRESS machine and wait: the input is a JSON array of
/// {"`point_map"`: [[id, [[lon, lat], ...]], ...]}; the replies are printed in its order.
#[derive(Args)]
pub struct StartExpress {
    /// JSON file with the array
    input: PathBuf,
    /// Name or ARN of the EXPRESS state machine
    #[arg(long)]
    machine: String,
}

impl StartExpress {
    async fn run(self) -> Result<(), Fault> {
        let name = self.input.display().to_string();
        let input = std::fs::read_to_string(&self.input).map_err(|source| tables::Error::Io {
            name: name.clone(),
            source,
        })?;
        if input.len() > MAX_INPUT_BYTES {
            return Err(Fault::new(
                FaultName::InvalidInput,
                format!(
                    "{name} has {} bytes and Step Functions takes {MAX_INPUT_BYTES}: use the form with a manifest in S3, transect start collect",
                    input.len()
                ),
            ));
        }
        let machines = Machines::new(&aws_config::load_from_env().await);
        let machine = machines.arn_of(&self.machine).await?;
        println!("{}", machines.run_express(&machine, &input).await?);
        Ok(())
    }
}
