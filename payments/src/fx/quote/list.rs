//! Reads quotes by page, newest first.

use kernel::{CustomerId, FxQuoteId};
use policies::{ListFxQuotes, Permit};

use super::{FxQuote, store, view};
use crate::{Context, Error, Page, PageRequest, fx::Refusal, ownership::Visible, page::Position};

/// Which quotes.
#[derive(Clone, Copy, Debug, Default)]
pub struct FxQuoteFilter {
    /// Those for this customer.
    pub customer: Option<CustomerId>,
}

/// Reads a page of quotes.
pub async fn list(
    context: &Context<'_>,
    permit: &Permit<ListFxQuotes>,
    filter: FxQuoteFilter,
    request: PageRequest<FxQuoteId>,
) -> Result<Page<FxQuote>, Error<Refusal>> {
    let visible = Visible::within(context, context.reach(permit)?).await?;
    let anchor = anchor(context, visible, &request).await?;
    let page = store::list(context.tx, visible, filter.customer, &request, anchor).await?;
    let now = context.now();
    Ok(page.try_map(|row| view(row, now, context.livemode()))?)
}

async fn anchor(
    context: &Context<'_>,
    visible: Visible,
    request: &PageRequest<FxQuoteId>,
) -> Result<Option<Position>, Error<Refusal>> {
    let Some((id, param)) = request.anchor() else { return Ok(None) };
    let row = store::find(context.tx, visible, *id).await?;
    let row = row.ok_or(Refusal::Missing { object: "fx quote", param })?;
    Ok(Some((row.created_at, row.id)))
}
