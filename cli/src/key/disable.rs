//! `tessera key disable`

use clap::Args;
use serde_json::json;

use super::{ChangeArguments, KeyArgument, change_key};
use crate::{failure::Failure, output::Document, session::Session};

/// Arguments of `key disable`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    tessera key disable acme --mode live --reason 'key leak suspected' --yes\n  \
    tessera key disable acme --mode test --reason 'rehearsal' --dry-run")]
pub(crate) struct DisableArguments {
    #[command(flatten)]
    key: KeyArgument,
    #[command(flatten)]
    change: ChangeArguments,
}

/// Stops everything that needs the key, until it is enabled again.
pub(super) async fn run(arguments: &DisableArguments, session: &Session) -> Result<Document, Failure> {
    let DisableArguments { key, change } = arguments;
    let write = session.with_reason(&change.write).await?;
    if !write.dry_run {
        let (slug, mode) = (&key.tenant.slug, key.mode);
        session.confirm(&format!("Disable the {mode} key of {slug}? What needs it will answer 503.")).await?;
    }
    change_key(session, key, ("disable", json!({})), &write, &change.wait).await
}
