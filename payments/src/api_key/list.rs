//! Reads keys by page, newest first: their names, never the keys.

use kernel::ApiKeyId;
use policies::{ListApiKeys, Permit};

use super::{ApiKey, Refusal, store, view};
use crate::{Context, Error, Page, PageRequest};

/// Reads a page of keys.
pub async fn list(
    context: &Context<'_>,
    permit: &Permit<ListApiKeys>,
    request: PageRequest<ApiKeyId>,
) -> Result<Page<ApiKey>, Error<Refusal>> {
    context.reach_all(permit)?;
    let anchor = match request.anchor() {
        None => None,
        Some((id, param)) => {
            let row = store::find(context.tx, *id).await?.ok_or(Refusal::Missing { param })?;
            Some((row.created_at, row.id))
        }
    };
    Ok(store::list(context.tx, &request, anchor).await?.map(|row| view(row, context.livemode())))
}
