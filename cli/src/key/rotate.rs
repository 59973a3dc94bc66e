//! `tessera key rotate`

use clap::Args;
use serde_json::json;

use super::{ChangeArguments, KeyArgument, change_key};
use crate::{failure::Failure, output::Document, session::Session};

/// Arguments of `key rotate`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    tessera key rotate acme --mode live\n  \
    tessera key rotate acme --mode test --dry-run")]
pub(crate) struct RotateArguments {
    #[command(flatten)]
    key: KeyArgument,
    #[command(flatten)]
    change: ChangeArguments,
}

/// Makes a new version of the KMS key; what was wrapped before stays readable.
pub(super) async fn run(arguments: &RotateArguments, session: &Session) -> Result<Document, Failure> {
    let RotateArguments { key, change } = arguments;

    change_key(session, key, ("rotate", json!({})), &change.write, &change.wait).await
}
