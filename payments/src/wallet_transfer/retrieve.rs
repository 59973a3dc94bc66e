//! Reads one transfer.

use kernel::WalletTransferId;
use policies::{Permit, RetrieveWalletTransfer};

use super::{Refusal, WalletTransfer, sealing, store};
use crate::{Context, Error, ownership::Visible};

/// Reads one transfer; what the actor may not see is not there.
pub async fn retrieve(
    context: &Context<'_>,
    permit: &Permit<RetrieveWalletTransfer>,
    id: WalletTransferId,
) -> Result<WalletTransfer, Error<Refusal>> {
    let visible = Visible::within(context, context.reach(permit)?).await?;
    let row = store::find(context.tx, visible, id).await?;
    let row = row.ok_or(Refusal::Missing { object: "wallet transfer", param: "id" })?;
    Ok(sealing::open(row, context.keys, context.livemode())?)
}
