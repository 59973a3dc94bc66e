//! `tessera config profile list`

use serde_json::{Value, json};

use crate::{
    configuration::{Profile, ProfileName, Profiles},
    failure::Failure,
    output::{Document, Table, cell},
};

/// Lists the profiles.
pub(super) fn run() -> Result<Document, Failure> {
    let profiles = Profiles::load()?;
    let mut table = Table::new(["", "name", "api url", "issuer", "production"]);
    let mut items = Vec::new();
    for (name, profile) in &profiles.profiles {
        let is_current = profiles.current.as_ref() == Some(name);
        items.push(value(name, profile, is_current));
        table.row([
            cell(if is_current { "*" } else { "" }),
            cell(name.as_str()),
            cell(profile.api_url.as_deref().unwrap_or("-")),
            cell(profile.issuer_url.as_deref().unwrap_or("-")),
            cell(if profile.production { "yes" } else { "no" }),
        ]);
    }
    let is_empty = items.is_empty();
    let mut document = Document::list(json!({ "object": "list", "has_more": false, "data": items.clone() }), items);
    for name in profiles.profiles.keys() {
        document = document.name("profile", name.as_str());
    }
    Ok(if is_empty {
        document.text("No profiles; make one with `tessera config profile set`")
    } else {
        document.table(table)
    })
}

/// The object of a profile.
pub(super) fn value(name: &ProfileName, profile: &Profile, is_current: bool) -> Value {
    json!({
        "object": "profile",
        "name": name.as_str(),
        "current": is_current,
        "api_url": profile.api_url,
        "issuer_url": profile.issuer_url,
        "client_id": profile.client_id,
        "audience": profile.audience,
        "output": profile.output.map(crate::output::Format::as_str),
        "production": profile.production,
        "allow_http": profile.allow_http,
    })
}
