//! `tessera config profile set`

use clap::Args;
use serde_json::json;

use super::list::value;
use crate::{
    configuration::{Profile, ProfileName, Profiles},
    failure::Failure,
    output::{Document, Format},
};

/// Arguments of `config profile set`. The platform's URL is the global `--api-url`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    tessera config profile set local --api-url http://127.0.0.1:8081\n  \
    tessera config profile set eu-prod --api-url https://control.eu.example --issuer-url https://id.example --production true")]
pub(crate) struct SetArguments {
    /// Name of the profile
    name: ProfileName,
    /// URL of the staff's OpenID provider
    #[arg(long, value_name = "URL")]
    issuer_url: Option<String>,
    /// Client at that provider
    #[arg(long, value_name = "ID")]
    client_id: Option<String>,
    /// Audience of the tokens
    #[arg(long, value_name = "URI")]
    audience: Option<String>,
    /// Format when no -o is given
    #[arg(long, value_enum, value_name = "FORMAT")]
    format: Option<Format>,
    /// Whether every question names the profile
    #[arg(long, value_name = "true|false")]
    production: Option<bool>,
    /// Whether tokens may travel over plain HTTP to another machine
    #[arg(long, value_name = "true|false")]
    allow_http: Option<bool>,
}

/// Changes what was named and leaves the rest.
pub(super) fn run(arguments: &SetArguments, api_url: Option<&str>) -> Result<Document, Failure> {
    let name = &arguments.name;
    let mut profiles = Profiles::load()?;
    let before = profiles.profiles.get(name).cloned();
    let after = changed(arguments, api_url, before.clone().unwrap_or_default());
    let is_changed = before.as_ref() != Some(&after);
    if is_changed {
        profiles.profiles.insert(name.clone(), after.clone());
        profiles.save()?;
    }
    let action = match (&before, is_changed) {
        (None, _) => "created",
        (Some(_), true) => "updated",
        (Some(_), false) => "unchanged",
    };
    let object = value(name, &after, profiles.current.as_ref() == Some(name));
    Ok(Document::new(json!({ "changed": is_changed, "action": action, "object": object }))
        .name("profile", name.as_str())
        .text(format!("{action} profile {name}")))
}

fn changed(arguments: &SetArguments, api_url: Option<&str>, profile: Profile) -> Profile {
    let chosen = |new: &Option<String>, old: Option<String>| new.clone().or(old);
    Profile {
        api_url: api_url.map(str::to_owned).or(profile.api_url),
        issuer_url: chosen(&arguments.issuer_url, profile.issuer_url),
        client_id: chosen(&arguments.client_id, profile.client_id),
        audience: chosen(&arguments.audience, profile.audience),
        output: arguments.format.or(profile.output),
        production: arguments.production.unwrap_or(profile.production),
        allow_http: arguments.allow_http.unwrap_or(profile.allow_http),
    }
}
