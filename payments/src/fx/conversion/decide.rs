//! Whether a quote may be used, and what a conversion comes to, on rows in hand: no I/O. Whether there is enough
//! money is the ledger's to say.

use entity::tenant::wallet::Model;
use kernel::{Amount, Currency, CustomerId, LedgerAccountId, WalletId};

use crate::{
    fx::{
        ExchangeRate, Refusal,
        quote::{FxQuote, LockStatus, Terms},
        rounding::Exact,
    },
    ownership::Visible,
    wallet,
};

/// A conversion that may be posted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Decided {
    /// Whose money it is.
    pub(super) customer: Option<CustomerId>,
    pub(super) debit: LedgerAccountId,
    pub(super) credit: LedgerAccountId,
    pub(super) from: Currency,
    pub(super) to: Currency,
    pub(super) terms: Terms,
    pub(super) converted: Converted,
}

/// What an amount comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Converted {
    /// For the destination.
    pub(super) amount: Amount,
    /// For the merchant, in the same currency; nothing where rounding leaves nothing.
    pub(super) spread: Option<Amount>,
}

/// Money that is converted between one wallet and itself is a mistake, whatever the wallet.
pub(super) fn distinct(source: WalletId, destination: WalletId) -> Result<(), Refusal> {
    if source == destination { Err(Refusal::SameWallet) } else { Ok(()) }
}

/// The source must be the actor's to spend from and of the customer the quote is for; the destination only has to be
/// there. `used` says whether the quote served another conversion.
pub(super) fn decide(
    visible: Visible,
    (quote, used): (&FxQuote, bool),
    source: Option<&Model>,
    destination: Option<&Model>,
    amount: Amount,
) -> Result<Decided, Refusal> {
    let customer_of = |row: &Model| row.customer_id.map(CustomerId::from_uuid);
    let source = source
        .filter(|row| visible.admits(customer_of(row)))
        .ok_or(Refusal::Missing { object: "wallet", param: "source" })?;
    let destination = destination.ok_or(Refusal::Missing { object: "wallet", param: "destination" })?;
    if quote.customer.is_some() && quote.customer != customer_of(source) {
        return Err(Refusal::QuoteOfAnother);
    }
    if used {
        return Err(Refusal::QuoteUsed);
    }
    match quote.lock_status {
        LockStatus::Active => {}
        LockStatus::Expired => return Err(Refusal::QuoteExpired),
        LockStatus::None => return Err(Refusal::QuoteNotLocked),
    }
    let to = quote.to_currency;
    let terms = quote.rates.get(&source.currency).filter(|_| destination.currency == to.code());
    let terms = terms.ok_or(Refusal::CurrencyMismatch)?;
    let from = source.currency.parse().map_err(|_| Refusal::CurrencyMismatch)?;
    Ok(Decided {
        customer: customer_of(source),
        debit: wallet::account_of(source),
        credit: wallet::account_of(destination),
        from,
        to,
        converted: convert(amount, from, to, (terms.exchange_rate, terms.base_rate))?,
        terms: terms.clone(),
    })
}

/// The destination gets what the rate with the spread comes to, cut off; the merchant what is left of the amount
/// without the spread, rounded half to even.
fn convert(
    amount: Amount,
    from: Currency,
    to: Currency,
    (exchange_rate, base_rate): (ExchangeRate, ExchangeRate),
) -> Result<Converted, Refusal> {
    let exact = |rate| Exact::converted(amount, from, to, rate).ok_or(Refusal::AmountTooLarge);
    let minor = exact(exchange_rate)?.cut().ok_or(Refusal::AmountTooLarge)?;
    if minor < 1 {
        return Err(Refusal::AmountTooSmall);
    }
    let whole = exact(base_rate)?.half_even().ok_or(Refusal::AmountTooLarge)?;
    let converted = Amount::try_new(minor).map_err(|_| Refusal::AmountTooLarge)?;
    let spread = whole.checked_sub(minor).filter(|spread| *spread > 0);
    let spread = spread.map(Amount::try_new).transpose().map_err(|_| Refusal::AmountTooLarge)?;
    Ok(Converted { amount: converted, spread })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use kernel::FxQuoteId;
    use proptest::prelude::*;
    use time::{OffsetDateTime, macros::date};
    use uuid::Uuid;

    use super::*;
    use crate::fx::{exchange_rate::tests::any_rate, quote::LockDuration};

    fn currency(code: &str) -> Currency {
        code.parse().unwrap()
    }

    fn customer(number: u128) -> CustomerId {
        CustomerId::from_uuid(Uuid::from_u128(number))
    }

    /// What reaches the destination and what the merchant keeps.
    fn comes_to(amount: i64, from: &str, to: &str, base: &str, spread: u16) -> Result<(i64, i64), Refusal> {
        let base: ExchangeRate = base.parse().unwrap();
        let rates = (base.less(spread).unwrap(), base);
        let converted = convert(Amount::try_new(amount).unwrap(), currency(from), currency(to), rates)?;
        Ok((converted.amount.minor(), converted.spread.map_or(0, Amount::minor)))
    }

    #[test]
    fn one_line_per_conversion() {
        let cases = [
            (100_000, "eur", "usd", "1.0812", 100, Ok((107_038, 1_082))),
            (100_000, "eur", "usd", "1.0812", 0, Ok((108_120, 0))),
            (100_000, "eur", "jpy", "163.25", 100, Ok((161_617, 1_633))),
            (163_250, "jpy", "eur", "0.006125574272", 100, Ok((98_999, 1_001))),
            (100_000, "eur", "bhd", "0.4074", 100, Ok((403_326, 4_074))),
            (1, "eur", "usd", "1.0812", 100, Ok((1, 0))),
            (1, "eur", "usd", "0.99", 0, Err(Refusal::AmountTooSmall)),
            (1, "jpy", "bhd", "0.0004", 0, Err(Refusal::AmountTooSmall)),
            (Amount::MAX_MINOR, "eur", "usd", "1.1", 0, Err(Refusal::AmountTooLarge)),
            (Amount::MAX_MINOR, "jpy", "bhd", "1000000", 0, Err(Refusal::AmountTooLarge)),
            (Amount::MAX_MINOR, "eur", "usd", "1", 0, Ok((Amount::MAX_MINOR, 0))),
        ];
        for (amount, from, to, base, spread, expected) in cases {
            assert_eq!(comes_to(amount, from, to, base, spread), expected, "{amount} {from} -> {to} at {base}");
        }
    }

    fn wallet(owner: Option<u128>, code: &str, account: u128) -> Model {
        Model {
            id: Uuid::from_u128(account),
            customer_id: owner.map(Uuid::from_u128),
            account_id: Uuid::from_u128(account),
            currency: code.to_owned(),
            r#type: "standard".to_owned(),
            metadata: serde_json::json!({}),
            created_at: OffsetDateTime::UNIX_EPOCH,
        }
    }

    fn quote(owner: Option<u128>, lock_status: LockStatus) -> FxQuote {
        let terms = Terms {
            exchange_rate: "1.1".parse().unwrap(),
            base_rate: "1.2".parse().unwrap(),
            source: "ecb".to_owned(),
            effective_on: date!(2026 - 01 - 02),
        };
        FxQuote {
            id: FxQuoteId::from_uuid(Uuid::from_u128(1)),
            customer: owner.map(customer),
            to_currency: currency("usd"),
            lock_duration: LockDuration::Hour,
            lock_expires: None,
            lock_status,
            spread_basis_points: 0,
            rates: BTreeMap::from([("eur".to_owned(), terms)]),
            livemode: false,
            created: OffsetDateTime::UNIX_EPOCH,
        }
    }

    #[test]
    fn refusals_in_order_of_precedence() {
        let ada = Visible::Of(Some(customer(1)));
        let [adas, bobs, shops] = [Some(1), Some(2), None].map(|owner| wallet(owner, "eur", 10));
        let [dollars, yen] = ["usd", "jpy"].map(|code| wallet(Some(1), code, 20));
        let good = quote(Some(1), LockStatus::Active);
        let anybodys = quote(None, LockStatus::Active);
        let expired = quote(Some(1), LockStatus::Expired);
        let missing = |param| Some(Refusal::Missing { object: "wallet", param });
        let cases = [
            (ada, (&good, false), None, Some(&dollars), missing("source")),
            (ada, (&good, false), Some(&bobs), Some(&dollars), missing("source")),
            (ada, (&good, false), Some(&shops), Some(&dollars), missing("source")),
            (Visible::Of(None), (&good, false), Some(&adas), Some(&dollars), missing("source")),
            (ada, (&good, false), Some(&adas), None, missing("destination")),
            (Visible::All, (&good, true), Some(&bobs), Some(&dollars), Some(Refusal::QuoteOfAnother)),
            (Visible::All, (&good, false), Some(&shops), Some(&dollars), Some(Refusal::QuoteOfAnother)),
            (ada, (&expired, true), Some(&adas), Some(&dollars), Some(Refusal::QuoteUsed)),
            (ada, (&expired, false), Some(&adas), Some(&dollars), Some(Refusal::QuoteExpired)),
            (
                ada,
                (&quote(Some(1), LockStatus::None), false),
                Some(&adas),
                Some(&dollars),
                Some(Refusal::QuoteNotLocked),
            ),
            (ada, (&good, false), Some(&adas), Some(&yen), Some(Refusal::CurrencyMismatch)),
            (ada, (&good, false), Some(&yen), Some(&dollars), Some(Refusal::CurrencyMismatch)),
            (ada, (&good, false), Some(&dollars), Some(&adas), Some(Refusal::CurrencyMismatch)),
            (ada, (&good, false), Some(&adas), Some(&dollars), None),
            (Visible::All, (&anybodys, false), Some(&bobs), Some(&dollars), None),
            (Visible::All, (&anybodys, false), Some(&shops), Some(&dollars), None),
        ];
        for (position, (visible, quote, source, destination, refusal)) in cases.into_iter().enumerate() {
            let decided = decide(visible, quote, source, destination, Amount::try_new(100).unwrap());
            assert_eq!(decided.as_ref().err(), refusal.as_ref(), "case {position}");
            if let Ok(decided) = decided {
                assert_eq!((decided.converted.amount.minor(), decided.converted.spread.unwrap().minor()), (110, 10));
                assert_eq!(decided.customer, source.unwrap().customer_id.map(CustomerId::from_uuid));
            }
        }
    }

    /// Currencies with no, two and three digits behind the point.
    fn any_currency() -> impl Strategy<Value = Currency> {
        prop::sample::select(vec!["jpy", "eur", "usd", "bhd"]).prop_map(currency)
    }

    /// Amounts of every size, small ones often.
    fn any_amount() -> impl Strategy<Value = Amount> {
        prop_oneof![1..=100_i64, 1..=10_000_000_i64, 1..=Amount::MAX_MINOR]
            .prop_map(|minor| Amount::try_new(minor).unwrap())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn there_and_back_is_never_more(
            amount in any_amount(), one in any_rate(), other in any_rate(),
            from in any_currency(), to in any_currency(), spread in 0_u16..=5_000,
        ) {
            let unit = ExchangeRate::ONE;
            let pair = (ExchangeRate::ratio([one, unit], [other, unit]), ExchangeRate::ratio([other, unit], [one, unit]));
            let (Some(there), Some(back)) = pair else { return Ok(()) };
            let (Some(there_less), Some(back_less)) = (there.less(spread), back.less(spread)) else { return Ok(()) };
            let Ok(got) = convert(amount, from, to, (there_less, there)) else { return Ok(()) };
            let Ok(returned) = convert(got.amount, to, from, (back_less, back)) else { return Ok(()) };
            prop_assert!(returned.amount <= amount, "{amount:?} -> {got:?} -> {returned:?}");
            // Not even together with what the merchant kept of it, but for the half unit that his own side rounds.
            let kept = |spread: Option<Amount>| spread.map_or(0, Amount::minor);
            prop_assert!(returned.amount.minor() + kept(returned.spread) <= amount.minor() + 1, "{returned:?}");
        }

        #[test]
        fn splitting_an_amount_gains_nothing(
            amount in any_amount(), parts in 2_i64..10, base in any_rate(),
            from in any_currency(), to in any_currency(), spread in 0_u16..=5_000,
        ) {
            let Some(less) = base.less(spread) else { return Ok(()) };
            let Ok(whole) = convert(amount, from, to, (less, base)) else { return Ok(()) };
            let Ok(part) = Amount::try_new(amount.minor() / parts) else { return Ok(()) };
            let got = convert(part, from, to, (less, base)).map_or(0, |converted| converted.amount.minor());
            prop_assert!(got * parts <= whole.amount.minor(), "{parts} times {got} of {whole:?}");
        }

        #[test]
        fn the_merchant_never_pays_and_the_whole_is_the_amount_without_the_spread(
            amount in any_amount(), base in any_rate(),
            from in any_currency(), to in any_currency(), spread in 0_u16..=5_000,
        ) {
            let Some(less) = base.less(spread) else { return Ok(()) };
            let Ok(converted) = convert(amount, from, to, (less, base)) else { return Ok(()) };
            let whole = Exact::converted(amount, from, to, base).unwrap().half_even().unwrap();
            prop_assert_eq!(converted.amount.minor() + converted.spread.map_or(0, Amount::minor), whole);
        }
    }
}
