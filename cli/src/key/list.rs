//! `tessera key list`

use clap::Args;
use serde_json::Value;

use crate::{
    arguments::TenantArgument,
    client::ReadQuery,
    failure::Failure,
    output::{Document, Table, Tone, cell, text_of, word},
    session::Session,
};

/// Arguments of `key list`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  tessera key list acme\n  tessera key list acme -o json")]
pub(crate) struct ListArguments {
    #[command(flatten)]
    tenant: TenantArgument,
}

/// The provider's own view of the key, or why it has none.
fn provider_says(key: &Value) -> (String, Tone) {
    match key.get("provider_error").and_then(Value::as_str) {
        Some(error) => (error.to_owned(), Tone::Bad),
        None => word(&text_of(key, "/provider_state")),
    }
}

/// Lists the keys of both environments.
pub(super) async fn run(arguments: &ListArguments, session: &Session) -> Result<Document, Failure> {
    let slug = &arguments.tenant.slug;
    let reply = session.client.read(&format!("/tenants/{slug}/kms_keys"), &ReadQuery::default()).await;
    let body = reply.map_err(|failure| failure.for_tenant(slug.as_str()))?.body;
    let keys = body.get("data").and_then(Value::as_array).cloned().unwrap_or_default();
    let mut table = Table::new(["mode", "provider", "state", "provider says", "reference"]);
    let mut document = Document::list(body, keys.clone());
    for key in &keys {
        document = document.name("kms_key", &format!("{slug}/{}", text_of(key, "/mode")));
        table.row([
            cell(text_of(key, "/mode")),
            cell(text_of(key, "/provider")),
            word(&text_of(key, "/state")),
            provider_says(key),
            cell(text_of(key, "/reference")),
        ]);
    }
    Ok(if keys.is_empty() { document.text("No KMS keys") } else { document.table(table) })
}
