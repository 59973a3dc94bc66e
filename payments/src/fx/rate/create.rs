//! Publishes rates by hand.

use std::collections::BTreeMap;

use entity::tenant::fx_rate::ActiveModel;
use kernel::{Currency, FxRateId};
use policies::{CreateFxRate, Permit};
use sea_orm::ActiveValue::Set;
use time::Date;

use super::{FxRate, store, to_json};
use crate::{
    Context, Error,
    field::{self, Problem},
    fx::{ExchangeRate, Refusal},
};

/// Who has published when nobody is named.
const SOURCE_DEFAULT: &str = "staff";
/// Longest name of a source, in characters.
const SOURCE_CHARS_MAX: usize = 100;

/// Rates to publish.
#[derive(Clone, Debug)]
pub struct FxRateDraft {
    /// One unit of this costs so many of the others.
    pub base: Currency,
    /// The others, each once.
    pub rates: Vec<(Currency, ExchangeRate)>,
    /// From when on they count; today when absent.
    pub effective_on: Option<Date>,
    /// Who says so.
    pub source: Option<String>,
}

/// Publishes rates. Earlier ones of the same day stay, and count no more.
pub async fn create(
    context: &Context<'_>,
    permit: &Permit<CreateFxRate>,
    draft: FxRateDraft,
) -> Result<FxRate, Error<Refusal>> {
    context.reach_all(permit)?;
    let source = draft.source.unwrap_or_else(|| SOURCE_DEFAULT.to_owned());
    let source = field::text("source", source, SOURCE_CHARS_MAX).map_err(Refusal::Invalid)?;
    if draft.rates.is_empty() {
        return Err(Refusal::Invalid(Problem::Empty.of("rates")).into());
    }
    if draft.rates.iter().any(|(currency, _)| *currency == draft.base) {
        return Err(Refusal::Invalid(
            Problem::Malformed { expected: "rates of other currencies than `base`" }.of("rates"),
        )
        .into());
    }
    let now = context.now();
    let id = FxRateId::generate(context.clock, context.entropy);
    let effective_on = draft.effective_on.unwrap_or_else(|| now.date());
    let row = ActiveModel {
        id: Set(id.as_uuid()),
        base: Set(draft.base.code()),
        effective_on: Set(effective_on),
        source: Set(source.clone()),
        rates: Set(to_json(&draft.rates)),
        created_at: Set(now),
    };
    store::insert(context.tx, row).await?;
    let rates: BTreeMap<String, ExchangeRate> =
        draft.rates.into_iter().map(|(currency, rate)| (currency.code(), rate)).collect();
    let livemode = context.livemode();
    Ok(FxRate { id, base: draft.base, effective_on, source, rates, livemode, created: now })
}
