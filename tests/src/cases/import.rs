//! A real bank's history through the importer and the payment API: complete, exact, repeatable, and not to be killed.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use serde_json::{Value, json};
use tokio::{process::Child, time::timeout};

use super::cases;
use crate::app::{
    App,
    bank_1993::{self, Printed},
    client::Client,
    stack::Stack,
    staff_cli::StaffCli,
    tenant::Environment,
    until::until,
};

cases!("import":
    a_whole_bank_comes_out_as_printed_and_a_second_import_changes_nothing,
    kill_9_in_the_middle_of_an_import_three_times_and_a_resume_leave_the_same_books,
);

/// Longest import, in a debug build on a busy machine.
const IMPORT_WITHIN: Duration = Duration::from_mins(8);
/// The history's days; a statement is of at most 400.
const PERIODS: [(&str, &str); 2] = [("1993-01-01", "1993-12-31"), ("1994-01-01", "1994-03-31")];

/// The importer with a key of this environment.
fn importer(stack: &Stack, environment: &Environment) -> StaffCli {
    StaffCli::of(stack.control.url()).with("TESSERA_SECRET_KEY", &environment.secret_key)
}

fn start(cli: &StaffCli, stack: &Stack) -> Child {
    let folder = bank_1993::folder().display().to_string();
    cli.command(&["import", "bank", &folder, "--api-url", stack.api.url(), "-o", "json"]).spawn().unwrap()
}

/// An import to its end: what it says it did.
async fn import(cli: &StaffCli, stack: &Stack) -> Value {
    let output = timeout(IMPORT_WITHIN, start(cli, stack).wait_with_output()).await.expect("it ends").unwrap();
    let (stdout, stderr) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    assert!(output.status.success(), "{stdout}\n{stderr}");
    assert!(stderr.contains("skipped trans.asc.gz line 49104"), "{stderr}");
    serde_json::from_str(&stdout).unwrap_or_else(|error| panic!("{error}: {stdout}"))
}

/// How many of the objects are of this run.
fn created(report: &Value) -> [u64; 4] {
    let object = &report["object"];
    [
        &object["customers"]["created"],
        &object["wallets"]["created"],
        &object["counterparties"]["created"],
        &object["movements"]["imported"],
    ]
    .map(|count| count.as_u64().unwrap_or_else(|| panic!("a count: {object:#}")))
}

/// The wallets of the accounts, by the bank's number.
async fn wallets(client: &Client) -> BTreeMap<String, String> {
    let all = client.all("/v1/wallets").await;
    assert_eq!(all.len(), bank_1993::ACCOUNTS + bank_1993::COUNTERPARTIES);
    let accounts = all.iter().filter_map(|wallet| {
        let account = wallet["metadata"]["source_account"].as_str()?;
        Some((account.to_owned(), wallet["id"].as_str().unwrap().to_owned()))
    });
    let accounts: BTreeMap<_, _> = accounts.collect();
    assert_eq!(accounts.len(), bank_1993::ACCOUNTS);
    accounts
}

/// Every movement of a wallet, in order.
async fn movements(client: &Client, wallet: &str) -> Vec<Value> {
    let (mut movements, mut balance) = (Vec::new(), 0);
    for (from, to) in PERIODS {
        let statement = client.get(&format!("/v1/wallets/{wallet}/statement?from={from}&to={to}")).await.ok();
        assert_eq!(statement["opening_balance"], balance, "{statement:#}");
        movements.extend(statement["movements"].as_array().unwrap().iter().cloned());
        balance = statement["closing_balance"].as_i64().unwrap();
    }
    assert_eq!(client.balance(wallet).await, balance);
    movements
}

/// Holds every account's statements against what the bank printed.
async fn compare(environment: &Environment, report: &Value) {
    let client = environment.api_key();
    let (printed, exact) = (bank_1993::printed(), bank_1993::exact_accounts());
    let differing = differing(report);
    let (mut seen, mut compared) = (BTreeSet::new(), 0);
    for (account, wallet) in wallets(&client).await {
        let (mut balance, mut difference, mut last) = (0, 0, String::new());
        for movement in movements(&client, &wallet).await {
            let id = movement["metadata"]["source_id"].as_str().expect("a source id").to_owned();
            let Printed { account: of, date, amount, balance: after } = &printed[&id];
            balance += amount;
            assert_eq!((of, &movement["amount"]), (&account, &json!(amount)), "trans_id {id}");
            assert_eq!(movement["balance_after"], balance, "trans_id {id}");
            assert!(*date >= last, "trans_id {id} is not in the order of days");
            last.clone_from(date);
            difference = difference.max((after - balance).abs());
            compared += usize::from(exact.contains(&account));
            assert!(seen.insert(id.clone()), "trans_id {id} is there twice");
        }
        assert!(difference == 0 || !exact.contains(&account), "account {account} is not exact");
        assert_eq!(difference, differing.get(&account).copied().unwrap_or(0), "account {account}");
    }
    assert_eq!((seen.len(), exact.len(), compared), (bank_1993::MOVEMENTS, 171, 2_990));
}

/// What the import says each account differs by.
fn differing(report: &Value) -> BTreeMap<String, i64> {
    let accounts = report["object"]["differing_accounts"].as_array().expect("a list").iter();
    let pairs = accounts.map(|account| {
        let difference = account["difference_minor_max"].as_i64().unwrap();
        let is_rounding = account["gaps"].as_array().unwrap().is_empty();
        assert!(!is_rounding || difference <= 100, "more than rounding: {account}");
        (account["source_account"].as_str().unwrap().to_owned(), difference)
    });
    pairs.collect()
}

/// Customers are all there, and what is personal about them is nowhere in clear.
async fn look_at_customers(stack: &Stack, environment: &Environment) {
    let client = environment.api_key();
    let customers = stack.database.count(&environment.schema, "customer").await;
    assert_eq!(usize::try_from(customers).unwrap(), bank_1993::CLIENTS);
    let some = client.get("/v1/customers?limit=100").await.ok();
    let numbers = bank_1993::birth_numbers();
    for customer in some["data"].as_array().unwrap() {
        assert!(numbers.contains(customer["tax_id"].as_str().expect("a birth number")), "{customer}");
        let number = customer["tax_id"].as_str().unwrap();
        let in_clear = format!(
            "SELECT count(*) FROM {}.customer WHERE position('{number}'::bytea IN tax_id) > 0 OR metadata::text LIKE '%{number}%'",
            environment.schema
        );
        assert_eq!(stack.database.number(&in_clear).await, 0, "{customer}");
        assert!(customer["metadata"]["source_client"].is_string(), "{customer}");
        let wallets = client.get(&format!("/v1/wallets?customer={}", customer["id"].as_str().unwrap())).await.ok();
        assert!(wallets["data"].as_array().unwrap().len() <= 1, "{wallets:#}");
    }
}

async fn a_whole_bank_comes_out_as_printed_and_a_second_import_changes_nothing(app: App) {
    let stack = app.shared().await;
    let environment = app.tenant().await.test;
    let cli = importer(&stack, &environment);
    let report = import(&cli, &stack).await;
    let all = [bank_1993::CLIENTS, bank_1993::ACCOUNTS, bank_1993::COUNTERPARTIES, bank_1993::MOVEMENTS];
    assert_eq!(created(&report), all.map(|count| u64::try_from(count).unwrap()), "{report:#}");
    let skipped = report["object"]["skipped_lines"].as_array().unwrap();
    assert_eq!((skipped.len(), &skipped[0]["line"]), (1, &json!(49_104)));
    compare(&environment, &report).await;
    look_at_customers(&stack, &environment).await;

    let before = stack.database.contents(&environment.schema).await;
    let again = import(&cli, &stack).await;
    assert_eq!((&again["changed"], created(&again)), (&json!(false), [0; 4]), "{again:#}");
    let after = stack.database.contents(&environment.schema).await;
    assert!(before == after, "a second import changed {:?}", changed_tables(&before, &after));
    app.note(format!(
        "imported in {} s, again in {} s; {} accounts exact, rounding up to {} haléře",
        report["object"]["seconds"],
        again["object"]["seconds"],
        report["object"]["exact_accounts"],
        report["object"]["rounding_minor_max"]
    ));
}

fn changed_tables<T: PartialEq>(before: &BTreeMap<String, T>, after: &BTreeMap<String, T>) -> Vec<String> {
    before.iter().filter(|(name, digest)| after.get(*name) != Some(digest)).map(|(name, _)| name.clone()).collect()
}

async fn kill_9_in_the_middle_of_an_import_three_times_and_a_resume_leave_the_same_books(app: App) {
    let stack = app.shared().await;
    let environment = app.tenant().await.test;
    let cli = importer(&stack, &environment);
    let mut random = app.random();
    let schema = &environment.schema;
    let ends = [("customer", bank_1993::CLIENTS), ("ledger_transfer", 20_000), ("ledger_transfer", 40_000)];
    let mut killed = Vec::new();
    for (table, end) in ends {
        let mut child = start(&cli, &stack);
        let middle = i64::try_from(end / 2 + random.below(end / 4)).unwrap();
        until(IMPORT_WITHIN, || async { stack.database.count(schema, table).await >= middle }).await;
        child.kill().await.unwrap();
        killed.push(format!("{} rows of {table}", stack.database.count(schema, table).await));
    }
    let report = import(&cli, &stack).await;
    app.note(format!("killed at {}; the rest in {} s", killed.join(", "), report["object"]["seconds"]));
    let [customers, wallets, counterparties, movements] = created(&report);
    assert_eq!((customers, wallets, counterparties), (0, 0, 0), "{report:#}");
    assert!(movements > 0 && movements < u64::try_from(bank_1993::MOVEMENTS).unwrap(), "{report:#}");
    compare(&environment, &report).await;
    look_at_customers(&stack, &environment).await;
}
