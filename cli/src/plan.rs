//! `tessera plan`: the difference between a file of tenants and the platform. Changes nothing.

use std::{fs, path::PathBuf};

use clap::{Args, ValueHint};
use serde_json::{Value, json};

use crate::{
    arguments::WriteArguments,
    client::WriteRequest,
    document_file,
    exit_code::ExitCode,
    failure::Failure,
    output::Document,
    session::Session,
    write::{changes_of, show_changes},
};

/// Arguments of `plan`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
        tessera plan -f tenants.yaml --out plan.json\n  \
        tessera plan -f tenants.yaml --detailed-exitcode -o json")]
pub(crate) struct PlanArguments {
    /// File with `tenants`, as YAML or JSON; `-` for stdin
    #[arg(long, short = 'f', value_name = "PATH", value_hint = ValueHint::FilePath)]
    file: PathBuf,
    /// Save the plan here
    #[arg(long, value_name = "PATH", value_hint = ValueHint::FilePath)]
    out: Option<PathBuf>,
    /// Exit with 0 for no change, 2 for changes pending, 1 for any error
    #[arg(long)]
    pub(crate) detailed_exitcode: bool,
}

/// Asks the server for the plan and saves it.
pub(crate) async fn run(arguments: &PlanArguments, session: &Session) -> Result<Document, Failure> {
    let tenants = tenants_of(arguments)?;
    let key = session.request_key(&WriteArguments::default());
    let request = WriteRequest {
        path: "/plans".to_owned(),
        body: json!({ "tenants": tenants }),
        key: &key,
        reason: None,
        dry_run: false,
    };
    let plan = session.client.write(&request).await?.body;
    if let Some(path) = &arguments.out {
        fs::write(path, format!("{plan:#}\n"))
            .map_err(|error| Failure::local(format!("cannot write {}: {error}", path.display())).parameter("--out"))?;
    }
    let changes = changes_of(&plan);
    let document = show_changes(Document::new(plan), &changes).text(summary(&changes));
    let document = match &arguments.out {
        Some(path) => document.text(format!("Apply it with: tessera apply {}", path.display())),
        None => document,
    };
    Ok(if arguments.detailed_exitcode && !changes.is_empty() {
        document.exiting(ExitCode::ChangesPending)
    } else {
        document
    })
}

fn tenants_of(arguments: &PlanArguments) -> Result<Value, Failure> {
    let refused = |why: &str| Failure::usage(format!("{}: {why}", arguments.file.display())).parameter("--file");
    let Value::Object(mut fields) = document_file::read(&arguments.file)? else {
        return Err(refused("the file must be a mapping with `tenants`"));
    };
    let tenants = fields.remove("tenants").ok_or_else(|| refused("`tenants` is missing"))?;
    if let Some(unknown) = fields.keys().next() {
        return Err(refused(&format!("unknown field `{unknown}`; there is only `tenants`")));
    }
    if tenants.is_array() { Ok(tenants) } else { Err(refused("`tenants` must be a list")) }
}

fn summary(changes: &[Value]) -> String {
    let count = |wanted: &str| {
        let mut tenants: Vec<_> = changes
            .iter()
            .filter(|change| change.get("action").and_then(Value::as_str) == Some(wanted))
            .filter_map(|change| change.get("tenant").and_then(Value::as_str))
            .collect();
        tenants.sort_unstable();
        tenants.dedup();
        tenants.len()
    };
    format!("Plan: {} to create, {} to update", count("create"), count("update"))
}
