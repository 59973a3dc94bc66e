//! Reads what a wallet holds, or held at a moment.

use kernel::{Money, WalletId};
use policies::{Permit, RetrieveWallet};
use time::{Duration, OffsetDateTime};

use super::{Refusal, TABLE, account_of, store};
use crate::{Context, Error, Failure, field::Problem, ownership::Visible};

/// What a wallet holds now; what the actor may not see is not there.
pub async fn balance(
    context: &Context<'_>,
    permit: &Permit<RetrieveWallet>,
    id: WalletId,
) -> Result<Money, Error<Refusal>> {
    let visible = Visible::within(context, context.reach(permit)?).await?;
    Ok(store::balance(context.tx, visible, id).await?.ok_or_else(missing)?)
}

/// What a wallet held by everything effective up to and including a moment. A booking dated back changes what it held.
pub async fn balance_at(
    context: &Context<'_>,
    permit: &Permit<RetrieveWallet>,
    id: WalletId,
    at: OffsetDateTime,
) -> Result<Money, Error<Refusal>> {
    let visible = Visible::within(context, context.reach(permit)?).await?;
    let row = store::find(context.tx, visible, id).await?.ok_or_else(missing)?;
    if at > context.clock.now() {
        return Err(Refusal::from(Problem::Malformed { expected: "a moment that has come" }.of("at")).into());
    }
    // Rows keep microseconds.
    let until = at.saturating_add(Duration::MICROSECOND);
    let held = ledger::history::balance_before(context.tx, account_of(&row), until).await?;
    Ok(held.ok_or(Failure::Corrupt { table: TABLE, column: "account_id" })?)
}

const fn missing() -> Refusal {
    Refusal::Missing { object: "wallet", param: "id" }
}
