//! Where a sealed value stands: part of what it is sealed with, so it opens nowhere else.

use kernel::{DataKeyId, EnvironmentId, TenantId};
use uuid::Uuid;

use super::VERSION;

/// Table, column and row of a sealed value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Place {
    /// The table's name.
    pub table: &'static str,
    /// The column's name.
    pub column: &'static str,
    /// The row's id.
    pub row: Uuid,
}

impl Place {
    /// A place.
    pub const fn new(table: &'static str, column: &'static str, row: Uuid) -> Self {
        Self { table, column, row }
    }
}

/// Associated data of a sealed value. Everything of variable length stands behind its length, so no
/// two places share an encoding.
pub(crate) fn associated_data(
    tenant: TenantId,
    environment: EnvironmentId,
    data_key: DataKeyId,
    place: &Place,
) -> Vec<u8> {
    let mut data = Vec::with_capacity(1 + 4 * 16 + 2 * 8 + place.table.len() + place.column.len());
    data.push(VERSION);
    for id in [tenant.as_uuid(), environment.as_uuid(), data_key.as_uuid(), place.row] {
        data.extend_from_slice(id.as_bytes());
    }
    push_text(&mut data, place.table);
    push_text(&mut data, place.column);
    data
}

/// Appends a text behind its length.
pub(crate) fn push_text(data: &mut Vec<u8>, text: &str) {
    // A length beyond 64 bits does not exist; saturating keeps the function total.
    let length = u64::try_from(text.len()).unwrap_or(u64::MAX);
    data.extend_from_slice(&length.to_be_bytes());
    data.extend_from_slice(text.as_bytes());
}
