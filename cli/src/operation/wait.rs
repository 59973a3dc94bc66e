//! `tessera operation wait`

use std::time::Duration;

use clap::Args;

use super::{OperationArgument, describe};
use crate::{arguments::parse_duration, failure::Failure, follow::follow, output::Document, session::Session};

/// Arguments of `operation wait`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    tessera operation wait op_01jb3v8z4q5t6w7x8y9zabcdef\n  \
    tessera operation wait op_01jb3v8z4q5t6w7x8y9zabcdef --timeout 10m -o json")]
pub(crate) struct WaitCommandArguments {
    #[command(flatten)]
    operation: OperationArgument,
    /// Stop following after this time, such as 90s or 10m; the operation goes on
    #[arg(long, value_name = "DURATION", value_parser = parse_duration)]
    timeout: Option<Duration>,
}

/// Follows the operation; its outcome is the outcome of the command.
pub(super) async fn run(arguments: &WaitCommandArguments, session: &Session) -> Result<Document, Failure> {
    let operation = follow(session, &arguments.operation.id.to_string(), arguments.timeout).await?;
    let document = describe(Document::new(operation.value.clone()), &operation);
    Ok(match operation.failure() {
        Some(failure) => document.failing(failure),
        None => document,
    })
}
