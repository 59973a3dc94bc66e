//! Whether an order is carried out, on what was read: no I/O.

use std::collections::BTreeMap;

use kernel::{WalletId, WalletTransferId};
use keyring::Sealed;
use ledger::{
    Posted, Reason, Rejection,
    rules::{Book, Transfer},
};
use policies::Reach;
use time::OffsetDateTime;
use uuid::Uuid;

use super::{Ask, WalletOrder, lookup::Found};
use crate::{
    ownership::Visible,
    wallet_hold::WalletHold,
    wallet_transfer::{Refusal, WalletTransfer, decide as transfer_decide},
};

/// What an ask made or changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Object {
    /// Money moved; with its description as it is stored.
    Transfer(WalletTransfer, Option<Sealed<String>>),
    /// Money is kept back now.
    NewHold(WalletHold),
    /// Less money is kept back, or none.
    Hold(WalletHold),
}

/// A refusal, and which of the order's asks met it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Declined {
    /// Position, from 0.
    pub ask: usize,
    /// Why.
    pub refusal: Refusal,
}

impl Object {
    pub(super) fn id(&self) -> String {
        match self {
            Self::Transfer(transfer, _) => transfer.id.to_string(),
            Self::NewHold(hold) | Self::Hold(hold) => hold.id.to_string(),
        }
    }

    pub(super) const fn uuid(&self) -> Uuid {
        match self {
            Self::Transfer(transfer, _) => transfer.id.as_uuid(),
            Self::NewHold(hold) | Self::Hold(hold) => hold.id.as_uuid(),
        }
    }

    /// What is told of it.
    pub(super) const fn event(&self) -> &'static str {
        match self {
            Self::Transfer(WalletTransfer { reverses: Some(_), .. }, _) => "wallet_transfer.reversed",
            Self::Transfer(..) => "wallet_transfer.created",
            Self::NewHold(_) => "wallet_hold.created",
            Self::Hold(_) => "wallet_hold.updated",
        }
    }
}

/// Decides all asks of an order, or none.
pub(super) fn decide(
    order: &WalletOrder,
    livemode: bool,
    found: &Found,
    book: &mut Book,
) -> Result<Vec<Object>, Declined> {
    let visible = visible(order, found);
    let mut operations = Vec::with_capacity(order.asks.len());
    for (position, ask) in order.asks.iter().enumerate() {
        let declined = |refusal| Declined { ask: position, refusal };
        allowed(ask, visible, found, book.now()).map_err(declined)?;
        operations.extend(ask.operation());
    }
    let posted = book.post(&operations).map_err(|Rejection { operation, reason }| {
        let refusal = order.asks.get(operation).map_or(Refusal::BalanceTooLarge, |ask| refusal(ask, reason, book));
        Declined { ask: operation, refusal }
    })?;
    objects(order, livemode, found, book.now(), &posted).ok_or(Declined { ask: 0, refusal: Refusal::BalanceTooLarge })
}

fn visible(order: &WalletOrder, found: &Found) -> Visible {
    match (order.reach, order.actor.subject()) {
        (Reach::All, _) => Visible::All,
        (Reach::Own, None) => Visible::Of(None),
        (Reach::Own, Some(subject)) => {
            Visible::Of(found.customers.get(&(subject.issuer.clone(), subject.subject.clone())).copied())
        }
    }
}

/// What the ledger does not know: who may touch which wallet, and what a client may ask.
fn allowed(ask: &Ask, visible: Visible, found: &Found, now: OffsetDateTime) -> Result<(), Refusal> {
    let wallet = |id: WalletId| found.wallets.get(&id);
    match ask {
        Ask::Refused(refusal) => Err(*refusal),
        Ask::Transfer(ask) => {
            if ask.occurred_at.is_some_and(|occurred_at| occurred_at > now) {
                return Err(Refusal::OccursInFuture);
            }
            transfer_decide::decide(visible, wallet(ask.source), wallet(ask.destination), ask.currency)
        }
        Ask::Hold(ask) => {
            if ask.expires_at.is_some_and(|expires_at| expires_at <= now) {
                return Err(Refusal::ExpiresInPast);
            }
            transfer_decide::decide(visible, wallet(ask.source), wallet(ask.destination), ask.currency)
        }
        Ask::Reverse { original, .. } => {
            let known = found.transfers.contains_key(original) && visible == Visible::All;
            if known { Ok(()) } else { Err(Refusal::Missing { object: "wallet transfer", param: "id" }) }
        }
        Ask::Capture { hold, .. } | Ask::Release { hold } | Ask::Expire { hold } => {
            let known = found.holds.contains_key(hold) && visible == Visible::All;
            if known { Ok(()) } else { Err(Refusal::Missing { object: "wallet hold", param: "id" }) }
        }
    }
}

/// What a rejection of the ledger means to a client.
fn refusal(ask: &Ask, reason: Reason, book: &Book) -> Refusal {
    match reason {
        Reason::InsufficientFunds => Refusal::InsufficientFunds,
        Reason::AccountFrozen => Refusal::WalletFrozen,
        Reason::AccountClosed => Refusal::WalletClosed,
        Reason::AlreadyReversed => Refusal::AlreadyReversed,
        Reason::NotReversible => Refusal::NotReversible,
        Reason::HoldNotPending | Reason::HoldNotExpired => Refusal::HoldNotPending,
        Reason::HoldExpired => Refusal::HoldExpired,
        Reason::CaptureTooLarge => Refusal::CaptureTooLarge,
        Reason::CurrencyMismatch => Refusal::CurrencyMismatch,
        Reason::SameAccount => Refusal::SameWallet,
        Reason::HoldMissing => Refusal::Missing { object: "wallet hold", param: "id" },
        Reason::TransferMissing => Refusal::Missing { object: "wallet transfer", param: "id" },
        Reason::AccountMissing => {
            let source_is_there = match ask.operation() {
                Some(operation) => operation.accounts().next().is_some_and(|id| book.account(id).is_some()),
                None => true,
            };
            Refusal::Missing { object: "wallet", param: if source_is_there { "destination" } else { "source" } }
        }
        Reason::BalanceOverflow
        | Reason::EmptyPosting
        | Reason::PostingTooLong
        | Reason::IdRepeated
        | Reason::DuplicateWithOtherBody => Refusal::BalanceTooLarge,
    }
}

/// What each ask made, in order.
fn objects(
    order: &WalletOrder,
    livemode: bool,
    found: &Found,
    now: OffsetDateTime,
    posted: &Posted,
) -> Option<Vec<Object>> {
    let mut transfers = posted.transfers.iter();
    let mut holds = posted.holds.iter();
    let mut objects = Vec::with_capacity(order.asks.len());
    for ask in &order.asks {
        match ask {
            Ask::Refused(_) => return None,
            Ask::Transfer(ask) => {
                let transfer = between(transfers.next()?, (ask.source, ask.destination), livemode, now);
                let (description, metadata) = (ask.description.clone(), ask.metadata.clone());
                objects
                    .push(Object::Transfer(WalletTransfer { description, metadata, ..transfer }, ask.sealed.clone()));
            }
            Ask::Reverse { original, .. } => {
                let facts = found.transfers.get(original)?;
                let transfer = between(transfers.next()?, (facts.destination, facts.source), livemode, now);
                objects.push(Object::Transfer(WalletTransfer { reverses: Some(*original), ..transfer }, None));
            }
            Ask::Hold(ask) => {
                let sides = (ask.source, ask.destination);
                objects.push(Object::NewHold(WalletHold::new(holds.next()?, sides, &ask.metadata, (livemode, now))));
            }
            Ask::Capture { hold, .. } => {
                let facts = found.holds.get(hold)?;
                let sides = (facts.source, facts.destination);
                let transfer = between(transfers.next()?, sides, livemode, now);
                objects.push(Object::Transfer(WalletTransfer { hold: Some(*hold), ..transfer }, None));
                objects.push(Object::Hold(WalletHold::new(
                    holds.next()?,
                    sides,
                    &facts.metadata,
                    (livemode, facts.created),
                )));
            }
            Ask::Release { hold } | Ask::Expire { hold } => {
                let facts = found.holds.get(hold)?;
                let sides = (facts.source, facts.destination);
                objects.push(Object::Hold(WalletHold::new(
                    holds.next()?,
                    sides,
                    &facts.metadata,
                    (livemode, facts.created),
                )));
            }
        }
    }
    Some(objects)
}

/// The transfer object of a ledger transfer between two wallets.
fn between(
    transfer: &Transfer,
    (source, destination): (WalletId, WalletId),
    livemode: bool,
    created: OffsetDateTime,
) -> WalletTransfer {
    WalletTransfer {
        id: WalletTransferId::from_uuid(transfer.id.as_uuid()),
        source,
        destination,
        amount: transfer.amount,
        currency: transfer.currency,
        description: None,
        metadata: BTreeMap::new(),
        occurred_at: transfer.effective_at,
        reverses: None,
        hold: None,
        livemode,
        created,
    }
}
