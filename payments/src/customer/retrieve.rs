//! Reads one customer.

use kernel::CustomerId;
use policies::{Permit, RetrieveCustomer};

use super::{Customer, Refusal, personal, store};
use crate::{Context, Error, ownership::Visible};

/// Reads one customer; what the actor may not see is not there.
pub async fn retrieve(
    context: &Context<'_>,
    permit: &Permit<RetrieveCustomer>,
    id: CustomerId,
) -> Result<Customer, Error<Refusal>> {
    let visible = Visible::within(context, context.reach(permit)?).await?;
    let row = store::find(context.tx, id).await?.filter(|_| visible.admits(Some(id)));
    let row = row.ok_or(Refusal::Missing { param: "id" })?;
    Ok(personal::open(row, context.keys, context.livemode())?)
}
