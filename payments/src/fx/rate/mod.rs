//! Exchange rates that a source published for a day. They are only ever added to; the newest effective date wins.

mod create;
mod list;
mod load;
pub(in crate::fx) mod store;

use std::collections::BTreeMap;

use entity::tenant::fx_rate::Model;
use kernel::{Currency, FxRateId};
use time::{Date, OffsetDateTime};

pub use create::{FxRateDraft, create};
pub use list::list;
pub use load::{Loaded, load};

use super::ExchangeRate;
use crate::Failure;

/// The table, as damaged rows name it.
pub(in crate::fx) const TABLE: &str = "fx_rate";

/// What a source published for a day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FxRate {
    /// Identifier.
    pub id: FxRateId,
    /// One unit of this costs so many of the others.
    pub base: Currency,
    /// From when on it counts.
    pub effective_on: Date,
    /// Who published it.
    pub source: String,
    /// By currency code.
    pub rates: BTreeMap<String, ExchangeRate>,
    /// Whether it is in the live environment.
    pub livemode: bool,
    /// When it was made.
    pub created: OffsetDateTime,
}

fn view(row: Model, livemode: bool) -> Result<FxRate, Failure> {
    let damaged = |column| Failure::Corrupt { table: TABLE, column };
    let texts: BTreeMap<String, String> = serde_json::from_value(row.rates).map_err(|_| damaged("rates"))?;
    let parse = |(code, text): (String, String)| Some((code, text.parse().ok()?));
    Ok(FxRate {
        id: FxRateId::from_uuid(row.id),
        base: row.base.parse().map_err(|_| damaged("base"))?,
        effective_on: row.effective_on,
        source: row.source,
        rates: texts.into_iter().map(parse).collect::<Option<_>>().ok_or(damaged("rates"))?,
        livemode,
        created: row.created_at,
    })
}

/// The column's form.
fn to_json<'a>(rates: impl IntoIterator<Item = &'a (Currency, ExchangeRate)>) -> serde_json::Value {
    let texts: BTreeMap<String, String> =
        rates.into_iter().map(|(currency, rate)| (currency.code(), rate.to_string())).collect();
    texts.into_iter().map(|(code, text)| (code, text.into())).collect::<serde_json::Map<_, _>>().into()
}
