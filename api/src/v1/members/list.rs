//! `GET /v1/members`

use axum::Json;
use kernel::MemberId;
use payments::{KeyAccess, member};
use policies::ListMembers;

use super::Member;
use crate::{
    ApiError, Caller,
    error::ErrorBody,
    parameters::Query,
    v1::list::{List, PageQuery},
};

/// Members, newest first.
#[utoipa::path(
    get, path = "/v1/members", tag = "members", params(PageQuery),
    responses((status = 200, body = List<Member>), (status = "4XX", body = ErrorBody), (status = "5XX", body = ErrorBody))
)]
pub async fn list(caller: Caller, Query(query): Query<PageQuery>) -> Result<Json<List<Member>>, ApiError> {
    let permit = caller.permit::<ListMembers>(&caller.attributes()).await?;
    let page = query.request::<MemberId>("member")?;
    let keys = KeyAccess::not_fetched();
    caller
        .read(permit, keys, move |context, permit| {
            Box::pin(async move { Ok(List::of(member::list(&context, permit, page).await?, "/v1/members")) })
        })
        .await
}
