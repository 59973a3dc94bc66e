//! Reads what a wallet held at a moment.

use kernel::{Money, WalletId};
use policies::{Permit, RetrieveWallet};
use time::{Duration, OffsetDateTime};

use super::{Refusal, TABLE, account_of, store};
use crate::{Context, Error, Failure, field::Problem, ownership::Visible};

/// What a wallet held by everything effective up to and including a moment. A booking dated back changes what it held.
pub async fn balance_at(
    context: &Context<'_>,
    permit: &Permit<RetrieveWallet>,
    id: WalletId,
    at: OffsetDateTime,
) -> Result<Money, Error<Refusal>> {
    let visible = Visible::within(context, context.reach(permit)?).await?;
    let missing = Refusal::Missing { object: "wallet", param: "id" };
    let row = store::find(context.tx, visible, id).await?.ok_or(missing)?;
    if at > context.clock.now() {
        return Err(Refusal::from(Problem::Malformed { expected: "a moment that has come" }.of("at")).into());
    }
    // Rows keep microseconds.
    let until = at.saturating_add(Duration::MICROSECOND);
    let held = ledger::history::balance_before(context.tx, account_of(&row), until).await?;
    Ok(held.ok_or(Failure::Corrupt { table: TABLE, column: "account_id" })?)
}
