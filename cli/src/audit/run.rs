//! `tessera audit run`

use std::time::Duration;

use clap::Args;
use serde_json::{Value, json};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use tokio::time::{sleep, timeout};

use super::{data, findings, table};
use crate::{
    arguments::{TenantArgument, WaitArguments, WriteArguments},
    client::ReadQuery,
    exit_code::ExitCode,
    failure::Failure,
    output::{Document, text_of},
    session::Session,
    write::{Change, Outcome, Undertaking},
};

/// Between two looks for the outcomes.
const LOOK_INTERVAL: Duration = Duration::from_millis(500);
/// More audits than can end between two looks.
const LOOK_AUDITS: u16 = 20;

/// Arguments of `audit run`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  tessera audit run acme\n  tessera audit run acme --timeout 10m -o json")]
pub(crate) struct RunArguments {
    #[command(flatten)]
    tenant: TenantArgument,
    #[command(flatten)]
    write: WriteArguments,
    #[command(flatten)]
    wait: WaitArguments,
}

/// Asks for audits, waits for them and shows what they found.
pub(super) async fn run(arguments: &RunArguments, session: &Session) -> Result<Document, Failure> {
    let slug = &arguments.tenant.slug;
    let undertaking = Undertaking::new(format!("/tenants/{slug}/ledger_audits"), json!({})).about(slug);
    let change = match session.perform_at_once(undertaking, &arguments.write).await? {
        Outcome::Early(document) => return Ok(document),
        Outcome::Finished(change) => change,
    };
    if arguments.wait.detach {
        let text = format!("a worker will do it; see `tessera audit list --tenant {slug}`");
        return Ok(change.document().text(text));
    }
    let outcomes = outcomes(session, slug.as_str(), &change.object);
    let audits = match arguments.wait.timeout {
        None => outcomes.await,
        Some(limit) => timeout(limit, outcomes).await.unwrap_or_else(|_elapsed| Err(timed_out(slug.as_str(), limit))),
    };
    let audits = audits.map_err(|failure| failure.for_tenant(slug.as_str()).request(change.request_id.clone()))?;
    Ok(told(change, slug.as_str(), audits))
}

/// The audits that began since they were asked for, one for each environment.
async fn outcomes(session: &Session, slug: &str, request: &Value) -> Result<Vec<Value>, Failure> {
    let parse = |value: &Value, pointer: &str| OffsetDateTime::parse(&text_of(value, pointer), &Rfc3339).ok();
    let requested_at = parse(request, "/requested_at");
    let environments = request.get("environments").and_then(Value::as_array).cloned().unwrap_or_default();
    let path = format!("/tenants/{slug}/ledger_audits");
    let query = ReadQuery::default().with("limit", &LOOK_AUDITS);
    session.output.note("waiting for a worker");
    loop {
        let audits = data(&session.client.read(&path, &query).await?.body);
        let answer = |environment: &Value| {
            let id = text_of(environment, "/id");
            let answers =
                |audit: &&Value| text_of(audit, "/environment") == id && parse(audit, "/started_at") >= requested_at;
            audits.iter().find(answers).cloned()
        };
        if let Some(audits) = environments.iter().map(answer).collect() {
            return Ok(audits);
        }
        sleep(LOOK_INTERVAL).await;
    }
}

fn told(mut change: Change, slug: &str, audits: Vec<Value>) -> Document {
    let failed: Vec<_> = audits.iter().filter(|audit| text_of(audit, "/status") != "passed").cloned().collect();
    change.further.insert("audits".to_owned(), json!(audits));
    "audited".clone_into(&mut change.action);
    let mut document = change.document_of("tenant", slug).table(table(&audits)).lines(audits);
    for audit in &failed {
        if let Some(table) = findings(audit) {
            document = document.text("").text(format!("{} ledger:", text_of(audit, "/mode"))).table(table);
        }
    }
    if failed.is_empty() {
        return document;
    }
    let failure = Failure::new(ExitCode::Failure, "ledger_wrong", "The ledger is not as it must be.");
    document.failing(failure.for_tenant(slug).hint("`tessera audit get ID` shows each finding again"))
}

fn timed_out(slug: &str, limit: Duration) -> Failure {
    let message = format!("the audits are not finished after {}", humantime::format_duration(limit));
    Failure::new(ExitCode::Timeout, "timeout", message)
        .hint(format!("is a worker running? see `tessera audit list --tenant {slug}`"))
}
