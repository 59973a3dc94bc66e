//! The judge: from keys and stored answers alone it knows what has to stand in the books, and from the clients' log
//! what must be among the keys. It does no I/O, so it can be shown books that are wrong.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Debug,
};

use kernel::{WalletHoldId, WalletTransferId};
use uuid::Uuid;

use super::{
    books::{Books, Event, Hold, Line, Record, Transfer},
    client::{Call, Outcome, hold_id, transfer_id},
    order::{DONE, Deed, Order},
};

/// Most violations of one kind that are told.
const TOLD_MAX: usize = 5;

/// What the books were before, and what clients say.
#[derive(Clone, Copy, Debug)]
pub struct Case<'a> {
    pub before: &'a Books,
    pub after: &'a Books,
    /// The four wallets, in the order that keys name them.
    pub wallets: &'a [Uuid],
    pub log: &'a [Call],
}

/// Everything that is not as it has to be.
pub fn violations(case: Case<'_>) -> Vec<String> {
    let mut found = Found::default();
    log_against_records(case, &mut found);
    let (orders, unreadable) = decided(case.after);
    for what in unreadable {
        found.say("a key or its answer cannot be read", what);
    }
    let expected = Expected::of(&orders, case.wallets, &mut found);
    expected.compare(case, &mut found);
    refusals_have_reasons(&orders, &expected, &mut found);
    found.violations
}

#[derive(Default)]
struct Found {
    violations: Vec<String>,
    told: BTreeMap<String, usize>,
}

impl Found {
    fn say(&mut self, meaning: &str, what: impl std::fmt::Display) {
        let told = self.told.entry(meaning.to_owned()).or_default();
        *told += 1;
        if *told <= TOLD_MAX {
            self.violations.push(format!("{meaning}: {what}"));
        }
    }
}

/// Acknowledged and refused: stored with just that answer. Unknown: anything, once. Nothing stored that nobody asked.
fn log_against_records(case: Case<'_>, found: &mut Found) {
    let mut asked = BTreeSet::new();
    for call in case.log {
        if !asked.insert(call.key.as_str()) {
            found.say("a key was settled twice", &call.key);
        }
        let record = case.after.records.get(&call.key);
        let stored = record.map(|record| (record.status.unwrap_or(0), record.body.as_deref().unwrap_or_default()));
        let (status, text) = match &call.outcome {
            Outcome::Unknown { .. } => continue,
            Outcome::Acknowledged { text } => (200, text),
            Outcome::Refused { status, text, .. } => (i16::try_from(*status).unwrap(), text),
        };
        match stored {
            None => found.say("an answer was given and is not there", format!("`{}`: {status} {text}", call.key)),
            Some(stored) if stored != (status, text.as_str()) => {
                found.say("another answer was given than stored", format!("`{}`: {text} and {stored:?}", call.key));
            }
            Some(_) => {}
        }
    }
    for key in case.after.records.keys() {
        if !asked.contains(key.as_str()) {
            found.say("a key is stored that no client knows", key);
        }
    }
}

/// An order that was decided, and how.
#[derive(Debug)]
struct Decided<'a> {
    order: Order,
    /// [`DONE`] or the code of the refusal.
    outcome: String,
    record: &'a Record,
}

impl Decided<'_> {
    fn is_done(&self) -> bool {
        self.outcome == DONE
    }
}

fn decided(books: &Books) -> (Vec<Decided<'_>>, Vec<String>) {
    let (mut orders, mut unreadable) = (Vec::new(), Vec::new());
    for (key, record) in &books.records {
        let outcome = match (record.status, &record.body) {
            (Some(200), Some(_)) => Some(DONE.to_owned()),
            (Some(_), Some(body)) => serde_json::from_str::<serde_json::Value>(body)
                .ok()
                .and_then(|body| body["error"]["code"].as_str().map(str::to_owned)),
            _ => None,
        };
        match (key.parse::<Order>(), outcome) {
            (Ok(order), Some(outcome)) => orders.push(Decided { order, outcome, record }),
            (parsed, outcome) => unreadable.push(format!("{parsed:?} {outcome:?} {record:?}")),
        }
    }
    (orders, unreadable)
}

/// What has to be there.
#[derive(Debug, Default)]
struct Expected {
    /// By id: everything but captures, whose answers name the hold.
    transfers: BTreeMap<Uuid, Transfer>,
    /// By hold: what was captured, each time.
    captures: BTreeMap<Uuid, Vec<i64>>,
    holds: BTreeMap<Uuid, Hold>,
    /// Holds that ended, and transfers that were reversed.
    over: BTreeSet<Uuid>,
    /// Orders by client and number, with the object they made.
    made: BTreeMap<(usize, usize), Uuid>,
    audit: BTreeMap<Line, i64>,
    events: BTreeMap<Event, i64>,
}

impl Expected {
    fn of(orders: &[Decided<'_>], wallets: &[Uuid], found: &mut Found) -> Self {
        let mut expected = Self::default();
        for decided in orders {
            let Decided { order, outcome, .. } = decided;
            if !order.allowed.contains(outcome) {
                found.say("an order had an outcome that it cannot have", format!("`{order}`: {outcome}"));
            }
            if decided.is_done() {
                expected.make(decided, wallets, found);
            } else {
                expected.line(order, None, Some(outcome));
            }
        }
        // What changes an object, once all objects are there: keys are not in the order of events.
        for decided in orders.iter().filter(|decided| decided.is_done()) {
            expected.change(decided, found);
        }
        expected
    }

    /// The object that an order made, as its key says it.
    fn make(&mut self, Decided { order, record, .. }: &Decided<'_>, wallets: &[Uuid], found: &mut Found) {
        let text = record.body.as_deref().unwrap_or_default();
        let key = Some(order.key());
        let id = match order.deed {
            Deed::Transfer { source, destination, amount } => {
                let id = transfer_id(text);
                let (source, destination) = (wallets[source], wallets[destination]);
                self.transfers
                    .insert(id, Transfer { id, source, destination, amount, reverses: None, hold: None, key });
                self.event("wallet_transfer.created", id);
                self.line(order, Some(WalletTransferId::from_uuid(id).to_string()), None);
                id
            }
            Deed::Hold { source, destination, amount } => {
                let id = hold_id(text);
                let (source, destination, state) = (wallets[source], wallets[destination], "pending".to_owned());
                let hold = Hold { id, source, destination, amount, remaining: amount, captured: 0, state, key };
                self.holds.insert(id, hold);
                self.event("wallet_hold.created", id);
                self.line(order, Some(WalletHoldId::from_uuid(id).to_string()), None);
                id
            }
            Deed::Reverse { .. } => transfer_id(text),
            Deed::Capture { .. } | Deed::Release { .. } => return,
        };
        if let Some(other) = self.made.insert((order.client, order.number), id) {
            found.say("one order made two objects", format!("`{order}`: {id} and {other}"));
        }
    }

    /// What an order did to an object made before.
    fn change(&mut self, Decided { order, record, .. }: &Decided<'_>, found: &mut Found) {
        let text = record.body.as_deref().unwrap_or_default();
        match order.deed {
            Deed::Transfer { .. } | Deed::Hold { .. } => {}
            Deed::Reverse { original } => {
                let id = transfer_id(text);
                let original = self.made.get(&(order.client, original)).and_then(|id| self.transfers.get(id));
                let Some(original) = original.cloned() else {
                    return found.say("what is not there was reversed", order);
                };
                if !self.over.insert(original.id) {
                    found.say("a transfer was reversed twice", order);
                }
                let Transfer { source, destination, amount, .. } = original;
                let (source, destination, reverses) = (destination, source, Some(original.id));
                self.transfers
                    .insert(id, Transfer { id, source, destination, amount, reverses, hold: None, key: None });
                self.event("wallet_transfer.reversed", id);
                self.line(order, Some(WalletTransferId::from_uuid(id).to_string()), None);
            }
            Deed::Capture { hold, amount, keeps_remainder } => {
                let Some(hold) = self.changed_hold(order, hold, text, found) else { return };
                hold.captured += amount;
                hold.remaining -= amount;
                let (id, ends) = (hold.id, !keeps_remainder);
                if ends {
                    "captured".clone_into(&mut hold.state);
                    self.ended(order, id, found);
                }
                self.captures.entry(id).or_default().push(amount);
            }
            Deed::Release { hold } => {
                let Some(hold) = self.changed_hold(order, hold, text, found) else { return };
                "released".clone_into(&mut hold.state);
                let id = hold.id;
                self.ended(order, id, found);
            }
        }
    }

    /// The hold that an order changed, with the line and the event of that.
    fn changed_hold(&mut self, order: &Order, number: usize, text: &str, found: &mut Found) -> Option<&mut Hold> {
        let id = self.made.get(&(order.client, number)).copied();
        if id != Some(hold_id(text)) {
            found.say("an answer is about another hold", format!("`{order}`: {text}"));
        }
        let id = id?;
        self.event("wallet_hold.updated", id);
        self.line(order, Some(WalletHoldId::from_uuid(id).to_string()), None);
        self.holds.get_mut(&id)
    }

    fn ended(&mut self, order: &Order, hold: Uuid, found: &mut Found) {
        if !self.over.insert(hold) {
            found.say("a hold ended twice", order);
        }
    }

    fn event(&mut self, kind: &str, object: Uuid) {
        *self.events.entry(Event { kind: kind.to_owned(), object }).or_default() += 1;
    }

    fn line(&mut self, order: &Order, target: Option<String>, code: Option<&str>) {
        let outcome = if code.is_none() { "succeeded" } else { "refused" }.to_owned();
        let line = Line { action: order.deed.action().to_owned(), target, outcome, code: code.map(str::to_owned) };
        *self.audit.entry(line).or_default() += 1;
    }

    fn compare(&self, case: Case<'_>, found: &mut Found) {
        let Case { before, after, .. } = case;
        let known: BTreeSet<Uuid> = before.ledger_transfers.iter().map(|transfer| transfer.id).collect();
        let fresh = |transfers: &[Transfer]| -> Vec<Transfer> {
            transfers.iter().filter(|transfer| !known.contains(&transfer.id)).cloned().collect()
        };
        let (transfers, in_ledger) = (fresh(&after.transfers), fresh(&after.ledger_transfers));
        self.compare_transfers("wallet transfers", &transfers, true, found);
        self.compare_transfers("ledger transfers", &in_ledger, false, found);
        let captured = |transfers: &[Transfer]| -> BTreeSet<Uuid> {
            transfers.iter().filter(|transfer| transfer.hold.is_some()).map(|transfer| transfer.id).collect()
        };
        equal("captures of the API and of the ledger", &captured(&in_ledger), &captured(&transfers), found);

        let holds: BTreeMap<Uuid, Hold> = after.holds.iter().map(|hold| (hold.id, hold.clone())).collect();
        let ended = |mut hold: Hold| {
            // What is left of a hold that ended is free.
            if hold.state != "pending" {
                hold.remaining = 0;
            }
            (hold.id, hold)
        };
        equal_maps("holds", &self.holds.values().cloned().map(ended).collect(), &holds, found);
        equal("number of wallet holds", &i64::try_from(self.holds.len()).unwrap(), &after.wallet_holds, found);
        self.compare_papers(&transfers, case, found);
        self.compare_balances(case, found);
    }

    fn compare_transfers(&self, what: &str, rows: &[Transfer], with_keys: bool, found: &mut Found) {
        let (captures, others): (Vec<&Transfer>, Vec<&Transfer>) = rows.iter().partition(|row| row.hold.is_some());
        let others: BTreeMap<Uuid, Transfer> = others.into_iter().map(|row| (row.id, row.clone())).collect();
        let keyed = |mut transfer: Transfer| {
            if !with_keys {
                transfer.key = None;
            }
            (transfer.id, transfer)
        };
        equal_maps(what, &self.transfers.values().cloned().map(keyed).collect(), &others, found);
        let mut captured: BTreeMap<Uuid, Vec<i64>> = BTreeMap::new();
        for row in captures {
            let hold = row.hold.and_then(|hold| self.holds.get(&hold));
            if hold.map(|hold| (hold.source, hold.destination)) != Some((row.source, row.destination)) {
                found.say("a capture is not between its hold's wallets", format!("{row:?}"));
            }
            captured.entry(row.hold.unwrap_or_default()).or_default().push(row.amount);
        }
        let mut expected = self.captures.clone();
        for amounts in captured.values_mut().chain(expected.values_mut()) {
            amounts.sort_unstable();
        }
        equal_maps(&format!("captures among {what}"), &expected, &captured, found);
    }

    /// Audit records and events. Those of a capture's transfer are known by its row.
    fn compare_papers(&self, transfers: &[Transfer], case: Case<'_>, found: &mut Found) {
        let (mut audit, mut events) = (self.audit.clone(), self.events.clone());
        for capture in transfers.iter().filter(|transfer| transfer.hold.is_some()) {
            let (action, outcome) = ("wallet_hold.capture".to_owned(), "succeeded".to_owned());
            let target = Some(WalletTransferId::from_uuid(capture.id).to_string());
            *audit.entry(Line { action, target, outcome, code: None }).or_default() += 1;
            *events.entry(Event { kind: "wallet_transfer.created".to_owned(), object: capture.id }).or_default() += 1;
        }
        equal_maps("audit records", &audit, &since(&case.before.audit, &case.after.audit), found);
        equal_maps("events", &events, &since(&case.before.events, &case.after.events), found);
    }

    fn compare_balances(&self, Case { before, after, wallets, .. }: Case<'_>, found: &mut Found) {
        let mut balances: BTreeMap<Uuid, (i64, i64)> =
            wallets.iter().map(|id| (*id, (before.accounts.get(id).map_or(0, |account| account.balance), 0))).collect();
        let mut moved = |source: Uuid, destination: Uuid, amount: i64| {
            balances.entry(source).or_default().0 -= amount;
            balances.entry(destination).or_default().0 += amount;
        };
        for transfer in self.transfers.values() {
            moved(transfer.source, transfer.destination, transfer.amount);
        }
        for hold in self.holds.values() {
            moved(hold.source, hold.destination, hold.captured);
        }
        for hold in self.holds.values().filter(|hold| hold.state == "pending") {
            balances.entry(hold.source).or_default().1 += hold.remaining;
        }
        let account = |id: &Uuid| after.accounts.get(id).map(|account| (*id, (account.balance, account.held)));
        equal_maps("balances and what is held", &balances, &wallets.iter().filter_map(account).collect(), found);
    }
}

/// Who was told that something is over, was told the truth.
fn refusals_have_reasons(orders: &[Decided<'_>], expected: &Expected, found: &mut Found) {
    for Decided { order, outcome, .. } in orders {
        let about = match order.deed {
            Deed::Capture { hold, .. } | Deed::Release { hold } => hold,
            Deed::Reverse { original } => original,
            Deed::Transfer { .. } | Deed::Hold { .. } => continue,
        };
        let object = expected.made.get(&(order.client, about));
        let is_over = object.is_some_and(|id| expected.over.contains(id));
        if ["hold_not_pending", "already_reversed"].contains(&outcome.as_str()) && !is_over {
            found.say("what was refused as over is not over", format!("`{order}`: {outcome}"));
        }
    }
}

/// What was added.
fn since<K: Ord + Clone>(before: &BTreeMap<K, i64>, after: &BTreeMap<K, i64>) -> BTreeMap<K, i64> {
    let added = after.iter().map(|(key, number)| (key.clone(), number - before.get(key).copied().unwrap_or(0)));
    added.filter(|(_, number)| *number != 0).collect()
}

fn equal<T: PartialEq + Debug>(what: &str, expected: &T, present: &T, found: &mut Found) {
    if expected != present {
        found.say(what, "they differ");
    }
}

fn equal_maps<K: Ord + Debug, V: PartialEq + Debug>(
    what: &str,
    expected: &BTreeMap<K, V>,
    present: &BTreeMap<K, V>,
    found: &mut Found,
) {
    for (key, wanted) in expected {
        match present.get(key) {
            None => found.say(&format!("{what}: missing"), format!("{key:?} {wanted:?}")),
            Some(there) if there != wanted => {
                found.say(&format!("{what}: otherwise than expected"), format!("{key:?} {wanted:?}, there: {there:?}"));
            }
            Some(_) => {}
        }
    }
    for (key, there) in present.iter().filter(|(key, _)| !expected.contains_key(key)) {
        found.say(&format!("{what}: nobody asked for it"), format!("{key:?} {there:?}"));
    }
}
