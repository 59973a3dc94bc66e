//! `tessera key rotate-data-keys`

use clap::Args;
use kernel::Mode;
use serde_json::json;

use super::ChangeArguments;
use crate::{
    arguments::TenantArgument,
    failure::Failure,
    output::Document,
    session::Session,
    write::{Outcome, Undertaking},
};

/// Arguments of `key rotate-data-keys`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    tessera key rotate-data-keys acme\n  \
    tessera key rotate-data-keys acme --mode live --reason 'yearly rotation' -o json")]
pub(crate) struct RotateDataKeysArguments {
    #[command(flatten)]
    tenant: TenantArgument,
    /// Only the data keys of this environment [default: both]
    #[arg(long, value_name = "live|test")]
    mode: Option<Mode>,
    #[command(flatten)]
    change: ChangeArguments,
}

/// Makes new data keys; the old ones still open what they sealed.
pub(super) async fn run(arguments: &RotateDataKeysArguments, session: &Session) -> Result<Document, Failure> {
    let slug = &arguments.tenant.slug;
    let undertaking = Undertaking::new(format!("/tenants/{slug}/data_keys/rotate"), json!({ "mode": arguments.mode }));
    let ChangeArguments { write, wait } = &arguments.change;
    match session.perform(undertaking.about(slug), write, wait).await? {
        Outcome::Early(document) => Ok(document),
        Outcome::Finished(change) => Ok(change.document_of("data_keys", slug.as_str())),
    }
}
