//! A tenant with something of everything, an end user with things of his own, and another tenant beside it.

use serde_json::{Value, json};

use super::probe::{Probe, Target};
use crate::app::{
    App,
    client::Client,
    quote_from_euro,
    tenant::{Environment, Tenant},
    transfer_of,
};

/// The rules of the tenant-defined role that takes part: object and action, without conditions.
pub const CLERK_RULES: [(&str, &str); 4] =
    [("wallet", "list"), ("wallet", "retrieve"), ("wallet_transfer", "create"), ("customer", "list")];

/// One object of each kind.
#[derive(Clone, Debug)]
pub struct Objects {
    pub customer: String,
    pub wallet: String,
    pub other_wallet: String,
    pub transfer: String,
    pub wallet_hold: String,
    /// A wallet in dollars, empty but for a conversion.
    pub dollars: String,
    /// Not used yet.
    pub fx_quote: String,
    pub fx_conversion: String,
    pub audit_record: String,
    pub role: String,
    pub member: String,
    pub api_key: String,
}

/// Everything a probe can be about.
#[derive(Clone, Debug)]
pub struct Scene {
    pub tenant: Tenant,
    pub stranger: Tenant,
    pub environment: Environment,
    /// What the merchant has.
    pub merchant: Objects,
    /// What the other tenant has.
    pub foreign: Objects,
    /// What the end user has: a customer, two wallets and a transfer.
    pub own: Objects,
    pub end_user: Client,
}

impl Scene {
    pub async fn set(app: &App) -> Self {
        let (tenant, stranger) = tokio::join!(app.tenant(), app.tenant());
        let environment = tenant.test.clone();
        for side in [&tenant.test, &tenant.live, &stranger.test] {
            let rates = json!({"base": "eur", "rates": {"usd": "1.25"}});
            side.member("owner").post("/v1/fx_rates", rates).await.ok();
        }
        let (merchant, foreign) = tokio::join!(objects(&environment, "here"), objects(&stranger.test, "there"));
        let end_user = environment.end_user("ada");
        let own = own_objects(&environment, &end_user, &merchant).await;
        Self { tenant, stranger, environment, merchant, foreign, own, end_user }
    }

    /// The id that a probe's path gets.
    pub fn id(objects: &Objects, target: Target) -> &str {
        match target {
            Target::Nothing => "",
            Target::Customer => &objects.customer,
            Target::Wallet => &objects.wallet,
            Target::Transfer => &objects.transfer,
            Target::WalletHold => &objects.wallet_hold,
            Target::FxQuote => &objects.fx_quote,
            Target::FxConversion => &objects.fx_conversion,
            Target::AuditRecord => &objects.audit_record,
            Target::Role => &objects.role,
            Target::Member => &objects.member,
            Target::ApiKey => &objects.api_key,
        }
    }

    /// Ids in place of a probe's own that lead to nothing here, with a word for each.
    pub fn ids_that_are_not_there(&self, probe: &Probe) -> Vec<(&'static str, String)> {
        let foreign = Self::id(&self.foreign, probe.target).to_owned();
        if probe.target == Target::Role {
            let unparsable = ["a%22%3Bdrop%20schema", "%00", "%ff", "UPPER", "x"];
            let unparsable = unparsable.map(|name| ("unparsable", name.to_owned()));
            return [("missing", "nobody_here".to_owned()), ("foreign", foreign)]
                .into_iter()
                .chain(unparsable)
                .collect();
        }
        let (prefix, _) = foreign.split_once('_').expect("an id has a prefix");
        let missing = format!("{prefix}_01jd0000000000000000000000");
        let unparsable = ["x", "%00", "%ff", "a%22%3Bdrop%20schema", "req_01jd0000000000000000000000"];
        let unparsable = unparsable.map(|id| ("unparsable", id.to_owned()));
        [("missing", missing), ("foreign", foreign)].into_iter().chain(unparsable).collect()
    }
}

async fn objects(environment: &Environment, name: &str) -> Objects {
    let owner = environment.member("owner");
    let customer = owner.create_customer(name, &format!("{name}@example.com")).await;
    let wallet = owner.open_funded_wallet(1_000_000).await;
    let other_wallet = owner.open_wallet("eur").await;
    let transfer = owner.transfer(&wallet, &other_wallet, 5).await.id();
    let wallet_hold = owner.post("/v1/wallet_holds", transfer_of(&wallet, &other_wallet, 5)).await.id();
    let (dollars, fx_quote, fx_conversion) = conversion(&owner, &wallet).await;
    let role = format!("looker_{name}");
    let rules = json!([{"object": "wallet", "action": "list"}]);
    owner.post("/v1/roles", json!({"name": role, "rules": rules})).await.ok();
    let body = json!({"issuer": environment.issuer.url(), "subject": "somebody", "role": "analyst"});
    let member = owner.post("/v1/members", body).await.id();
    let api_key = owner.post("/v1/api_keys", json!({"name": "till", "role": "operator"})).await.id();
    let records = owner.get("/v1/audit_records?limit=1").await.ok();
    let audit_record = records["data"][0]["id"].as_str().expect("a record").to_owned();
    Objects {
        customer,
        wallet,
        other_wallet,
        transfer,
        wallet_hold,
        dollars,
        fx_quote,
        fx_conversion,
        audit_record,
        role,
        member,
        api_key,
    }
}

/// A wallet in dollars, a quote, and a conversion by another quote.
async fn conversion(client: &Client, wallet: &str) -> (String, String, String) {
    let dollars = client.open_wallet("usd").await;
    let used = client.post("/v1/fx_quotes", quote_from_euro("usd")).await.id();
    let body = json!({"quote": used, "source": wallet, "destination": dollars, "amount": 100});
    let conversion = client.post("/v1/fx_conversions", body).await.id();
    let quote = client.post("/v1/fx_quotes", quote_from_euro("usd")).await.id();
    (dollars, quote, conversion)
}

async fn own_objects(environment: &Environment, end_user: &Client, merchant: &Objects) -> Objects {
    let customer = end_user.create_customer("Ada", "ada@example.com").await;
    let wallet = end_user.open_wallet("eur").await;
    let other_wallet = end_user.open_wallet("eur").await;
    environment.member("owner").fund(&wallet, 1_000_000).await;
    let transfer = end_user.post("/v1/wallet_transfers", transfer_of(&wallet, &other_wallet, 5)).await.id();
    let (dollars, fx_quote, fx_conversion) = conversion(end_user, &wallet).await;
    Objects { customer, wallet, other_wallet, transfer, dollars, fx_quote, fx_conversion, ..merchant.clone() }
}

/// Rules as the API takes them.
pub fn clerk_rules() -> Value {
    CLERK_RULES.iter().map(|(object, action)| json!({"object": object, "action": action})).collect()
}
