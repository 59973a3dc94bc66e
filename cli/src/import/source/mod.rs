//! The files of the PKDD'99 financial data set: read line by line, checked, and never sent anywhere from here.

mod lines;
mod movement;
mod people;
mod value;

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    path::Path,
};

use serde::Serialize;

use crate::failure::Failure;
use lines::{Format, Row};

pub(super) use movement::{Counterparty, Direction, Movement};
pub(super) use people::Client;

const DISTRICTS: Format = Format {
    name: "district",
    columns: &["A1", "A2", "A3", "A4", "A5", "A6", "A7", "A8", "A9", "A10", "A11", "A12", "A13", "A14", "A15", "A16"],
};
const CLIENTS: Format = Format { name: "client", columns: &["client_id", "birth_number", "district_id"] };
const ACCOUNTS: Format = Format { name: "account", columns: &["account_id", "district_id", "frequency", "date"] };
const DISPOSITIONS: Format = Format { name: "disp", columns: &["disp_id", "client_id", "account_id", "type"] };
const MOVEMENTS: Format = Format {
    name: "trans",
    columns: &[
        "trans_id",
        "account_id",
        "date",
        "type",
        "operation",
        "amount",
        "balance",
        "k_symbol",
        "bank",
        "account",
    ],
};

/// A line that was left out, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct SkippedLine {
    /// Name of the file.
    pub(super) file: String,
    /// Its number in the file; the header is 1.
    pub(super) line: u64,
    /// What is wrong with it.
    pub(super) problem: String,
}

/// What the files say.
#[derive(Debug)]
pub(super) struct Bank {
    /// Everybody who owns or may use an account.
    pub(super) clients: Vec<Client>,
    /// The owner of each account.
    pub(super) owners: HashMap<u64, u64>,
    /// Every movement, in the order of the file.
    pub(super) movements: Vec<Movement>,
    /// How many lines of movements were left out.
    pub(super) movements_skipped: usize,
    /// The lines that were left out.
    pub(super) skipped: Vec<SkippedLine>,
}

impl Bank {
    /// Reads the folder. A line that says nothing sensible is left out; a file that is missing or of another format
    /// is a failure.
    pub(super) fn read(folder: &Path) -> Result<Self, Failure> {
        let mut skipped = Vec::new();
        let mut districts = HashMap::new();
        lines::read(folder, &DISTRICTS, &mut skipped, |row| {
            let (id, district) = people::district(row)?;
            insert_once(&mut districts, id, district, "district")
        })?;
        let mut clients = BTreeMap::new();
        lines::read(folder, &CLIENTS, &mut skipped, |row| {
            let client = people::client(row, &districts)?;
            if clients.contains_key(&client.id) {
                return Err(format!("client {} is there already", client.id));
            }
            clients.insert(client.id, client);
            Ok(())
        })?;
        let mut accounts = BTreeSet::new();
        lines::read(folder, &ACCOUNTS, &mut skipped, |row| {
            let id = people::account(row)?;
            if accounts.insert(id) { Ok(()) } else { Err(format!("account {id} is there already")) }
        })?;
        let mut owners = HashMap::new();
        lines::read(folder, &DISPOSITIONS, &mut skipped, |row| {
            let Some((account, client)) = people::ownership(row)? else { return Ok(()) };
            if !clients.contains_key(&client) {
                return Err(format!("there is no client {client}"));
            }
            insert_once(&mut owners, account, client, "owner of account")
        })?;
        let skipped_before = skipped.len();
        let movements = movements(folder, &accounts, &mut skipped)?;
        let movements_skipped = skipped.len().saturating_sub(skipped_before);
        Ok(Self { clients: clients.into_values().collect(), owners, movements, movements_skipped, skipped })
    }
}

fn movements(
    folder: &Path,
    accounts: &BTreeSet<u64>,
    skipped: &mut Vec<SkippedLine>,
) -> Result<Vec<Movement>, Failure> {
    let mut movements = Vec::new();
    let mut lines = HashMap::new();
    lines::read(folder, &MOVEMENTS, skipped, |row| {
        let movement = Movement::parse(row)?;
        if !accounts.contains(&movement.account) {
            return Err(format!("there is no account {}", movement.account));
        }
        if let Some(line) = lines.insert(movement.id, movement.line) {
            lines.insert(movement.id, line);
            return Err(format!("trans_id {} is on line {line} already", movement.id));
        }
        movements.push(movement);
        Ok(())
    })?;
    Ok(movements)
}

fn insert_once<T>(map: &mut HashMap<u64, T>, id: u64, value: T, what: &str) -> Result<(), String> {
    if map.contains_key(&id) {
        return Err(format!("{what} {id} is there already"));
    }
    map.insert(id, value);
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::import::order::tests::{bank_1993, data};

    #[test]
    fn the_real_files_are_read_to_the_last_line_and_the_torn_one_is_named() {
        let bank = bank_1993();
        assert_eq!((bank.clients.len(), bank.owners.len(), bank.movements.len()), (5_369, 4_500, 49_102));
        let torn = SkippedLine {
            file: "trans.asc.gz".to_owned(),
            line: 49_104,
            problem: "a quotation mark is not closed".to_owned(),
        };
        assert_eq!((bank.skipped, bank.movements_skipped), (vec![torn], 1));
    }

    #[test]
    fn the_real_counterparties_are_those_that_the_description_counts() {
        let bank = bank_1993();
        let others: HashSet<_> = bank
            .movements
            .iter()
            .map(|movement| &movement.counterparty)
            .filter(|counterparty| matches!(counterparty, Counterparty::Elsewhere { .. }))
            .collect();
        assert_eq!(others.len(), 1_592);
        let overdrawn = bank.movements.iter().filter(|movement| movement.balance_minor < 0).count();
        assert_eq!(overdrawn, 93);
    }

    #[test]
    fn every_line_that_cannot_be_is_left_out_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["district", "client", "account", "disp"] {
            let file = format!("{name}.asc.gz");
            std::fs::copy(data().join(&file), folder.path().join(&file)).unwrap();
        }
        let good = r#"1;576;930101;"PRIJEM";"VKLAD";700.00;700.00;"";;"#;
        let lines = [
            r#""trans_id";"account_id";"date";"type";"operation";"amount";"balance";"k_symbol";"bank";"account""#,
            good,
            r#"2;576;930230;"PRIJEM";"VKLAD";700.00;1400.00;"";;"#,
            r#"3;576;930102;"PRIJEM";"VKLAD";-7.00;1400.00;"";;"#,
            r#"4;576;930102;"PRIJEM";"VKLAD";7.001;1400.00;"";;"#,
            r#"5;576;930102;"PRIJEM";"VKLAD";7.00;"#,
            r#"6;99999;930102;"PRIJEM";"VKLAD";7.00;7.00;"";;"#,
            r#"1;576;930102;"PRIJEM";"VKLAD";7.00;7.00;"";;"#,
            r#"7;576;930102;"DAR";"VKLAD";7.00;7.00;"";;"#,
            r#"8;576;930102;"VYDAJ";"VKLAD";7.00;7.00;"";;"#,
            r#"9;576;930102;"PRIJEM";"VKLAD";7.00;7.00;"HRA";;"#,
            r#"10;576;930102;"PRIJEM";"PREVOD Z UCTU";7.00;7.00;"";"YZ";"#,
            r#"11;576;930102;"PRI"#,
            "",
            r#"12;576;930102;"VYDAJ";"VYBER";100;600.00;"";;"#,
        ];
        std::fs::write(folder.path().join("trans.asc"), lines.join("\r\n")).unwrap();
        let bank = Bank::read(folder.path()).unwrap();
        let read: Vec<u64> = bank.movements.iter().map(|movement| movement.id).collect();
        let skipped: Vec<u64> = bank.skipped.iter().map(|skipped| skipped.line).collect();
        assert_eq!((read, skipped), (vec![1, 12], vec![3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14]), "{:?}", bank.skipped);
    }

    #[test]
    fn a_folder_of_something_else_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        assert!(Bank::read(folder.path()).unwrap_err().message.contains("district.asc"));
        std::fs::write(folder.path().join("district.asc"), "id,name\n1,x\n").unwrap();
        assert!(Bank::read(folder.path()).unwrap_err().message.contains("column"));
    }
}
