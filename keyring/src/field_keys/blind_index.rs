//! Blind indexes: find a sealed value by equality without storing anything that reveals it to
//! somebody who has no key.

use std::fmt;

use aws_lc_rs::hmac;
use kernel::EnvironmentId;
use sea_orm::DeriveValueType;

use crate::{DataKeyMaterial, sealed::push_text};

/// Names this derivation; another would need another name.
const COLUMN_LABEL: &str = "tessera.index.column.1";

/// Which column an index belongs to. The same text has different indexes in different columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct IndexColumn {
    /// The table's name.
    pub table: &'static str,
    /// The name of the sealed column.
    pub column: &'static str,
}

impl IndexColumn {
    /// A column.
    pub const fn new(table: &'static str, column: &'static str) -> Self {
        Self { table, column }
    }
}

/// HMAC-SHA256 of a value under the key of its environment and column; a `bytea` column.
#[derive(Clone, PartialEq, Eq, Hash, DeriveValueType)]
pub struct BlindIndex(Vec<u8>);

impl BlindIndex {
    /// The stored form.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for BlindIndex {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("BlindIndex")
    }
}

/// An unwrapped index key.
pub(crate) struct IndexKey {
    material: DataKeyMaterial,
}

impl IndexKey {
    pub(crate) const fn new(material: DataKeyMaterial) -> Self {
        Self { material }
    }

    /// Derives the column's key, then hashes the value under it.
    pub(crate) fn index(&self, environment: EnvironmentId, column: &IndexColumn, value: &str) -> BlindIndex {
        let mut label = Vec::with_capacity(128);
        push_text(&mut label, COLUMN_LABEL);
        label.extend_from_slice(environment.as_uuid().as_bytes());
        push_text(&mut label, column.table);
        push_text(&mut label, column.column);
        let key = hmac::Key::new(hmac::HMAC_SHA256, self.material.as_slice());
        let column_key = zeroize_tag(&hmac::sign(&key, &label));
        let key = hmac::Key::new(hmac::HMAC_SHA256, column_key.as_slice());
        BlindIndex(hmac::sign(&key, value.as_bytes()).as_ref().to_vec())
    }
}

fn zeroize_tag(tag: &hmac::Tag) -> zeroize::Zeroizing<Vec<u8>> {
    zeroize::Zeroizing::new(tag.as_ref().to_vec())
}
