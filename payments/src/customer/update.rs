//! Changes a customer's data.

use std::fmt;

use entity::tenant::customer::{ActiveModel, Model};
use kernel::CustomerId;
use policies::{Permit, UpdateCustomer};
use sea_orm::ActiveValue::{NotSet, Set, Unchanged};

use super::{
    Address, Customer, Refusal,
    personal::{self, SealedEmail, Sealer},
    store,
};
use crate::{
    Change, Context, Error, Failure, KeyAccess,
    metadata::{self, MetadataChange},
    ownership::Visible,
};

/// What to change. Debug output hides what is personal.
#[derive(Clone, Default)]
pub struct CustomerUpdate {
    /// Full name.
    pub name: Change<String>,
    /// E-mail address.
    pub email: Change<String>,
    /// Phone number.
    pub phone: Change<String>,
    /// Postal address, replaced as a whole.
    pub address: Change<Address>,
    /// Tax number.
    pub tax_id: Change<String>,
    /// Key-value pairs, merged.
    pub metadata: MetadataChange,
}

impl fmt::Debug for CustomerUpdate {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("CustomerUpdate").finish_non_exhaustive()
    }
}

/// Changes what the update names and leaves the rest.
pub async fn update(
    context: &Context<'_>,
    permit: &Permit<UpdateCustomer>,
    id: CustomerId,
    update: CustomerUpdate,
) -> Result<Customer, Error<Refusal>> {
    let visible = Visible::within(context, context.reach(permit)?).await?;
    let update = checked(update)?;
    if !visible.admits(Some(id)) {
        return Err(Refusal::Missing { param: "id" }.into());
    }
    let mut row = store::lock(context.tx, id).await?.ok_or(Refusal::Missing { param: "id" })?;
    let pairs = metadata::from_json(personal::TABLE, row.metadata.clone())?;
    let pairs = metadata::merged(&pairs, update.metadata.clone()).map_err(Refusal::Invalid)?;
    let mut changes = seal(&mut row, update, context.keys)?;
    if let Some(pairs) = pairs {
        row.metadata = metadata::to_json(&pairs);
        changes.metadata = Set(row.metadata.clone());
    }
    changes.updated_at = Set(context.now());
    // Opened before it is written: a row whose other fields cannot be opened is not changed either.
    let customer = personal::open(row, context.keys, context.livemode())?;
    store::update(context.tx, changes).await?;
    Ok(customer)
}

fn checked(update: CustomerUpdate) -> Result<CustomerUpdate, Refusal> {
    Ok(CustomerUpdate {
        name: update.name.try_map(personal::checked_name)?,
        email: update.email.try_map(|email| personal::checked_email(&email))?,
        phone: update.phone.try_map(personal::checked_phone)?,
        address: match update.address.try_map(Address::checked)? {
            Change::Absent => Change::Absent,
            Change::Null | Change::Value(None) => Change::Null,
            Change::Value(Some(address)) => Change::Value(address),
        },
        tax_id: update.tax_id.try_map(personal::checked_tax_id)?,
        metadata: update.metadata,
    })
}

/// Puts the sealed new values into the row and into what is written of it.
fn seal(row: &mut Model, update: CustomerUpdate, keys: &KeyAccess) -> Result<ActiveModel, Failure> {
    let sealer = Sealer { keys, row: row.id };
    let mut changes = ActiveModel { id: Unchanged(row.id), ..unchanged() };
    if let Some(name) = update.name.into_option() {
        row.name = sealer.text("name", name.as_ref())?;
        changes.name = Set(row.name.clone());
    }
    if let Some(email) = update.email.into_option() {
        let SealedEmail { email, index } = sealer.email(email.as_ref())?;
        (row.email, row.email_index) = (email, index);
        changes.email = Set(row.email.clone());
        changes.email_index = Set(row.email_index.clone());
    }
    if let Some(phone) = update.phone.into_option() {
        row.phone = sealer.text("phone", phone.as_ref())?;
        changes.phone = Set(row.phone.clone());
    }
    if let Some(address) = update.address.into_option() {
        row.address = sealer.address(address)?;
        changes.address = Set(row.address.clone());
    }
    if let Some(tax_id) = update.tax_id.into_option() {
        row.tax_id = sealer.text("tax_id", tax_id.as_ref())?;
        changes.tax_id = Set(row.tax_id.clone());
    }
    Ok(changes)
}

fn unchanged() -> ActiveModel {
    ActiveModel {
        id: NotSet,
        issuer: NotSet,
        subject: NotSet,
        name: NotSet,
        email: NotSet,
        email_index: NotSet,
        phone: NotSet,
        address: NotSet,
        tax_id: NotSet,
        metadata: NotSet,
        created_at: NotSet,
        updated_at: NotSet,
    }
}
