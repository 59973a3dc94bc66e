//! Reads published rates by page, newest effective date first.

use kernel::FxRateId;
use policies::{ListFxRates, Permit};

use super::{FxRate, store, view};
use crate::{Context, Error, Page, PageRequest, fx::Refusal};

/// Reads a page of published rates.
pub async fn list(
    context: &Context<'_>,
    permit: &Permit<ListFxRates>,
    request: PageRequest<FxRateId>,
) -> Result<Page<FxRate>, Error<Refusal>> {
    context.reach_all(permit)?;
    let anchor = match request.anchor() {
        None => None,
        Some((id, param)) => {
            let row = store::find(context.tx, *id).await?;
            let row = row.ok_or(Refusal::Missing { object: "exchange rate", param })?;
            Some((row.effective_on, row.id))
        }
    };
    let page = store::list(context.tx, &request, anchor).await?;
    Ok(page.try_map(|row| view(row, context.livemode()))?)
}
