//! `tessera key destroy`

use clap::Args;
use serde_json::json;

use super::{ChangeArguments, KeyArgument, change_key};
use crate::{failure::Failure, output::Document, session::Session};

/// Arguments of `key destroy`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
        tessera key destroy acme --mode test --reason 'sandbox closed' --confirm acme\n  \
        tessera key destroy acme --mode live --reason 'erasure request' --dry-run")]
pub(crate) struct DestroyArguments {
    #[command(flatten)]
    key: KeyArgument,
    /// The tenant's slug once more; --yes is not enough
    #[arg(long, value_name = "SLUG")]
    confirm: Option<String>,
    #[command(flatten)]
    change: ChangeArguments,
}

/// Destroys the key for good.
pub(super) async fn run(arguments: &DestroyArguments, session: &Session) -> Result<Document, Failure> {
    let DestroyArguments { key, confirm, change } = arguments;
    let slug = &key.tenant.slug;
    let write = session.with_reason(&change.write).await?;
    if !write.dry_run {
        let deed = format!("Destroying the {} key of {slug} makes everything sealed under it unreadable.", key.mode);
        session.confirm_slug(slug, confirm.as_deref(), &deed).await?;
    }
    change_key(session, key, ("destroy", json!({ "confirm": slug })), &write, &change.wait).await
}
