//! The clients: each asks for one thing after the other, and asks again under the same key until the answer is
//! definitive.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use kernel::{WalletHoldId, WalletTransferId};
use serde_json::Value;
use tokio::{
    sync::watch,
    time::{sleep, timeout},
};
use uuid::Uuid;

use super::order::{DONE, Deed, Order};
use crate::app::{
    client::{Answer, Client},
    random::Random,
};

/// Longest time one order may need, deaths and restarts included.
const SETTLED_WITHIN: Duration = Duration::from_mins(3);
/// Most holds of a client that keep money back at once.
const HOLDS_OPEN_MAX: usize = 3;
/// How many ended holds and transfers a client remembers to ask for what must be refused.
const REMEMBERED_MAX: usize = 20;
/// Largest amount of a transfer or a hold, in cents.
const AMOUNT_MAX: usize = 400;
/// More than there is in all wallets together.
const TOO_MUCH: i64 = 100_000_000;
/// One first attempt in so many is sent to two processes at once.
const TWIN_ONCE_IN: usize = 10;
/// One attempt in so many is left before its answer comes.
const HANG_UP_ONCE_IN: usize = 30;
/// Longest wait of those, in milliseconds.
const HANG_UP_MS_MAX: usize = 20;
/// One unknown outcome in so many is not asked for again before the end.
const ABANDON_ONCE_IN: usize = 40;

/// Tries to ask for what was given up, when everything is whole again: connections cut before may still have to be
/// found to be so.
const RESOLVE_TRIES: usize = 100;
/// Between two of them.
const RESOLVE_EVERY: Duration = Duration::from_millis(50);
/// The code of an answer that another request with the same key is still running.
const KEY_IN_USE: &str = "idempotency_key_in_use";

/// What is known of an order in the end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It took effect; the answer, byte for byte.
    Acknowledged { text: String },
    /// It took none, and never will.
    Refused { status: u16, code: String, text: String },
    /// The client gave up before it knew. The request, to ask again.
    Unknown { path: String, body: Value },
}

/// One line of a client's log.
#[derive(Clone, Debug)]
pub struct Call {
    pub key: String,
    pub outcome: Outcome,
    /// Whether some attempt left it open what had become of it.
    pub was_unknown: bool,
    /// Whether the final answer was one stored before.
    pub replayed: bool,
}

/// What all clients share.
#[derive(Debug)]
pub struct Load {
    servers: Vec<Client>,
    wallets: Vec<String>,
    stopped: AtomicBool,
    acknowledged: watch::Sender<usize>,
    acknowledged_by: Vec<AtomicUsize>,
    answers: Mutex<BTreeMap<String, usize>>,
    log: Mutex<Vec<Call>>,
    /// Answers that contradict each other, or what only this client can have done.
    wrong: Mutex<Vec<String>>,
}

/// What one attempt told.
enum Told {
    Final(Answer),
    /// It may have happened.
    Unknown(String),
    /// It has not happened, or another attempt is at it.
    NotNow(String),
}

impl Load {
    pub fn new(servers: Vec<Client>, wallets: Vec<String>) -> Self {
        Self {
            acknowledged_by: servers.iter().map(|_| AtomicUsize::new(0)).collect(),
            servers,
            wallets,
            stopped: AtomicBool::new(false),
            acknowledged: watch::Sender::new(0),
            answers: Mutex::default(),
            log: Mutex::default(),
            wrong: Mutex::default(),
        }
    }

    /// Every client finishes what it is at, and ends.
    pub fn stop(&self) {
        self.stopped.store(true, Ordering::SeqCst);
    }

    /// How many orders were acknowledged so far.
    pub fn acknowledged(&self) -> usize {
        *self.acknowledged.borrow()
    }

    /// The same of one process.
    pub fn acknowledged_by(&self, server: usize) -> usize {
        self.acknowledged_by[server].load(Ordering::SeqCst)
    }

    /// Waits until so many are acknowledged; false when they are not in time.
    pub async fn reaches(&self, acknowledged: usize, limit: Duration) -> bool {
        let mut watching = self.acknowledged.subscribe();
        timeout(limit, watching.wait_for(|now| *now >= acknowledged)).await.is_ok()
    }

    /// How often each kind of answer came.
    pub fn answers(&self) -> BTreeMap<String, usize> {
        self.answers.lock().unwrap().clone()
    }

    /// The log of all clients.
    pub fn log(&self) -> Vec<Call> {
        self.log.lock().unwrap().clone()
    }

    /// Answers that clients saw to be wrong.
    pub fn wrong(&self) -> Vec<String> {
        self.wrong.lock().unwrap().clone()
    }

    /// Asks again for what clients gave up, and answers the log with what came of that.
    pub async fn resolve_abandoned(&self) -> Vec<Call> {
        let mut log = self.log();
        for call in &mut log {
            let Outcome::Unknown { path, body } = call.outcome.clone() else { continue };
            let answer = self.ask_until_final(&call.key, &path, &body).await;
            call.replayed = is_replayed(&answer);
            call.outcome = outcome(answer);
        }
        log
    }

    async fn ask_until_final(&self, key: &str, path: &str, body: &Value) -> Answer {
        for _ in 0..RESOLVE_TRIES {
            let answer = self.servers[0].post_keyed(path, key, body.clone()).await;
            if answer.status < 500 && answer.code().as_deref() != Some(KEY_IN_USE) {
                return answer;
            }
            sleep(RESOLVE_EVERY).await;
        }
        panic!("`{key}` is not answered by a process that nobody disturbs");
    }

    /// Sends the order until it is answered for good, or given up.
    async fn settle(&self, order: &Order, about: Option<Uuid>, mut random: Random) -> Call {
        let settling = async {
            let (key, (path, body)) = (order.key(), order.request(&self.wallets, about));
            let mut was_unknown = false;
            let mut first = true;
            loop {
                let twin = std::mem::take(&mut first) && random.once_in(TWIN_ONCE_IN);
                let told = if twin {
                    self.ask_two(&key, &path, &body, &mut random).await
                } else {
                    let server = random.below(self.servers.len());
                    self.ask(server, &key, &path, &body, &mut random).await
                };
                match told {
                    Told::Final(answer) => {
                        self.count(format!("{} {}", answer.status, answer.code().unwrap_or_default()));
                        let replayed = is_replayed(&answer);
                        return Call { key, outcome: outcome(answer), was_unknown, replayed };
                    }
                    Told::NotNow(kind) => self.count(kind),
                    Told::Unknown(kind) => {
                        self.count(kind);
                        was_unknown = true;
                        if random.once_in(ABANDON_ONCE_IN) {
                            let outcome = Outcome::Unknown { path, body };
                            return Call { key, outcome, was_unknown, replayed: false };
                        }
                    }
                }
                // A client that is told to come back does not come back at once.
                sleep(Duration::from_millis(u64::try_from(10 + random.below(40)).unwrap())).await;
            }
        };
        let call = timeout(SETTLED_WITHIN, settling).await;
        let call = call.unwrap_or_else(|_| panic!("`{order}` does not settle: {:?}", self.answers()));
        self.log.lock().unwrap().push(call.clone());
        if matches!(call.outcome, Outcome::Acknowledged { .. }) {
            self.acknowledged.send_modify(|now| *now += 1);
        }
        call
    }

    async fn ask(&self, server: usize, key: &str, path: &str, body: &Value, random: &mut Random) -> Told {
        let sending = self.servers[server].try_post_keyed(path, key, body.clone());
        let answer = if random.once_in(HANG_UP_ONCE_IN) {
            let patience = Duration::from_millis(u64::try_from(random.below(HANG_UP_MS_MAX)).unwrap());
            let Ok(answer) = timeout(patience, sending).await else { return Told::Unknown("hung up".to_owned()) };
            answer
        } else {
            sending.await
        };
        match answer {
            Err(error) if error.is_connect() => Told::NotNow("no server".to_owned()),
            Err(_) => Told::Unknown("no answer".to_owned()),
            Ok(answer) => {
                let code = answer.code().unwrap_or_default();
                match (answer.status, code.as_str()) {
                    (503, "outcome_unknown") | (500 | 502 | 504, _) => {
                        Told::Unknown(format!("{} {code}", answer.status))
                    }
                    (503, _) | (409, KEY_IN_USE) => Told::NotNow(format!("{} {code}", answer.status)),
                    _ => {
                        if answer.status == 200 {
                            self.acknowledged_by[server].fetch_add(1, Ordering::SeqCst);
                        }
                        Told::Final(answer)
                    }
                }
            }
        }
    }

    /// One key at two processes at once: whoever answers for good, answers the same.
    async fn ask_two(&self, key: &str, path: &str, body: &Value, random: &mut Random) -> Told {
        let first = random.below(self.servers.len());
        let second = (first + 1) % self.servers.len();
        let (mut one, mut other) = (random.branch(), random.branch());
        let told =
            tokio::join!(self.ask(first, key, path, body, &mut one), self.ask(second, key, path, body, &mut other));
        match told {
            (Told::Final(one), Told::Final(other)) => {
                if (one.status, &one.text) != (other.status, &other.text) {
                    self.find_wrong(format!("two answers to `{key}`: {} and {}", one.text, other.text));
                }
                Told::Final(if is_replayed(&one) { other } else { one })
            }
            (Told::Final(answer), _) | (_, Told::Final(answer)) => Told::Final(answer),
            (Told::Unknown(kind), _) | (_, Told::Unknown(kind)) => Told::Unknown(kind),
            (one, _) => one,
        }
    }

    fn find_wrong(&self, what: String) {
        self.wrong.lock().unwrap().push(what);
    }

    fn count(&self, kind: String) {
        *self.answers.lock().unwrap().entry(kind).or_default() += 1;
    }
}

fn is_replayed(answer: &Answer) -> bool {
    answer.header("idempotent-replayed") == Some("true")
}

fn outcome(answer: Answer) -> Outcome {
    if answer.status == 200 {
        return Outcome::Acknowledged { text: answer.text };
    }
    Outcome::Refused { status: answer.status, code: answer.code().unwrap_or_default(), text: answer.text }
}

/// An object made by an earlier order of the same client.
#[derive(Clone, Copy, Debug)]
struct Made {
    number: usize,
    id: Uuid,
}

/// A hold that keeps back so much.
#[derive(Clone, Copy, Debug)]
struct Open {
    made: Made,
    remaining: i64,
}

/// One client. Only it touches its holds and transfers, so it knows what must come of an order on them.
#[derive(Debug)]
pub struct Campaigner {
    load: Arc<Load>,
    client: usize,
    number: usize,
    random: Random,
    open: Vec<Open>,
    ended: Vec<Made>,
    transfers: Vec<Made>,
    reversed: Vec<Made>,
    reversals: Vec<Made>,
}

impl Campaigner {
    pub fn new(load: Arc<Load>, client: usize, random: Random) -> Self {
        Self {
            load,
            client,
            number: 0,
            random,
            open: Vec::new(),
            ended: Vec::new(),
            transfers: Vec::new(),
            reversed: Vec::new(),
            reversals: Vec::new(),
        }
    }

    /// Works until the load is stopped.
    pub async fn work(mut self) {
        while !self.load.stopped.load(Ordering::SeqCst) {
            match self.random.below(100) {
                0..50 => self.transfer().await,
                50..53 => self.transfer_too_much().await,
                53..67 => self.hold().await,
                67..79 => self.capture().await,
                79..83 => self.release().await,
                83..85 => self.capture_too_much().await,
                85..88 => self.touch_ended_hold().await,
                88..94 => self.reverse().await,
                94..96 => self.reverse_again().await,
                96..97 => self.reverse_reversal().await,
                97..99 => self.capture_twice_at_once().await,
                _ => self.reverse_twice_at_once().await,
            }
        }
    }

    async fn transfer(&mut self) {
        let (source, destination) = self.two_wallets();
        let amount = self.amount();
        let order = self.order(Deed::Transfer { source, destination, amount }, &[DONE, "insufficient_funds"]);
        let made = self.settle_new(&order).await;
        remember(&mut self.transfers, made);
    }

    async fn transfer_too_much(&mut self) {
        let (source, destination) = self.two_wallets();
        let order = self.order(Deed::Transfer { source, destination, amount: TOO_MUCH }, &["insufficient_funds"]);
        self.settle_new(&order).await;
    }

    async fn hold(&mut self) {
        if self.open.len() >= HOLDS_OPEN_MAX {
            return self.capture().await;
        }
        let (source, destination) = self.two_wallets();
        let amount = self.amount();
        let order = self.order(Deed::Hold { source, destination, amount }, &[DONE, "insufficient_funds"]);
        if let Some(made) = self.settle_new(&order).await {
            self.open.push(Open { made, remaining: amount });
        }
    }

    async fn capture(&mut self) {
        let Some(open) = self.take_open() else { return self.transfer().await };
        let amount = 1 + i64::try_from(self.random.below(usize::try_from(open.remaining).unwrap())).unwrap();
        let keeps_remainder = amount < open.remaining && self.random.once_in(2);
        let deed = Deed::Capture { hold: open.made.number, amount, keeps_remainder };
        let order = self.order(deed, &[DONE]);
        let remaining = if keeps_remainder { open.remaining - amount } else { 0 };
        let call = self.settle(&order, Some(open.made.id)).await;
        self.after_hold_order(&call, open.made, remaining);
    }

    async fn release(&mut self) {
        let Some(open) = self.take_open() else { return self.transfer().await };
        let order = self.order(Deed::Release { hold: open.made.number }, &[DONE]);
        let call = self.settle(&order, Some(open.made.id)).await;
        self.after_hold_order(&call, open.made, 0);
    }

    async fn capture_too_much(&mut self) {
        let Some(open) = self.take_open() else { return };
        let deed = Deed::Capture { hold: open.made.number, amount: open.remaining + 1, keeps_remainder: false };
        let order = self.order(deed, &["capture_too_large"]);
        let call = self.settle(&order, Some(open.made.id)).await;
        // One that is given up is asked for again in the end: the hold has to be what it was until then.
        if !matches!(call.outcome, Outcome::Unknown { .. }) {
            self.open.push(open);
        }
    }

    async fn touch_ended_hold(&mut self) {
        let Some(made) = self.one_of(|own| &own.ended) else { return };
        let deed = if self.random.once_in(2) {
            Deed::Release { hold: made.number }
        } else {
            Deed::Capture { hold: made.number, amount: 1, keeps_remainder: false }
        };
        let order = self.order(deed, &["hold_not_pending"]);
        self.settle(&order, Some(made.id)).await;
    }

    async fn reverse(&mut self) {
        let Some(made) = self.take_transfer() else { return };
        let order = self.order(Deed::Reverse { original: made.number }, &[DONE, "insufficient_funds"]);
        let call = self.settle(&order, Some(made.id)).await;
        match &call.outcome {
            Outcome::Acknowledged { text } => {
                let reversal = Made { number: order.number, id: transfer_id(text) };
                remember(&mut self.reversals, Some(reversal));
                remember(&mut self.reversed, Some(made));
            }
            Outcome::Refused { .. } => remember(&mut self.transfers, Some(made)),
            Outcome::Unknown { .. } => {}
        }
    }

    async fn reverse_again(&mut self) {
        let Some(made) = self.one_of(|own| &own.reversed) else { return };
        let order = self.order(Deed::Reverse { original: made.number }, &["already_reversed"]);
        self.settle(&order, Some(made.id)).await;
    }

    async fn reverse_reversal(&mut self) {
        let Some(made) = self.one_of(|own| &own.reversals) else { return };
        let order = self.order(Deed::Reverse { original: made.number }, &["not_reversible"]);
        self.settle(&order, Some(made.id)).await;
    }

    /// Two keys want all of one hold: one of them gets it.
    async fn capture_twice_at_once(&mut self) {
        let Some(open) = self.take_open() else { return };
        let deed = Deed::Capture { hold: open.made.number, amount: open.remaining, keeps_remainder: false };
        let (one, other) = self.at_once(deed, &[DONE, "hold_not_pending"], open.made.id).await;
        if [&one, &other].iter().any(|call| matches!(call.outcome, Outcome::Acknowledged { .. })) {
            remember(&mut self.ended, Some(open.made));
        }
    }

    /// Two keys reverse one transfer: at most one of them does.
    async fn reverse_twice_at_once(&mut self) {
        let Some(made) = self.take_transfer() else { return };
        let deed = Deed::Reverse { original: made.number };
        let allowed = [DONE, "insufficient_funds", "already_reversed"];
        let (one, other) = self.at_once(deed, &allowed, made.id).await;
        if [&one, &other].iter().any(|call| matches!(call.outcome, Outcome::Acknowledged { .. })) {
            remember(&mut self.reversed, Some(made));
        }
    }

    async fn at_once(&mut self, deed: Deed, allowed: &[&str], about: Uuid) -> (Call, Call) {
        let (one, other) = (self.order(deed, allowed), self.order(deed, allowed));
        let (random, another) = (self.random.branch(), self.random.branch());
        tokio::join!(self.load.settle(&one, Some(about), random), self.load.settle(&other, Some(about), another))
    }

    fn after_hold_order(&mut self, call: &Call, made: Made, remaining: i64) {
        let Outcome::Acknowledged { text } = &call.outcome else { return };
        let hold: Value = serde_json::from_str(text).unwrap();
        if hold["amount_remaining"] != remaining {
            self.load.find_wrong(format!("{remaining} remain after `{}`, the answer was {text}", call.key));
        }
        if remaining > 0 {
            self.open.push(Open { made, remaining });
        } else {
            remember(&mut self.ended, Some(made));
        }
    }

    /// Settles an order that makes something, and answers what.
    async fn settle_new(&mut self, order: &Order) -> Option<Made> {
        let call = self.settle(order, None).await;
        let Outcome::Acknowledged { text } = &call.outcome else { return None };
        let id = if matches!(order.deed, Deed::Hold { .. }) { hold_id(text) } else { transfer_id(text) };
        Some(Made { number: order.number, id })
    }

    async fn settle(&mut self, order: &Order, about: Option<Uuid>) -> Call {
        let random = self.random.branch();
        self.load.settle(order, about, random).await
    }

    fn order(&mut self, deed: Deed, allowed: &[&str]) -> Order {
        self.number += 1;
        let allowed = allowed.iter().map(|&outcome| outcome.to_owned()).collect();
        Order { client: self.client, number: self.number, deed, allowed }
    }

    fn two_wallets(&mut self) -> (usize, usize) {
        let count = self.load.wallets.len();
        let source = self.random.below(count);
        (source, (source + 1 + self.random.below(count - 1)) % count)
    }

    fn amount(&mut self) -> i64 {
        i64::try_from(1 + self.random.below(AMOUNT_MAX)).unwrap()
    }

    /// The hold is the caller's until he puts it back: whoever does not know what became of it leaves it alone.
    fn take_open(&mut self) -> Option<Open> {
        (!self.open.is_empty()).then(|| self.open.swap_remove(self.random.below(self.open.len())))
    }

    fn take_transfer(&mut self) -> Option<Made> {
        (!self.transfers.is_empty()).then(|| self.transfers.swap_remove(self.random.below(self.transfers.len())))
    }

    fn one_of(&mut self, list: impl Fn(&Self) -> &Vec<Made>) -> Option<Made> {
        let count = list(self).len();
        if count == 0 {
            return None;
        }
        let place = self.random.below(count);
        Some(list(self)[place])
    }
}

fn remember(list: &mut Vec<Made>, made: Option<Made>) {
    list.extend(made);
    if list.len() > REMEMBERED_MAX {
        list.remove(0);
    }
}

fn id_in(text: &str) -> String {
    let object: Value = serde_json::from_str(text).unwrap_or_else(|error| panic!("{error} in {text}"));
    object["id"].as_str().unwrap_or_else(|| panic!("an id in {text}")).to_owned()
}

/// The id of the transfer in an answer.
pub fn transfer_id(text: &str) -> Uuid {
    id_in(text).parse::<WalletTransferId>().unwrap().as_uuid()
}

/// The id of the hold in an answer.
pub fn hold_id(text: &str) -> Uuid {
    id_in(text).parse::<WalletHoldId>().unwrap().as_uuid()
}
