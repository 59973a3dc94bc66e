//! `tessera tenant get`

use clap::Args;

use super::{describe, fetch};
use crate::{arguments::TenantArgument, failure::Failure, output::Document, session::Session};

/// Arguments of `tenant get`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  tessera tenant get acme\n  tessera tenant get acme -o json")]
pub(crate) struct GetArguments {
    #[command(flatten)]
    tenant: TenantArgument,
}

/// Shows the tenant.
pub(super) async fn run(arguments: &GetArguments, session: &Session) -> Result<Document, Failure> {
    let tenant = fetch(session, &arguments.tenant.slug).await?;
    Ok(describe(Document::new(tenant.clone()), &tenant))
}
