//! Reads wallets with their balances: whatever is asked at the same time, in one go.

use std::sync::Arc;

use kernel::{CustomerId, EnvironmentId, WalletId};
use policies::{ForeignPermit, Permit, Reach, RetrieveWallet};
use tenancy::{Actor, TenantTx};

use super::{Refusal, Wallet, account_of, store, view};
use crate::{
    Failure,
    ownership::{self, Visible},
};

/// A permitted question about one wallet. It may be answered beside those of others.
#[derive(Clone, Debug)]
pub struct WalletQuestion {
    environment: EnvironmentId,
    reach: Reach,
    actor: Arc<Actor>,
    id: WalletId,
}

impl WalletQuestion {
    /// Asks for the actor about a wallet of an environment.
    pub fn try_new(
        permit: &Permit<RetrieveWallet>,
        environment: EnvironmentId,
        actor: &Arc<Actor>,
        id: WalletId,
    ) -> Result<Self, Failure> {
        Ok(Self { environment, reach: permit.reach_in(environment)?, actor: Arc::clone(actor), id })
    }
}

/// Reads wallets of one environment, an answer for each question; what its actor may not see is not there.
pub async fn retrieve(tx: &TenantTx, questions: &[WalletQuestion]) -> Result<Vec<Result<Wallet, Refusal>>, Failure> {
    let environment = tx.environment();
    if questions.iter().any(|question| question.environment != environment.id) {
        return Err(ForeignPermit.into());
    }
    let narrow = questions.iter().filter(|question| question.reach == Reach::Own);
    let own = ownership::customers_of(tx, narrow.filter_map(|question| question.actor.subject())).await?;
    let rows = store::find_all(tx, questions.iter().map(|question| question.id).collect()).await?;
    let accounts = ledger::accounts(tx, &rows.values().map(account_of).collect::<Vec<_>>()).await?;
    let answers = questions.iter().map(|question| {
        let visible = match question.reach {
            Reach::All => Visible::All,
            Reach::Own => Visible::Of(question.actor.subject().and_then(|subject| own.get(subject).copied())),
        };
        let row = rows.get(&question.id).filter(|row| visible.admits(row.customer_id.map(CustomerId::from_uuid)));
        let Some(row) = row else { return Ok(Err(Refusal::Missing { object: "wallet", param: "id" })) };
        view(row.clone(), accounts.get(&account_of(row)), environment.mode.is_live()).map(Ok)
    });
    answers.collect()
}
