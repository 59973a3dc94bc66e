//! `tessera tenant offboard`

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

/// Arguments of `tenant offboard`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
        tessera tenant offboard acme --reason 'contract ended' --confirm acme\n  \
        tessera tenant offboard acme --reason 'contract ended' --dry-run")]
pub(crate) struct OffboardArguments {
    #[command(flatten)]
    tenant: TenantArgument,
    /// The tenant's slug once more; --yes is not enough
    #[arg(long, value_name = "SLUG")]
    confirm: Option<String>,
    #[command(flatten)]
    write: WriteArguments,
    #[command(flatten)]
    wait: WaitArguments,
}

/// Ends the tenant.
pub(super) async fn run(arguments: &OffboardArguments, session: &Session) -> Result<Document, Failure> {
    let slug = &arguments.tenant.slug;
    let write = session.with_reason(&arguments.write).await?;
    if !write.dry_run {
        let deed = format!("Offboarding {slug} stops all its payments and schedules its keys for destruction.");
        session.confirm_slug(slug, arguments.confirm.as_deref(), &deed).await?;
    }
    let undertaking = Undertaking::new(format!("/tenants/{slug}/offboard"), json!({ "confirm": slug }));
    change(session, slug, undertaking, (&write, &arguments.wait)).await
}
