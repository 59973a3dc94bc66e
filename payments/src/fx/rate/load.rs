//! Loads what the European Central Bank published.

use kernel::FxRateId;
use policies::{CreateFxRate, Permit};

use super::{store, to_json};
use crate::{
    Context, Error,
    fx::{
        Refusal,
        ecb::{self, Day},
    },
};

/// Days written by one statement.
const DAYS_AT_ONCE: usize = 1_000;

/// What became of the days of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Loaded {
    /// Days whose rates are new.
    pub loaded: u64,
    /// Days that were there already, with the same rates.
    pub unchanged: u64,
}

/// Loads the days of a file. What is there already is not written again, so a file may be loaded daily.
pub async fn load(
    context: &Context<'_>,
    permit: &Permit<CreateFxRate>,
    days: &[Day],
) -> Result<Loaded, Error<Refusal>> {
    context.reach_all(permit)?;
    let now = context.now();
    let mut loaded = 0_u64;
    for some in days.chunks(DAYS_AT_ONCE) {
        let rows = some.iter().map(|day| store::Row {
            id: FxRateId::generate(context.clock, context.entropy).as_uuid(),
            effective_on: day.effective_on,
            rates: to_json(&day.rates).to_string(),
        });
        let written = store::insert_what_differs(context.tx, ecb::BASE, ecb::SOURCE, rows.collect(), now).await?;
        loaded = loaded.saturating_add(written);
    }
    let all = u64::try_from(days.len()).unwrap_or(u64::MAX);
    Ok(Loaded { loaded, unchanged: all.saturating_sub(loaded) })
}
