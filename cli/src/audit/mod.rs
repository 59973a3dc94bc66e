//! `tessera audit`: what the audits of tenants' ledgers came to, one file per verb.

mod get;
mod list;
mod run;

use clap::Subcommand;
use serde_json::Value;

use crate::{
    failure::Failure,
    output::{Document, Table, cell, moment, text_of, word},
    session::Session,
};

/// See what audits of the ledgers found, and have one now
#[derive(Debug, Subcommand)]
pub(crate) enum AuditCommand {
    /// Show an audit and what it found
    Get(get::GetArguments),
    /// List audits, the newest first
    List(list::ListArguments),
    /// Audit a tenant's ledgers now
    ///
    /// A worker recomputes every balance from its entries, in both environments. Ends with exit 1 if anything is not as
    /// it must be.
    Run(run::RunArguments),
}

/// Runs one of the commands.
pub(crate) async fn run(command: AuditCommand, session: &Session) -> Result<Document, Failure> {
    match command {
        AuditCommand::Get(arguments) => get::run(&arguments, session).await,
        AuditCommand::List(arguments) => list::run(&arguments, session).await,
        AuditCommand::Run(arguments) => run::run(&arguments, session).await,
    }
}

/// The objects of a list.
fn data(list: &Value) -> Vec<Value> {
    list.get("data").and_then(Value::as_array).cloned().unwrap_or_default()
}

/// Audits, one a row.
fn table(audits: &[Value]) -> Table {
    let mut table = Table::new(["id", "tenant", "mode", "status", "accounts", "entries", "findings", "finished"]);
    for audit in audits {
        table.row([
            cell(text_of(audit, "/id")),
            cell(text_of(audit, "/tenant")),
            cell(text_of(audit, "/mode")),
            word(&text_of(audit, "/status")),
            cell(text_of(audit, "/accounts")),
            cell(text_of(audit, "/entries")),
            cell(text_of(audit, "/findings_count")),
            cell(moment(audit, "/finished_at")),
        ]);
    }
    table
}

/// What an audit found, one a row; none if it found nothing.
fn findings(audit: &Value) -> Option<Table> {
    let findings = audit.get("findings").and_then(Value::as_array).filter(|findings| !findings.is_empty())?;
    let mut table = Table::new(["check", "account", "entry", "currency", "expected", "found"]);
    for finding in findings {
        table.row(
            ["/check", "/account", "/sequence", "/currency", "/expected", "/found"]
                .map(|pointer| cell(text_of(finding, pointer))),
        );
    }
    Some(table)
}
