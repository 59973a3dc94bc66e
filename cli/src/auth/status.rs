//! `tessera auth status`

use serde_json::{Value, json};
use time::format_description::well_known::Rfc3339;

use super::{
    credential::{Credential, CredentialFile},
    token::from_environment,
};
use crate::{
    client::ReadQuery,
    configuration::Sourced,
    failure::Failure,
    output::{Document, Table, cell, detail_table, text_of},
    session::Session,
};

/// Asks the control plane who we are, and shows where every setting came from.
pub(super) async fn run(session: &Session) -> Result<Document, Failure> {
    let identity = session.client.read("/identity", &ReadQuery::default()).await;
    let settings = settings_value(session)?;
    let sources = sources_table(&settings);
    let (identity, failure) = match identity {
        Ok(reply) => (reply.body, None),
        Err(failure) => (Value::Null, Some(failure)),
    };
    let value = json!({ "signed_in": failure.is_none(), "identity": identity, "settings": settings });
    let document = Document::new(value);
    Ok(match failure {
        None => document
            .name("identity", &text_of(&identity, "/subject"))
            .table(detail_table([
                ("Signed in as", cell(text_of(&identity, "/subject"))),
                ("Role", cell(text_of(&identity, "/role"))),
                ("Issuer", cell(text_of(&identity, "/issuer"))),
                ("Token until", cell(text_of(&identity, "/expires_at"))),
            ]))
            .text("")
            .table(sources),
        Some(failure) => document.text("Not signed in").text("").table(sources).failing(failure),
    })
}

fn settings_value(session: &Session) -> Result<Value, Failure> {
    let settings = &session.settings;
    let credential = CredentialFile::of(&settings.profile.value)?;
    let stored = credential.read().unwrap_or_default();
    Ok(json!({
        "profile": shown(&settings.profile),
        "api_url": shown(&settings.api_url),
        "issuer_url": settings.issuer_url.as_ref().map_or_else(|| of_login(stored.as_ref(), |stored| &stored.issuer_url), shown),
        "client_id": of_login_or(stored.as_ref(), |stored| &stored.client_id, &settings.client_id),
        "audience": of_login_or(stored.as_ref(), |stored| &stored.audience, &settings.audience),
        "output": { "value": settings.format.value.as_str(), "source": settings.format.source },
        "token": token_value(&credential, stored.as_ref()),
    }))
}

fn shown<T: ToString>(setting: &Sourced<T>) -> Value {
    json!({ "value": setting.value.to_string(), "source": setting.source })
}

/// A value that `auth login` has stored beside the token.
fn of_login(stored: Option<&Credential>, field: impl FnOnce(&Credential) -> &String) -> Value {
    stored.map_or(Value::Null, |stored| json!({ "value": field(stored), "source": "auth login" }))
}

fn of_login_or(
    stored: Option<&Credential>,
    field: impl FnOnce(&Credential) -> &String,
    other: &Sourced<String>,
) -> Value {
    if other.source == "default" && stored.is_some() { of_login(stored, field) } else { shown(other) }
}

fn token_value(file: &CredentialFile, stored: Option<&Credential>) -> Value {
    if from_environment().is_some() {
        return json!({ "value": "set", "source": "environment TESSERA_TOKEN" });
    }
    match stored {
        Some(credential) => json!({
            "value": credential.grant.as_str(),
            "source": file.path().display().to_string(),
            "expires_at": credential.expires_at.format(&Rfc3339).unwrap_or_default(),
        }),
        None => Value::Null,
    }
}

fn sources_table(settings: &Value) -> Table {
    let mut table = Table::new(["setting", "value", "source"]);
    if let Value::Object(fields) = settings {
        for (name, setting) in fields {
            table.row([cell(name), cell(text_of(setting, "/value")), cell(text_of(setting, "/source"))]);
        }
    }
    table
}
