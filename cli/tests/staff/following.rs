//! Waiting for an operation: progress, timeouts, outages, Ctrl-C.

use std::{
    io::{BufRead as _, BufReader},
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;

use crate::play::{FINISHED_OPERATION, Outcome, Program, Stage, error_code};

const SLOW: [&str; 5] = ["tenant", "create", "slow", "--issuer-url", "https://x.example"];

#[test]
fn without_a_terminal_each_step_is_a_line_on_stderr() {
    let stage = Stage::open();
    let program = Program::signed_in(&stage);
    let create = ["tenant", "create", "acme", "--issuer-url", "https://x.example"];
    let outcome = program.run(&create);
    assert!(outcome.expect(0).stderr.contains("tenant=acme mode=live step=schema 1/2 ok 1.2s\n"), "{outcome:?}");
    assert!(outcome.stdout.starts_with("created tenant acme\n"), "{outcome:?}");
    let quiet = program.run(&["tenant", "create", "beta", "--issuer-url", "https://x.example", "--quiet"]);
    assert_eq!(quiet.expect(0).stderr, "");
}

#[test]
fn a_timeout_is_7_and_names_the_operation() {
    let stage = Stage::open();
    let program = Program::signed_in(&stage);
    let started = Instant::now();
    let (code, document) = program.json(&[&SLOW[..], &["--timeout", "1s"]].concat());
    assert!(started.elapsed() < Duration::from_secs(5));
    assert_eq!((code, error_code(&document)), (7, "timeout"));
    let id = document["error"]["operation_id"].as_str().unwrap().to_owned();
    assert!(document["error"]["hint"].as_str().unwrap().contains(&id));
    let (code, _) = program.json(&["operation", "wait", &id, "--timeout", "1s"]);
    assert_eq!(code, 7);
}

#[test]
fn detach_answers_at_once_with_the_operation() {
    let stage = Stage::open();
    let program = Program::signed_in(&stage);
    let (code, document) = program.json(&[&SLOW[..], &["--detach"]].concat());
    assert_eq!((code, &document["changed"]), (0, &json!(true)));
    assert!(document["operation_id"].as_str().unwrap().starts_with("op_"));
    let named = program
        .run(&[&["tenant", "create", "beta", "--issuer-url", "https://x"][..], &["--detach", "-o", "name"]].concat());
    assert!(named.expect(0).stdout.starts_with("operation/op_"));
}

#[test]
fn interrupting_stops_the_following_and_not_the_operation() {
    let stage = Stage::open();
    let program = Program::signed_in(&stage);
    let child = program.command(&[&SLOW[..], &["-o", "json"]].concat()).spawn().unwrap();
    while !stage.state().calls.iter().any(|call| call.path.contains("/operations/")) {
        std::thread::sleep(Duration::from_millis(20));
    }
    kill_process(Pid::from_child(&child), Signal::INT).unwrap();
    let outcome = Outcome::of(child.wait_with_output().unwrap());
    let document = outcome.expect(130).document();
    assert_eq!(error_code(&document), "interrupted");
    assert!(document["error"]["message"].as_str().unwrap().contains("continues on the server"));
    assert!(document["error"]["operation_id"].as_str().unwrap().starts_with("op_"));
}

#[test]
fn interrupting_before_there_is_an_operation_names_the_request() {
    let stage = Stage::open();
    stage.state().device_polls = usize::MAX;
    let program = Program::signed_out(&stage);
    let mut child = program.command(&["auth", "login", "--issuer-url", &stage.issuer()]).spawn().unwrap();
    let mut stderr = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    stderr.read_line(&mut line).unwrap();
    assert!(line.contains("WDJB-MJHT"), "{line}");
    kill_process(Pid::from_child(&child), Signal::INT).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130));
}

#[test]
fn a_server_that_is_away_for_a_moment_is_asked_again_under_the_same_name() {
    let stage = Stage::open();
    stage.state().outages = 2;
    let program = Program::signed_in(&stage);
    program.run(&["tenant", "create", "acme", "--issuer-url", "https://x", "--no-keys"]).expect(0);
    let writes = stage.writes();
    assert_eq!(writes.len(), 3);
    assert_eq!(writes[0].header("idempotency-key"), writes[2].header("idempotency-key"));
}

#[test]
fn an_outage_while_following_is_lived_through() {
    let stage = Stage::open();
    let program = Program::signed_in(&stage);
    let (_, document) = program.json(&["tenant", "create", "acme", "--issuer-url", "https://x", "--detach"]);
    stage.state().outages = 5;
    let outcome = program.run(&["operation", "wait", document["operation_id"].as_str().unwrap(), "-o", "json"]);
    assert_eq!(outcome.expect(0).document()["state"], "succeeded");
    assert!(outcome.stderr.contains("still trying"), "{outcome:?}");
}

#[test]
fn operations_are_shown_listed_resumed_and_cancelled() {
    let stage = Stage::open();
    let program = Program::signed_in(&stage);
    let (code, shown) = program.json(&["operation", "get", FINISHED_OPERATION]);
    assert_eq!((code, &shown["state"]), (0, &json!("succeeded")));
    let (code, list) = program.json(&["operation", "list"]);
    assert_eq!((code, &list["data"][0]["id"]), (0, &json!(FINISHED_OPERATION)));
    let (code, waited) = program.json(&["operation", "wait", FINISHED_OPERATION]);
    assert_eq!((code, &waited["id"]), (0, &json!(FINISHED_OPERATION)));
    let (code, resumed) = program.json(&["operation", "resume", FINISHED_OPERATION]);
    assert_eq!((code, &resumed["action"], &resumed["object"]["state"]), (0, &json!("resumed"), &json!("succeeded")));
    let (code, cancelled) = program.json(&["operation", "cancel", FINISHED_OPERATION]);
    assert_eq!((code, &cancelled["action"]), (0, &json!("cancelled")));
    let table = program.run(&["operation", "get", FINISHED_OPERATION]);
    assert!(table.stdout.contains("role  acme    live  done     12ms"), "{}", table.stdout);
    assert!(table.stdout.contains("2026-01-01T00:00:00Z"), "{}", table.stdout);

    let (_, slow) = program.json(&[&SLOW[..], &["--detach"]].concat());
    let (code, running) = program.json(&["operation", "resume", slow["operation_id"].as_str().unwrap()]);
    assert_eq!((code, error_code(&running)), (5, "operation_running"));
}
