//! `tessera tenant`: one file per verb.

mod create;
mod get;
mod list;
mod migrate;
mod offboard;
mod resume;
mod rotate_keys;
mod specification;
mod suspend;
mod update;

use clap::Subcommand;
use kernel::Slug;
use serde_json::Value;

use crate::{
    client::ReadQuery,
    failure::Failure,
    output::{Document, Table, cell, detail_table, moment, text_of, word},
    session::Session,
    write::{Change, Outcome, Undertaking},
};

/// Create, look at and look after tenants
#[derive(Debug, Subcommand)]
pub(crate) enum TenantCommand {
    /// Create a tenant with both environments and its first API keys
    ///
    /// With the same slug and specification again it reports `unchanged`; with another specification it is a conflict
    /// (exit 5). The new keys are shown once, or written to --key-file.
    Create(create::CreateArguments),
    /// Show a tenant
    Get(get::GetArguments),
    /// List tenants
    List(list::ListArguments),
    /// Change name, plan, members or the issuer's audiences
    Update(update::UpdateArguments),
    /// Refuse every request of a tenant until it is resumed
    Suspend(suspend::SuspendArguments),
    /// Serve a suspended tenant again
    Resume(resume::ResumeArguments),
    /// End a tenant: disable its KMS keys and schedule their destruction
    ///
    /// Nothing of the tenant is served any more. Its schema stays for bookkeeping; what was sealed under its keys
    /// cannot be opened once they are destroyed. Asks for the slug to be typed, or takes --confirm.
    Offboard(offboard::OffboardArguments),
    /// Bring tenants' schemas to the newest version
    ///
    /// One environment goes first as a canary; the others follow in parallel, and a failure of one does not stop the
    /// rest. Ends with exit 6 if some failed; `tessera operation resume` tries those again.
    Migrate(migrate::MigrateArguments),
    /// Issue new API keys and let the old ones expire
    ///
    /// The new secrets are shown once, or written to --key-file. The old keys stay valid for --overlap.
    RotateKeys(rotate_keys::RotateKeysArguments),
}

/// Runs one of the commands.
pub(crate) async fn run(command: TenantCommand, session: &Session) -> Result<Document, Failure> {
    match command {
        TenantCommand::Create(arguments) => create::run(&arguments, session).await,
        TenantCommand::Get(arguments) => get::run(&arguments, session).await,
        TenantCommand::List(arguments) => list::run(&arguments, session).await,
        TenantCommand::Update(arguments) => update::run(&arguments, session).await,
        TenantCommand::Suspend(arguments) => suspend::run(&arguments, session).await,
        TenantCommand::Resume(arguments) => resume::run(&arguments, session).await,
        TenantCommand::Offboard(arguments) => offboard::run(&arguments, session).await,
        TenantCommand::Migrate(arguments) => migrate::run(&arguments, session).await,
        TenantCommand::RotateKeys(arguments) => rotate_keys::run(&arguments, session).await,
    }
}

/// The tenant as it is now.
async fn fetch(session: &Session, slug: &Slug) -> Result<Value, Failure> {
    let reply = session.client.read(&format!("/tenants/{slug}"), &ReadQuery::default()).await;
    reply.map(|reply| reply.body).map_err(|failure| failure.for_tenant(slug.as_str()))
}

/// A finished change of one tenant, with the tenant as its operation left it.
async fn finished(session: &Session, slug: &Slug, mut change: Change) -> Result<Change, Failure> {
    if change.operation.is_some() {
        change.object = fetch(session, slug).await?;
    }
    Ok(change)
}

/// Sends a change of one tenant that needs nothing asked, follows it and shows the tenant.
async fn change(
    session: &Session,
    slug: &Slug,
    undertaking: Undertaking,
    (write, wait): (&crate::arguments::WriteArguments, &crate::arguments::WaitArguments),
) -> Result<Document, Failure> {
    match session.perform(undertaking.about(slug), write, wait).await? {
        Outcome::Early(document) => Ok(document),
        Outcome::Finished(change) => Ok(finished(session, slug, change).await?.document()),
    }
}

/// The tenant for people.
fn describe(document: Document, tenant: &Value) -> Document {
    let mut environments = Table::new(["mode", "state", "schema", "version", "key provider", "key", "locator"]);
    for environment in tenant.pointer("/environments").and_then(Value::as_array).into_iter().flatten() {
        environments.row([
            cell(text_of(environment, "/mode")),
            word(&text_of(environment, "/state")),
            cell(text_of(environment, "/schema")),
            cell(text_of(environment, "/schema_version")),
            cell(text_of(environment, "/key/provider")),
            word(&text_of(environment, "/key/state")),
            cell(text_of(environment, "/locator")),
        ]);
    }
    document
        .name("tenant", &text_of(tenant, "/slug"))
        .table(detail_table([
            ("Tenant", cell(text_of(tenant, "/slug"))),
            ("Name", cell(text_of(tenant, "/name"))),
            ("Id", cell(text_of(tenant, "/id"))),
            ("Plan", cell(text_of(tenant, "/plan"))),
            ("Status", word(&text_of(tenant, "/status"))),
            ("Issuer", cell(text_of(tenant, "/issuer/url"))),
            ("Revision", cell(text_of(tenant, "/revision"))),
            ("Created", cell(moment(tenant, "/created_at"))),
            ("Updated", cell(moment(tenant, "/updated_at"))),
        ]))
        .text("")
        .table(environments)
}
