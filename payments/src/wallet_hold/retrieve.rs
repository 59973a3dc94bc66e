//! Reads one hold.

use kernel::WalletHoldId;
use policies::{Permit, RetrieveWalletHold};

use super::{WalletHold, store};
use crate::{Context, Error, wallet_transfer::Refusal};

/// Reads one hold.
pub async fn retrieve(
    context: &Context<'_>,
    permit: &Permit<RetrieveWalletHold>,
    id: WalletHoldId,
) -> Result<WalletHold, Error<Refusal>> {
    context.reach_all(permit)?;
    let missing = || Refusal::Missing { object: "wallet hold", param: "id" };
    let row = store::find(context.tx, id).await?.ok_or_else(missing)?;
    let found = store::views(context.tx, vec![row], context.livemode()).await?;
    Ok(found.into_iter().next().ok_or_else(missing)?)
}
