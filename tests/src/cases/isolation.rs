//! Two tenants on one pool of two connections, with clients that hang up in the middle of everything.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use futures::future::join_all;
use serde_json::{Value, json};

use super::cases;
use crate::app::{
    App,
    client::{Answer, Client, Extras},
    database::Database,
    random::Random,
    server::setting,
    tenant::Environment,
    wire,
};

cases!("isolation": twenty_thousand_requests_with_clients_that_hang_up_never_cross_tenants_and_lose_nothing);

const REQUESTS: usize = 20_000;
const WORKERS: usize = 16;
/// Objects of each kind that a tenant starts with.
const OBJECTS: usize = 8;
/// In each wallet at the start, in cents.
const FUNDS: i64 = 1_000_000;

/// A tenant under load.
#[derive(Debug)]
struct Side {
    environment: Environment,
    client: Client,
    customers: Vec<String>,
    wallets: Vec<String>,
}

/// A write that was answered with success: table, id, whose.
#[derive(Clone, Debug)]
struct Acknowledged {
    side: usize,
    table: &'static str,
    id: String,
}

/// A request to send.
struct Order {
    method: &'static str,
    path: String,
    body: Option<Value>,
    /// The table that a success adds a row to.
    table: Option<&'static str>,
    expected: u16,
}

#[derive(Debug, Default)]
struct Record {
    acknowledged: Vec<Acknowledged>,
    statuses: BTreeMap<u16, usize>,
    abandoned: usize,
    foreign: Vec<String>,
    surprises: Vec<String>,
}

async fn twenty_thousand_requests_with_clients_that_hang_up_never_cross_tenants_and_lose_nothing(app: App) {
    let stack = app.shared().await;
    let api = stack.another_api(vec![setting("API__POOL_CONNECTIONS_MAX", 2)]).await;
    let (first, second) = tokio::join!(app.tenant(), app.tenant());
    let (here, there) = tokio::join!(first.test.at(&api), second.test.at(&api));
    let sides = Arc::new(tokio::join!(prepared(here), prepared(there)));
    let sides = Arc::new([Arc::clone(&sides.0), Arc::clone(&sides.1)]);
    let record = Arc::new(Mutex::new(Record::default()));
    let mut random = app.random();
    let address = api.address().to_owned();
    let workers = (0..WORKERS).map(|_| {
        let work = work(Arc::clone(&sides), Arc::clone(&record), address.clone(), random.branch());
        tokio::spawn(work)
    });
    for worker in join_all(workers).await {
        worker.unwrap();
    }

    let record = Arc::into_inner(record).unwrap().into_inner().unwrap();
    let lost = missing(&stack.database, &sides, &record.acknowledged).await;
    let strays = strays(&stack.database, &sides, &record.acknowledged).await;
    let (api_log, postgres_log) = (api.log(), stack.postgres_log());
    let aborted = ["transaction is aborted", "25P02"]
        .iter()
        .map(|text| api_log.matches(text).count() + postgres_log.matches(text).count())
        .sum::<usize>();
    app.note(format!(
        "{REQUESTS} requests over 2 connections, {} abandoned, answers {:?}; {} writes acknowledged; \
         {} foreign rows, {} lost, {aborted} times \"transaction aborted\"",
        record.abandoned,
        record.statuses,
        record.acknowledged.len(),
        record.foreign.len() + strays.len(),
        lost.len()
    ));
    assert!(record.foreign.is_empty(), "foreign rows: {:?}", record.foreign);
    assert!(strays.is_empty(), "rows in the other tenant's schema: {strays:?}");
    assert!(lost.is_empty(), "acknowledged writes are lost: {lost:?}");
    assert_eq!(aborted, 0, "a transaction was found aborted");
    assert!(record.surprises.is_empty(), "unexpected answers: {:?}", record.surprises);
    assert!(record.abandoned > REQUESTS / 10 && record.acknowledged.len() > REQUESTS / 10, "the mix was not a mix");
}

/// Gives the tenant something to read.
async fn prepared(environment: Environment) -> Arc<Side> {
    let client = environment.api_key();
    let (mut customers, mut wallets) = (Vec::new(), Vec::new());
    for number in 0..OBJECTS {
        customers.push(client.post("/v1/customers", customer_of(&environment, number)).await.id());
        let wallet = client.post("/v1/wallets", wallet_of(&environment)).await.id();
        client.fund(&wallet, FUNDS).await;
        wallets.push(wallet);
    }
    Arc::new(Side { environment, client, customers, wallets })
}

fn customer_of(environment: &Environment, number: usize) -> Value {
    json!({"name": format!("{} {number}", environment.slug), "metadata": {"of": environment.slug}})
}

fn wallet_of(environment: &Environment) -> Value {
    json!({"currency": "eur", "metadata": {"of": environment.slug}})
}

async fn work(sides: Arc<[Arc<Side>; 2]>, record: Arc<Mutex<Record>>, address: String, mut random: Random) {
    for number in 0..REQUESTS / WORKERS {
        let which = random.below(2);
        let (side, other) = (&sides[which], &sides[1 - which]);
        let order = order(side, other, number, &mut random);
        if random.once_in(4) {
            let authorization = format!("Authorization: {}", side.client.authorization().unwrap());
            let body = order.body.map(|body| body.to_string()).unwrap_or_default();
            let bytes = wire::request(order.method, &order.path, &[authorization], &body);
            wire::send_and_vanish(&address, &bytes, &mut random).await;
            record.lock().unwrap().abandoned += 1;
            continue;
        }
        let extras = Extras { body: order.body.clone(), ..Extras::default() };
        let answer = side.client.send(order.method, &order.path, extras).await;
        note(&mut record.lock().unwrap(), which, &order, &answer, &other.environment.slug);
    }
}

/// A random request of one tenant.
fn order(side: &Side, other: &Side, number: usize, random: &mut Random) -> Order {
    let read = |path: String| Order { method: "GET", path, body: None, table: None, expected: 200 };
    let write = |path: &str, body: Value, table: &'static str| Order {
        method: "POST",
        path: path.to_owned(),
        body: Some(body),
        table: Some(table),
        expected: 200,
    };
    match random.below(10) {
        0 => read("/v1/customers?limit=5".to_owned()),
        1 => read(format!("/v1/customers/{}", random.pick(&side.customers))),
        2 => read("/v1/wallets?limit=5".to_owned()),
        3 => read(format!("/v1/wallets/{}", random.pick(&side.wallets))),
        4 => read("/v1/wallet_transfers?limit=5".to_owned()),
        // What the other tenant has does not exist here.
        5 => Order { expected: 404, ..read(format!("/v1/wallets/{}", random.pick(&other.wallets))) },
        6 => write("/v1/customers", customer_of(&side.environment, number), "customer"),
        7 => write("/v1/wallets", wallet_of(&side.environment), "wallet"),
        _ => {
            let source = random.below(OBJECTS);
            let destination = (source + 1 + random.below(OBJECTS - 1)) % OBJECTS;
            let body = json!({
                "source": side.wallets[source], "destination": side.wallets[destination], "amount": 1 + random.below(50),
                "currency": "eur", "metadata": {"of": side.environment.slug},
            });
            write("/v1/wallet_transfers", body, "wallet_transfer")
        }
    }
}

fn note(record: &mut Record, side: usize, order: &Order, answer: &Answer, other_slug: &str) {
    *record.statuses.entry(answer.status).or_default() += 1;
    // Every object carries its tenant's slug: the other one's in an answer is a foreign row.
    if answer.text.contains(&format!("\"{other_slug}\"")) || answer.text.contains(&format!("{other_slug} ")) {
        record.foreign.push(format!("{} {}: {}", order.method, order.path, answer.text));
    }
    if answer.status != order.expected {
        record.surprises.push(format!("{} {}: {} {}", order.method, order.path, answer.status, answer.text));
    } else if let Some(table) = order.table {
        record.acknowledged.push(Acknowledged { side, table, id: answer.id() });
    }
}

/// The ids a table of a schema has, in the API's form.
async fn ids(database: &Database, schema: &str, table: &str) -> std::collections::HashSet<uuid::Uuid> {
    let texts = database.texts(&format!("SELECT id::text FROM {schema}.{table}")).await;
    texts.iter().map(|text| text.parse().unwrap()).collect()
}

fn uuid_of(acknowledged: &Acknowledged) -> uuid::Uuid {
    let id = &acknowledged.id;
    match acknowledged.table {
        "customer" => id.parse::<kernel::CustomerId>().unwrap().as_uuid(),
        "wallet" => id.parse::<kernel::WalletId>().unwrap().as_uuid(),
        _ => id.parse::<kernel::WalletTransferId>().unwrap().as_uuid(),
    }
}

async fn missing(database: &Database, sides: &[Arc<Side>; 2], all: &[Acknowledged]) -> Vec<String> {
    found(database, sides, all, |side| side, false).await
}

async fn strays(database: &Database, sides: &[Arc<Side>; 2], all: &[Acknowledged]) -> Vec<String> {
    found(database, sides, all, |side| 1 - side, true).await
}

/// The acknowledged writes that are, or are not, in the schema of the tenant that `of` says.
async fn found(
    database: &Database,
    sides: &[Arc<Side>; 2],
    all: &[Acknowledged],
    of: fn(usize) -> usize,
    wanted: bool,
) -> Vec<String> {
    let mut found = Vec::new();
    for table in ["customer", "wallet", "wallet_transfer"] {
        for side in 0..2 {
            let there = ids(database, &sides[of(side)].environment.schema, table).await;
            let written = all.iter().filter(|write| write.side == side && write.table == table);
            found.extend(
                written.filter(|write| there.contains(&uuid_of(write)) == wanted).map(|write| write.id.clone()),
            );
        }
    }
    found
}
