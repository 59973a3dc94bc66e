//! Opens a wallet.

use entity::tenant::wallet::ActiveModel;
use kernel::{Amount, Currency, CustomerId, LedgerAccountId, Money, WalletId};
use ledger::{AccountDraft, rules::Standing};
use policies::{CreateWallet, Permit};
use sea_orm::ActiveValue::Set;

use super::{Refusal, Wallet, WalletKind, store};
use crate::{
    Context, Error, customer,
    field::Problem,
    metadata::{self, MetadataDraft},
    ownership::{NotOwner, Visible},
};

/// A wallet to open.
#[derive(Clone, Debug)]
pub struct WalletDraft {
    /// Whose; `None` is the merchant's own, or the actor's where he may open only his own.
    pub customer: Option<CustomerId>,
    /// The only currency it will hold.
    pub currency: Currency,
    /// What it is for.
    pub kind: WalletKind,
    /// How far below zero it may go, in minor units; a clearing wallet knows no bound.
    pub overdraft_limit: i64,
    /// The merchant's own key-value pairs.
    pub metadata: MetadataDraft,
}

/// Opens a wallet with an account of its own in the ledger.
pub async fn create(
    context: &Context<'_>,
    permit: &Permit<CreateWallet>,
    draft: WalletDraft,
) -> Result<Wallet, Error<Refusal>> {
    let visible = Visible::within(context, context.reach(permit)?).await?;
    let customer = owner(visible, draft.customer)?;
    let floor_minor = floor(visible, &draft, customer)?;
    let metadata = metadata::checked(draft.metadata).map_err(Refusal::Invalid)?;
    if let Some(customer) = customer
        && !customer::store::exists(context.tx, customer).await?
    {
        return Err(no_customer().into());
    }

    let id = WalletId::generate(context.clock, context.entropy);
    // One id for both: whoever posts needs to look nothing up.
    let account = LedgerAccountId::from_uuid(id.as_uuid());
    let now = context.now();
    let account_draft = AccountDraft { id: account, currency: draft.currency, floor_minor };
    ledger::open_account(context.tx, account_draft, now).await?;
    let row = ActiveModel {
        id: Set(id.as_uuid()),
        customer_id: Set(customer.map(|customer| customer.as_uuid())),
        account_id: Set(account.as_uuid()),
        r#type: Set(draft.kind.as_str().to_owned()),
        currency: Set(draft.currency.code()),
        metadata: Set(metadata::to_json(&metadata)),
        created_at: Set(now),
    };
    store::insert(context.tx, row).await?;
    Ok(Wallet {
        id,
        customer,
        kind: draft.kind,
        standing: Standing::Open,
        balance: Money::zero(draft.currency),
        held_minor: 0,
        overdraft_limit: floor_minor.map(i64::saturating_neg),
        metadata,
        livemode: context.livemode(),
        created: now,
    })
}

/// How low the account may go. Credit is the merchant's to give, and a clearing wallet is his own.
fn floor(visible: Visible, draft: &WalletDraft, customer: Option<CustomerId>) -> Result<Option<i64>, Refusal> {
    if !(0..=Amount::MAX_MINOR).contains(&draft.overdraft_limit) {
        let bounds = Problem::OutOfRange { min: 0, max: Amount::MAX_MINOR };
        return Err(Refusal::Invalid(bounds.of("overdraft_limit")));
    }
    match draft.kind {
        WalletKind::Standard if draft.overdraft_limit > 0 && visible != Visible::All => Err(Refusal::OverdraftDenied),
        WalletKind::Standard => Ok(Some(draft.overdraft_limit.saturating_neg())),
        WalletKind::Clearing if visible != Visible::All => Err(Refusal::ClearingDenied),
        WalletKind::Clearing if customer.is_some() => Err(Refusal::ClearingHasNoCustomer),
        WalletKind::Clearing if draft.overdraft_limit > 0 => Err(Refusal::ClearingHasNoLimit),
        WalletKind::Clearing => Ok(None),
    }
}

/// Whose wallet it becomes.
fn owner(visible: Visible, asked: Option<CustomerId>) -> Result<Option<CustomerId>, Refusal> {
    visible.owner_of_new(asked).map_err(|reason| match reason {
        NotOwner::NoCustomer => Refusal::CustomerRequired,
        NotOwner::AnotherCustomer => no_customer(),
    })
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
