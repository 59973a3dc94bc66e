//! Reads customers by page, newest first, or by e-mail address.

use std::fmt;

use kernel::CustomerId;
use policies::{ListCustomers, Permit};

use super::{Customer, Refusal, personal, store};
use crate::{Context, Error, Page, PageRequest, field::Hidden, ownership::Visible, page::Position};

/// Which customers.
#[derive(Clone, Default)]
pub struct CustomerFilter {
    /// Those with this e-mail address, in whichever case.
    pub email: Option<String>,
}

impl fmt::Debug for CustomerFilter {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("CustomerFilter").field("email", &Hidden::of(self.email.as_ref())).finish()
    }
}

/// Reads a page of customers.
pub async fn list(
    context: &Context<'_>,
    permit: &Permit<ListCustomers>,
    filter: CustomerFilter,
    request: PageRequest<CustomerId>,
) -> Result<Page<Customer>, Error<Refusal>> {
    let visible = Visible::within(context, context.reach(permit)?).await?;
    let email = filter.email.as_deref().map(personal::checked_email).transpose().map_err(Refusal::Invalid)?;
    let indexes = email.map(|email| personal::email_indexes(context.keys, &email)).transpose()?;
    let anchor = anchor(context, visible, &request).await?;
    let page = store::list(context.tx, visible, indexes, &request, anchor).await?;
    Ok(page.try_map(|row| personal::open(row, context.keys, context.livemode()))?)
}

async fn anchor(
    context: &Context<'_>,
    visible: Visible,
    request: &PageRequest<CustomerId>,
) -> Result<Option<Position>, Error<Refusal>> {
    let Some((id, param)) = request.anchor() else { return Ok(None) };
    let row = store::find(context.tx, *id).await?.filter(|_| visible.admits(Some(*id)));
    let row = row.ok_or(Refusal::Missing { param })?;
    Ok(Some((row.created_at, row.id)))
}
