//! Secrets are shown once, or go to a file of their owner.

use std::{fs, os::unix::fs::PermissionsExt as _};

use serde_json::{Value, json};

use crate::play::{Program, Stage};

const CREATE: [&str; 5] = ["tenant", "create", "acme", "--issuer-url", "https://x"];

fn secret(mode: &str) -> String {
    format!("sk_{mode}_{}", "s3cr3t".repeat(7))
}

#[test]
fn they_are_shown_once_when_no_file_is_named() {
    let stage = Stage::open();
    let program = Program::signed_in(&stage);
    let outcome = program.run(&CREATE);
    assert!(outcome.expect(0).stdout.contains(&secret("live")), "{outcome:?}");
    let (_, rotated) = program.json(&["tenant", "rotate-keys", "acme"]);
    assert_eq!(rotated["object"]["keys"][1]["secret"], secret("test"));
    assert_eq!(stage.writes().last().unwrap().body["overlap_seconds"], 86_400);
}

#[test]
fn a_key_file_belongs_to_its_owner_and_the_output_is_masked() {
    let stage = Stage::open();
    let program = Program::signed_in(&stage);
    let path = program.path("acme.keys.json");
    let (code, document) = program.json(&[&CREATE[..], &["--key-file", path.to_str().unwrap()]].concat());
    assert_eq!((code, &document["api_keys"][0]["secret"]), (0, &json!("sk_live_…cr3t")));
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    let file: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
    assert_eq!((&file["tenant"], &file["keys"][0]["secret"]), (&json!("acme"), &json!(secret("live"))));

    // Unchanged: the file keeps what it holds.
    program.run(&[&CREATE[..], &["--key-file", path.to_str().unwrap()]].concat()).expect(0);
    assert_eq!(serde_json::from_str::<Value>(&fs::read_to_string(&path).unwrap()).unwrap(), file);
    program.run(&["tenant", "rotate-keys", "acme", "--key-file", path.to_str().unwrap()]).expect(0);
    let names: Vec<_> = fs::read_dir(program.path("")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names, ["acme.keys.json"], "nothing is left beside it");
}

#[test]
fn another_file_is_never_replaced_and_no_key_is_issued_for_it() {
    let stage = Stage::open();
    let program = Program::signed_in(&stage);
    let precious = program.file("precious", "do not lose me");
    let outcome = program.run(&[&CREATE[..], &["--key-file", &precious]].concat());
    assert!(outcome.expect(2).stderr.contains("will not be replaced"), "{outcome:?}");
    program.run(&[&CREATE[..], &["--key-file", "/nonexistent/x"]].concat()).expect(2);
    assert!(stage.writes().is_empty());
    assert_eq!(fs::read_to_string(precious).unwrap(), "do not lose me");
}

#[test]
fn a_dash_writes_the_key_file_to_stdout() {
    let stage = Stage::open();
    let program = Program::signed_in(&stage);
    program.run(&CREATE).expect(0);
    let outcome = program.run(&["tenant", "rotate-keys", "acme", "--key-file", "-"]);
    let document = outcome.expect(0).document();
    assert_eq!(document["keys"][0]["secret"], secret("live"));
    let (_, document) = program.json(&["tenant", "rotate-keys", "acme", "--key-file", "-"]);
    assert_eq!(document["object"]["keys"][0]["secret"], secret("live"));
}

#[test]
fn a_repeat_that_cannot_show_them_says_so() {
    let stage = Stage::open();
    let program = Program::signed_in(&stage);
    program.run(&CREATE).expect(0);
    let (_, document) = program.json(&["tenant", "rotate-keys", "acme", "--only-if-none"]);
    assert_eq!((&document["changed"], &document["object"]["keys"]), (&json!(false), &json!([])));
}
