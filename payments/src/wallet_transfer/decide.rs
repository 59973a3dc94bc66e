//! Whether a transfer may be posted, on wallets in hand: no I/O. Whether there is enough is the ledger's to say.

use kernel::{Currency, WalletId};

use super::Refusal;
use crate::{desk::WalletFacts, ownership::Visible};

/// Money that moves between one wallet and itself is a mistake, whatever the wallet.
pub(super) fn distinct(source: WalletId, destination: WalletId) -> Result<(), Refusal> {
    if source == destination { Err(Refusal::SameWallet) } else { Ok(()) }
}

/// The source must be the actor's to spend from; the destination only has to be there.
pub(crate) fn decide(
    visible: Visible,
    source: Option<&WalletFacts>,
    destination: Option<&WalletFacts>,
    currency: Currency,
) -> Result<(), Refusal> {
    let missing = |param| Refusal::Missing { object: "wallet", param };
    let source = source.filter(|facts| visible.admits(facts.customer)).ok_or(missing("source"))?;
    let destination = destination.ok_or(missing("destination"))?;
    let same = source.currency == currency && destination.currency == currency;
    if same { Ok(()) } else { Err(Refusal::CurrencyMismatch) }
}

#[cfg(test)]
mod tests {
    use kernel::CustomerId;
    use uuid::Uuid;

    use super::*;

    fn customer(number: u128) -> CustomerId {
        CustomerId::from_uuid(Uuid::from_u128(number))
    }

    fn wallet(owner: Option<u128>, currency: &str) -> WalletFacts {
        WalletFacts { customer: owner.map(customer), currency: currency.parse().unwrap() }
    }

    #[test]
    fn refusals_in_order_of_precedence() {
        let ada = Visible::Of(Some(customer(1)));
        let adas = wallet(Some(1), "eur");
        let bobs = wallet(Some(2), "eur");
        let shops = wallet(None, "eur");
        let dollars = wallet(Some(2), "usd");
        let missing = |param| Err(Refusal::Missing { object: "wallet", param });
        let cases = [
            // A wallet that is not there and one that is not his are the same to him.
            (ada, None, Some(&bobs), "eur", missing("source")),
            (ada, Some(&bobs), Some(&adas), "eur", missing("source")),
            (ada, Some(&shops), Some(&adas), "eur", missing("source")),
            (Visible::Of(None), Some(&adas), Some(&bobs), "eur", missing("source")),
            (Visible::Of(None), Some(&shops), Some(&bobs), "eur", missing("source")),
            (ada, Some(&bobs), None, "usd", missing("source")),
            (ada, Some(&adas), None, "usd", missing("destination")),
            (ada, Some(&adas), Some(&dollars), "eur", Err(Refusal::CurrencyMismatch)),
            (ada, Some(&adas), Some(&bobs), "usd", Err(Refusal::CurrencyMismatch)),
            (Visible::All, Some(&dollars), Some(&bobs), "usd", Err(Refusal::CurrencyMismatch)),
            (ada, Some(&adas), Some(&bobs), "eur", Ok(())),
            (ada, Some(&adas), Some(&shops), "eur", Ok(())),
            (Visible::All, Some(&bobs), Some(&adas), "eur", Ok(())),
            (Visible::All, Some(&shops), Some(&bobs), "eur", Ok(())),
        ];
        for (position, (visible, source, destination, currency, expected)) in cases.into_iter().enumerate() {
            assert_eq!(decide(visible, source, destination, currency.parse().unwrap()), expected, "case {position}");
        }
    }
}
