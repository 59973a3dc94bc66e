//! `tessera audit …`

use crate::play::{Program, Stage, assert_write};

#[test]
fn audits_are_asked_for_waited_for_and_shown() {
    let stage = Stage::open();
    let program = Program::signed_in(&stage);
    let (code, document) = program.json(&["audit", "run", "acme"]);
    assert_eq!((code, document["action"].as_str()), (0, Some("audited")), "{document}");
    assert_write(&document);
    let modes: Vec<_> = document["audits"].as_array().unwrap().iter().map(|audit| &audit["mode"]).collect();
    assert_eq!(modes, ["live", "test"]);
    assert_eq!(stage.writes().last().unwrap().path, "/platform/v1/tenants/acme/ledger_audits");

    let ran = program.run(&["audit", "run", "broken"]);
    assert!(ran.expect(1).stdout.contains("test ledger:\nCHECK"), "{ran:?}");
    let (code, document) = program.json(&["audit", "run", "broken"]);
    assert_eq!((code, document["error"]["code"].as_str()), (1, Some("ledger_wrong")), "{document}");
    assert_eq!(document["audits"][1]["findings"][0]["found"], "6");
}

#[test]
fn a_wait_for_a_worker_can_end_early() {
    let stage = Stage::open();
    let program = Program::signed_in(&stage);
    let (code, document) = program.json(&["audit", "run", "slow", "--timeout", "1s"]);
    assert_eq!((code, document["error"]["code"].as_str()), (7, Some("timeout")), "{document}");
    let (code, document) = program.json(&["audit", "run", "slow", "--detach"]);
    assert_eq!((code, document["action"].as_str()), (0, Some("requested")), "{document}");
    let (code, document) = program.json(&["audit", "run", "acme", "--dry-run"]);
    assert_eq!((code, document["dry_run"].as_bool()), (0, Some(true)), "{document}");
}

#[test]
fn audits_are_listed_and_read() {
    let stage = Stage::open();
    let program = Program::signed_in(&stage);
    let (code, list) = program.json(&["audit", "list", "--tenant", "acme"]);
    assert_eq!((code, list["data"].as_array().unwrap().len()), (0, 3));
    let names = program.run(&["audit", "list", "--status", "failed", "-o", "name"]);
    assert_eq!(names.stdout, "ledger_audit/lad_01jb3v8z6m2c8v5b9n1kabcdef\n");
    let shown = program.run(&["audit", "get", "lad_01jb3v8z6m2c8v5b9n1kabcdef"]);
    assert!(shown.expect(0).stdout.contains("balance  lac_1    -      eur       5         6"), "{shown:?}");
    program.run(&["audit", "get", "op_01jb3v8z6m2c8v5b9n1kabcdef"]).expect(2);
}
