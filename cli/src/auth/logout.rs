//! `tessera auth logout`

use serde_json::json;

use super::{
    credential::{Credential, CredentialFile},
    provider::Provider,
};
use crate::{failure::Failure, output::Document, session::Session};

/// Revokes what can be revoked and removes the credential file; repeating it changes nothing.
pub(super) async fn run(session: &Session) -> Result<Document, Failure> {
    let profile = &session.settings.profile.value;
    let file = CredentialFile::of(profile)?;
    let lock = file.lock()?;
    // A damaged file has nothing to revoke, but it can still be removed.
    let stored = file.read().unwrap_or_default();
    let revoked = match &stored {
        Some(credential) => revoke(credential, session).await,
        None => false,
    };
    let changed = file.remove()?;
    drop(lock);
    let action = if changed { "signed_out" } else { "unchanged" };
    let text = if changed { format!("Signed out of profile {profile}") } else { "Nobody was signed in".to_owned() };
    Ok(Document::new(json!({
        "changed": changed,
        "action": action,
        "object": { "object": "sign_in", "profile": profile, "revoked": revoked },
    }))
    .name("profile", profile.as_str())
    .text(text))
}

/// Best effort: a provider that is away must not keep anybody signed in on this machine.
async fn revoke(credential: &Credential, session: &Session) -> bool {
    let Some(token) = &credential.refresh_token else {
        return false;
    };
    let Credential { issuer_url, client_id, audience, .. } = credential;
    let outcome = match Provider::discover(&session.settings, issuer_url, client_id, audience).await {
        Ok(provider) => provider.revoke(token.secret()).await,
        Err(failure) => Err(failure),
    };
    outcome.unwrap_or_else(|failure| {
        session.output.note(&format!("warning: the token could not be revoked: {}", failure.message));
        false
    })
}
