//! `tessera apply`: exactly a saved plan, without a question.

use std::path::PathBuf;

use clap::{Args, ValueHint};
use serde_json::Value;

use crate::{
    arguments::{WaitArguments, WriteArguments},
    document_file,
    failure::Failure,
    operation::TenantResult,
    output::{Document, Table, cell, text_of, word},
    session::Session,
    write::{Change, Outcome, Undertaking},
};

/// Arguments of `apply`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
        tessera apply plan.json --reason 'ticket 4711'\n  \
        tessera apply plan.json --timeout 10m -o json")]
pub(crate) struct ApplyArguments {
    /// The plan that `tessera plan --out` saved; `-` for stdin
    #[arg(value_name = "PLAN", value_hint = ValueHint::FilePath)]
    plan: PathBuf,
    #[command(flatten)]
    write: WriteArguments,
    #[command(flatten)]
    wait: WaitArguments,
}

/// Sends the plan as it was saved and follows its operation.
pub(crate) async fn run(arguments: &ApplyArguments, session: &Session) -> Result<Document, Failure> {
    let plan = document_file::read(&arguments.plan)?;
    if plan.get("object").and_then(Value::as_str) != Some("plan") {
        let message = format!("{} is not a saved plan", arguments.plan.display());
        return Err(Failure::usage(message).hint("make one with `tessera plan -f tenants.yaml --out plan.json`"));
    }
    let checksum = text_of(&plan, "/checksum");
    let undertaking = Undertaking::new("/plans/apply".to_owned(), plan).over_many();
    match session.perform(undertaking, &arguments.write, &arguments.wait).await? {
        Outcome::Early(document) => Ok(document),
        Outcome::Finished(change) => Ok(told(change, &checksum)),
    }
}

fn told(mut change: Change, checksum: &str) -> Document {
    let Some(operation) = change.operation.take() else {
        return change.document_of("plan", checksum);
    };
    let mut results = operation.results();
    if change.changed {
        "applied".clone_into(&mut change.action);
    } else {
        // All of it was done by an earlier run.
        results.iter_mut().for_each(TenantResult::found_done);
    }
    change.object.clone_from(&operation.value);
    change.further.insert("results".to_owned(), results.iter().map(TenantResult::value).collect());
    let failure = operation.failure().map(|failure| failure.request(change.request_id.clone()));
    let mut table = Table::new(["tenant", "outcome", "detail"]);
    for result in &results {
        table.row([cell(&result.tenant), word(result.outcome), cell(result.detail.as_deref().unwrap_or(""))]);
    }
    let document = change.document().lines(results.iter().map(TenantResult::value).collect());
    let document = if results.is_empty() { document } else { document.table(table) };
    match failure {
        Some(failure) => document.failing(failure),
        None => document,
    }
}
