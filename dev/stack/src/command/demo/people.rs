//! The people of the demonstration, signing in.

use anyhow::{Context, Result};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::Value;
use stack::OidcClient;

use super::{
    super::{
        people::{DemoTenant, WEB_CLIENT, password_key},
        up::Running,
    },
    client::Client,
    narrator::say,
};

/// The audience of the test side.
const TEST_AUDIENCE: &str = "urn:tessera:test";

/// Signs somebody in at the tenant's provider and gives him the API.
pub(super) async fn sign_in(running: &mut Running, tenant: &DemoTenant, suffix: &str) -> Result<Client> {
    let username = format!("{}-{suffix}", tenant.slug);
    let password = running.state.secret(&password_key(&username))?;
    let issuer = running.identity.issuer_url(tenant.slug)?;
    let tokens = OidcClient::public(issuer, WEB_CLIENT).sign_in(&username, &password, TEST_AUDIENCE).await?;
    let (header, claims) = read(&tokens.access_token)?;
    let text = |value: &Value, name: &str| value.get(name).and_then(Value::as_str).unwrap_or("?").to_owned();
    say(&format!("{username} signed in (code, PKCE, password, consent); the {} token says:", text(&header, "alg")));
    say(&format!(
        "  iss={} aud={} tenant={} sub={}",
        text(&claims, "iss"),
        text(&claims, "aud"),
        text(&claims, "tenant"),
        text(&claims, "sub")
    ));
    Ok(Client::new(username, running.servers.api_url(), tokens.access_token))
}

// For showing only: nobody decides anything by a token that was not verified.
fn read(token: &str) -> Result<(Value, Value)> {
    let mut parts = token.split('.').map(|part| {
        let bytes = URL_SAFE_NO_PAD.decode(part).context("a token is not base64")?;
        serde_json::from_slice::<Value>(&bytes).context("a token is not JSON")
    });
    let mut next = || parts.next().context("a token has too few parts")?;
    Ok((next()?, next()?))
}
