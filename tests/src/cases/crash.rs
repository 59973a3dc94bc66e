//! Processes that die without warning, in the middle of moving money.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use futures::future::join_all;
use serde_json::json;
use tokio::{
    task::JoinHandle,
    time::{sleep, timeout},
};

use super::cases;
use crate::app::{
    App,
    client::{Answer, Client},
    random::Random,
    stack::{Stack, Wishes},
    tenant::{Plan, Tenant},
    until::{until, until_status},
};

cases!("crash":
    kill_9_of_the_api_in_the_middle_of_2000_transfers_ten_times_loses_and_repeats_nothing,
    kill_9_of_postgres_in_the_middle_of_2000_transfers_five_times_loses_and_repeats_nothing,
    a_terminated_api_answers_what_it_has_begun_and_ends_in_time,
);

/// Transfers of one round.
const TRANSFERS: usize = 2_000;
const WORKERS: usize = 12;
const WALLETS: usize = 6;
/// In each wallet at the start, in cents.
const FUNDS: i64 = 10_000_000;
/// Longest time one transfer may need, deaths and restarts included.
const TRANSFER_WITHIN: Duration = Duration::from_secs(90);
/// How many answers of a round are asked for again.
const REPEATS: usize = 100;

/// A transfer that was asked for and what came of it.
#[derive(Clone, Debug)]
struct Done {
    number: usize,
    source: usize,
    destination: usize,
    amount: i64,
    text: String,
    /// How often it had to be sent.
    attempts: usize,
}

/// Transfers under way on a tenant of a stack of its own.
#[derive(Clone, Debug)]
struct Load {
    client: Client,
    wallets: Arc<Vec<String>>,
    next: Arc<AtomicUsize>,
    end: Arc<AtomicUsize>,
    done: Arc<Mutex<Vec<Done>>>,
    statuses: Arc<Mutex<BTreeMap<String, usize>>>,
}

impl Load {
    async fn prepare(tenant: &Tenant) -> Self {
        let client = tenant.test.api_key();
        let mut wallets = Vec::new();
        for _ in 0..WALLETS {
            wallets.push(client.open_funded_wallet(FUNDS).await);
        }
        Self {
            client,
            wallets: Arc::new(wallets),
            next: Arc::default(),
            end: Arc::default(),
            done: Arc::default(),
            statuses: Arc::default(),
        }
    }

    /// Begins another round of transfers.
    fn begin(&self, random: &mut Random) -> Vec<JoinHandle<()>> {
        self.end.fetch_add(TRANSFERS, Ordering::SeqCst);
        (0..WORKERS).map(|_| tokio::spawn(self.clone().work(random.branch()))).collect()
    }

    async fn work(self, mut random: Random) {
        loop {
            let number = self.next.fetch_add(1, Ordering::SeqCst);
            if number >= self.end.load(Ordering::SeqCst) {
                self.next.fetch_sub(1, Ordering::SeqCst);
                return;
            }
            let source = random.below(WALLETS);
            let destination = (source + 1 + random.below(WALLETS - 1)) % WALLETS;
            let amount = i64::try_from(1 + random.below(100)).unwrap();
            let transfer = Done { number, source, destination, amount, text: String::new(), attempts: 0 };
            let settled = timeout(TRANSFER_WITHIN, self.settle(transfer)).await.expect("every transfer settles");
            self.done.lock().unwrap().push(settled);
        }
    }

    /// Sends the transfer until it is answered for good.
    async fn settle(&self, mut transfer: Done) -> Done {
        loop {
            transfer.attempts += 1;
            match self.send(&transfer).await {
                Ok(answer) if answer.status == 200 => {
                    transfer.text = answer.text;
                    return transfer;
                }
                Ok(answer) => {
                    self.count(format!("{} {}", answer.status, answer.code().unwrap_or_default()));
                    let retry = answer.status == 503 || answer.status == 409;
                    assert!(retry, "transfer {}: {} {}", transfer.number, answer.status, answer.text);
                }
                Err(_) => self.count("no answer".to_owned()),
            }
            sleep(Duration::from_millis(50)).await;
        }
    }

    async fn send(&self, transfer: &Done) -> Result<Answer, reqwest::Error> {
        let key = key_of(transfer.number);
        let body = json!({
            "source": self.wallets[transfer.source], "destination": self.wallets[transfer.destination],
            "amount": transfer.amount, "currency": "eur", "metadata": {"key": key},
        });
        self.client.try_post_keyed("/v1/wallet_transfers", &key, body).await
    }

    fn count(&self, kind: String) {
        *self.statuses.lock().unwrap().entry(kind).or_default() += 1;
    }

    fn settled(&self) -> usize {
        self.done.lock().unwrap().len()
    }

    /// Waits until part of the round is done; the crash comes in its middle.
    async fn reach_the_middle(&self, round: usize, random: &mut Random) {
        let middle = round * TRANSFERS + TRANSFERS / 4 + random.below(TRANSFERS / 2);
        until(Duration::from_mins(2), || async { self.settled() >= middle }).await;
    }

    /// Asks again for answers already given: the same bytes must come.
    async fn ask_again(&self, random: &mut Random) {
        let done = self.done.lock().unwrap().clone();
        for _ in 0..REPEATS {
            let transfer = random.pick(&done);
            let answer = self.send(transfer).await.unwrap();
            assert_eq!((answer.status, &answer.text), (200, &transfer.text), "transfer {}", transfer.number);
        }
    }

    /// Every acknowledged transfer is there once, nothing else is, and every wallet holds what it should.
    async fn reconcile(&self, stack: &Stack, tenant: &Tenant) {
        let done = self.done.lock().unwrap().clone();
        let schema = &tenant.test.schema;
        let rows = stack
            .database
            .texts(&format!(
                "SELECT (metadata->>'key') || ' ' || amount_minor FROM {schema}.wallet_transfer ORDER BY 1"
            ))
            .await;
        let mut expected: Vec<String> =
            done.iter().map(|transfer| format!("{} {}", key_of(transfer.number), transfer.amount)).collect();
        expected.sort();
        assert_eq!(rows.len(), expected.len(), "transfers present and transfers acknowledged");
        assert!(rows == expected, "the transfers present are not those acknowledged");
        let mut balances = vec![FUNDS; WALLETS];
        for transfer in &done {
            balances[transfer.source] -= transfer.amount;
            balances[transfer.destination] += transfer.amount;
        }
        for (wallet, expected) in self.wallets.iter().zip(balances) {
            assert_eq!(self.client.balance(wallet).await, expected, "balance of {wallet}");
        }
    }
}

/// Sorts like the number.
fn key_of(number: usize) -> String {
    format!("transfer-{number:08}")
}

async fn join(workers: Vec<JoinHandle<()>>) {
    for worker in join_all(workers).await {
        worker.unwrap();
    }
}

async fn begin(app: &App) -> (Stack, Tenant, Load) {
    let stack = app.own_stack(Wishes::default()).await;
    let tenant = app.tenant_on(&stack, &Plan::default()).await;
    let load = Load::prepare(&tenant).await;
    (stack, tenant, load)
}

async fn conclude(app: &App, stack: Stack, tenant: &Tenant, load: &Load, ready: &[Duration]) {
    load.ask_again(&mut app.random()).await;
    load.reconcile(&stack, tenant).await;
    let repeated = load.done.lock().unwrap().iter().filter(|transfer| transfer.attempts > 1).count();
    let slowest = ready.iter().max().copied().unwrap_or_default();
    app.note(format!(
        "{} deaths, {} transfers acknowledged and present once, {repeated} of them sent again; {:?}; ready again after {slowest:.1?} at most",
        ready.len(),
        load.settled(),
        load.statuses.lock().unwrap()
    ));
    app.check_invariants().await;
}

async fn kill_9_of_the_api_in_the_middle_of_2000_transfers_ten_times_loses_and_repeats_nothing(app: App) {
    let (mut stack, tenant, load) = begin(&app).await;
    let (mut random, mut ready) = (app.random(), Vec::new());
    for round in 0..10 {
        let workers = load.begin(&mut random);
        load.reach_the_middle(round, &mut random).await;
        stack.api.kill().await;
        let began = Instant::now();
        stack.api.start_again().await;
        ready.push(began.elapsed());
        join(workers).await;
    }
    conclude(&app, stack, &tenant, &load, &ready).await;
}

async fn kill_9_of_postgres_in_the_middle_of_2000_transfers_five_times_loses_and_repeats_nothing(app: App) {
    let (mut stack, tenant, load) = begin(&app).await;
    let (mut random, mut ready) = (app.random(), Vec::new());
    for round in 0..5 {
        let workers = load.begin(&mut random);
        load.reach_the_middle(round, &mut random).await;
        stack.postgres.kill().await.unwrap();
        stack.postgres.start_again().await.unwrap();
        let anonymous = stack.api.anonymous();
        ready.push(until_status(Duration::from_secs(30), 200, || async { anonymous.get("/readyz").await }).await);
        join(workers).await;
    }
    conclude(&app, stack, &tenant, &load, &ready).await;
}

async fn a_terminated_api_answers_what_it_has_begun_and_ends_in_time(app: App) {
    let (mut stack, tenant, load) = begin(&app).await;
    let (stopping, unanswered) = (Arc::new(AtomicBool::new(false)), Arc::new(Mutex::new(Vec::new())));
    let next = Arc::new(AtomicUsize::new(0));
    let workers: Vec<_> = (0..WORKERS)
        .map(|_| tokio::spawn(until_refused(load.clone(), next.clone(), stopping.clone(), unanswered.clone())))
        .collect();
    until(Duration::from_mins(1), || async { load.settled() >= 200 }).await;
    stopping.store(true, Ordering::SeqCst);
    let began = Instant::now();
    stack.api.stop().await;
    let took = began.elapsed();
    join(workers).await;
    let unanswered = unanswered.lock().unwrap().clone();
    let schema = &tenant.test.schema;
    let mut carried_out_in_silence = Vec::new();
    for key in &unanswered {
        let count = stack
            .database
            .number(&format!("SELECT count(*) FROM {schema}.idempotency_record WHERE key = '{key}'"))
            .await;
        if count > 0 {
            carried_out_in_silence.push(key.clone());
        }
    }
    app.note(format!(
        "ended {took:.2?} after SIGTERM; {} calls answered, {} found no server, {} carried out without an answer",
        load.settled(),
        unanswered.len(),
        carried_out_in_silence.len()
    ));
    assert!(took < Duration::from_secs(10), "{took:?}");
    assert!(carried_out_in_silence.is_empty(), "{carried_out_in_silence:?}");
    stack.api.start_again().await;
    load.reconcile(&stack, &tenant).await;
    app.check_invariants().await;
}

/// Sends transfers one after the other until there is no server any more.
async fn until_refused(
    load: Load,
    next: Arc<AtomicUsize>,
    stopping: Arc<AtomicBool>,
    unanswered: Arc<Mutex<Vec<String>>>,
) {
    loop {
        let number = next.fetch_add(1, Ordering::SeqCst);
        let mut transfer = Done {
            number,
            source: number % WALLETS,
            destination: (number + 1) % WALLETS,
            amount: 1,
            text: String::new(),
            attempts: 1,
        };
        match load.send(&transfer).await {
            Ok(answer) => {
                answer.ok();
                transfer.text = answer.text;
                load.done.lock().unwrap().push(transfer);
            }
            Err(error) => {
                assert!(stopping.load(Ordering::SeqCst), "a call failed before the end: {error:?}");
                unanswered.lock().unwrap().push(key_of(number));
                return;
            }
        }
    }
}
