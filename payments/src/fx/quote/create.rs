//! Makes a quote from the newest rates and the merchant's spread.

use std::collections::BTreeMap;

use entity::tenant::fx_quote::ActiveModel;
use kernel::{Currency, CustomerId, FxQuoteId};
use policies::{CreateFxQuote, Permit};
use sea_orm::ActiveValue::Set;
use time::{Date, Duration, macros::date};

use super::{FxQuote, LockDuration, Terms, status, store, terms};
use crate::{
    Context, Error, customer,
    field::{InvalidField, Problem},
    fx::{
        Refusal, market, rate,
        settings::{self, FxSettings},
    },
    ownership::{NotOwner, Visible},
};

/// Most currencies of one quote.
const CURRENCIES_MAX: usize = 50;
/// Older than any rate.
const OLDEST: Date = date!(0001 - 01 - 01);

/// A quote to make.
#[derive(Clone, Debug)]
pub struct FxQuoteDraft {
    /// For whom; `None` is for the merchant, or for the actor where he may ask only for himself.
    pub customer: Option<CustomerId>,
    /// What is wanted.
    pub to_currency: Currency,
    /// What may be given for it, each once.
    pub from_currencies: Vec<Currency>,
    /// How long the rates are to be good.
    pub lock_duration: LockDuration,
}

/// Makes a quote.
pub async fn create(
    context: &Context<'_>,
    permit: &Permit<CreateFxQuote>,
    draft: FxQuoteDraft,
) -> Result<FxQuote, Error<Refusal>> {
    let visible = Visible::within(context, context.reach(permit)?).await?;
    let customer = for_whom(visible, draft.customer)?;
    check_currencies(&draft.from_currencies, draft.to_currency).map_err(Refusal::Invalid)?;
    if let Some(customer) = customer
        && !customer::store::exists(context.tx, customer).await?
    {
        return Err(no_customer().into());
    }
    let settings = settings::current(context).await?;
    let rates = rates(context, &draft, &settings).await?;

    let now = context.now();
    let id = FxQuoteId::generate(context.clock, context.entropy);
    let lock_expires = draft.lock_duration.end(now);
    let row = ActiveModel {
        id: Set(id.as_uuid()),
        customer_id: Set(customer.map(|customer| customer.as_uuid())),
        to_currency: Set(draft.to_currency.code()),
        lock_duration: Set(draft.lock_duration.as_str().to_owned()),
        lock_expires_at: Set(lock_expires),
        spread_basis_points: Set(i32::from(settings.spread_basis_points)),
        rates: Set(terms::to_json(&rates)),
        created_at: Set(now),
    };
    store::insert(context.tx, row).await?;
    Ok(FxQuote {
        id,
        customer,
        to_currency: draft.to_currency,
        lock_duration: draft.lock_duration,
        lock_expires,
        lock_status: status(lock_expires, now),
        spread_basis_points: settings.spread_basis_points,
        rates,
        livemode: context.livemode(),
        created: now,
    })
}

async fn rates(
    context: &Context<'_>,
    draft: &FxQuoteDraft,
    settings: &FxSettings,
) -> Result<BTreeMap<String, Terms>, Error<Refusal>> {
    let today = context.now().date();
    let age = settings.rate_age_days_max.map(|days| Duration::days(i64::from(days)));
    let oldest = age.map_or(OLDEST, |age| today.saturating_sub(age));
    let wanted = market::wanted(&draft.from_currencies, draft.to_currency);
    let published = rate::store::newest(context.tx, wanted, oldest, today).await?;
    let to = draft.to_currency;
    let terms_of = |from: &Currency| {
        let terms = market::mid_rate(&published, *from, to)
            .and_then(|mid| Terms::of(mid, settings.spread_basis_points))
            .ok_or(Refusal::RateMissing { from: *from, to })?;
        Ok((from.code(), terms))
    };
    draft.from_currencies.iter().map(terms_of).collect()
}

/// For whom a quote is made.
fn for_whom(visible: Visible, asked: Option<CustomerId>) -> Result<Option<CustomerId>, Refusal> {
    visible.owner_of_new(asked).map_err(|reason| match reason {
        NotOwner::NoCustomer => Refusal::CustomerRequired,
        NotOwner::AnotherCustomer => no_customer(),
    })
}

const fn no_customer() -> Refusal {
    Refusal::Missing { object: "customer", param: "customer" }
}

fn check_currencies(from: &[Currency], to: Currency) -> Result<(), InvalidField> {
    let param = "from_currencies";
    if from.is_empty() {
        return Err(Problem::Empty.of(param));
    }
    if from.len() > CURRENCIES_MAX {
        return Err(Problem::TooMany { max: CURRENCIES_MAX }.of(param));
    }
    let repeated = from.iter().enumerate().any(|(position, one)| from.iter().take(position).any(|other| other == one));
    if repeated || from.contains(&to) {
        return Err(Problem::Malformed { expected: "currencies other than `to_currency`, each once" }.of(param));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn who_acts_for_himself_quotes_for_himself() {
        let [mine, other] = [1, 2].map(|number| CustomerId::from_uuid(Uuid::from_u128(number)));
        let cases = [
            (Visible::All, None, Ok(None)),
            (Visible::All, Some(other), Ok(Some(other))),
            (Visible::Of(None), None, Err(Refusal::CustomerRequired)),
            (Visible::Of(None), Some(other), Err(Refusal::CustomerRequired)),
            (Visible::Of(Some(mine)), None, Ok(Some(mine))),
            (Visible::Of(Some(mine)), Some(mine), Ok(Some(mine))),
            (Visible::Of(Some(mine)), Some(other), Err(no_customer())),
        ];
        for (visible, asked, expected) in cases {
            assert_eq!(for_whom(visible, asked), expected, "{visible:?} {asked:?}");
        }
    }

    #[test]
    fn currencies_are_given_once_and_none_is_the_wanted_one() {
        let check = |from: &[&str]| {
            let from: Vec<Currency> = from.iter().map(|code| code.parse().unwrap()).collect();
            check_currencies(&from, "usd".parse().unwrap()).map_err(|field| (field.param, field.problem))
        };
        assert_eq!(check(&["eur", "jpy"]), Ok(()));
        assert_eq!(check(&[]), Err(("from_currencies", Problem::Empty)));
        for bad in [&["eur", "eur"][..], &["usd"], &["eur", "usd"]] {
            assert!(matches!(check(bad), Err(("from_currencies", Problem::Malformed { .. }))), "{bad:?}");
        }
    }
}
