//! `tessera key enable`

use clap::Args;
use serde_json::json;

use super::{ChangeArguments, KeyArgument, change_key};
use crate::{failure::Failure, output::Document, session::Session};

/// Arguments of `key enable`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    tessera key enable acme --mode live --reason 'incident closed'\n  \
    tessera key enable acme --mode test -o json")]
pub(crate) struct EnableArguments {
    #[command(flatten)]
    key: KeyArgument,
    #[command(flatten)]
    change: ChangeArguments,
}

/// Lets the key work again.
pub(super) async fn run(arguments: &EnableArguments, session: &Session) -> Result<Document, Failure> {
    let EnableArguments { key, change } = arguments;

    change_key(session, key, ("enable", json!({})), &change.write, &change.wait).await
}
