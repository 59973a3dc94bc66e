//! `tessera config profile use`

use clap::Args;
use serde_json::json;

use super::list::value;
use crate::{
    configuration::{ProfileName, Profiles},
    exit_code::ExitCode,
    failure::Failure,
    output::Document,
};

/// Arguments of `config profile use`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  tessera config profile use local\n  tessera config profile use eu-prod -o json")]
pub(crate) struct UseArguments {
    /// Name of the profile
    name: ProfileName,
}

/// Makes the profile the current one.
pub(super) fn run(arguments: &UseArguments) -> Result<Document, Failure> {
    let name = &arguments.name;
    let mut profiles = Profiles::load()?;
    let Some(profile) = profiles.profiles.get(name).cloned() else {
        return Err(Failure::new(ExitCode::NotFound, "profile_missing", format!("there is no profile `{name}`"))
            .hint("`tessera config profile list` shows those there are"));
    };
    let changed = profiles.current.as_ref() != Some(name);
    if changed {
        profiles.current = Some(name.clone());
        profiles.save()?;
    }
    let action = if changed { "updated" } else { "unchanged" };
    let object = value(name, &profile, true);
    Ok(Document::new(json!({ "changed": changed, "action": action, "object": object }))
        .name("profile", name.as_str())
        .text(format!("Using profile {name}")))
}
