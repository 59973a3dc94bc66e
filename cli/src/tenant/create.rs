//! `tessera tenant create`

use std::path::PathBuf;

use clap::{Args, ValueHint};
use kernel::Slug;
use serde_json::json;

use super::{finished, specification::SpecificationArguments};
use crate::{
    arguments::{WaitArguments, WriteArguments},
    failure::Failure,
    key_file::{self, KeyFile},
    output::Document,
    session::Session,
    write::{Change, Outcome, Undertaking},
};

/// Arguments of `tenant create`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
        tessera tenant create acme --issuer-url https://login.acme.example --owner-subject 'auth0|42'\n  \
        tessera tenant create acme --file acme.yaml --key-file acme.keys.json -o json")]
pub(crate) struct CreateArguments {
    /// Slug of the new tenant: 3 to 40 lower-case letters, digits and single hyphens
    #[arg(value_name = "SLUG")]
    slug: Slug,
    #[command(flatten)]
    specification: SpecificationArguments,
    /// File for the new API keys, readable by you alone; `-` for stdout
    #[arg(long, value_name = "PATH", value_hint = ValueHint::FilePath)]
    key_file: Option<PathBuf>,
    /// Issue no API keys
    #[arg(long, conflicts_with = "key_file")]
    no_keys: bool,
    #[command(flatten)]
    write: WriteArguments,
    #[command(flatten)]
    wait: WaitArguments,
}

/// Creates the tenant, then its first keys where it has none.
pub(super) async fn run(arguments: &CreateArguments, session: &Session) -> Result<Document, Failure> {
    let CreateArguments { slug, write, wait, .. } = arguments;
    let specification = arguments.specification.specification(slug)?;
    let key_file = KeyFile::prepare(arguments.key_file.as_deref(), slug)?;
    let undertaking = Undertaking::new("/tenants".to_owned(), specification).about(slug);
    let change = match session.perform(undertaking, write, wait).await? {
        Outcome::Early(document) => {
            if wait.detach && !arguments.no_keys {
                session.output.note(&format!(
                    "when it is done, `tessera tenant rotate-keys {slug} --only-if-none` issues its first API keys"
                ));
            }
            return Ok(document);
        }
        Outcome::Finished(change) => finished(session, slug, change).await?,
    };
    if arguments.no_keys {
        return Ok(change.document());
    }
    first_keys(arguments, session, change, key_file).await
}

async fn first_keys(
    arguments: &CreateArguments,
    session: &Session,
    mut change: Change,
    key_file: KeyFile,
) -> Result<Document, Failure> {
    let slug = &arguments.slug;
    let body = json!({ "only_if_none": true, "overlap_seconds": 0 });
    let undertaking = Undertaking::new(format!("/tenants/{slug}/api_keys/rotate"), body).about(slug).part("api_keys");
    let outcome = session.perform(undertaking, &arguments.write, &WaitArguments::default()).await;
    let rotation = match outcome {
        Ok(Outcome::Finished(rotation)) => rotation,
        Ok(Outcome::Early(document)) => return Ok(document),
        Err(failure) => {
            let hint = format!("the tenant exists; `tessera tenant rotate-keys {slug} --only-if-none` issues its keys");
            return Err(failure.hint(hint));
        }
    };
    let stored = key_file.store(slug, &rotation.object, session)?;
    if rotation.changed && !change.changed {
        change.changed = true;
        "updated".clone_into(&mut change.action);
    }
    change.further.insert("api_keys".to_owned(), stored.keys.clone());
    Ok(key_file::show(change.document(), &stored))
}
