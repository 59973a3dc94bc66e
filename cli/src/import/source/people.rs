//! Clients, where they live, and which accounts they own.

use std::collections::HashMap;

use super::{Row, value};

/// A place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct District {
    city: String,
    region: String,
}

/// A person at the bank. The data set has no names. Not for Debug output: birth number and place are personal.
#[derive(Clone, PartialEq, Eq)]
pub(in crate::import) struct Client {
    /// The bank's number of the client.
    pub(in crate::import) id: u64,
    /// Day of birth and sex.
    pub(in crate::import) birth_number: String,
    /// Where the client lives.
    pub(in crate::import) city: String,
    /// The region around it.
    pub(in crate::import) region: String,
}

impl std::fmt::Debug for Client {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Client").field("id", &self.id).finish_non_exhaustive()
    }
}

/// A line of `district`.
pub(super) fn district(row: &Row<'_>) -> Result<(u64, District), String> {
    let text = |column: &str| match row.field(column) {
        "" => Err(format!("{column} is empty")),
        text => Ok(text.to_owned()),
    };
    Ok((row.id("A1")?, District { city: text("A2")?, region: text("A3")? }))
}

/// A line of `client`.
pub(super) fn client(row: &Row<'_>, districts: &HashMap<u64, District>) -> Result<Client, String> {
    let (id, district) = (row.id("client_id")?, row.id("district_id")?);
    let birth_number = row.field("birth_number");
    if !value::is_birth_number(birth_number) {
        // Personal: not repeated in a message.
        return Err("birth_number holds no day of birth".to_owned());
    }
    let District { city, region } =
        districts.get(&district).cloned().ok_or_else(|| format!("there is no district {district}"))?;
    Ok(Client { id, birth_number: birth_number.to_owned(), city, region })
}

/// A line of `account`.
pub(super) fn account(row: &Row<'_>) -> Result<u64, String> {
    let opened = row.field("date");
    value::date(opened).ok_or_else(|| format!("date `{opened}` is no day"))?;
    row.id("account_id")
}

/// A line of `disp`: account and client, if the client owns it and does not only use it.
pub(super) fn ownership(row: &Row<'_>) -> Result<Option<(u64, u64)>, String> {
    let pair = (row.id("account_id")?, row.id("client_id")?);
    match row.field("type") {
        "OWNER" => Ok(Some(pair)),
        "DISPONENT" => Ok(None),
        other => Err(format!("type `{other}` is neither OWNER nor DISPONENT")),
    }
}
