//! `tessera audit list`

use clap::{Args, ValueEnum};
use clap_complete::ArgValueCandidates;
use kernel::Slug;

use super::{data, table};
use crate::{
    client::ReadQuery,
    completion::tenant_candidates,
    failure::Failure,
    output::{Document, text_of},
    session::Session,
};

/// Outcomes to list.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Status {
    Passed,
    Failed,
}

/// Arguments of `audit list`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  tessera audit list --status failed\n  tessera audit list --tenant acme -o ndjson")]
pub(crate) struct ListArguments {
    /// Only audits of this tenant's ledgers
    #[arg(long, value_name = "SLUG", add = ArgValueCandidates::new(tenant_candidates))]
    tenant: Option<Slug>,
    /// Only audits with this outcome
    #[arg(long, value_enum)]
    status: Option<Status>,
    /// How many at most
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u16).range(1..=100))]
    limit: u16,
}

/// Lists the newest audits.
pub(super) async fn run(arguments: &ListArguments, session: &Session) -> Result<Document, Failure> {
    let status =
        arguments.status.and_then(|status| status.to_possible_value()).map(|value| value.get_name().to_owned());
    let query = ReadQuery::default().with("limit", &arguments.limit).with_some("status", status.as_ref());
    let list = match &arguments.tenant {
        None => session.client.read("/ledger_audits", &query).await?,
        Some(slug) => {
            let reply = session.client.read(&format!("/tenants/{slug}/ledger_audits"), &query).await;
            reply.map_err(|failure| failure.for_tenant(slug.as_str()))?
        }
    };
    let audits = data(&list.body);
    let mut document = Document::list(list.body, audits.clone());
    for audit in &audits {
        document = document.name("ledger_audit", &text_of(audit, "/id"));
    }
    Ok(if audits.is_empty() { document.text("No audits") } else { document.table(table(&audits)) })
}
