//! Reads one conversion.

use kernel::FxConversionId;
use policies::{Permit, RetrieveFxConversion};

use super::{FxConversion, store, view};
use crate::{Context, Error, fx::Refusal, ownership::Visible};

/// Reads one conversion; what the actor may not see is not there.
pub async fn retrieve(
    context: &Context<'_>,
    permit: &Permit<RetrieveFxConversion>,
    id: FxConversionId,
) -> Result<FxConversion, Error<Refusal>> {
    let visible = Visible::within(context, context.reach(permit)?).await?;
    let row = store::find(context.tx, visible, id).await?;
    let row = row.ok_or(Refusal::Missing { object: "fx conversion", param: "id" })?;
    Ok(view(row, context.livemode())?)
}
