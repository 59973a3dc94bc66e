//! The real bank's files as the tests read them: on their own, without the importer's code.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::Read as _,
    path::PathBuf,
};

use flate2::read::MultiGzDecoder;

/// Movements of the file; its last line is torn and no movement.
pub const MOVEMENTS: usize = 49_102;
/// Clients of the file.
pub const CLIENTS: usize = 5_369;
/// Accounts with movements.
pub const ACCOUNTS: usize = 1_229;
/// Accounts at other banks, and cash, interest and fees.
pub const COUNTERPARTIES: usize = 1_592 + 3;

/// A movement as the bank printed it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Printed {
    pub account: String,
    /// `YYMMDD`.
    pub date: String,
    /// In haléře; above zero in, below zero out.
    pub amount: i64,
    /// In haléře.
    pub balance: i64,
}

/// The folder.
pub fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("data/bank-1993")
}

/// Every movement by its `trans_id`.
pub fn printed() -> BTreeMap<String, Printed> {
    let rows = rows("trans");
    let printed = rows.into_iter().filter(|fields| fields.len() == 10).map(|fields| {
        let amount = minor(&fields[5]);
        let amount = if fields[3] == "PRIJEM" { amount } else { -amount };
        let [account, date] = [&fields[1], &fields[2]].map(Clone::clone);
        (fields[0].clone(), Printed { account, date, amount, balance: minor(&fields[6]) })
    });
    printed.collect()
}

/// Birth numbers of all clients.
pub fn birth_numbers() -> BTreeSet<String> {
    rows("client").into_iter().map(|fields| fields[1].clone()).collect()
}

/// The accounts whose printed balances chain.
pub fn exact_accounts() -> BTreeSet<String> {
    let text = std::fs::read_to_string(folder().join("exact_accounts.txt")).unwrap();
    text.split_whitespace().map(str::to_owned).collect()
}

fn rows(file: &str) -> Vec<Vec<String>> {
    let file = std::fs::File::open(folder().join(format!("{file}.asc.gz"))).unwrap();
    let mut text = String::new();
    MultiGzDecoder::new(file).read_to_string(&mut text).unwrap();
    let field = |field: &str| field.trim_matches('"').to_owned();
    text.lines().skip(1).map(|line| line.split(';').map(field).collect()).collect()
}

/// The file always has two decimals.
fn minor(text: &str) -> i64 {
    text.replace('.', "").parse().unwrap()
}
