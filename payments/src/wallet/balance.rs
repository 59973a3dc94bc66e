//! Reads what a wallet held at a moment.

use kernel::{Money, WalletId};
use policies::{Permit, RetrieveWallet};
use time::{Duration, OffsetDateTime};

use super::{Refusal, TABLE, account_of, store};
use crate::{Context, Error, Failure, field::Problem, ownership::Visible};

/// What a wallet holds, or held by everything effective up to and including a moment. A booking dated back changes
/// what it held; what the actor may not see is not there.
pub async fn balance_at(
    context: &Context<'_>,
    permit: &Permit<RetrieveWallet>,
    id: WalletId,
    at: Option<OffsetDateTime>,
) -> Result<Money, Error<Refusal>> {
    let visible = Visible::within(context, context.reach(permit)?).await?;
    let row = store::find(context.tx, visible, id).await?;
    let row = row.ok_or(Refusal::Missing { object: "wallet", param: "id" })?;
    let account = account_of(&row);
    let balance = match at {
        None => ledger::balance(context.tx, account).await?,
        Some(at) => {
            if at > context.clock.now() {
                return Err(Refusal::from(Problem::Malformed { expected: "a moment that has come" }.of("at")).into());
            }
            // Rows keep microseconds.
            let until = at.saturating_add(Duration::MICROSECOND);
            ledger::history::balance_before(context.tx, account, until).await?
        }
    };
    Ok(balance.ok_or(Failure::Corrupt { table: TABLE, column: "account_id" })?)
}
