//! One probe per route: the action its policy is asked about, what it is about, and a request that would succeed.

use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};

use super::scene::{Objects, Scene};
use crate::app::{
    client::{Answer, Client, Extras},
    quote_from_euro, transfer_of,
};

/// What kind of object a path names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    Nothing,
    Customer,
    Wallet,
    Transfer,
    WalletHold,
    FxQuote,
    FxConversion,
    AuditRecord,
    Role,
    Member,
    ApiKey,
}

/// How to try a route.
#[derive(Clone, Copy, Debug)]
pub struct Probe {
    pub method: &'static str,
    pub path: &'static str,
    /// Object and action of the policy; none for routes open to everybody.
    pub action: Option<(&'static str, &'static str)>,
    pub target: Target,
}

const fn open(method: &'static str, path: &'static str) -> Probe {
    Probe { method, path, action: None, target: Target::Nothing }
}

const fn guarded(
    method: &'static str,
    path: &'static str,
    object: &'static str,
    act: &'static str,
    target: Target,
) -> Probe {
    Probe { method, path, action: Some((object, act)), target }
}

/// Every route there is.
pub const PROBES: &[Probe] = &[
    open("GET", "/healthz"),
    open("GET", "/readyz"),
    open("GET", "/openapi.json"),
    guarded("POST", "/v1/customers", "customer", "create", Target::Nothing),
    guarded("GET", "/v1/customers", "customer", "list", Target::Nothing),
    guarded("GET", "/v1/customers/{id}", "customer", "retrieve", Target::Customer),
    guarded("POST", "/v1/customers/{id}", "customer", "update", Target::Customer),
    guarded("POST", "/v1/wallets", "wallet", "create", Target::Nothing),
    guarded("GET", "/v1/wallets", "wallet", "list", Target::Nothing),
    guarded("GET", "/v1/wallets/{id}", "wallet", "retrieve", Target::Wallet),
    guarded("GET", "/v1/wallets/{id}/balance", "wallet", "retrieve", Target::Wallet),
    guarded("GET", "/v1/wallets/{id}/statement", "wallet", "retrieve", Target::Wallet),
    guarded("POST", "/v1/wallets/{id}/freeze", "wallet", "freeze", Target::Wallet),
    guarded("POST", "/v1/wallets/{id}/unfreeze", "wallet", "freeze", Target::Wallet),
    guarded("POST", "/v1/wallets/{id}/close", "wallet", "close", Target::Wallet),
    guarded("POST", "/v1/test_helpers/wallets/{id}/fund_balance", "wallet", "fund", Target::Wallet),
    guarded("POST", "/v1/wallet_transfers", "wallet_transfer", "create", Target::Nothing),
    guarded("GET", "/v1/wallet_transfers", "wallet_transfer", "list", Target::Nothing),
    guarded("GET", "/v1/wallet_transfers/{id}", "wallet_transfer", "retrieve", Target::Transfer),
    guarded("POST", "/v1/wallet_transfers/bulk", "wallet_transfer", "create", Target::Nothing),
    guarded("POST", "/v1/wallet_transfers/{id}/reverse", "wallet_transfer", "reverse", Target::Transfer),
    guarded("POST", "/v1/wallet_holds", "wallet_hold", "create", Target::Nothing),
    guarded("GET", "/v1/wallet_holds", "wallet_hold", "list", Target::Nothing),
    guarded("GET", "/v1/wallet_holds/{id}", "wallet_hold", "retrieve", Target::WalletHold),
    guarded("POST", "/v1/wallet_holds/{id}/capture", "wallet_hold", "capture", Target::WalletHold),
    guarded("POST", "/v1/wallet_holds/{id}/release", "wallet_hold", "release", Target::WalletHold),
    guarded("GET", "/v1/trial_balance", "trial_balance", "retrieve", Target::Nothing),
    guarded("GET", "/v1/audit_records", "audit_record", "list", Target::Nothing),
    guarded("GET", "/v1/audit_records/{id}", "audit_record", "retrieve", Target::AuditRecord),
    guarded("POST", "/v1/fx_rates", "fx_rate", "create", Target::Nothing),
    guarded("GET", "/v1/fx_rates", "fx_rate", "list", Target::Nothing),
    guarded("GET", "/v1/fx_settings", "fx_settings", "retrieve", Target::Nothing),
    guarded("POST", "/v1/fx_settings", "fx_settings", "update", Target::Nothing),
    guarded("POST", "/v1/fx_quotes", "fx_quote", "create", Target::Nothing),
    guarded("GET", "/v1/fx_quotes", "fx_quote", "list", Target::Nothing),
    guarded("GET", "/v1/fx_quotes/{id}", "fx_quote", "retrieve", Target::FxQuote),
    guarded("POST", "/v1/fx_conversions", "fx_conversion", "create", Target::Nothing),
    guarded("GET", "/v1/fx_conversions", "fx_conversion", "list", Target::Nothing),
    guarded("GET", "/v1/fx_conversions/{id}", "fx_conversion", "retrieve", Target::FxConversion),
    guarded("POST", "/v1/roles", "role", "create", Target::Nothing),
    guarded("GET", "/v1/roles", "role", "list", Target::Nothing),
    guarded("GET", "/v1/roles/{name}", "role", "retrieve", Target::Role),
    guarded("POST", "/v1/roles/{name}", "role", "update", Target::Role),
    guarded("DELETE", "/v1/roles/{name}", "role", "delete", Target::Role),
    guarded("POST", "/v1/members", "member", "create", Target::Nothing),
    guarded("GET", "/v1/members", "member", "list", Target::Nothing),
    guarded("POST", "/v1/members/{id}", "member", "update", Target::Member),
    guarded("DELETE", "/v1/members/{id}", "member", "delete", Target::Member),
    guarded("POST", "/v1/api_keys", "api_key", "create", Target::Nothing),
    guarded("GET", "/v1/api_keys", "api_key", "list", Target::Nothing),
    guarded("DELETE", "/v1/api_keys/{id}", "api_key", "delete", Target::ApiKey),
    guarded("POST", "/v1/policy_decisions", "policy_decision", "create", Target::Nothing),
];

/// Makes names and subjects that nobody has.
static FRESH: AtomicUsize = AtomicUsize::new(0);

pub fn fresh(prefix: &str) -> String {
    format!("{prefix}_{}", FRESH.fetch_add(1, Ordering::SeqCst))
}

impl Probe {
    /// Whether the path names an object.
    pub fn has_id(&self) -> bool {
        self.target != Target::Nothing
    }

    /// Sends the route's request about the object `id`, with the merchant's objects in the body.
    pub async fn send(&self, client: &Client, id: &str, scene: &Scene) -> Answer {
        self.send_with(client, id, &scene.merchant, scene).await
    }

    /// The same with these objects in the body.
    pub async fn send_with(&self, client: &Client, id: &str, objects: &Objects, scene: &Scene) -> Answer {
        let path = self.path.replace("{id}", id).replace("{name}", id) + self.query();
        let extras = Extras { body: self.body(objects, scene), ..Extras::default() };
        client.send(self.method, &path, extras).await
    }

    /// What the route cannot do without.
    fn query(&self) -> &'static str {
        if self.path.ends_with("/statement") { "?from=2026-01-01&to=2026-01-31" } else { "" }
    }

    fn body(&self, objects: &Objects, scene: &Scene) -> Option<Value> {
        if self.method != "POST" {
            return None;
        }
        let rules = json!([{"object": "wallet", "action": "list"}]);
        Some(match self.path {
            "/v1/customers" => json!({"name": "Probe"}),
            "/v1/customers/{id}" => json!({"name": "Probed"}),
            "/v1/wallets" => json!({"currency": "eur"}),
            "/v1/test_helpers/wallets/{id}/fund_balance" => json!({"amount": 1, "currency": "eur"}),
            "/v1/wallet_transfers" => transfer_of(&objects.wallet, &objects.other_wallet, 1),
            "/v1/wallet_transfers/bulk" => {
                json!({"mode": "atomic", "transfers": [transfer_of(&objects.wallet, &objects.other_wallet, 1)]})
            }
            "/v1/wallet_holds" => transfer_of(&objects.wallet, &objects.other_wallet, 1),
            "/v1/wallets/{id}/freeze"
            | "/v1/wallets/{id}/unfreeze"
            | "/v1/wallets/{id}/close"
            | "/v1/wallet_transfers/{id}/reverse"
            | "/v1/wallet_holds/{id}/capture"
            | "/v1/wallet_holds/{id}/release" => json!({}),
            "/v1/fx_rates" => json!({"base": "eur", "rates": {"usd": "1.25"}}),
            "/v1/fx_settings" => json!({"spread_basis_points": 100}),
            "/v1/fx_quotes" => quote_from_euro("usd"),
            "/v1/fx_conversions" => {
                let Objects { fx_quote, wallet, dollars, .. } = objects;
                json!({"quote": fx_quote, "source": wallet, "destination": dollars, "amount": 10})
            }
            "/v1/roles" => json!({"name": fresh("role"), "rules": rules}),
            "/v1/roles/{name}" => json!({"description": "probed"}),
            "/v1/members" => {
                json!({"issuer": scene.environment.issuer.url(), "subject": fresh("subject"), "role": "analyst"})
            }
            "/v1/members/{id}" => json!({"role": "read_only"}),
            "/v1/api_keys" => json!({"name": "probe", "role": "analyst"}),
            "/v1/policy_decisions" => json!({"role": "owner", "object": "wallet", "action": "list"}),
            other => panic!("no body for {other}"),
        })
    }

    /// Whether the body names wallets, which have to be the caller's to see.
    pub fn names_wallets(&self) -> bool {
        self.method == "POST"
            && ["/v1/wallet_transfers", "/v1/wallet_transfers/bulk", "/v1/wallet_holds", "/v1/fx_conversions"]
                .contains(&self.path)
    }

    /// The same objects with what a request that is expected to succeed uses up.
    pub async fn with_fresh(&self, objects: &Objects, whose: &Client) -> Objects {
        let mut objects = objects.clone();
        if self.method == "POST" && self.path == "/v1/fx_conversions" {
            objects.fx_quote = whose.post("/v1/fx_quotes", quote_from_euro("usd")).await.id();
        }
        objects
    }

    /// An object to change or remove, for a request that is expected to succeed.
    pub async fn fresh_target(&self, scene: &Scene) -> Option<String> {
        let owner = scene.environment.member("owner");
        let rules = json!([{"object": "wallet", "action": "list"}]);
        match (self.method, self.target) {
            ("GET", _) => None,
            (_, Target::Role) => {
                let name = fresh("doomed");
                owner.post("/v1/roles", json!({"name": name, "rules": rules})).await.ok();
                Some(name)
            }
            (_, Target::Member) => {
                let body =
                    json!({"issuer": scene.environment.issuer.url(), "subject": fresh("doomed"), "role": "analyst"});
                Some(owner.post("/v1/members", body).await.id())
            }
            (_, Target::ApiKey) => {
                Some(owner.post("/v1/api_keys", json!({"name": "doomed", "role": "analyst"})).await.id())
            }
            (_, Target::WalletHold) => {
                let body = transfer_of(&scene.merchant.wallet, &scene.merchant.other_wallet, 1);
                Some(owner.post("/v1/wallet_holds", body).await.id())
            }
            (_, Target::Transfer) => {
                Some(owner.transfer(&scene.merchant.wallet, &scene.merchant.other_wallet, 1).await.id())
            }
            // An end user's own wallet stays his; these are the merchant's to do.
            (_, Target::Wallet) if !self.path.starts_with("/v1/test_helpers") => Some(owner.open_wallet("eur").await),
            _ => None,
        }
    }
}
