//! Changes as columns, for `unnest`.

use sqlx::{AssertSqlSafe, Postgres, postgres::PgArguments, query::Query as SqlxQuery};
use tenancy::lane::{Param, Query, in_path};
use time::OffsetDateTime;
use uuid::Uuid;

use super::sql::{WRITE, WRITE_HOLDS, WRITE_MARKS};
use crate::rules::{Changes, Side, Transfer};

/// Every so many entries of an account its chain gets a mark (`ledger_mark`).
pub(crate) const MARK_EVERY: i64 = 32;

type Statement = SqlxQuery<'static, Postgres, PgArguments>;

/// Declares a set of columns in the order of their placeholders, with both ways to bind them.
macro_rules! columns {
    ($(#[$meta:meta])* $name:ident { $($column:ident: $type:ty,)* }) => {
        $(#[$meta])*
        #[derive(Debug, Default)]
        struct $name {
            $($column: $type,)*
        }

        impl $name {
            fn params(self) -> Vec<Param> {
                vec![$(Box::new(self.$column),)*]
            }

            fn bind(self, query: Statement) -> Statement {
                query$(.bind(self.$column))*
            }
        }
    };
}

columns! {
    TransferColumns {
        ids: Vec<Uuid>,
        postings: Vec<Option<Uuid>>,
        debits: Vec<Uuid>,
        debit_sequences: Vec<i64>,
        debit_balances: Vec<i64>,
        debit_previous: Vec<Option<Uuid>>,
        credits: Vec<Uuid>,
        credit_sequences: Vec<i64>,
        credit_balances: Vec<i64>,
        credit_previous: Vec<Option<Uuid>>,
        amounts: Vec<i64>,
        currencies: Vec<String>,
        effective_at: Vec<OffsetDateTime>,
        reverses: Vec<Option<Uuid>>,
        holds: Vec<Option<Uuid>>,
    }
}

impl TransferColumns {
    fn push(&mut self, transfer: &Transfer) {
        self.ids.push(transfer.id.as_uuid());
        self.postings.push(transfer.posting.map(|id| id.as_uuid()));
        self.debits.push(transfer.debit.account.as_uuid());
        self.debit_sequences.push(transfer.debit.sequence);
        self.debit_balances.push(transfer.debit.balance_after_minor);
        self.debit_previous.push(transfer.debit.previous.map(|id| id.as_uuid()));
        self.credits.push(transfer.credit.account.as_uuid());
        self.credit_sequences.push(transfer.credit.sequence);
        self.credit_balances.push(transfer.credit.balance_after_minor);
        self.credit_previous.push(transfer.credit.previous.map(|id| id.as_uuid()));
        self.amounts.push(transfer.amount.minor());
        self.currencies.push(transfer.currency.code());
        self.effective_at.push(transfer.effective_at);
        self.reverses.push(transfer.reverses.map(|id| id.as_uuid()));
        self.holds.push(transfer.hold.map(|id| id.as_uuid()));
    }
}

columns! {
    AccountColumns {
        ids: Vec<Uuid>,
        balances: Vec<i64>,
        held: Vec<i64>,
        sequences: Vec<i64>,
        last: Vec<Option<Uuid>>,
        effective_last: Vec<Option<OffsetDateTime>>,
        in_order: Vec<bool>,
        balances_before: Vec<i64>,
        versions_before: Vec<i64>,
    }
}

columns! {
    MarkColumns {
        accounts: Vec<Uuid>,
        sequences: Vec<i64>,
        transfers: Vec<Uuid>,
        effective_at: Vec<OffsetDateTime>,
    }
}

impl MarkColumns {
    fn push(&mut self, side: &Side, transfer: &Transfer) {
        if side.sequence.checked_rem(MARK_EVERY) == Some(0) {
            self.accounts.push(side.account.as_uuid());
            self.sequences.push(side.sequence);
            self.transfers.push(transfer.id.as_uuid());
            self.effective_at.push(transfer.effective_at);
        }
    }
}

columns! {
    HoldColumns {
        ids: Vec<Uuid>,
        debits: Vec<Uuid>,
        credits: Vec<Uuid>,
        currencies: Vec<String>,
        amounts: Vec<i64>,
        remaining: Vec<i64>,
        captured: Vec<i64>,
        states: Vec<&'static str>,
        expires_at: Vec<Option<OffsetDateTime>>,
        remaining_before: Vec<Option<i64>>,
    }
}

/// What is to be written, as columns.
#[derive(Debug)]
pub(crate) struct Columns {
    transfers: TransferColumns,
    accounts: AccountColumns,
    marks: MarkColumns,
    holds: HoldColumns,
}

impl Columns {
    pub(crate) fn of(changes: &Changes) -> Self {
        let mut columns = Self {
            transfers: TransferColumns::default(),
            accounts: AccountColumns::default(),
            marks: MarkColumns::default(),
            holds: HoldColumns::default(),
        };
        for transfer in &changes.transfers {
            columns.transfers.push(transfer);
            columns.marks.push(&transfer.debit, transfer);
            columns.marks.push(&transfer.credit, transfer);
        }
        for change in &changes.accounts {
            let accounts = &mut columns.accounts;
            accounts.ids.push(change.after.id.as_uuid());
            accounts.balances.push(change.after.balance_minor);
            accounts.held.push(change.after.held_minor);
            accounts.sequences.push(change.after.sequence);
            accounts.last.push(change.after.last.map(|id| id.as_uuid()));
            accounts.effective_last.push(change.after.effective_last);
            accounts.in_order.push(change.after.in_order);
            accounts.balances_before.push(change.before.balance_minor);
            accounts.versions_before.push(change.before.version);
        }
        for change in &changes.holds {
            let holds = &mut columns.holds;
            holds.ids.push(change.after.id.as_uuid());
            holds.debits.push(change.after.debit.as_uuid());
            holds.credits.push(change.after.credit.as_uuid());
            holds.currencies.push(change.after.currency.code());
            holds.amounts.push(change.after.amount.minor());
            holds.remaining.push(change.after.remaining_minor);
            holds.captured.push(change.after.captured_minor);
            holds.states.push(change.after.state.as_str());
            holds.expires_at.push(change.after.expires_at);
            holds.remaining_before.push(change.before.map(|before| before.remaining_minor));
        }
        columns
    }

    /// The statements for a lane; none, where there is nothing to write.
    pub(crate) fn queries(self, now: OffsetDateTime) -> Vec<Query> {
        let mut queries = Vec::new();
        if !self.accounts.ids.is_empty() {
            let mut params = self.transfers.params();
            params.push(Box::new(now));
            params.extend(self.accounts.params());
            queries.push(Query { sql: WRITE, params });
        }
        if !self.marks.accounts.is_empty() {
            queries.push(Query { sql: WRITE_MARKS, params: self.marks.params() });
        }
        if !self.holds.ids.is_empty() {
            let mut params = self.holds.params();
            params.push(Box::new(now));
            queries.push(Query { sql: WRITE_HOLDS, params });
        }
        queries
    }

    /// The statements for a transaction that has its environment's path.
    pub(crate) fn statements(self, now: OffsetDateTime) -> Vec<Statement> {
        let statement = |sql| sqlx::query(AssertSqlSafe(in_path(sql)));
        let mut statements = Vec::new();
        if !self.accounts.ids.is_empty() {
            statements.push(self.accounts.bind(self.transfers.bind(statement(WRITE)).bind(now)));
        }
        if !self.marks.accounts.is_empty() {
            statements.push(self.marks.bind(statement(WRITE_MARKS)));
        }
        if !self.holds.ids.is_empty() {
            statements.push(self.holds.bind(statement(WRITE_HOLDS)).bind(now));
        }
        statements
    }
}
