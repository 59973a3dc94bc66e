//! Reads conversions by page, newest first.

use kernel::{CustomerId, FxConversionId, WalletId};
use policies::{ListFxConversions, Permit};

use super::{FxConversion, store, view};
use crate::{Context, Error, Page, PageRequest, fx::Refusal, ownership::Visible, page::Position};

/// Which conversions; with both, those that meet both.
#[derive(Clone, Copy, Debug, Default)]
pub struct FxConversionFilter {
    /// From or to this wallet.
    pub wallet: Option<WalletId>,
    /// Of this customer's money.
    pub customer: Option<CustomerId>,
}

/// Reads a page of conversions.
pub async fn list(
    context: &Context<'_>,
    permit: &Permit<ListFxConversions>,
    filter: FxConversionFilter,
    request: PageRequest<FxConversionId>,
) -> Result<Page<FxConversion>, Error<Refusal>> {
    let visible = Visible::within(context, context.reach(permit)?).await?;
    let anchor = anchor(context, visible, &request).await?;
    let page = store::list(context.tx, visible, filter, &request, anchor).await?;
    Ok(page.try_map(|row| view(row, context.livemode()))?)
}

async fn anchor(
    context: &Context<'_>,
    visible: Visible,
    request: &PageRequest<FxConversionId>,
) -> Result<Option<Position>, Error<Refusal>> {
    let Some((id, param)) = request.anchor() else { return Ok(None) };
    let row = store::find(context.tx, visible, *id).await?;
    let row = row.ok_or(Refusal::Missing { object: "fx conversion", param })?;
    Ok(Some((row.created_at, row.id)))
}
