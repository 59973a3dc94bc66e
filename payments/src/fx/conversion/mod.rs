//! Conversions: money of one wallet that became money of another currency in another wallet.

mod create;
mod decide;
mod legs;
mod list;
mod retrieve;
mod store;

use std::collections::BTreeMap;

use entity::tenant::fx_conversion::Model;
use kernel::{Amount, Currency, CustomerId, FxConversionId, FxQuoteId, WalletId};
use time::OffsetDateTime;

pub use create::{FxConversionDraft, create};
pub use list::{FxConversionFilter, list};
pub use retrieve::retrieve;

use super::ExchangeRate;
use crate::{Failure, metadata};

/// The table, as damaged rows name it.
const TABLE: &str = "fx_conversion";

/// Money that was converted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FxConversion {
    /// Identifier.
    pub id: FxConversionId,
    /// The quote it used up.
    pub quote: FxQuoteId,
    /// Whose money it was; `None` is the merchant's own.
    pub customer: Option<CustomerId>,
    /// From.
    pub source: WalletId,
    /// To.
    pub destination: WalletId,
    /// What left the source.
    pub amount: Amount,
    /// The source's currency.
    pub currency: Currency,
    /// What reached the destination.
    pub destination_amount: Amount,
    /// The destination's currency.
    pub destination_currency: Currency,
    /// What the merchant earned, in minor units of the destination's currency.
    pub spread_minor: i64,
    /// The rate that was applied.
    pub exchange_rate: ExchangeRate,
    /// The same without the spread.
    pub base_rate: ExchangeRate,
    /// The merchant's own key-value pairs.
    pub metadata: BTreeMap<String, String>,
    /// Whether it is in the live environment.
    pub livemode: bool,
    /// When it was made.
    pub created: OffsetDateTime,
}

fn view(row: Model, livemode: bool) -> Result<FxConversion, Failure> {
    let damaged = |column| Failure::Corrupt { table: TABLE, column };
    let currency = |text: &str, column| text.parse().map_err(|_| damaged(column));
    let amount = |minor, column| Amount::try_new(minor).map_err(|_| damaged(column));
    Ok(FxConversion {
        id: FxConversionId::from_uuid(row.id),
        quote: FxQuoteId::from_uuid(row.quote_id),
        customer: row.customer_id.map(CustomerId::from_uuid),
        source: WalletId::from_uuid(row.source_wallet_id),
        destination: WalletId::from_uuid(row.destination_wallet_id),
        amount: amount(row.source_amount_minor, "source_amount_minor")?,
        currency: currency(&row.source_currency, "source_currency")?,
        destination_amount: amount(row.destination_amount_minor, "destination_amount_minor")?,
        destination_currency: currency(&row.destination_currency, "destination_currency")?,
        spread_minor: row.spread_minor,
        exchange_rate: row.exchange_rate.parse().map_err(|_| damaged("exchange_rate"))?,
        base_rate: row.base_rate.parse().map_err(|_| damaged("base_rate"))?,
        metadata: metadata::from_json(TABLE, row.metadata)?,
        livemode,
        created: row.created_at,
    })
}
