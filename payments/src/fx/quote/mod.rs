//! Quotes: what a customer gets for one unit of each currency, promised until a moment.

mod create;
mod list;
mod retrieve;
pub(in crate::fx) mod store;
mod terms;

use std::collections::BTreeMap;

use entity::tenant::fx_quote::Model;
use kernel::{Currency, CustomerId, FxQuoteId};
use time::{Duration, OffsetDateTime};

pub use create::{FxQuoteDraft, create};
pub use list::{FxQuoteFilter, list};
pub use retrieve::retrieve;
pub use terms::Terms;

use crate::Failure;

/// The table, as damaged rows name it.
const TABLE: &str = "fx_quote";

/// How long a quote's rates are good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LockDuration {
    /// Not at all: the quote only tells.
    None,
    /// Five minutes.
    FiveMinutes,
    /// An hour.
    Hour,
    /// A day.
    Day,
}

impl LockDuration {
    const ALL: [Self; 4] = [Self::None, Self::FiveMinutes, Self::Hour, Self::Day];

    /// The word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::FiveMinutes => "five_minutes",
            Self::Hour => "hour",
            Self::Day => "day",
        }
    }

    /// When a lock made now ends.
    fn end(self, now: OffsetDateTime) -> Option<OffsetDateTime> {
        let duration = match self {
            Self::None => return None,
            Self::FiveMinutes => Duration::minutes(5),
            Self::Hour => Duration::hours(1),
            Self::Day => Duration::days(1),
        };
        Some(now.saturating_add(duration))
    }
}

/// Whether a quote's rates are good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LockStatus {
    /// They never were.
    None,
    /// They are.
    Active,
    /// They were.
    Expired,
}

impl LockStatus {
    /// The word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Active => "active",
            Self::Expired => "expired",
        }
    }
}

/// A promise of rates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FxQuote {
    /// Identifier.
    pub id: FxQuoteId,
    /// For whom; `None` is for the merchant, who may use it for any wallet he may spend from.
    pub customer: Option<CustomerId>,
    /// What is wanted.
    pub to_currency: Currency,
    /// How long the rates are good.
    pub lock_duration: LockDuration,
    /// Until when the rates are good.
    pub lock_expires: Option<OffsetDateTime>,
    /// Whether they are good now.
    pub lock_status: LockStatus,
    /// What the merchant keeps, in hundredths of a percent.
    pub spread_basis_points: u16,
    /// By code of the currency that is given.
    pub rates: BTreeMap<String, Terms>,
    /// Whether it is in the live environment.
    pub livemode: bool,
    /// When it was made.
    pub created: OffsetDateTime,
}

/// Good until the very moment at which it ends.
fn status(lock_expires: Option<OffsetDateTime>, now: OffsetDateTime) -> LockStatus {
    match lock_expires {
        None => LockStatus::None,
        Some(end) if now < end => LockStatus::Active,
        Some(_) => LockStatus::Expired,
    }
}

/// A row as it is at a moment.
pub(in crate::fx) fn view(row: Model, now: OffsetDateTime, livemode: bool) -> Result<FxQuote, Failure> {
    let damaged = |column| Failure::Corrupt { table: TABLE, column };
    let lock_duration = LockDuration::ALL.into_iter().find(|known| known.as_str() == row.lock_duration);
    Ok(FxQuote {
        id: FxQuoteId::from_uuid(row.id),
        customer: row.customer_id.map(CustomerId::from_uuid),
        to_currency: row.to_currency.parse().map_err(|_| damaged("to_currency"))?,
        lock_duration: lock_duration.ok_or(damaged("lock_duration"))?,
        lock_expires: row.lock_expires_at,
        lock_status: status(row.lock_expires_at, now),
        spread_basis_points: u16::try_from(row.spread_basis_points).map_err(|_| damaged("spread_basis_points"))?,
        rates: terms::from_json(row.rates).ok_or(damaged("rates"))?,
        livemode,
        created: row.created_at,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_ends_at_its_moment_and_not_a_second_later() {
        let now = OffsetDateTime::UNIX_EPOCH;
        assert_eq!(LockDuration::None.end(now), None);
        assert_eq!(status(None, now), LockStatus::None);
        for (duration, seconds) in
            [(LockDuration::FiveMinutes, 300), (LockDuration::Hour, 3_600), (LockDuration::Day, 86_400)]
        {
            let end = duration.end(now);
            let at = |seconds| status(end, now + Duration::seconds(seconds));
            assert_eq!((at(0), at(seconds - 1)), (LockStatus::Active, LockStatus::Active), "{duration:?}");
            assert_eq!((at(seconds), at(seconds + 1)), (LockStatus::Expired, LockStatus::Expired), "{duration:?}");
        }
    }
}
