//! Buyers and payees. Personal fields are sealed in the row; an e-mail address is found through its blind index.

mod address;
mod create;
mod list;
mod personal;
mod refusal;
mod retrieve;
pub(crate) mod store;
mod update;

use std::{collections::BTreeMap, fmt};

use kernel::CustomerId;
use tenancy::actor::Subject;
use time::OffsetDateTime;

pub use address::Address;
pub use create::{CustomerDraft, create};
pub use list::{CustomerFilter, list};
pub use refusal::Refusal;
pub use retrieve::retrieve;
pub use update::{CustomerUpdate, update};

use crate::field::Hidden;

/// A buyer or payee, opened. Debug output hides what is personal.
#[derive(Clone, PartialEq, Eq)]
pub struct Customer {
    /// Identifier.
    pub id: CustomerId,
    /// The person behind a token of the tenant's provider, if linked.
    pub subject: Option<Subject>,
    /// Full name.
    pub name: Option<String>,
    /// E-mail address as given.
    pub email: Option<String>,
    /// Phone number.
    pub phone: Option<String>,
    /// Postal address.
    pub address: Option<Address>,
    /// Tax number.
    pub tax_id: Option<String>,
    /// The merchant's own key-value pairs.
    pub metadata: BTreeMap<String, String>,
    /// Whether it is in the live environment.
    pub livemode: bool,
    /// When it was made.
    pub created: OffsetDateTime,
}

impl fmt::Debug for Customer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Customer")
            .field("id", &self.id)
            .field("name", &Hidden::of(self.name.as_ref()))
            .field("email", &Hidden::of(self.email.as_ref()))
            .field("phone", &Hidden::of(self.phone.as_ref()))
            .field("address", &Hidden::of(self.address.as_ref()))
            .field("tax_id", &Hidden::of(self.tax_id.as_ref()))
            .field("livemode", &self.livemode)
            .field("created", &self.created)
            .finish_non_exhaustive()
    }
}
