//! `tessera audit get`

use clap::Args;

use super::findings;
use crate::{
    client::ReadQuery,
    failure::Failure,
    output::{Document, cell, detail_table, moment, text_of, word},
    session::Session,
};

/// Arguments of `audit get`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    tessera audit get lad_01jb3v8z4q5t6w7x8y9zabcdef\n  \
    tessera audit get lad_01jb3v8z4q5t6w7x8y9zabcdef -o json")]
pub(crate) struct GetArguments {
    /// Id of the audit: `lad_` and 26 characters
    #[arg(value_name = "ID")]
    id: kernel::LedgerAuditId,
}

/// Shows the audit; one that found something is still a successful look.
pub(super) async fn run(arguments: &GetArguments, session: &Session) -> Result<Document, Failure> {
    let audit = session.client.read(&format!("/ledger_audits/{}", arguments.id), &ReadQuery::default()).await?.body;
    let mut document =
        Document::new(audit.clone()).name("ledger_audit", &text_of(&audit, "/id")).table(detail_table([
            ("Audit", cell(text_of(&audit, "/id"))),
            ("Tenant", cell(text_of(&audit, "/tenant"))),
            ("Mode", cell(text_of(&audit, "/mode"))),
            ("Status", word(&text_of(&audit, "/status"))),
            ("Accounts", cell(text_of(&audit, "/accounts"))),
            ("Entries", cell(text_of(&audit, "/entries"))),
            ("Findings", cell(text_of(&audit, "/findings_count"))),
            ("Started", cell(moment(&audit, "/started_at"))),
            ("Finished", cell(moment(&audit, "/finished_at"))),
        ]));
    if let Some(table) = findings(&audit) {
        document = document.text("").table(table);
    }
    Ok(document)
}
