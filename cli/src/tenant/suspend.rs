//! `tessera tenant suspend`

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

/// Arguments of `tenant suspend`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    tessera tenant suspend acme --reason 'chargeback rate under review'\n  \
    tessera tenant suspend acme --reason 'unpaid invoice' --dry-run")]
pub(crate) struct SuspendArguments {
    #[command(flatten)]
    tenant: TenantArgument,
    #[command(flatten)]
    write: WriteArguments,
    #[command(flatten)]
    wait: WaitArguments,
}

/// Suspends the tenant; every API node knows within a second.
pub(super) async fn run(arguments: &SuspendArguments, session: &Session) -> Result<Document, Failure> {
    let slug = &arguments.tenant.slug;
    let write = session.with_reason(&arguments.write).await?;
    let undertaking = Undertaking::new(format!("/tenants/{slug}/suspend"), json!({}));
    change(session, slug, undertaking, (&write, &arguments.wait)).await
}
