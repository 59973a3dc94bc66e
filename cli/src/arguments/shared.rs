//! Options that several commands share, and the values they are made of.

use std::{str::FromStr, time::Duration};

use clap::{Args, ValueHint};
use clap_complete::ArgValueCandidates;
use kernel::Slug;

use crate::completion::tenant_candidates;

/// Longest reason, in bytes: as long as the audit log keeps.
const REASON_BYTES_MAX: usize = 255;
/// Longest request id, in characters.
const REQUEST_KEY_CHARACTERS_MAX: usize = 128;

/// The tenant a command is about.
#[derive(Clone, Debug, Args)]
pub(crate) struct TenantArgument {
    /// Slug of the tenant
    #[arg(value_name = "SLUG", add = ArgValueCandidates::new(tenant_candidates))]
    pub(crate) slug: Slug,
}

/// Options of every command that changes something.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Write options")]
pub(crate) struct WriteArguments {
    /// Show what would change, checked by the server, and change nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Why; stored in the audit log with actor, host and request id
    #[arg(long, value_name = "TEXT", value_parser = parse_reason)]
    pub(crate) reason: Option<String>,
    /// Name of this run, so that repeating a broken run is safe [default: generated]
    #[arg(long, value_name = "ID")]
    pub(crate) request_id: Option<RequestKey>,
}

/// Options of every command that follows an operation.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Wait options")]
pub(crate) struct WaitArguments {
    /// Return the operation's id at once instead of following it
    #[arg(long, conflicts_with = "timeout")]
    pub(crate) detach: bool,
    /// Stop following after this time, such as 90s or 10m; the operation goes on
    #[arg(long, value_name = "DURATION", value_parser = parse_duration, value_hint = ValueHint::Other)]
    pub(crate) timeout: Option<Duration>,
}

/// The name of one run: what the server recognises a repeat by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RequestKey(String);

impl RequestKey {
    /// The text.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// The key of another request of the same run.
    pub(crate) fn of_part(&self, part: &str) -> Self {
        Self(format!("{}:{part}", self.0))
    }

    /// A key that was generated here.
    pub(crate) fn generated(id: &kernel::RequestId) -> Self {
        Self(id.to_string())
    }
}

impl FromStr for RequestKey {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:/".contains(&byte);
        if (1..=REQUEST_KEY_CHARACTERS_MAX).contains(&text.len()) && text.bytes().all(allowed) {
            Ok(Self(text.to_owned()))
        } else {
            Err(format!("must have 1 to {REQUEST_KEY_CHARACTERS_MAX} letters, digits, `-`, `_`, `.`, `:` and `/`"))
        }
    }
}

fn parse_reason(text: &str) -> Result<String, String> {
    let trimmed = text.trim();
    if trimmed.is_empty() {
        return Err("must say something".to_owned());
    }
    if trimmed.len() > REASON_BYTES_MAX {
        return Err(format!("must have at most {REASON_BYTES_MAX} bytes"));
    }
    if trimmed.chars().any(char::is_control) {
        return Err("must be one line".to_owned());
    }
    Ok(trimmed.to_owned())
}

/// A duration with a unit: `90s`, `10m`, `24h`, `1h 30m`.
pub(crate) fn parse_duration(text: &str) -> Result<Duration, String> {
    humantime::parse_duration(text).map_err(|error| format!("{error}; write for example 90s, 10m or 24h"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_need_a_unit() {
        assert_eq!(parse_duration("24h"), Ok(Duration::from_hours(24)));
        assert_eq!(parse_duration("1h 30m"), Ok(Duration::from_mins(90)));
        assert!(parse_duration("90").is_err());
        assert!(parse_duration("soon").is_err());
    }

    #[test]
    fn a_reason_is_one_line_that_says_something() {
        assert_eq!(parse_reason("  fraud review ").as_deref(), Ok("fraud review"));
        assert!(parse_reason("   ").is_err());
        assert!(parse_reason("a\nb").is_err());
        assert!(parse_reason(&"x".repeat(REASON_BYTES_MAX + 1)).is_err());
    }

    #[test]
    fn a_request_key_fits_into_a_header() {
        assert!("ci/build-42".parse::<RequestKey>().is_ok());
        assert!("".parse::<RequestKey>().is_err());
        assert!("a b".parse::<RequestKey>().is_err());
        assert!("a\r\nX: y".parse::<RequestKey>().is_err());
    }
}
