//! Opens a wallet.

use entity::tenant::wallet::ActiveModel;
use kernel::{Currency, CustomerId, LedgerAccountId, Money, WalletId};
use ledger::AccountDraft;
use policies::{CreateWallet, Permit};
use sea_orm::ActiveValue::Set;

use super::{Refusal, Wallet, store};
use crate::{
    Context, Error, customer,
    metadata::{self, MetadataDraft},
    ownership::Visible,
};

/// A wallet to open.
#[derive(Clone, Debug)]
pub struct WalletDraft {
    /// Whose; `None` is the merchant's own, or the actor's where he may open only his own.
    pub customer: Option<CustomerId>,
    /// The only currency it will hold.
    pub currency: Currency,
    /// The merchant's own key-value pairs.
    pub metadata: MetadataDraft,
}

/// A wallet never holds less than nothing.
const FLOOR_MINOR: i64 = 0;

/// Opens a wallet with an account of its own in the ledger.
pub async fn create(
    context: &Context<'_>,
    permit: &Permit<CreateWallet>,
    draft: WalletDraft,
) -> Result<Wallet, Error<Refusal>> {
    let visible = Visible::within(context, context.reach(permit)?).await?;
    let metadata = metadata::checked(draft.metadata).map_err(Refusal::Invalid)?;
    let customer = owner(visible, draft.customer)?;
    if let Some(customer) = customer
        && !customer::store::exists(context.tx, customer).await?
    {
        return Err(no_customer().into());
    }

    let id = WalletId::generate(context.clock, context.entropy);
    let account = LedgerAccountId::generate(context.clock, context.entropy);
    let now = context.now();
    let account_draft = AccountDraft { id: account, currency: draft.currency, floor_minor: Some(FLOOR_MINOR) };
    ledger::open_account(context.tx, account_draft, now).await?;
    let row = ActiveModel {
        id: Set(id.as_uuid()),
        customer_id: Set(customer.map(|customer| customer.as_uuid())),
        account_id: Set(account.as_uuid()),
        currency: Set(draft.currency.code()),
        metadata: Set(metadata::to_json(&metadata)),
        created_at: Set(now),
    };
    store::insert(context.tx, row).await?;
    let balance = Money::zero(draft.currency);
    Ok(Wallet { id, customer, balance, metadata, livemode: context.livemode(), created: now })
}

/// Whose wallet it becomes.
fn owner(visible: Visible, asked: Option<CustomerId>) -> Result<Option<CustomerId>, Refusal> {
    match (visible, asked) {
        (Visible::All, asked) => Ok(asked),
        (Visible::Of(None), _) => Err(Refusal::CustomerRequired),
        (Visible::Of(own), None) => Ok(own),
        (Visible::Of(own), asked) if own == asked => Ok(own),
        (Visible::Of(_), Some(_)) => Err(no_customer()),
    }
}

const fn no_customer() -> Refusal {
    Refusal::Missing { object: "customer", param: "customer" }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn who_opens_only_his_own_wallets_needs_to_be_a_customer() {
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
            assert_eq!(owner(visible, asked), expected, "{visible:?} {asked:?}");
        }
    }
}
