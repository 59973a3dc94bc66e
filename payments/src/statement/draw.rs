//! Draws a statement.

use kernel::{StatementId, WalletId};
use ledger::history::{self, ExtractError};
use policies::{Permit, RetrieveWallet};
use uuid::Uuid;

use super::{Movements, Period, Refusal, Statement};
use crate::{Context, Error, Failure, metadata, ownership::Visible, wallet};

/// Draws the statement of a wallet over a period; what the actor may not see is not there.
pub async fn draw(
    context: &Context<'_>,
    permit: &Permit<RetrieveWallet>,
    id: WalletId,
    period: Period,
) -> Result<(Statement, Movements), Error<Refusal>> {
    let visible = Visible::within(context, context.reach(permit)?).await?;
    let row = wallet::store::find(context.tx, visible, id).await?;
    let row = row.ok_or(Refusal::Missing { object: "wallet", param: "id" })?;
    let corrupt = |column| Failure::Corrupt { table: wallet::TABLE, column };
    let extract = history::extract(context.tx, wallet::account_of(&row), period.start(), period.end()).await;
    let extract = match extract {
        Ok(extract) => extract.ok_or_else(|| corrupt("account_id"))?,
        Err(ExtractError::TooMany) => return Err(Refusal::TooLarge.into()),
        Err(ExtractError::Database(error)) => return Err(error.into()),
    };
    if extract.currency.code() != row.currency {
        return Err(corrupt("currency").into());
    }
    let statement = Statement {
        id: statement_id(id, period),
        wallet: id,
        currency: extract.currency,
        period,
        opening_minor: extract.opening_minor,
        closing_minor: extract.closing_minor,
        credits: extract.credits,
        debits: extract.debits,
        metadata: metadata::from_json(wallet::TABLE, row.metadata)?,
        livemode: context.livemode(),
        drawn_at: context.now(),
    };
    Ok((statement, Movements::of(extract)))
}

/// A name-based UUID: who asks twice gets a statement of the same name.
fn statement_id(wallet: WalletId, period: Period) -> StatementId {
    let name = format!("{}/{}", period.from(), period.to());
    StatementId::from_uuid(Uuid::new_v5(&wallet.as_uuid(), name.as_bytes()))
}

#[cfg(test)]
mod tests {
    use time::macros::date;

    use super::*;

    #[test]
    fn the_name_of_a_statement_says_wallet_and_period() {
        let [one, other] = [1, 2].map(|number| WalletId::from_uuid(Uuid::from_u128(number)));
        let period = |from, to| Period::parse(from, to, date!(2026 - 01 - 01)).unwrap();
        let january = statement_id(one, period("2025-01-01", "2025-01-31"));
        assert_eq!(january, statement_id(one, period("2025-01-01", "2025-01-31")));
        assert_ne!(january, statement_id(other, period("2025-01-01", "2025-01-31")));
        assert_ne!(january, statement_id(one, period("2025-01-01", "2025-01-30")));
        assert!(january.to_string().starts_with("stmt_"));
    }
}
