//! The two sides of a tenant.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Whether an environment moves real money or is a sandbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// Real money.
    Live,
    /// The sandbox.
    Test,
}

impl Mode {
    /// Both modes, in the order they are provisioned.
    pub const ALL: [Self; 2] = [Self::Live, Self::Test];

    /// `live` or `test`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Test => "test",
        }
    }

    /// What objects show as `livemode`.
    pub const fn is_live(self) -> bool {
        matches!(self, Self::Live)
    }
}

/// The text is neither `live` nor `test`.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("mode must be `live` or `test`")]
pub struct ModeError;

impl fmt::Display for Mode {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

impl FromStr for Mode {
    type Err = ModeError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "live" => Ok(Self::Live),
            "test" => Ok(Self::Test),
            _ => Err(ModeError),
        }
    }
}
