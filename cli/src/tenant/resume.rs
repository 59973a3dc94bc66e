//! `tessera tenant resume`

use clap::Args;
use serde_json::json;

use super::change;
use crate::{
    arguments::{TenantArgument, WaitArguments, WriteArguments},
    failure::Failure,
    output::Document,
    session::Session,
    write::Undertaking,
};

/// Arguments of `tenant resume`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    tessera tenant resume acme --reason 'review closed'\n  \
    tessera tenant resume acme --reason 'invoice paid' -o json")]
pub(crate) struct ResumeArguments {
    #[command(flatten)]
    tenant: TenantArgument,
    #[command(flatten)]
    write: WriteArguments,
    #[command(flatten)]
    wait: WaitArguments,
}

/// Serves the tenant again.
pub(super) async fn run(arguments: &ResumeArguments, session: &Session) -> Result<Document, Failure> {
    let slug = &arguments.tenant.slug;
    let write = session.with_reason(&arguments.write).await?;
    let undertaking = Undertaking::new(format!("/tenants/{slug}/resume"), json!({}));
    change(session, slug, undertaking, (&write, &arguments.wait)).await
}
