//! The ledger under load while everything around it fails: many clients on four accounts, several engines in one
//! environment, and a supervisor that kills, terminates and cuts. `make campaign` runs the whole of it.

mod books;
mod client;
mod faults;
mod oracle;
mod order;
mod planted;
mod snapshots;
mod wire;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use futures::future::join_all;
use kernel::WalletId;
use libtest_mimic::Trial;
use serde_json::json;
use uuid::Uuid;

use self::{
    books::Books,
    client::{Call, Campaigner, Load, Outcome},
    faults::{Deck, Fault, Supervisor},
    oracle::Case,
    snapshots::{Reader, Seen},
    wire::{
        a_commit_is_found_in_whatever_packets_it_comes, a_proxied_transaction_loses_its_reply_and_not_its_effect,
        encryption_is_asked_for_before_the_first_typed_message,
    },
};
use super::cases;
use crate::app::{
    App,
    proxy::{Done, Proxy},
    random,
    stack::{Stack, Wishes},
    tenant::{Environment, Plan, Tenant},
    until::until,
};

cases!("campaign":
    a_commit_is_found_in_whatever_packets_it_comes,
    encryption_is_asked_for_before_the_first_typed_message,
    a_proxied_transaction_loses_its_reply_and_not_its_effect,
    fifty_clients_on_four_accounts_lose_and_repeat_nothing_while_everything_fails,
);

/// What takes minutes: it runs when it is asked for.
pub fn long_trials() -> Vec<Trial> {
    let name = "campaign::the_whole_campaign_loses_and_repeats_nothing";
    vec![crate::trial(name, |app| Box::pin(the_whole_campaign(app))).with_ignored_flag(true)]
}

/// How much of it all.
#[derive(Debug)]
struct Size {
    faults: [(Fault, usize); 5],
    acknowledged_min: usize,
    snapshots_min: usize,
    limit: Duration,
}

const SHORT: Size = Size {
    faults: [
        (Fault::EngineKilled, 3),
        (Fault::PostgresKilled, 1),
        (Fault::BackendTerminated, 10),
        (Fault::ReplyEaten, 20),
        (Fault::CommitHeldUp, 5),
    ],
    acknowledged_min: 1_000,
    snapshots_min: 50,
    limit: Duration::from_mins(3),
};

const WHOLE: Size = Size {
    faults: [
        (Fault::EngineKilled, 50),
        (Fault::PostgresKilled, 10),
        (Fault::BackendTerminated, 300),
        (Fault::ReplyEaten, 300),
        (Fault::CommitHeldUp, 100),
    ],
    acknowledged_min: 20_000,
    snapshots_min: 1_000,
    limit: Duration::from_mins(20),
};

const CLIENTS: usize = 50;
const ENGINES: usize = 2;
/// What each of the four wallets has at the start, and how far below zero it may go. So little that the floors matter.
const WALLETS: [(i64, i64); 4] = [(20_000, 0), (20_000, 0), (20_000, 5_000), (5_000, 10_000)];
/// What the engines' connections call themselves.
const POSTING: &str = "tessera posting";

/// The books are quiet when nobody of the product is at anything.
const AT_WORK: &str = "SELECT count(*) FROM pg_stat_activity WHERE usename = 'tessera_app' AND state <> 'idle'";
const ADVISORY_LOCKS: &str = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'";

async fn fifty_clients_on_four_accounts_lose_and_repeat_nothing_while_everything_fails(app: App) {
    let field = run(&app, &SHORT).await;
    let case = field.case(&field.log);
    planted::every_planted_error_is_found(&app, case);
    field.conclude(&app).await;
}

async fn the_whole_campaign(app: App) {
    run(&app, &WHOLE).await.conclude(&app).await;
}

/// What is left when the fight is over.
struct Field {
    stack: Stack,
    _proxy: Proxy,
    before: Books,
    after: Books,
    wallets: Vec<Uuid>,
    log: Vec<Call>,
}

impl Field {
    fn case<'a>(&'a self, log: &'a [Call]) -> Case<'a> {
        Case { before: &self.before, after: &self.after, wallets: &self.wallets, log }
    }

    async fn conclude(self, app: &App) {
        assert_eq!(self.stack.database.number(ADVISORY_LOCKS).await, 0, "advisory locks are left");
        app.check_invariants().await;
    }
}

async fn run(app: &App, size: &Size) -> Field {
    let began = Instant::now();
    let running = tokio::time::timeout(size.limit, fight(app, size, began));
    running.await.unwrap_or_else(|_| panic!("not over within {:?}", size.limit))
}

async fn fight(app: &App, size: &Size, began: Instant) -> Field {
    let mut random = app.random();
    let mut stack = app.own_stack(Wishes::default()).await;
    let tenant = app.tenant_on(&stack, &Plan::default()).await;
    let wallets = open_wallets(&tenant).await;
    let ids: Vec<Uuid> = wallets.iter().map(|wallet| wallet.parse::<WalletId>().unwrap().as_uuid()).collect();
    let schema = tenant.test.schema.clone();
    // From here on everybody's way to the database is through the proxy.
    stack.api.stop().await;
    let socket = stack.postgres.socket_directory().join(format!(".s.PGSQL.{}", stack.postgres.port()));
    let proxy = Proxy::open(socket, POSTING).await;
    let engines = join_all((0..ENGINES).map(|_| stack.another_api_behind(proxy.port()))).await;
    let clients = join_all(engines.iter().map(|engine| tenant.test.at(engine))).await;
    let before = Books::read(stack.database.pool(), &schema).await;

    let load = Arc::new(Load::new(clients.iter().map(Environment::api_key).collect(), wallets));
    let url = stack.postgres.admin_url();
    let reader = Reader::start(format!("{}/tessera", url.strip_suffix("/postgres").unwrap()), &schema);
    let workers: Vec<_> = (0..CLIENTS)
        .map(|client| tokio::spawn(Campaigner::new(Arc::clone(&load), client, random.branch()).work()))
        .collect();
    let deck = Deck::from(size.faults);
    let mut supervisor = Supervisor::new(app, stack, engines, proxy, Arc::clone(&load), random.branch());
    supervisor.run(&deck, size.acknowledged_min).await;
    load.stop();
    for worker in join_all(workers).await {
        worker.unwrap();
    }
    let Supervisor { stack, proxy, happened, engines, .. } = supervisor;
    until(Duration::from_mins(1), || async { stack.database.number(AT_WORK).await == 0 }).await;
    let seen = reader.stop().await;

    // What clients gave up may have happened once or not at all; then each learns by its key which.
    let abandoned = Books::read(stack.database.pool(), &schema).await;
    let given_up = load.log();
    let mut found = oracle::violations(Case { before: &before, after: &abandoned, wallets: &ids, log: &given_up });
    let log = load.resolve_abandoned().await;
    found.extend(wrongly_resolved(&given_up, &log, &abandoned));
    let after = Books::read(stack.database.pool(), &schema).await;
    found.extend(oracle::violations(Case { before: &before, after: &after, wallets: &ids, log: &log }));
    found.extend(seen.violations.iter().cloned());
    found.extend(load.wrong());
    let answers = load.answers();
    found.extend(answers.keys().filter(|kind| kind.starts_with("500")).map(|kind| format!("an answer was {kind}")));
    let report = Report { began, happened: &happened, done: proxy.done(), log: &log, given_up: &given_up, seen: &seen };
    app.note(format!("answers: {answers:?}"));
    app.note(report.line(found.len()));
    assert!(found.is_empty(), "{} violations:\n{}", found.len(), found.join("\n"));
    report.check(size);
    drop(engines);
    Field { stack, _proxy: proxy, before, after, wallets: ids, log }
}

/// Four wallets with little in them, of which some may go below zero.
async fn open_wallets(tenant: &Tenant) -> Vec<String> {
    let client = tenant.test.api_key();
    let mut wallets = Vec::new();
    for (funds, overdraft_limit) in WALLETS {
        let wallet =
            client.post("/v1/wallets", json!({"currency": "eur", "overdraft_limit": overdraft_limit})).await.id();
        client.fund(&wallet, funds).await;
        wallets.push(wallet);
    }
    wallets
}

/// What was there when it was asked for again has to be answered as it was stored, and nothing else is a repeat.
fn wrongly_resolved(given_up: &[Call], resolved: &[Call], books: &Books) -> Vec<String> {
    let unknown = given_up.iter().filter(|call| matches!(call.outcome, Outcome::Unknown { .. }));
    let resolved = unknown.filter_map(|call| resolved.iter().find(|later| later.key == call.key));
    let wrong = resolved.filter(|call| books.records.contains_key(&call.key) != call.replayed);
    wrong.map(|call| format!("a given up order was not answered by its key: {call:?}")).collect()
}

/// The run in figures.
struct Report<'a> {
    began: Instant,
    happened: &'a Deck,
    done: Done,
    log: &'a [Call],
    given_up: &'a [Call],
    seen: &'a Seen,
}

impl Report<'_> {
    fn acknowledged(&self) -> usize {
        self.log.iter().filter(|call| matches!(call.outcome, Outcome::Acknowledged { .. })).count()
    }

    /// Orders that some attempt left open and the answer of a later one showed to have happened, or not.
    fn unknown(&self, replayed: bool) -> usize {
        self.log.iter().filter(|call| call.was_unknown && call.replayed == replayed).count()
    }

    fn line(&self, violations: usize) -> String {
        let happened: Vec<String> = self.happened.iter().map(|(fault, times)| format!("{times} {fault}")).collect();
        let acknowledged = self.acknowledged();
        let given_up = self.given_up.iter().filter(|call| matches!(call.outcome, Outcome::Unknown { .. })).count();
        format!(
            "campaign of seed {}, {:.0} s: {}, {} cuts on other connections, {} held-up COMMITs carried out late; \
             {} orders acknowledged and {} refused, {} of them unknown at first ({} had happened, {} had not, {given_up} \
             given up until the end); {} snapshots of {} states, at most {} holds pending; {violations} violations",
            random::run_seed(),
            self.began.elapsed().as_secs_f64(),
            happened.join(", "),
            self.done.elsewhere,
            self.done.late_commits,
            acknowledged,
            self.log.len() - acknowledged,
            self.unknown(true) + self.unknown(false),
            self.unknown(true),
            self.unknown(false),
            self.seen.snapshots,
            self.seen.states.len(),
            self.seen.pending_max,
        )
    }

    /// A run in which too little happened has proved nothing.
    fn check(&self, size: &Size) {
        for (fault, times) in size.faults {
            let happened = self.happened.get(&fault).copied().unwrap_or(0);
            assert!(happened >= times, "{happened} of {times} {fault}");
        }
        assert!(self.acknowledged() >= size.acknowledged_min, "too few orders were acknowledged");
        assert!(self.seen.snapshots >= size.snapshots_min, "too few snapshots: {}", self.seen.snapshots);
        assert!(self.seen.states.len() >= size.snapshots_min / 2, "the snapshots show too few states");
        assert!(self.seen.pending_max > 0, "no snapshot shows a pending hold");
        assert!(self.unknown(true) > 0, "no unknown outcome turned out to have happened");
        assert!(self.unknown(false) > 0, "no unknown outcome turned out not to have happened");
        let refused = |wanted: &str| {
            self.log.iter().any(|call| matches!(&call.outcome, Outcome::Refused { code, .. } if code == wanted))
        };
        for code in
            ["insufficient_funds", "hold_not_pending", "capture_too_large", "already_reversed", "not_reversible"]
        {
            assert!(refused(code), "nothing was refused as {code}");
        }
    }
}
