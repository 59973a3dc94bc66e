//! The trial balance: per currency, the sum of all balances below zero and of all above it. They are equal, or the
//! books are broken.

use ledger::history::{self, CurrencyColumns};
use policies::{Permit, RetrieveTrialBalance};
use thiserror::Error;
use time::{Duration, OffsetDateTime};

use crate::{
    Context, Error, RefusalClass,
    field::{InvalidField, Problem},
};

/// Why there is no trial balance.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum Refusal {
    /// A parameter breaks a rule of its own.
    #[error(transparent)]
    Invalid(#[from] InvalidField),
}

impl crate::Refusal for Refusal {
    fn code(&self) -> &'static str {
        match self {
            Self::Invalid(field) => field.code(),
        }
    }

    fn param(&self) -> Option<&'static str> {
        match self {
            Self::Invalid(field) => field.param(),
        }
    }

    fn class(&self) -> RefusalClass {
        match self {
            Self::Invalid(field) => field.class(),
        }
    }
}

/// Both columns of every currency, as they are or as they were by everything effective up to and including a moment.
pub async fn retrieve(
    context: &Context<'_>,
    permit: &Permit<RetrieveTrialBalance>,
    at: Option<OffsetDateTime>,
) -> Result<Vec<CurrencyColumns>, Error<Refusal>> {
    context.reach_all(permit)?;
    let Some(at) = at else { return Ok(history::trial_balance(context.tx).await?) };
    if at > context.clock.now() {
        return Err(Refusal::from(Problem::Malformed { expected: "a moment that has come" }.of("at")).into());
    }
    // Rows keep microseconds.
    Ok(history::trial_balance_before(context.tx, at.saturating_add(Duration::MICROSECOND)).await?)
}
