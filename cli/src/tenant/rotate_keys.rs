//! `tessera tenant rotate-keys`

use std::{path::PathBuf, time::Duration};

use clap::{Args, ValueHint};
use kernel::Mode;
use serde_json::{Value, json};

use crate::{
    arguments::{TenantArgument, WaitArguments, WriteArguments, parse_duration},
    failure::Failure,
    key_file::{self, KeyFile},
    output::Document,
    session::Session,
    write::{Outcome, Undertaking},
};

/// Arguments of `tenant rotate-keys`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
        tessera tenant rotate-keys acme --overlap 24h --key-file acme.keys.json\n  \
        tessera tenant rotate-keys acme --mode test -o json")]
pub(crate) struct RotateKeysArguments {
    #[command(flatten)]
    tenant: TenantArgument,
    /// Only the keys of this environment [default: both]
    #[arg(long, value_name = "live|test")]
    mode: Option<Mode>,
    /// How long the old keys stay valid; 0s ends them at once
    #[arg(long, value_name = "DURATION", default_value = "24h", value_parser = parse_duration)]
    overlap: Duration,
    /// Name of the new keys, for people
    #[arg(long)]
    name: Option<String>,
    /// Role of the new keys [default: admin]
    #[arg(long)]
    role: Option<String>,
    /// Issue keys only where an environment has none
    #[arg(long)]
    only_if_none: bool,
    /// File for the new API keys, readable by you alone; `-` for stdout
    #[arg(long, value_name = "PATH", value_hint = ValueHint::FilePath)]
    key_file: Option<PathBuf>,
    #[command(flatten)]
    write: WriteArguments,
}

/// Issues the keys.
pub(super) async fn run(arguments: &RotateKeysArguments, session: &Session) -> Result<Document, Failure> {
    let RotateKeysArguments { write, .. } = arguments;
    let slug = &arguments.tenant.slug;
    if arguments.overlap.is_zero() && !arguments.only_if_none && !write.dry_run {
        session.confirm(&format!("End the present keys of {slug} at once, without overlap?")).await?;
    }
    let key_file = KeyFile::prepare(arguments.key_file.as_deref(), slug)?;
    let undertaking = Undertaking::new(format!("/tenants/{slug}/api_keys/rotate"), body(arguments)).about(slug);
    let mut change = match session.perform(undertaking, write, &WaitArguments::default()).await? {
        Outcome::Early(document) => return Ok(document),
        Outcome::Finished(change) => change,
    };
    let stored = key_file.store(slug, &change.object, session)?;
    if let Value::Object(fields) = &mut change.object {
        fields.insert("keys".to_owned(), stored.keys.clone());
        fields.entry("tenant").or_insert_with(|| json!(slug));
    }
    Ok(key_file::show(change.document(), &stored))
}

fn body(arguments: &RotateKeysArguments) -> Value {
    let mut body = json!({ "mode": arguments.mode, "overlap_seconds": arguments.overlap.as_secs() });
    if let Value::Object(fields) = &mut body {
        for (name, value) in [("name", &arguments.name), ("role", &arguments.role)] {
            if let Some(text) = value {
                fields.insert(name.to_owned(), json!(text));
            }
        }
        if arguments.only_if_none {
            fields.insert("only_if_none".to_owned(), json!(true));
        }
    }
    body
}
