//! `tessera operation list`

use clap::{Args, ValueEnum};

use crate::{
    client::ReadQuery,
    failure::Failure,
    output::{Document, Table, cell, moment, text_of, word},
    session::Session,
};

/// States to list.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum State {
    Pending,
    Running,
    Succeeded,
    Failed,
    Partial,
    Cancelled,
}

/// Arguments of `operation list`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  tessera operation list --state running\n  tessera operation list --limit 5 -o ndjson"
)]
pub(crate) struct ListArguments {
    /// Only operations in this state
    #[arg(long, value_enum)]
    state: Option<State>,
    /// How many at most
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u16).range(1..=100))]
    limit: u16,
}

/// Lists the newest operations.
pub(super) async fn run(arguments: &ListArguments, session: &Session) -> Result<Document, Failure> {
    let state = arguments.state.and_then(|state| state.to_possible_value()).map(|value| value.get_name().to_owned());
    let query = ReadQuery::default().with("limit", &arguments.limit).with_some("state", state.as_ref());
    let reply = session.client.read("/operations", &query).await?;
    let items = reply.body.pointer("/data").and_then(|data| data.as_array()).cloned().unwrap_or_default();
    let mut table = Table::new(["id", "kind", "target", "state", "done", "created"]);
    let mut document = Document::list(reply.body, items.clone());
    for item in &items {
        document = document.name("operation", &text_of(item, "/id"));
        table.row([
            cell(text_of(item, "/id")),
            cell(text_of(item, "/kind")),
            cell(text_of(item, "/target")),
            word(&text_of(item, "/state")),
            cell(format!("{}/{}", text_of(item, "/progress/done"), text_of(item, "/progress/total"))),
            cell(moment(item, "/created_at")),
        ]);
    }
    Ok(if items.is_empty() { document.text("No operations") } else { document.table(table) })
}
