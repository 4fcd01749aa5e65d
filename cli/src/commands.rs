//! One module a command.

pub mod check;
pub mod cluster;
pub mod demo;
pub mod estimate;
pub mod generate;
pub mod manuals;
pub mod map;
pub mod measure;
pub mod plan;
pub mod retry;
pub mod run;
pub mod select;
pub mod split;
pub mod start;
pub mod status;
pub mod watch;

use contracts::{Fault, FaultName};
use serde::de::value::{Error as ValueError, StrDeserializer};
use serde::de::{DeserializeOwned, IntoDeserializer};

/// A word of the settings, with dashes as on a command line or underscores as in an event.
fn word<T: DeserializeOwned>(flag: &str, text: &str) -> Result<T, Fault> {
    let text = text.replace('-', "_");
    let word: StrDeserializer<'_, ValueError> = text.as_str().into_deserializer();
    T::deserialize(word)
        .map_err(|error| Fault::new(FaultName::InvalidInput, format!("{flag}: {error}")))
}
