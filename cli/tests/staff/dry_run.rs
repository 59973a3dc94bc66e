//! `--dry-run` on every write: the server is asked, nothing is changed, nothing is asked of the person.

use serde_json::json;

use crate::play::{FINISHED_OPERATION, Program, Stage};

#[test]
fn every_write_can_be_rehearsed() {
    let stage = Stage::open();
    let program = Program::signed_in(&stage);
    program.run(&["tenant", "create", "acme", "--issuer-url", "https://x"]).expect(0);
    let tenants = stage.state().tenants.clone();
    let plan = program.file(
        "plan.json",
        r#"{"object":"plan","base_revision":0,"changes":[{"action":"create","tenant":"b"}],"specs":[]}"#,
    );
    let commands: [&[&str]; 16] = [
        &["tenant", "create", "beta", "--issuer-url", "https://x"],
        &["tenant", "update", "acme", "--name", "New"],
        &["tenant", "suspend", "acme", "--reason", "x"],
        &["tenant", "resume", "acme", "--reason", "x"],
        &["tenant", "offboard", "acme", "--reason", "x"],
        &["tenant", "rotate-keys", "acme", "--overlap", "0s"],
        &["tenant", "migrate", "acme"],
        &["tenant", "migrate", "--all"],
        &["key", "rotate", "acme", "--mode", "live"],
        &["key", "disable", "acme", "--mode", "live", "--reason", "x"],
        &["key", "enable", "acme", "--mode", "live"],
        &["key", "destroy", "acme", "--mode", "live", "--reason", "x"],
        &["key", "rotate-data-keys", "acme"],
        &["apply", &plan],
        &["operation", "resume", FINISHED_OPERATION],
        &["operation", "cancel", FINISHED_OPERATION],
    ];
    let before = stage.writes().len();
    for command in commands {
        let (code, document) = program.json(&[command, &["--dry-run"]].concat());
        assert_eq!((code, &document["dry_run"]), (0, &json!(true)), "{command:?} {document}");
        assert!(document["changes"].is_array(), "{command:?}");
    }
    for call in &stage.writes()[before..] {
        assert_eq!(call.query, "dry_run=true", "{}", call.path);
    }
    assert_eq!(stage.state().tenants, tenants);
    let table = program.run(&["tenant", "suspend", "acme", "--reason", "x", "--dry-run"]);
    assert_eq!(
        table.stdout,
        "ACTION   TENANT  FIELD   FROM    TO\nsuspend  acme    status  active  suspended\nDry run: nothing was changed\n"
    );
}
