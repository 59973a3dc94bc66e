//! `tessera tenant migrate`

use clap::Args;
use clap_complete::ArgValueCandidates;
use kernel::Slug;
use serde_json::{Value, json};

use super::list::collect;
use crate::{
    arguments::{WaitArguments, WriteArguments},
    completion::tenant_candidates,
    failure::Failure,
    follow::shown_duration,
    operation::{Operation, TenantResult},
    output::{Document, Table, cell, word},
    session::Session,
    write::{Change, Outcome, Undertaking},
};

/// Arguments of `tenant migrate`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
        tessera tenant migrate acme beta\n  \
        tessera tenant migrate --all --parallel 8 --yes -o json")]
pub(crate) struct MigrateArguments {
    /// Slugs of the tenants
    #[arg(value_name = "SLUG", required_unless_present = "all", conflicts_with = "all",
        add = ArgValueCandidates::new(tenant_candidates))]
    slugs: Vec<Slug>,
    /// Every tenant
    #[arg(long)]
    all: bool,
    /// How many environments at a time
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=16))]
    parallel: Option<u16>,
    /// How many environments go first; if one of them fails, the others are left alone
    #[arg(long, value_name = "N")]
    canary: Option<u16>,
    /// Stop at this version of the schema [default: the newest]
    #[arg(long, value_name = "VERSION")]
    version_max: Option<String>,
    #[command(flatten)]
    write: WriteArguments,
    #[command(flatten)]
    wait: WaitArguments,
}

/// Migrates, and tells the result of each tenant.
pub(super) async fn run(arguments: &MigrateArguments, session: &Session) -> Result<Document, Failure> {
    if arguments.all {
        let (tenants, _) = collect(session, None, usize::MAX).await?;
        let count = if tenants.len() == 1 { "1 tenant".to_owned() } else { format!("{} tenants", tenants.len()) };
        session.output.note(&format!("--all means {count}"));
        if !arguments.write.dry_run {
            session.confirm(&format!("Migrate all ({count})?")).await?;
        }
    }
    let undertaking = Undertaking::new("/migrations".to_owned(), body(arguments)).over_many();
    match session.perform(undertaking, &arguments.write, &arguments.wait).await? {
        Outcome::Early(document) => Ok(document),
        Outcome::Finished(change) => Ok(told(change)),
    }
}

fn body(arguments: &MigrateArguments) -> Value {
    let tenants = if arguments.all { Value::Null } else { json!(arguments.slugs) };
    let mut body = json!({ "tenants": tenants });
    if let Value::Object(fields) = &mut body {
        for (name, number) in [("parallel", arguments.parallel), ("canary", arguments.canary)] {
            if let Some(number) = number {
                fields.insert(name.to_owned(), json!(number));
            }
        }
        if let Some(version) = &arguments.version_max {
            fields.insert("version_max".to_owned(), json!(version));
        }
    }
    body
}

/// The finished migration with one result per tenant.
pub(crate) fn told(mut change: Change) -> Document {
    let Some(operation) = change.operation.take() else {
        return change.document();
    };
    let results = operation.results();
    change.object.clone_from(&operation.value);
    change.changed = results.iter().any(|result| result.outcome == "done");
    if change.changed { "migrated" } else { "unchanged" }.clone_into(&mut change.action);
    change.further.insert("results".to_owned(), results.iter().map(TenantResult::value).collect());
    let failure = operation.failure().map(|failure| failure.request(change.request_id.clone()));
    let document = with_results(change.document(), &results, &operation);
    match failure {
        Some(failure) => document.failing(failure),
        None => document,
    }
}

fn with_results(document: Document, results: &[TenantResult], operation: &Operation) -> Document {
    let mut table = Table::new(["tenant", "outcome", "time", "detail"]);
    for result in results {
        table.row([
            cell(&result.tenant),
            word(result.outcome),
            cell(shown_duration(result.duration_ms)),
            cell(result.detail.as_deref().unwrap_or("")),
        ]);
    }
    let document = document.lines(results.iter().map(TenantResult::value).collect());
    if results.is_empty() { document.text(format!("{}: nothing to do", operation.id())) } else { document.table(table) }
}
