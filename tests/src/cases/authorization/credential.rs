//! The kinds of credential that every route is tried with.

use std::time::Duration;

use serde_json::json;

use super::scene::{Scene, clerk_rules};
use crate::app::{App, client::Client, mint::KeyKind, tenant::AUDIENCE_TEST, until::until_status};

/// What a credential is worth in the tenant of the scene.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Worth {
    /// Nothing.
    Nothing,
    /// Nothing any more.
    Expired,
    /// What this built-in role may.
    Role(&'static str),
    /// What the tenant-defined role may.
    Clerk,
    /// Everything, but in another tenant's environment.
    Elsewhere,
    /// Everything, but on the live side.
    Live,
}

/// A credential in the table.
#[derive(Clone, Debug)]
pub struct Credential {
    pub name: &'static str,
    pub worth: Worth,
    pub client: Client,
}

/// One of each.
pub async fn credentials(app: &App, scene: &Scene) -> Vec<Credential> {
    let environment = &scene.environment;
    let owner = environment.member("owner");
    owner.post("/v1/roles", json!({"name": "clerk", "rules": clerk_rules()})).await.ok();
    let member = json!({"issuer": environment.issuer.url(), "subject": "a-clerk", "role": "clerk"});
    owner.post("/v1/members", member).await.ok();
    let mut keys = Vec::new();
    for role in ["admin", "read_only"] {
        let key = owner.post("/v1/api_keys", json!({"name": role, "role": role})).await.ok();
        keys.push(key["secret"].as_str().expect("shown once").to_owned());
    }
    let clerk = environment.end_user("a-clerk");
    until_status(Duration::from_secs(3), 200, || async { clerk.get("/v1/wallets").await }).await;

    let anonymous = environment.anonymous();
    let good = environment.member_token("owner");
    let stranger = app.shared().await.mint.issuer(&format!("unregistered-{}", scene.tenant.slug), KeyKind::P256);
    let nobody = |name, client: Client| Credential { name, worth: Worth::Nothing, client };
    let role = |name: &'static str| Credential { name, worth: Worth::Role(name), client: environment.member(name) };
    vec![
        nobody("none", anonymous.clone()),
        nobody("malformed", anonymous.with_authorization("Bearer not-a-credential")),
        nobody("forged", environment.bearer(&good.clone().signature(&[7; 64]))),
        Credential {
            name: "expired",
            worth: Worth::Expired,
            client: environment.bearer(&good.clone().at("exp", -120)),
        },
        nobody("wrong_audience", environment.bearer(&good.clone().audience("urn:somebody:else"))),
        nobody("other_issuer", environment.bearer(&stranger.token(&environment.slug, AUDIENCE_TEST, "the-owner"))),
        nobody(
            "other_tenant_names_us",
            environment.bearer(&scene.stranger.issuer.token(&environment.slug, AUDIENCE_TEST, "the-owner")),
        ),
        nobody("unknown_key", anonymous.with_bearer(&format!("sk_test_{}{}", environment.locator, "0".repeat(32)))),
        role("owner"),
        role("admin"),
        role("operator"),
        role("analyst"),
        role("read_only"),
        Credential { name: "end_user", worth: Worth::Role("customer"), client: scene.end_user.clone() },
        Credential { name: "clerk", worth: Worth::Clerk, client: clerk },
        Credential { name: "key_admin", worth: Worth::Role("admin"), client: anonymous.with_bearer(&keys[0]) },
        Credential { name: "key_read_only", worth: Worth::Role("read_only"), client: anonymous.with_bearer(&keys[1]) },
        Credential { name: "other_owner", worth: Worth::Elsewhere, client: scene.stranger.test.member("owner") },
        Credential { name: "live_owner", worth: Worth::Live, client: scene.tenant.live.member("owner") },
    ]
}
