//! The desk of the posting engine: orders on wallets, decided and written together with their audit records, stored
//! answers and events.

mod columns;
mod decide;
mod known_wallets;
mod lookup;
mod order;

use std::sync::Arc;

use kernel::{AuditRecordId, Clock, Entropy};
use ledger::{Decided, Desk, EventDraft, Events, Needs, Question, rules::Book};
use tenancy::{
    Environment,
    audit::{self, Outcome},
    idempotency::{self, Answer, AnswerBody},
    lane::Query,
};
use tokio_postgres::Row;

pub(crate) use self::lookup::WalletFacts;
use self::{columns::ObjectColumns, known_wallets::KnownWallets, lookup::Found};
pub use self::{
    decide::{Declined, Object},
    lookup::Asked,
    order::{Answered, Ask, HoldAsk, Rendered, TransferAsk, WalletOrder},
};

/// Decides orders on wallets.
#[derive(Clone, Debug)]
pub struct WalletDesk {
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    known_wallets: KnownWallets,
}

/// What is written beside the ledger.
#[derive(Default)]
struct Papers {
    objects: ObjectColumns,
    audit: audit::RecordColumns,
    answers: idempotency::RecordColumns,
    events: Events,
}

impl WalletDesk {
    /// A desk with this time and chance.
    pub fn new(clock: Arc<dyn Clock>, entropy: Arc<dyn Entropy>) -> Self {
        Self { clock, entropy, known_wallets: KnownWallets::default() }
    }

    fn settle(
        &self,
        order: &WalletOrder,
        environment: &Environment,
        found: &Found,
        (book, papers): (&mut Book, &mut Papers),
    ) -> Answered {
        if let Some(record) = found.records.get(order.key.as_str()) {
            return if record.fingerprint != order.fingerprint {
                Answered::OtherRequest
            } else if let Some(answer) = &record.answer {
                Answered::Before(answer.clone())
            } else {
                Answered::InProgress
            };
        }
        let outcome = decide::decide(order, environment.mode.is_live(), found, book);
        let rendered = (order.render)(&outcome);
        match stored(order, &rendered, outcome.is_ok()) {
            Ok(answer) => papers.answers.push(&order.key, &order.fingerprint, answer),
            Err(failure) => return Answered::Failed(failure),
        }
        self.note(order, &outcome, papers);
        Answered::Now { outcome, rendered }
    }

    /// The audit record, the objects and the events of an outcome.
    fn note(&self, order: &WalletOrder, outcome: &Result<Vec<Object>, Declined>, papers: &mut Papers) {
        let (clock, entropy) = (self.clock.as_ref(), self.entropy.as_ref());
        let mut line = |target: Option<&str>, result| {
            let record = audit::Record {
                actor: &order.actor,
                action: order.action,
                target,
                outcome: result,
                rule: Some(&order.rule),
                request: order.request,
            };
            papers.audit.push(AuditRecordId::generate(clock, entropy), record);
        };
        match outcome {
            Ok(objects) => {
                for object in objects {
                    line(Some(&object.id()), Outcome::Succeeded);
                    papers.events.push(EventDraft { kind: object.event(), object: object.uuid() });
                    papers.objects.push(object);
                }
            }
            Err(declined) => line(None, Outcome::Refused(crate::Refusal::code(&declined.refusal))),
        }
    }
}

/// A success on an order with personal words in it repeats them, so it is sealed like them; a refusal never repeats
/// what a client sent.
fn stored(order: &WalletOrder, rendered: &Rendered, success: bool) -> Result<Answer, String> {
    let body = match order.keys.at_hand() {
        Some(keys) if success => {
            let sealed = keys.seal(&rendered.body, &order.key.place()).map_err(|error| error.to_string())?;
            AnswerBody::Sealed(sealed)
        }
        _ => AnswerBody::Plain(rendered.body.clone()),
    };
    Ok(Answer { status: rendered.status, body })
}

impl Desk for WalletDesk {
    type Order = WalletOrder;
    type Answer = Answered;
    type Asked = Asked;

    fn needs(&self, order: &WalletOrder, needs: &mut Needs) {
        for ask in &order.asks {
            needs.add(ask.operation().as_slice());
        }
    }

    fn questions(&self, environment: &Environment, orders: &[&WalletOrder], asked: Question) -> (Asked, Vec<Query>) {
        let asked = self.known_wallets.with(environment.id, |known| Asked::of(orders, asked, known));
        let queries = asked.queries();
        (asked, queries)
    }

    fn decide(
        &self,
        environment: &Environment,
        orders: &[&WalletOrder],
        (asked, rows): (Asked, &[Vec<Row>]),
        _: Question,
        book: &mut Book,
    ) -> Result<Decided<Answered>, String> {
        let found = asked.read(rows).map_err(|error| error.to_string())?;
        if !rows.is_empty() {
            self.known_wallets.learn(environment.id, &found.wallets);
        }
        let mut papers = Papers::default();
        let answers: Vec<Answered> =
            orders.iter().map(|order| self.settle(order, environment, &found, (&mut *book, &mut papers))).collect();
        let refuses = answers.iter().any(|answer| !matches!(answer, Answered::Now { outcome: Ok(_), .. }));
        let now = book.now();
        let Papers { objects, audit, answers: records, events } = papers;
        let writes = objects.queries(now).into_iter().chain(audit.queries(now)).chain(records.queries(now));
        let writes = writes.chain(events.queries(self.clock.as_ref(), self.entropy.as_ref(), now)).collect();
        // Every outcome is stored under a unique key, which tells whether it happened before.
        Ok(Decided { answers, writes, refuses, is_doubtful: false })
    }
}
