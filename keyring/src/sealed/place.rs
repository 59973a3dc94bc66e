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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Two names cut from one text, so that other cuts of it are likely neighbours.
    fn cut() -> impl Strategy<Value = (&'static str, &'static str)> {
        ("[ab.]{0,6}", 0_usize..7).prop_map(|(text, at)| {
            let text: &'static str = text.leak();
            text.split_at(at.min(text.len()))
        })
    }

    fn ids() -> impl Strategy<Value = [u8; 4]> {
        prop::array::uniform4(0_u8..2)
    }

    fn encode(ids: [u8; 4], names: (&'static str, &'static str)) -> Vec<u8> {
        let [tenant, environment, data_key, row] = ids.map(|id| Uuid::from_u128(u128::from(id)));
        associated_data(
            TenantId::from_uuid(tenant),
            EnvironmentId::from_uuid(environment),
            DataKeyId::from_uuid(data_key),
            &Place::new(names.0, names.1, row),
        )
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(20_000))]
        #[test]
        fn two_places_never_share_an_encoding(a in (ids(), cut()), b in (ids(), cut())) {
            prop_assert_eq!(encode(a.0, a.1) == encode(b.0, b.1), a == b);
        }
    }
}
