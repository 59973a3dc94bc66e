//! A tenant of a test's own: provisioned through the control plane, with keys and people of every role.

use std::time::Duration;

use serde_json::{Value, json};

use super::{
    client::Client,
    mint::{Issuer, KeyKind, TokenDraft},
    server::Server,
    stack::Stack,
    until::until_status,
};

/// The audience of a test environment's tokens.
pub const AUDIENCE_TEST: &str = "urn:tessera:test";
/// The audience of a live environment's tokens.
pub const AUDIENCE_LIVE: &str = "urn:tessera:live";
/// The built-in roles that members may have.
pub const MEMBER_ROLES: [&str; 5] = ["owner", "admin", "operator", "analyst", "read_only"];
/// Longest wait for an operation of the control plane.
const OPERATION_WITHIN: Duration = Duration::from_mins(1);

/// What is unusual about a tenant.
#[derive(Clone, Debug)]
pub struct Plan {
    pub key_provider: &'static str,
    pub algorithm: KeyKind,
}

impl Default for Plan {
    fn default() -> Self {
        Self { key_provider: "local", algorithm: KeyKind::P256 }
    }
}

/// A merchant with both environments.
#[derive(Clone, Debug)]
pub struct Tenant {
    pub slug: String,
    pub issuer: Issuer,
    pub test: Environment,
    pub live: Environment,
}

/// One side of a tenant.
#[derive(Clone, Debug)]
pub struct Environment {
    pub slug: String,
    pub schema: String,
    pub id: String,
    pub locator: String,
    pub secret_key: String,
    pub audience: &'static str,
    pub issuer: Issuer,
    anonymous: Client,
}

impl Environment {
    /// The first API key, whose role is `admin`.
    pub fn api_key(&self) -> Client {
        self.anonymous.with_bearer(&self.secret_key)
    }

    /// The member that has this built-in role from the start.
    pub fn member(&self, role: &str) -> Client {
        self.bearer(&self.member_token(role))
    }

    /// A good token of that member.
    pub fn member_token(&self, role: &str) -> TokenDraft {
        self.token(&member_subject(role))
    }

    /// A person who is nobody's staff: a customer.
    pub fn end_user(&self, name: &str) -> Client {
        self.bearer(&self.token(name))
    }

    /// A good token of any subject.
    pub fn token(&self, subject: &str) -> TokenDraft {
        self.issuer.token(&self.slug, self.audience, subject)
    }

    /// A client with this token.
    pub fn bearer(&self, token: &TokenDraft) -> Client {
        self.anonymous.with_bearer(&token.mint())
    }

    /// A client without a credential.
    pub const fn anonymous(&self) -> &Client {
        &self.anonymous
    }

    /// The same environment at another API process, once that knows it.
    pub async fn at(&self, server: &Server) -> Self {
        let there = Self { anonymous: self.anonymous.at(server.url()), ..self.clone() };
        there.wait_until_served().await;
        there
    }

    /// A process learns of a new tenant within a second.
    async fn wait_until_served(&self) {
        let key = self.api_key();
        until_status(Duration::from_secs(10), 200, || key.get("/v1/wallets?limit=1")).await;
    }
}

/// The subject of the member with a built-in role.
pub fn member_subject(role: &str) -> String {
    format!("the-{}", role.replace('_', "-"))
}

/// What the control plane is asked for.
pub fn specification(slug: &str, issuer_url: &str, plan: &Plan) -> Value {
    let members: Vec<Value> =
        MEMBER_ROLES.iter().map(|role| json!({"subject": member_subject(role), "role": role})).collect();
    json!({
        "slug": slug,
        "name": format!("{slug} Ltd"),
        "plan": "standard",
        "key_provider": plan.key_provider,
        "issuer": {
            "url": issuer_url,
            "shared": false,
            "audience_live": AUDIENCE_LIVE,
            "audience_test": AUDIENCE_TEST,
            "tenant_claim": "tenant",
            "algorithms": [plan.algorithm.algorithm()],
        },
        "members": members,
    })
}

/// Provisions a tenant with an issuer of the mint and gives it its first API keys.
pub async fn provision(stack: &Stack, slug: &str, plan: &Plan) -> Tenant {
    let issuer = stack.mint.issuer(slug, plan.algorithm);
    let staff = stack.staff("staff_admin");
    create(&staff, specification(slug, issuer.url(), plan)).await;
    first_keys(stack, &staff, slug, issuer).await
}

/// Creates a tenant and waits until it is there.
pub async fn create(staff: &Client, specification: Value) -> Value {
    let created = staff.post("/platform/v1/tenants", specification).await.ok();
    let operation = operation_end(staff, created["operation_id"].as_str().expect("an operation")).await;
    assert_eq!(operation["state"], "succeeded", "{operation}");
    operation
}

/// Gives a tenant that is there its first API keys.
pub async fn first_keys(stack: &Stack, staff: &Client, slug: &str, issuer: Issuer) -> Tenant {
    let order = json!({"name": "first", "role": "admin"});
    let rotated = staff.post(&format!("/platform/v1/tenants/{slug}/api_keys/rotate"), order).await.ok();
    let object = staff.get(&format!("/platform/v1/tenants/{slug}")).await.ok();
    let side = |mode: &str, audience: &'static str| {
        let environment = of_mode(&object["environments"], mode);
        let key = of_mode(&rotated["object"]["keys"], mode);
        Environment {
            slug: slug.to_owned(),
            schema: text(&environment["schema"]),
            id: text(&environment["id"]),
            locator: text(&environment["locator"]),
            secret_key: text(&key["secret"]),
            audience,
            issuer: issuer.clone(),
            anonymous: stack.api.anonymous(),
        }
    };
    let (test, live) = (side("test", AUDIENCE_TEST), side("live", AUDIENCE_LIVE));
    tokio::join!(test.wait_until_served(), live.wait_until_served());
    Tenant { slug: slug.to_owned(), issuer, test, live }
}

/// The item of a list that is of this mode.
fn of_mode<'a>(list: &'a Value, mode: &str) -> &'a Value {
    let items = list.as_array().unwrap_or_else(|| panic!("a list: {list}"));
    items.iter().find(|item| item["mode"] == mode).unwrap_or_else(|| panic!("{mode} in {list}"))
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("a text: {value}")).to_owned()
}

/// Waits until an operation has ended, however it does.
pub async fn operation_end(staff: &Client, id: &str) -> Value {
    let waiting = async {
        loop {
            let operation = staff.get(&format!("/platform/v1/operations/{id}?wait_seconds=10")).await.ok();
            if !matches!(operation["state"].as_str(), Some("pending" | "running")) {
                return operation;
            }
        }
    };
    tokio::time::timeout(OPERATION_WITHIN, waiting).await.unwrap_or_else(|_| panic!("operation {id} does not end"))
}
