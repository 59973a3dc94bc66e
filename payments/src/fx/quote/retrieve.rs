//! Reads one quote.

use kernel::FxQuoteId;
use policies::{Permit, RetrieveFxQuote};

use super::{FxQuote, store, view};
use crate::{Context, Error, fx::Refusal, ownership::Visible};

/// Reads one quote; what the actor may not see is not there.
pub async fn retrieve(
    context: &Context<'_>,
    permit: &Permit<RetrieveFxQuote>,
    id: FxQuoteId,
) -> Result<FxQuote, Error<Refusal>> {
    let visible = Visible::within(context, context.reach(permit)?).await?;
    let row = store::find(context.tx, visible, id).await?;
    let row = row.ok_or(Refusal::Missing { object: "fx quote", param: "id" })?;
    Ok(view(row, context.now(), context.livemode())?)
}
