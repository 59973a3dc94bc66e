//! The customer as the API shows it.

use kernel::CustomerId;
use payments::customer;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{call::Target, v1::Metadata};

/// A postal address.
#[derive(Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct CustomerAddress {
    /// Street and number.
    pub line1: Option<String>,
    /// Flat, floor, building.
    pub line2: Option<String>,
    /// City.
    pub city: Option<String>,
    /// State, county or province.
    pub state: Option<String>,
    /// Postal code.
    pub postal_code: Option<String>,
    /// Two-letter country code.
    pub country: Option<String>,
}

/// A buyer or payee.
#[derive(Serialize, ToSchema)]
pub struct Customer {
    /// Identifier.
    #[schema(value_type = String)]
    id: CustomerId,
    /// Always `customer`.
    object: &'static str,
    /// Full name.
    name: Option<String>,
    /// E-mail address.
    email: Option<String>,
    /// Telephone number.
    phone: Option<String>,
    /// Postal address.
    address: Option<CustomerAddress>,
    /// Tax number.
    tax_id: Option<String>,
    /// The merchant's own key-value pairs.
    metadata: Metadata,
    /// Whether it is of the live side.
    livemode: bool,
    /// When it was made, in Unix seconds.
    created: i64,
}

impl Target for Customer {
    fn target(&self) -> String {
        self.id.to_string()
    }
}

impl From<customer::Customer> for Customer {
    fn from(customer: customer::Customer) -> Self {
        Self {
            id: customer.id,
            object: "customer",
            name: customer.name,
            email: customer.email,
            phone: customer.phone,
            address: customer.address.map(CustomerAddress::from),
            tax_id: customer.tax_id,
            metadata: customer.metadata,
            livemode: customer.livemode,
            created: customer.created.unix_timestamp(),
        }
    }
}

impl From<customer::Address> for CustomerAddress {
    fn from(address: customer::Address) -> Self {
        let customer::Address { line1, line2, city, state, postal_code, country } = address;
        Self { line1, line2, city, state, postal_code, country }
    }
}

impl From<CustomerAddress> for customer::Address {
    fn from(address: CustomerAddress) -> Self {
        let CustomerAddress { line1, line2, city, state, postal_code, country } = address;
        Self { line1, line2, city, state, postal_code, country }
    }
}
