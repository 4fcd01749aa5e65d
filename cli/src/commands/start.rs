//! `transect start`: begins an execution on AWS, or on a stack that stands in for it.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use contracts::events::KickoffReply;
use contracts::{Fault, FaultName};
use executions::{Machines, StepFunctions};
use serde_json::{Value, json};
use study::Taking;
use study::events::{self, ScrapeEvent};

use crate::commands::check;

/// Bytes of input that Step Functions takes (quota "maximum input or output size").
const MAX_INPUT_BYTES: usize = 262_144;

/// Start an execution; credentials, region and endpoint come from the environment as for any AWS
/// tool
#[derive(Subcommand)]
pub enum Start {
    Cluster(StartCluster),
    Collect(StartCollect),
    Quota(StartQuota),
    Measure(StartMeasure),
    Express(StartExpress),
}

impl Start {
    pub async fn run(self) -> Result<(), Fault> {
        match self {
            Self::Cluster(start) => start.run().await,
            Self::Collect(start) => start.run().await,
            Self::Quota(start) => start.run().await,
            Self::Measure(start) => start.run().await,
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
        let config = store_s3::aws_from_environment().await;
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
        let (stores, executions) = (store_s3::stores(&config), StepFunctions::new(&config));
        let event = events::parse(event)?;
        print(&executions::cluster(&event, None, &stores, &executions).await?)
    }
}

/// Carry out a study: the files it names lie in the input bucket; the plan, pictures, tables and report go to the output bucket.
/// Prints the ARN of the execution, for `transect watch`. The same study again goes on where it stopped.
#[derive(Args)]
pub struct StartCollect {
    /// Study, TOML
    study: PathBuf,
    /// Bucket of the files that the study names
    #[arg(long)]
    input_bucket: String,
    /// Bucket for all that comes of it
    #[arg(long)]
    output_bucket: String,
    #[command(flatten)]
    map: MapSettings,
}

impl StartCollect {
    async fn run(self) -> Result<(), Fault> {
        let study = check::read(&self.study)?;
        let plan = json!({
            "study": study,
            "input_bucket": self.input_bucket,
            "output_bucket": self.output_bucket,
            "workers": self.map.max_concurrency,
        });
        let event = json!({"plan": plan, "output_bucket": self.output_bucket});
        self.map.start(event).await
    }
}

/// Take the next samples of a plan that have no reading: what a schedule has kickoff do, once. Prints the reply as JSON.
#[derive(Args)]
pub struct StartQuota {
    /// Plan, as `transect plan` and the collect machine print it
    plan_id: String,
    /// Bucket of the plan
    #[arg(long)]
    output_bucket: String,
    /// At most this many samples
    #[arg(long, value_name = "N")]
    take: u64,
    /// How they are shared among towns: `largest_remainder`, `round_robin` or `{"weights": {TOWN: WEIGHT, ...}}`
    #[arg(long, value_name = "JSON")]
    sharing: Option<String>,
    /// Runs that try a sample before it rests as failed
    #[arg(long, value_name = "N", default_value_t = 3)]
    tries: u32,
    /// Samples in a batch
    #[arg(long, value_name = "N", default_value_t = 100)]
    batch_size: u32,
    /// Name or ARN of the state machine
    #[arg(long)]
    machine: String,
    /// Batches at once; they share the rate that the source allows
    #[arg(long, value_name = "N", default_value_t = 10)]
    max_concurrency: u32,
    /// Count only: write nothing, start nothing
    #[arg(long)]
    dry_run: bool,
}

impl StartQuota {
    async fn run(self) -> Result<(), Fault> {
        let config = store_s3::aws_from_environment().await;
        let sharing: Value = match &self.sharing {
            None => json!("largest_remainder"),
            // A name alone needs no quotation marks.
            Some(text) => serde_json::from_str(text).unwrap_or_else(|_| json!(text)),
        };
        let event = json!({
            "workflow": "collect",
            "output_bucket": self.output_bucket,
            "limit": self.take,
            "params": {
                "plan_id": self.plan_id,
                "sharing": sharing,
                "tries": self.tries,
                "batch_size": self.batch_size,
            },
            "state_machine_arn": Machines::new(&config).arn_of(&self.machine).await?,
            "dry_run": self.dry_run,
            "max_concurrency": self.max_concurrency,
        });
        let (stores, executions) = (store_s3::stores(&config), StepFunctions::new(&config));
        let event = events::parse(event)?;
        print(
            &executions::collect(&event, &stores, &executions)
                .await?
                .reply,
        )
    }
}

fn print(reply: &KickoffReply) -> Result<(), Fault> {
    eprintln!("{}", reply.message);
    println!(
        "{}",
        serde_json::to_string(reply).map_err(|e| Fault::internal(&e))?
    );
    Ok(())
}

/// Measure the stored pictures of a plan again, and sum up again. Prints the ARN of the execution.
#[derive(Args)]
pub struct StartMeasure {
    /// Plan, as `transect plan` and the collect machine print it
    plan_id: String,
    /// Bucket of the plan
    #[arg(long)]
    output_bucket: String,
    /// Measures, such as green,brightness
    #[arg(long, value_delimiter = ',', required = true)]
    measures: Vec<String>,
    #[command(flatten)]
    map: MapSettings,
}

impl StartMeasure {
    async fn run(self) -> Result<(), Fault> {
        let event = json!({
            "plan_id": self.plan_id,
            "output_bucket": self.output_bucket,
            "measures": self.measures,
        });
        self.map.start(event).await
    }
}

/// What every machine over batches takes.
#[derive(Args)]
struct MapSettings {
    /// Name or ARN of the state machine
    #[arg(long)]
    machine: String,
    /// Batches at once; they share the rate that the source allows
    #[arg(long, value_name = "N", default_value_t = 10)]
    max_concurrency: u32,
    /// Per cent of the batches that may fail before the rest is given up
    #[arg(long, value_name = "PERCENT", default_value_t = 10, value_parser = clap::value_parser!(u8).range(0..=100))]
    tolerated_failure_percentage: u8,
}

impl MapSettings {
    async fn start(&self, mut event: Value) -> Result<(), Fault> {
        event["max_concurrency"] = self.max_concurrency.into();
        event["tolerated_failure_percentage"] = self.tolerated_failure_percentage.into();
        let machines = Machines::new(&store_s3::aws_from_environment().await);
        let machine = machines.arn_of(&self.machine).await?;
        println!("{}", machines.start(&machine, &event.to_string()).await?);
        Ok(())
    }
}

/// Run a small list of batches on the EXPRESS machine and wait: the input is a JSON array of
/// {"`point_map`": [[id, [[lon, lat], ...]], ...]} or {"jobs": [record, ...]}; the replies are printed in its order.
#[derive(Args)]
pub struct StartExpress {
    /// JSON file with the array
    input: PathBuf,
    /// Name or ARN of the EXPRESS state machine
    #[arg(long)]
    machine: String,
    /// How pictures are taken: TOML with source, picture, measures and limits as in a study. Without it the settings in
    /// plans/inline/settings.json of the output bucket hold
    #[arg(long, value_name = "FILE")]
    settings: Option<PathBuf>,
}

impl StartExpress {
    async fn run(self) -> Result<(), Fault> {
        let name = self.input.display().to_string();
        let text = read(&self.input)?;
        let wrong = |problem: String| Fault::invalid_event(format!("{name}: {problem}"));
        let mut batches: Vec<Value> =
            serde_json::from_str(&text).map_err(|error| wrong(error.to_string()))?;
        if let Some(path) = &self.settings {
            let settings: Taking = toml::from_str(&read(path)?).map_err(|error| {
                let problem = error.to_string();
                Fault::new(
                    FaultName::InvalidStudy,
                    format!("{}: {}", path.display(), one_line(&problem)),
                )
            })?;
            for batch in batches.iter_mut().filter_map(Value::as_object_mut) {
                batch.insert("settings".to_owned(), json!(settings));
            }
        }
        for (number, batch) in batches.iter().enumerate() {
            if let Err(fault) = ScrapeEvent::parse(batch.clone()) {
                return Err(wrong(format!("batch {number}: {}", fault.message)));
            }
        }
        let input = Value::from(batches).to_string();
        if input.len() > MAX_INPUT_BYTES {
            return Err(Fault::new(
                FaultName::InvalidInput,
                format!(
                    "{name} makes {} bytes of input and Step Functions takes {MAX_INPUT_BYTES}: use the form with a manifest in S3, transect start collect",
                    input.len()
                ),
            ));
        }
        let machines = Machines::new(&store_s3::aws_from_environment().await);
        let machine = machines.arn_of(&self.machine).await?;
        println!("{}", machines.run_express(&machine, &input).await?);
        Ok(())
    }
}

fn read(path: &Path) -> Result<String, Fault> {
    let text = std::fs::read_to_string(path).map_err(|source| tables::Error::Io {
        name: path.display().to_string(),
        source,
    })?;
    Ok(text)
}

/// What a parser says over several lines, with what points at the place left out.
fn one_line(problem: &str) -> String {
    let lines = problem.lines().map(str::trim);
    let words: Vec<&str> = lines
        .filter(|line| !line.is_empty() && !line.contains('|'))
        .collect();
    words.join(": ")
}
