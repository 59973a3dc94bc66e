//! Reads members by page, newest first.

use kernel::MemberId;
use policies::{ListMembers, Permit};

use super::{Member, Refusal, store, view};
use crate::{Context, Error, Page, PageRequest};

/// Reads a page of members.
pub async fn list(
    context: &Context<'_>,
    permit: &Permit<ListMembers>,
    request: PageRequest<MemberId>,
) -> Result<Page<Member>, Error<Refusal>> {
    context.reach_all(permit)?;
    let anchor = match request.anchor() {
        None => None,
        Some((id, param)) => {
            let row = store::find(context.tx, *id).await?.ok_or(Refusal::Missing { param })?;
            Some((row.created_at, row.id))
        }
    };
    Ok(store::list(context.tx, &request, anchor).await?.map(view))
}
