//! `import bank` against a payment API that is played here: the real files, outages, torn answers, a kill, a repeat.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    io::Read as _,
    path::PathBuf,
    thread,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use crate::play::{Payments, Program, SECRET_KEY, Stage, assert_write, error_code};

fn data() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../tests/data/bank-1993")
}

/// A folder with two clients, one account and three movements, of which the second line is torn.
fn small_bank(program: &Program) -> String {
    let folder = program.path("bank");
    fs::create_dir_all(&folder).unwrap();
    let columns: Vec<String> = (1..=16).map(|number| format!("A{number}")).collect();
    let rest = ["0"; 13].join(";");
    let files = [
        ("district", format!("{}\r\n1;\"Praha\";\"Prague\";{rest}\r\n", columns.join(";"))),
        ("client", "\"client_id\";\"birth_number\";\"district_id\"\r\n1;\"706213\";1\r\n2;\"450204\";1\r\n".to_owned()),
        ("account", "account_id;district_id;frequency;date\r\n5;1;\"POPLATEK MESICNE\";930101\r\n".to_owned()),
        ("disp", "disp_id;client_id;account_id;type\r\n1;2;5;\"OWNER\"\r\n2;1;5;\"DISPONENT\"\r\n".to_owned()),
        (
            "trans",
            "trans_id;account_id;date;type;operation;amount;balance;k_symbol;bank;account\r\n\
             12;5;930102;\"VYDAJ\";\"PREVOD NA UCET\";30.50;-10.50;\"SIPO\";\"YZ\";\"123\"\r\n\
             99;5;930102;\"PRIJ\r\n\
             11;5;930102;\"PRIJEM\";\"VKLAD\";20.00;20.00;\"\";;\r\n\
             13;5;930103;\"VYDAJ\";\"VYBER\";1.00;-11.50;\"SLUZBY\";;\r\n"
                .to_owned(),
        ),
    ];
    for (name, text) in files {
        fs::write(folder.join(format!("{name}.asc")), text).unwrap();
    }
    folder.to_str().unwrap().to_owned()
}

fn customer_of(program: &Program, payments: &Payments) -> (i32, Value, String) {
    let folder = small_bank(program);
    let key = program.file("key", SECRET_KEY);
    let outcome =
        program.run(&["import", "bank", &folder, "--api-url", &payments.url(), "--key-file", &key, "-o", "json"]);
    (outcome.code, outcome.document(), outcome.stderr)
}

#[test]
fn a_small_bank_becomes_customers_wallets_and_transfers_in_order() {
    let (stage, payments) = (Stage::open(), Payments::open());
    let program = Program::signed_out(&stage);
    let (code, document, stderr) = customer_of(&program, &payments);
    assert_write(&document);
    assert_eq!((code, &document["action"]), (0, &json!("imported")), "{document:#} {stderr}");
    assert!(stderr.contains("skipped trans.asc line 3: a quotation mark is not closed"), "{stderr}");
    assert!(stderr.contains("step=movements 3/3"), "{stderr}");
    let object = &document["object"];
    assert_eq!(object["customers"], json!({ "created": 2, "already_there": 0 }));
    assert_eq!(object["wallets"], json!({ "created": 1, "already_there": 0 }));
    assert_eq!(object["counterparties"], json!({ "created": 3, "already_there": 0 }));
    assert_eq!(object["movements"], json!({ "imported": 3, "already_there": 0, "skipped": 1 }));
    assert_eq!((&object["exact_accounts"], &object["skipped_lines"][0]["line"]), (&json!(1), &json!(3)));

    let ledger = payments.ledger();
    assert_eq!(ledger.customers[0]["address"], json!({ "city": "Praha", "state": "Prague" }));
    let owner = ledger.customers.iter().find(|customer| customer["metadata"]["source_client"] == "2").unwrap();
    assert_eq!(owner["tax_id"], "450204");
    let wallet = ledger.wallets.values().find(|wallet| wallet["metadata"]["source_account"] == "5").unwrap();
    assert_eq!((&wallet["customer"], &wallet["overdraft_limit"]), (&owner["id"], &json!(1_150)));
    let elsewhere = ledger.wallets.values().find(|wallet| wallet["metadata"]["source_bank"] == "YZ").unwrap();
    assert_eq!(
        (&elsewhere["type"], &elsewhere["metadata"]["source_bank_account"]),
        (&json!("clearing"), &json!("123"))
    );
    let told: Vec<_> = ledger
        .transfers
        .iter()
        .map(|transfer| {
            let after = transfer["balances"][wallet["id"].as_str().unwrap()].as_i64().unwrap();
            (transfer["metadata"]["source_id"].as_str().unwrap(), transfer["description"].as_str().unwrap(), after)
        })
        .collect();
    let expected =
        [("11", "Cash deposit", 2_000), ("12", "Transfer to another bank: household", -1_050), ("13", "Fee", -1_150)];
    assert_eq!(told, expected);
    assert_eq!(ledger.transfers[1]["occurred_at"], "1993-01-02T00:00:00Z");
}

#[test]
fn a_second_import_says_unchanged_and_other_data_under_the_same_numbers_is_refused() {
    let (stage, payments) = (Stage::open(), Payments::open());
    let program = Program::signed_out(&stage);
    customer_of(&program, &payments);
    let before = payments.ledger().contents();
    let (code, document, _) = customer_of(&program, &payments);
    assert_eq!((code, &document["changed"], &document["action"]), (0, &json!(false), &json!("unchanged")));
    assert_eq!(document["object"]["movements"], json!({ "imported": 0, "already_there": 3, "skipped": 1 }));
    assert_eq!(before, payments.ledger().contents());

    let folder = small_bank(&program);
    let client = program.path("bank/client.asc");
    fs::write(&client, fs::read_to_string(&client).unwrap().replace("706213", "706214")).unwrap();
    let key = program.file("key", SECRET_KEY);
    let (code, document) = program.json(&["import", "bank", &folder, "--api-url", &payments.url(), "--key-file", &key]);
    assert_eq!((code, error_code(&document)), (1, "idempotency_error"));
}

#[test]
fn outages_and_torn_answers_are_ridden_out() {
    let (stage, payments) = (Stage::open(), Payments::open());
    let program = Program::signed_out(&stage);
    payments.ledger().outages = 3;
    payments.ledger().torn_answers = 2;
    let (code, document, stderr) = customer_of(&program, &payments);
    assert_eq!((code, payments.ledger().transfers.len()), (0, 3), "{document:#}");
    assert!(stderr.contains("trying again"), "{stderr}");
}

#[test]
fn a_refused_movement_ends_the_import_and_is_named() {
    let (stage, payments) = (Stage::open(), Payments::open());
    let program = Program::signed_out(&stage);
    payments.ledger().refused = Some("12".to_owned());
    let (code, document, _) = customer_of(&program, &payments);
    assert_eq!((code, error_code(&document)), (1, "insufficient_funds"));
    let message = document["error"]["message"].as_str().unwrap();
    assert!(message.contains("trans_id 12 (line 2)"), "{message}");
}

#[test]
fn the_key_comes_from_a_file_stdin_or_the_environment_and_is_never_shown() {
    let (stage, payments) = (Stage::open(), Payments::open());
    let program = Program::signed_out(&stage);
    let folder = small_bank(&program);
    let url = payments.url();
    let import = ["import", "bank", folder.as_str(), "--api-url", url.as_str()];
    let (code, document) = program.json(&import);
    assert_eq!((code, document["error"]["param"].as_str()), (2, Some("--key-file")));
    let wrong = program.file("wrong", "sk_test_guessedguessed");
    let outcome = program.run(&[&import[..], &["--key-file", &wrong]].concat());
    assert_eq!(outcome.code, 4, "{outcome:?}");
    let neither = program.file("neither", "hunter2hunter2");
    for flags in [["--key-file", wrong.as_str()], ["--key-file", neither.as_str()]] {
        let outcome = program.run(&[&import[..], &flags].concat());
        let shown = format!("{outcome:?}");
        assert!(!shown.contains("guessed") && !shown.contains("hunter2"), "{shown}");
    }
    program.with("TESSERA_SECRET_KEY", SECRET_KEY).run(&import).expect(0);
    let program = Program::signed_out(&stage);
    let folder = small_bank(&program);
    let import = ["import", "bank", folder.as_str(), "--api-url", url.as_str(), "--key-file", "-"];
    let mut child = program.command(&import).stdin(std::process::Stdio::piped()).spawn().unwrap();
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), SECRET_KEY.as_bytes()).unwrap();
    assert!(child.wait_with_output().unwrap().status.success());
}

#[test]
fn a_live_environment_needs_a_yes_and_a_missing_folder_is_a_usage_error() {
    let (stage, payments) = (Stage::open(), Payments::open());
    let program = Program::signed_out(&stage);
    let folder = small_bank(&program);
    let key = program.file("key", "sk_live_0123456789ab");
    let url = payments.url();
    let (code, document) = program.json(&["import", "bank", &folder, "--api-url", &url, "--key-file", &key]);
    assert_eq!((code, document["error"]["param"].as_str()), (2, Some("--yes")));
    let (code, _) = program.json(&["import", "bank", "nowhere", "--api-url", &url, "--key-file", &key, "--yes"]);
    assert_eq!((code, payments.ledger().requests), (2, 0));
}

#[test]
fn the_real_bank_survives_a_kill_in_the_middle_and_every_exact_balance_is_ours() {
    let (stage, payments) = (Stage::open(), Payments::open());
    let program = Program::signed_out(&stage).with("TESSERA_SECRET_KEY", SECRET_KEY);
    let url = payments.url();
    let folder = data().to_str().unwrap().to_owned();
    let import = ["import", "bank", folder.as_str(), "--api-url", url.as_str(), "-o", "json"];
    let mut child = program.command(&import).spawn().unwrap();
    let began = Instant::now();
    while payments.ledger().transfers.len() < 10_000 {
        assert!(began.elapsed() < Duration::from_mins(3), "it does not come to the movements");
        thread::sleep(Duration::from_millis(10));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let (code, document) = program.json(&import[..5]);
    let object = &document["object"];
    assert_eq!(code, 0, "{document:#}");
    assert_eq!(object["customers"]["already_there"], 5_369);
    assert_eq!(object["counterparties"]["already_there"], 1_595);
    assert_eq!(object["wallets"]["already_there"], 1_229);
    let [imported, there] = ["imported", "already_there"].map(|name| object["movements"][name].as_u64().unwrap());
    assert_eq!((imported + there, &object["movements"]["skipped"]), (49_102, &json!(1)));
    assert!(there >= 10_000 && imported > 0, "{object:#}");

    let ledger = payments.ledger();
    assert_eq!((ledger.transfers.len(), ledger.balances.values().sum::<i64>()), (49_102, 0));
    let printed = printed_balances();
    let exact = fs::read_to_string(data().join("exact_accounts.txt")).unwrap();
    let exact: BTreeSet<&str> = exact.split_whitespace().collect();
    let mut compared = 0;
    for transfer in &ledger.transfers {
        let own = ["source", "destination"].map(|side| transfer[side].as_str().unwrap());
        let own = own.into_iter().find(|id| ledger.wallets[*id]["type"] != "clearing").unwrap();
        if exact.contains(ledger.wallets[own]["metadata"]["source_account"].as_str().unwrap()) {
            let id = transfer["metadata"]["source_id"].as_str().unwrap();
            assert_eq!(transfer["balances"][own].as_i64(), printed.get(id).copied(), "trans_id {id}");
            compared += 1;
        }
    }
    assert_eq!((exact.len(), compared), (171, 2_990));
}

/// What the bank printed, in haléře, by `trans_id`.
fn printed_balances() -> BTreeMap<String, i64> {
    let mut text = String::new();
    let file = fs::File::open(data().join("trans.asc.gz")).unwrap();
    flate2::read::MultiGzDecoder::new(file).read_to_string(&mut text).unwrap();
    let rows = text.lines().skip(1).map(|line| line.split(';').collect::<Vec<_>>()).filter(|fields| fields.len() == 10);
    rows.map(|fields| (fields[0].to_owned(), fields[6].replace('.', "").parse().unwrap())).collect()
}
