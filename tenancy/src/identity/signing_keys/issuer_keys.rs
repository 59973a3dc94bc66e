//! What is remembered of one issuer: its keys, and when it was asked for what.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arc_swap::ArcSwapOption;
use jsonwebtoken::Algorithm;
use time::OffsetDateTime;

use super::{Times, key::SigningKey};
use crate::cache::{SingleFlight, is_within};

/// Keys of one issuer.
#[derive(Debug)]
pub(crate) struct IssuerKeys {
    url: String,
    current: ArcSwapOption<KeySet>,
    flight: Arc<SingleFlight<()>>,
    asked: Mutex<Asked>,
}

#[derive(Debug)]
struct KeySet {
    keys: Vec<Arc<SigningKey>>,
    asked_at: OffsetDateTime,
}

/// When the provider was last asked, by reason.
#[derive(Debug, Default)]
struct Asked {
    for_unknown: Option<OffsetDateTime>,
    in_vain: Option<OffsetDateTime>,
    ahead: Option<OffsetDateTime>,
}

/// What a key id leads to.
#[derive(Debug)]
pub(super) enum Lookup {
    Found(Arc<SigningKey>),
    /// Found in a set whose time is nearly over.
    FoundAging(Arc<SigningKey>),
    /// The set is current and has no such key.
    NotThere,
    /// There is no set whose time is not over.
    NoSet,
}

/// Whether the provider may be asked now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Permission {
    Granted,
    TooSoon,
}

impl IssuerKeys {
    pub(super) fn new(url: &str) -> Self {
        Self {
            url: url.to_owned(),
            current: ArcSwapOption::empty(),
            flight: SingleFlight::new(),
            asked: Mutex::default(),
        }
    }

    pub(super) fn url(&self) -> &str {
        &self.url
    }

    pub(super) const fn flight(&self) -> &Arc<SingleFlight<()>> {
        &self.flight
    }

    pub(super) fn find(&self, key_id: &str, algorithm: Algorithm, now: OffsetDateTime, times: Times) -> Lookup {
        let current = self.current.load();
        let Some(set) = current.as_ref().filter(|set| is_within(now, set.asked_at, times.ttl)) else {
            return Lookup::NoSet;
        };
        let Some(key) = set.keys.iter().find(|key| key.fits(key_id, algorithm)) else { return Lookup::NotThere };
        if is_aging(set, now, times) { Lookup::FoundAging(Arc::clone(key)) } else { Lookup::Found(Arc::clone(key)) }
    }

    /// Looks for this very key, as [`find`](Self::find) does for a key id.
    pub(super) fn find_again(&self, key: &SigningKey, now: OffsetDateTime, times: Times) -> Lookup {
        let current = self.current.load();
        let Some(set) = current.as_ref().filter(|set| is_within(now, set.asked_at, times.ttl)) else {
            return Lookup::NoSet;
        };
        match set.keys.iter().find(|held| held.is_same(key)) {
            None => Lookup::NotThere,
            Some(held) if is_aging(set, now, times) => Lookup::FoundAging(Arc::clone(held)),
            Some(held) => Lookup::Found(Arc::clone(held)),
        }
    }

    pub(super) fn accept(&self, keys: Vec<Arc<SigningKey>>, asked_at: OffsetDateTime) {
        self.current.store(Some(Arc::new(KeySet { keys, asked_at })));
        self.asked().in_vain = None;
    }

    pub(super) fn failed(&self, asked_at: OffsetDateTime) {
        self.asked().in_vain = Some(asked_at);
    }

    /// A key id that a current set lacks: once per interval.
    pub(super) fn permit_for_unknown(&self, now: OffsetDateTime, times: Times) -> Permission {
        permit(&mut self.asked().for_unknown, now, times.refetch_interval)
    }

    /// No set at all: at once, but after a failure not again for a moment.
    pub(super) fn permit_for_missing(&self, now: OffsetDateTime, times: Times) -> Permission {
        match self.asked().in_vain {
            Some(since) if is_within(now, since, times.retry_interval) => Permission::TooSoon,
            _ => Permission::Granted,
        }
    }

    /// A set that will soon be over: once per retry interval.
    pub(super) fn permit_ahead(&self, now: OffsetDateTime, times: Times) -> Permission {
        permit(&mut self.asked().ahead, now, times.retry_interval)
    }

    fn asked(&self) -> MutexGuard<'_, Asked> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Four fifths of its time are over.
fn is_aging(set: &KeySet, now: OffsetDateTime, times: Times) -> bool {
    !is_within(now, set.asked_at, times.ttl / 5 * 4)
}

fn permit(last: &mut Option<OffsetDateTime>, now: OffsetDateTime, span: time::Duration) -> Permission {
    if last.is_some_and(|since| is_within(now, since, span)) {
        return Permission::TooSoon;
    }
    *last = Some(now);
    Permission::Granted
}
