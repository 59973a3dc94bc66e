//! The personal fields: checked, sealed for their place in the row, opened again.

use entity::tenant::customer::Model;
use kernel::CustomerId;
use keyring::{BlindIndex, FieldKeys, IndexColumn, KeyringError, Place, Plaintext, Sealed};
use sea_orm::entity::prelude::Json;
use tenancy::actor::Subject;
use uuid::Uuid;

use super::{Address, Customer};
use crate::{
    Failure, KeyAccess,
    field::{self, InvalidField},
    metadata,
};

/// The table, as sealing and rows name it.
pub(super) const TABLE: &str = "customer";
/// Longest name, in characters.
const NAME_CHARS_MAX: usize = 256;
/// Longest phone number, in characters.
const PHONE_CHARS_MAX: usize = 32;
/// Longest tax number, in characters.
const TAX_ID_CHARS_MAX: usize = 64;

/// The column of the blind index over e-mail addresses.
const EMAIL_INDEX: IndexColumn = IndexColumn { table: TABLE, column: "email" };

pub(super) fn checked_name(value: String) -> Result<String, InvalidField> {
    field::text("name", value, NAME_CHARS_MAX)
}

pub(super) fn checked_email(value: &str) -> Result<String, InvalidField> {
    field::email("email", value)
}

pub(super) fn checked_phone(value: String) -> Result<String, InvalidField> {
    field::text("phone", value, PHONE_CHARS_MAX)
}

pub(super) fn checked_tax_id(value: String) -> Result<String, InvalidField> {
    field::text("tax_id", value, TAX_ID_CHARS_MAX)
}

/// An e-mail address with its index: the row has both or neither.
#[derive(Default)]
pub(super) struct SealedEmail {
    pub(super) email: Option<Sealed<String>>,
    pub(super) index: Option<BlindIndex>,
}

/// Seals the fields of one row. The keys are asked for only when there is something to seal.
pub(super) struct Sealer<'a> {
    pub(super) keys: &'a KeyAccess,
    pub(super) row: Uuid,
}

impl Sealer<'_> {
    pub(super) fn text(&self, column: &'static str, value: Option<&String>) -> Result<Option<Sealed<String>>, Failure> {
        value.map(|value| self.seal(column, value)).transpose()
    }

    pub(super) fn address(&self, value: Option<Address>) -> Result<Option<Sealed<Json>>, Failure> {
        let Some(address) = value else { return Ok(None) };
        let json = serde_json::to_value(address).map_err(|_| Failure::Keyring(KeyringError::Plaintext))?;
        self.seal("address", &json).map(Some)
    }

    pub(super) fn email(&self, value: Option<&String>) -> Result<SealedEmail, Failure> {
        let Some(value) = value else { return Ok(SealedEmail::default()) };
        let email = self.seal("email", value)?;
        let index = self.keys.get()?.index_for_write(&normalised(value), &EMAIL_INDEX)?;
        Ok(SealedEmail { email: Some(email), index: Some(index) })
    }

    fn seal<T: Plaintext>(&self, column: &'static str, value: &T) -> Result<Sealed<T>, Failure> {
        Ok(self.keys.get()?.seal(value, &Place { table: TABLE, column, row: self.row })?)
    }
}

/// What the index column may hold for an address: one value per index key not yet gone.
pub(super) fn email_indexes(keys: &KeyAccess, email: &str) -> Result<Vec<BlindIndex>, Failure> {
    Ok(keys.get()?.indexes_for_read(&normalised(email), &EMAIL_INDEX)?)
}

/// Addresses that differ only in case or surrounding space are one.
fn normalised(email: &str) -> String {
    email.trim().to_lowercase()
}

/// Opens a row.
pub(super) fn open(row: Model, keys: &KeyAccess, livemode: bool) -> Result<Customer, Failure> {
    let id = row.id;
    Ok(Customer {
        id: CustomerId::from_uuid(id),
        subject: row.issuer.zip(row.subject).map(|(issuer, subject)| Subject { issuer, subject }),
        name: open_field(keys, row.name, id, "name")?,
        email: open_field(keys, row.email, id, "email")?,
        phone: open_field(keys, row.phone, id, "phone")?,
        address: open_field(keys, row.address, id, "address")?
            .map(serde_json::from_value)
            .transpose()
            .map_err(|_| Failure::Corrupt { table: TABLE, column: "address" })?,
        tax_id: open_field(keys, row.tax_id, id, "tax_id")?,
        metadata: metadata::from_json(TABLE, row.metadata)?,
        livemode,
        created: row.created_at,
    })
}

fn open_field<T: Plaintext>(
    keys: &KeyAccess,
    sealed: Option<Sealed<T>>,
    row: Uuid,
    column: &'static str,
) -> Result<Option<T>, Failure> {
    let open = |sealed: Sealed<T>| -> Result<T, Failure> {
        let keys: &FieldKeys = keys.get()?;
        Ok(keys.open(&sealed, &Place { table: TABLE, column, row })?)
    };
    sealed.map(open).transpose()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_address_has_one_normal_form() {
        assert_eq!(normalised(" Ada@Example.ORG "), "ada@example.org");
        assert_eq!(normalised("\u{dc}ser@example.org"), "\u{fc}ser@example.org");
    }
}
