//! The statement as the API shows it in JSON, written piece by piece.

use kernel::{Currency, StatementId, WalletId, WalletTransferId};
use payments::statement;
use serde::Serialize;
use utoipa::ToSchema;

use crate::v1::Metadata;

/// What a wallet held at both ends of some days, and how it moved in between.
#[derive(Serialize, ToSchema)]
pub struct Statement {
    /// Identifier; the same for the same wallet and days.
    #[schema(value_type = String)]
    id: StatementId,
    /// Always `statement`.
    object: &'static str,
    /// Of which wallet.
    #[schema(value_type = String)]
    wallet: WalletId,
    /// ISO 4217, lower case.
    #[schema(value_type = String)]
    currency: Currency,
    /// The first day, as `YYYY-MM-DD`, in UTC.
    from: String,
    /// The last day, included.
    to: String,
    /// Balance before the first day, in minor units.
    opening_balance: i64,
    /// Balance after the last day, in minor units.
    closing_balance: i64,
    /// What came in, in minor units.
    #[schema(value_type = i64)]
    total_credits: i128,
    /// What went out, in minor units.
    #[schema(value_type = i64)]
    total_debits: i128,
    /// The wallet's key-value pairs.
    metadata: Metadata,
    /// Whether it is of the live side.
    livemode: bool,
    /// When it was drawn, in Unix seconds.
    created: i64,
    /// In the order in which they occurred.
    movements: Vec<Movement>,
}

/// One line of a statement.
#[derive(Serialize, ToSchema)]
pub struct Movement {
    /// The wallet transfer, where there is one.
    #[schema(value_type = Option<String>)]
    transfer: Option<WalletTransferId>,
    /// Minor units: above zero in, below zero out.
    amount: i64,
    /// What the wallet held after it, in minor units.
    balance_after: i64,
    /// When it counts, in Unix seconds.
    occurred_at: i64,
    /// When it was booked, in Unix seconds.
    booked_at: i64,
    /// The wallet on the other side, where it is one.
    #[schema(value_type = Option<String>)]
    counterparty: Option<WalletId>,
    /// Whether it takes an earlier movement back.
    reversal: bool,
    /// What for.
    description: Option<String>,
    /// The transfer's key-value pairs.
    metadata: Metadata,
}

/// Everything behind the last movement.
pub(super) const TAIL: &str = "]}";

/// Everything before the first movement.
pub(super) fn head(statement: &statement::Statement) -> serde_json::Result<String> {
    let mut text = serde_json::to_string(&Statement::from(statement))?;
    // The list of movements is the last field and empty: what follows is written into it.
    text.truncate(text.len().saturating_sub(TAIL.len()));
    Ok(text)
}

/// One movement, with the comma before it where it is not the first.
pub(super) fn movement(movement: &statement::Movement, first: bool) -> serde_json::Result<String> {
    let text = serde_json::to_string(&Movement::from(movement))?;
    Ok(if first { text } else { format!(",{text}") })
}

impl From<&statement::Statement> for Statement {
    fn from(statement: &statement::Statement) -> Self {
        Self {
            id: statement.id,
            object: "statement",
            wallet: statement.wallet,
            currency: statement.currency,
            from: statement.period.from().to_string(),
            to: statement.period.to().to_string(),
            opening_balance: statement.opening_minor,
            closing_balance: statement.closing_minor,
            total_credits: statement.credits.total_minor,
            total_debits: statement.debits.total_minor,
            metadata: statement.metadata.clone(),
            livemode: statement.livemode,
            created: statement.drawn_at.unix_timestamp(),
            movements: Vec::new(),
        }
    }
}

impl From<&statement::Movement> for Movement {
    fn from(movement: &statement::Movement) -> Self {
        Self {
            transfer: movement.transfer,
            amount: movement.amount_minor,
            balance_after: movement.balance_after_minor,
            occurred_at: movement.occurred_at.unix_timestamp(),
            booked_at: movement.booked_at.unix_timestamp(),
            counterparty: movement.counterparty,
            reversal: movement.reversal,
            description: movement.description.clone(),
            metadata: movement.metadata.clone(),
        }
    }
}
