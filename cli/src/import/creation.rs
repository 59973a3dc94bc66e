//! Customers and wallets: each made by a request of its own, under a key that follows from the data.

use std::{
    collections::{BTreeSet, HashMap},
    hash::Hash,
};

use futures::stream::{self, StreamExt as _};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{
    history::History,
    payment_api::{Answer, PaymentApi, Post},
    progress::Progress,
    source::{Bank, Client, Counterparty},
};
use crate::failure::Failure;

/// The currency of the whole data set.
pub(super) const CURRENCY: &str = "czk";
/// Requests under way at a time.
const REQUESTS_AT_ONCE: usize = 8;

/// How many objects were made now, and how many were there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Tally {
    /// Made by this run.
    pub(super) created: u64,
    /// Made by an earlier one.
    pub(super) already_there: u64,
}

/// Objects by the data's own names, and how many are new.
#[derive(Debug)]
pub(super) struct Created<K> {
    /// The API's identifiers.
    pub(super) ids: HashMap<K, String>,
    /// How many.
    pub(super) tally: Tally,
}

impl Tally {
    /// Counts one.
    pub(super) const fn count(&mut self, is_there_already: bool) {
        if is_there_already {
            self.already_there += 1;
        } else {
            self.created += 1;
        }
    }
}

#[derive(Deserialize)]
struct Object {
    id: String,
}

/// One customer for each client. The data has no names; birth number and place are sealed by the API.
pub(super) async fn customers(
    api: &PaymentApi,
    clients: &[Client],
    progress: &mut Progress,
) -> Result<Created<u64>, Failure> {
    let posts = clients.iter().map(|client| {
        let body = json!({
            "tax_id": client.birth_number,
            "address": { "city": client.city, "state": client.region },
            "metadata": { "source_client": client.id.to_string() },
        });
        (client.id, post("/v1/customers", &format!("client:{}", client.id), &body))
    });
    progress.begin("customers", clients.len());
    create(api, posts, progress).await
}

/// One clearing wallet for each counterparty.
pub(super) async fn counterparties(
    api: &PaymentApi,
    histories: &[History],
    progress: &mut Progress,
) -> Result<Created<Counterparty>, Failure> {
    let all: BTreeSet<&Counterparty> =
        histories.iter().flat_map(|history| &history.movements).map(|movement| &movement.counterparty).collect();
    progress.begin("counterparties", all.len());
    let posts = all.into_iter().map(|counterparty| {
        let mut metadata = Map::new();
        metadata.insert("source_counterparty".to_owned(), counterparty.to_string().into());
        if let Counterparty::Elsewhere { bank, account } = counterparty {
            metadata.insert("source_bank".to_owned(), bank.as_str().into());
            metadata.insert("source_bank_account".to_owned(), account.as_str().into());
        }
        let body = json!({ "currency": CURRENCY, "type": "clearing", "metadata": metadata });
        (counterparty.clone(), post("/v1/wallets", &format!("counterparty:{counterparty}"), &body))
    });
    create(api, posts, progress).await
}

/// One wallet for each account with movements, of its owner, with the overdraft that its history needs.
pub(super) async fn accounts(
    api: &PaymentApi,
    bank: &Bank,
    histories: &[History],
    customers: &HashMap<u64, String>,
    progress: &mut Progress,
) -> Result<Created<u64>, Failure> {
    let posts = histories.iter().map(|history| {
        let owner = bank.owners.get(&history.account).and_then(|client| customers.get(client));
        let mut body = json!({
            "currency": CURRENCY,
            "overdraft_limit": history.overdraft_minor,
            "metadata": { "source_account": history.account.to_string() },
        });
        if let (Some(customer), Value::Object(fields)) = (owner, &mut body) {
            fields.insert("customer".to_owned(), customer.as_str().into());
        }
        (history.account, post("/v1/wallets", &format!("account:{}", history.account), &body))
    });
    progress.begin("wallets", histories.len());
    create(api, posts, progress).await
}

/// The key a repeat is recognised by; the same data gives the same key on every run.
pub(super) fn key(name: &str) -> String {
    format!("import:bank:{name}")
}

fn post(path: &'static str, name: &str, body: &Value) -> Post {
    Post { path, key: Some(key(name)), body: body.to_string() }
}

async fn create<K: Eq + Hash>(
    api: &PaymentApi,
    posts: impl Iterator<Item = (K, Post)>,
    progress: &mut Progress,
) -> Result<Created<K>, Failure> {
    let requests = posts.map(|(name, post)| async move { (name, api.post(&post).await) });
    let mut answers = stream::iter(requests).buffer_unordered(REQUESTS_AT_ONCE);
    let mut created = Created { ids: HashMap::new(), tally: Tally::default() };
    while let Some((name, answer)) = answers.next().await {
        let Answer { body, is_replayed, .. } = answer?;
        let object: Object = serde_json::from_slice(&body).map_err(|error| {
            Failure::local(format!("the answer to a creation is no object: {error}"))
                .code("unexpected_reply")
                .hint("is this URL really a Tessera payment API?")
        })?;
        created.ids.insert(name, object.id);
        created.tally.count(is_replayed);
        progress.advance(1);
    }
    Ok(created)
}
