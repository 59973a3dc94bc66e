//! Whether a transfer may be posted, on wallets in hand: no I/O. Whether there is enough is the ledger's to say.

use entity::tenant::wallet::Model;
use kernel::{Currency, CustomerId, LedgerAccountId, WalletId};

use super::Refusal;
use crate::{ownership::Visible, wallet};

/// The accounts to post between.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sides {
    pub(super) debit: LedgerAccountId,
    pub(super) credit: LedgerAccountId,
}

/// Money that moves between one wallet and itself is a mistake, whatever the wallet.
pub(super) fn distinct(source: WalletId, destination: WalletId) -> Result<(), Refusal> {
    if source == destination { Err(Refusal::SameWallet) } else { Ok(()) }
}

/// The source must be the actor's to spend from; the destination only has to be there.
pub(super) fn decide(
    visible: Visible,
    source: Option<&Model>,
    destination: Option<&Model>,
    currency: Currency,
) -> Result<Sides, Refusal> {
    let source = source
        .filter(|row| visible.admits(row.customer_id.map(CustomerId::from_uuid)))
        .ok_or(Refusal::Missing { object: "wallet", param: "source" })?;
    let destination = destination.ok_or(Refusal::Missing { object: "wallet", param: "destination" })?;
    let currency = currency.code();
    if source.currency != currency || destination.currency != currency {
        return Err(Refusal::CurrencyMismatch);
    }
    Ok(Sides { debit: wallet::account_of(source), credit: wallet::account_of(destination) })
}

#[cfg(test)]
mod tests {
    use time::OffsetDateTime;
    use uuid::Uuid;

    use super::*;

    fn customer(number: u128) -> CustomerId {
        CustomerId::from_uuid(Uuid::from_u128(number))
    }

    fn wallet(owner: Option<u128>, currency: &str, account: u128) -> Model {
        Model {
            id: Uuid::from_u128(account),
            customer_id: owner.map(Uuid::from_u128),
            account_id: Uuid::from_u128(account),
            currency: currency.to_owned(),
            metadata: serde_json::json!({}),
            created_at: OffsetDateTime::UNIX_EPOCH,
        }
    }

    #[test]
    fn refusals_in_order_of_precedence() {
        let ada = Visible::Of(Some(customer(1)));
        let adas = wallet(Some(1), "eur", 10);
        let bobs = wallet(Some(2), "eur", 20);
        let shops = wallet(None, "eur", 30);
        let dollars = wallet(Some(2), "usd", 40);
        let sides = |debit: &Model, credit: &Model| {
            Ok(Sides { debit: wallet::account_of(debit), credit: wallet::account_of(credit) })
        };
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
            (ada, Some(&adas), Some(&bobs), "eur", sides(&adas, &bobs)),
            (ada, Some(&adas), Some(&shops), "eur", sides(&adas, &shops)),
            (Visible::All, Some(&bobs), Some(&adas), "eur", sides(&bobs, &adas)),
            (Visible::All, Some(&shops), Some(&bobs), "eur", sides(&shops, &bobs)),
        ];
        for (position, (visible, source, destination, currency, expected)) in cases.into_iter().enumerate() {
            assert_eq!(decide(visible, source, destination, currency.parse().unwrap()), expected, "case {position}");
        }
    }
}
