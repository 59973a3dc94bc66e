//! Registers a customer.

use std::fmt;

use entity::tenant::customer::ActiveModel;
use kernel::CustomerId;
use policies::{CreateCustomer, Permit, Reach};
use sea_orm::ActiveValue::Set;
use tenancy::{Actor, actor::Subject};

use super::{
    Address, Customer, Refusal,
    personal::{self, Sealer},
    store,
};
use crate::{
    Context, Error,
    field::{self, Hidden},
    metadata::{self, MetadataDraft},
};

/// A customer to register. Debug output hides what is personal.
#[derive(Clone, Default)]
pub struct CustomerDraft {
    /// The person to link. An actor who may only make his own customer leaves it out.
    pub subject: Option<Subject>,
    /// Full name.
    pub name: Option<String>,
    /// E-mail address.
    pub email: Option<String>,
    /// Phone number.
    pub phone: Option<String>,
    /// Postal address.
    pub address: Option<Address>,
    /// Tax number.
    pub tax_id: Option<String>,
    /// The merchant's own key-value pairs.
    pub metadata: MetadataDraft,
}

impl fmt::Debug for CustomerDraft {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("CustomerDraft")
            .field("subject", &Hidden::of(self.subject.as_ref()))
            .field("name", &Hidden::of(self.name.as_ref()))
            .field("email", &Hidden::of(self.email.as_ref()))
            .field("phone", &Hidden::of(self.phone.as_ref()))
            .field("address", &Hidden::of(self.address.as_ref()))
            .field("tax_id", &Hidden::of(self.tax_id.as_ref()))
            .finish_non_exhaustive()
    }
}

/// Registers a customer. An actor who may only make his own is linked to it, and has at most one.
pub async fn create(
    context: &Context<'_>,
    permit: &Permit<CreateCustomer>,
    draft: CustomerDraft,
) -> Result<Customer, Error<Refusal>> {
    let reach = context.reach(permit)?;
    let draft = checked(draft)?;
    let subject = link(reach, context.actor, draft.subject)?;

    let id = CustomerId::generate(context.clock, context.entropy);
    let now = context.now();
    let sealer = Sealer { keys: context.keys, row: id.as_uuid() };
    let email = sealer.email(draft.email.as_ref())?;
    let row = ActiveModel {
        id: Set(id.as_uuid()),
        issuer: Set(subject.as_ref().map(|subject| subject.issuer.clone())),
        subject: Set(subject.as_ref().map(|subject| subject.subject.clone())),
        name: Set(sealer.text("name", draft.name.as_ref())?),
        email: Set(email.email),
        email_index: Set(email.index),
        phone: Set(sealer.text("phone", draft.phone.as_ref())?),
        address: Set(sealer.address(draft.address.clone())?),
        tax_id: Set(sealer.text("tax_id", draft.tax_id.as_ref())?),
        metadata: Set(metadata::to_json(&draft.metadata)),
        created_at: Set(now),
        updated_at: Set(now),
    };
    if !store::insert(context.tx, row).await? {
        return Err(Refusal::CustomerExists.into());
    }
    let CustomerDraft { name, email, phone, address, tax_id, metadata, .. } = draft;
    Ok(Customer {
        id,
        subject,
        name,
        email,
        phone,
        address,
        tax_id,
        metadata,
        livemode: context.livemode(),
        created: now,
    })
}

fn checked(draft: CustomerDraft) -> Result<CustomerDraft, Refusal> {
    Ok(CustomerDraft {
        subject: draft
            .subject
            .map(|asked| field::subject(["identity[issuer]", "identity[subject]"], asked))
            .transpose()?,
        name: draft.name.map(personal::checked_name).transpose()?,
        email: draft.email.as_deref().map(personal::checked_email).transpose()?,
        phone: draft.phone.map(personal::checked_phone).transpose()?,
        address: draft.address.map(Address::checked).transpose()?.flatten(),
        tax_id: draft.tax_id.map(personal::checked_tax_id).transpose()?,
        metadata: metadata::checked(draft.metadata)?,
    })
}

/// The person the new customer is linked to.
fn link(reach: Reach, actor: &Actor, asked: Option<Subject>) -> Result<Option<Subject>, Refusal> {
    match (reach, actor.subject(), asked) {
        (Reach::All, _, asked) => Ok(asked),
        (Reach::Own, None, _) => Err(Refusal::IdentityRequired),
        (Reach::Own, Some(own), None) => Ok(Some(own.clone())),
        (Reach::Own, Some(own), Some(asked)) if asked == *own => Ok(Some(asked)),
        (Reach::Own, Some(_), Some(_)) => Err(Refusal::ForeignSubject),
    }
}

#[cfg(test)]
mod tests {
    use kernel::ApiKeyId;
    use uuid::Uuid;

    use super::*;

    fn subject(name: &str) -> Subject {
        Subject { issuer: "https://issuer.example".to_owned(), subject: name.to_owned() }
    }

    #[test]
    fn who_makes_only_his_own_customer_is_linked_to_it() {
        let ada = Actor::EndUser { subject: subject("ada"), multi_factor: false };
        let key = Actor::ApiKey { id: ApiKeyId::from_uuid(Uuid::nil()), role: "kiosk".to_owned() };
        let cases = [
            (Reach::All, &key, None, Ok(None)),
            (Reach::All, &key, Some("bob"), Ok(Some("bob"))),
            (Reach::All, &ada, None, Ok(None)),
            (Reach::Own, &ada, None, Ok(Some("ada"))),
            (Reach::Own, &ada, Some("ada"), Ok(Some("ada"))),
            (Reach::Own, &ada, Some("bob"), Err(Refusal::ForeignSubject)),
            (Reach::Own, &key, None, Err(Refusal::IdentityRequired)),
            (Reach::Own, &key, Some("bob"), Err(Refusal::IdentityRequired)),
        ];
        for (reach, actor, asked, expected) in cases {
            let expected = expected.map(|name: Option<&str>| name.map(subject));
            assert_eq!(link(reach, actor, asked.map(subject)), expected, "{reach:?} {asked:?}");
        }
    }
}
