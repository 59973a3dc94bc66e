//! `tessera tenant list`

use clap::{Args, ValueEnum};
use serde_json::{Value, json};

use crate::{
    client::ReadQuery,
    failure::Failure,
    output::{Document, Table, cell, moment, text_of, word},
    session::Session,
};

/// The server's largest page.
const PAGE_TENANTS_MAX: usize = 100;

/// Statuses to list.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum Status {
    Provisioning,
    Active,
    Suspended,
    Offboarded,
}

/// Arguments of `tenant list`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  tessera tenant list --status suspended\n  tessera tenant list --limit 20 -o ndjson"
)]
pub(crate) struct ListArguments {
    /// Only tenants with this status
    #[arg(long, value_enum)]
    status: Option<Status>,
    /// How many at most [default: all]
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
}

/// Lists tenants, page by page.
pub(super) async fn run(arguments: &ListArguments, session: &Session) -> Result<Document, Failure> {
    let (tenants, has_more) = collect(session, arguments.status, arguments.limit.unwrap_or(usize::MAX)).await?;
    let mut table = Table::new(["slug", "name", "plan", "status", "issuer", "created"]);
    let value = json!({ "object": "list", "url": "/platform/v1/tenants", "has_more": has_more, "data": tenants });
    let mut document = Document::list(value, tenants.clone());
    for tenant in &tenants {
        document = document.name("tenant", &text_of(tenant, "/slug"));
        table.row([
            cell(text_of(tenant, "/slug")),
            cell(text_of(tenant, "/name")),
            cell(text_of(tenant, "/plan")),
            word(&text_of(tenant, "/status")),
            cell(text_of(tenant, "/issuer/url")),
            cell(moment(tenant, "/created_at")),
        ]);
    }
    Ok(if tenants.is_empty() { document.text("No tenants") } else { document.table(table) })
}

/// Up to `limit` tenants, and whether there are more.
pub(crate) async fn collect(
    session: &Session,
    status: Option<Status>,
    limit: usize,
) -> Result<(Vec<Value>, bool), Failure> {
    let status = status.and_then(|status| status.to_possible_value()).map(|value| value.get_name().to_owned());
    let mut tenants: Vec<Value> = Vec::new();
    loop {
        let wanted = limit.saturating_sub(tenants.len()).min(PAGE_TENANTS_MAX);
        if wanted == 0 {
            return Ok((tenants, true));
        }
        let last = tenants.last().map(|tenant| text_of(tenant, "/id"));
        let query = ReadQuery::default()
            .with("limit", &wanted)
            .with_some("status", status.as_ref())
            .with_some("starting_after", last.as_ref());
        let page = session.client.read("/tenants", &query).await?.body;
        let more = page.get("has_more").and_then(Value::as_bool).unwrap_or(false);
        let data = page.get("data").and_then(Value::as_array).cloned().unwrap_or_default();
        // A page without tenants ends the walk whatever it promises.
        let more = more && !data.is_empty();
        tenants.extend(data);
        if !more || tenants.len() >= limit {
            return Ok((tenants, more));
        }
    }
}
