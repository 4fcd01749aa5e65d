//! Drawing units of one stratum, with the probability of each.
//!
//! [`probabilities`] sets aside units that are certain; [`Method`] draws the rest. Which joint probabilities a method has is
//! [`joint`]'s to say.

mod inclusion;
mod joint;
mod pareto;
mod reserves;
mod sampford;
mod srs;
mod systematic;

pub use inclusion::probabilities;
pub use joint::joint;
pub use pareto::{ParetoLambda, pareto_is_corrected, pareto_lambda, pareto_probabilities};
pub use reserves::{Drawn, Reserve, draw, released_probability};
pub use systematic::systematic_from;

use crate::{Error, Result};

/// How units are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Method {
    /// At equal steps of size from a random start, in list order: probability proportional to size.
    #[default]
    Systematic,
    /// Simple random: all samples equally likely, sizes ignored.
    Srs,
    /// Probability proportional to size by ranks of random numbers, corrected so that the probabilities are exact.
    Pareto,
    /// Probability proportional to size with all joint probabilities known and positive.
    Sampford,
}

impl Method {
    /// The name on a command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Systematic => "systematic",
            Self::Srs => "srs",
            Self::Pareto => "pareto",
            Self::Sampford => "sampford",
        }
    }

    /// The version of the draw, stated with the seed: a change that draws other units raises it.
    #[must_use]
    pub fn version(self) -> u32 {
        1
    }
}

impl std::str::FromStr for Method {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        [Self::Systematic, Self::Srs, Self::Pareto, Self::Sampford]
            .into_iter()
            .find(|method| method.name() == name)
            .ok_or_else(|| Error::setting("method", name, "systematic, srs, pareto or sampford"))
    }
}
