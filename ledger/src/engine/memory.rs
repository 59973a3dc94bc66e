//! What is remembered of accounts between batches.
//!
//! It is never trusted: a batch that was decided on it writes only if every account still has the version that was
//! remembered, and a refusal that was decided on it is decided again on what the database says.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use kernel::EnvironmentId;
use time::OffsetDateTime;

use crate::rules::{AccountState, Book};

/// Accounts remembered of one environment (about 250 bytes each), before all of them are forgotten.
const ACCOUNTS_MAX: usize = 131_072;
/// Accounts remembered of all environments that rest.
const RESTING_ACCOUNTS_MAX: usize = 524_288;
/// Batches that lock their accounts first, after another process was seen to write to this environment: two that rely
/// on what they remember would undo each other's batches for ever.
const LOCKED_BATCHES: u32 = 64;

/// What is remembered of one environment.
#[derive(Debug)]
pub(super) struct Memory {
    pub(super) book: Book,
    /// Batches that still lock first.
    locked_batches: u32,
}

impl Default for Memory {
    fn default() -> Self {
        Self { book: Book::new([], OffsetDateTime::UNIX_EPOCH), locked_batches: 0 }
    }
}

impl Memory {
    /// Whether the next batch may be decided on it.
    pub(super) const fn is_relied_on(&self) -> bool {
        self.locked_batches == 0
    }

    /// Somebody else writes to these accounts as well.
    pub(super) fn met_another_writer(&mut self) {
        self.book.forget();
        self.locked_batches = LOCKED_BATCHES;
    }

    /// A batch was written under locks; its accounts are as they are now in the book.
    pub(super) fn wrote_locked(&mut self, accounts: impl IntoIterator<Item = AccountState>) {
        self.locked_batches = self.locked_batches.saturating_sub(1);
        self.learn(accounts);
    }

    /// Accounts as they were just read or written.
    pub(super) fn learn(&mut self, accounts: impl IntoIterator<Item = AccountState>) {
        if self.book.accounts_count() > ACCOUNTS_MAX {
            self.book.forget();
        }
        self.book.learn(accounts);
    }
}

/// The memories of environments that rest.
#[derive(Debug, Default)]
pub(super) struct Memories(Mutex<Resting>);

#[derive(Debug, Default)]
struct Resting {
    memories: HashMap<EnvironmentId, Memory>,
    accounts: usize,
}

impl Resting {
    fn remove(&mut self, environment: EnvironmentId) -> Option<Memory> {
        let memory = self.memories.remove(&environment)?;
        self.accounts = self.accounts.saturating_sub(memory.book.accounts_count());
        Some(memory)
    }
}

impl Memories {
    pub(super) fn take(&self, environment: EnvironmentId) -> Memory {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(environment).unwrap_or_default()
    }

    pub(super) fn put(&self, environment: EnvironmentId, memory: Memory) {
        let mut resting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        resting.accounts = resting.accounts.saturating_add(memory.book.accounts_count());
        resting.memories.insert(environment, memory);
        while resting.accounts > RESTING_ACCOUNTS_MAX {
            let Some(other) = resting.memories.keys().next().copied() else { break };
            resting.remove(other);
        }
    }
}
