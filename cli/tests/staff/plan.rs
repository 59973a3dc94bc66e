//! `tessera plan` and `tessera apply`

use std::fs;

use serde_json::{Value, json};

use crate::play::{Program, Stage, assert_write, error_code};

const TENANTS: &str = "tenants:\n  - slug: acme\n    name: Acme\n  - slug: beta\n    name: Beta\n";

#[test]
fn a_plan_is_saved_applied_and_then_empty() {
    let stage = Stage::open();
    let program = Program::signed_in(&stage);
    let file = program.file("tenants.yaml", TENANTS);
    let path = program.path("plan.json");
    let plan = program.run(&["plan", "-f", &file, "--out", path.to_str().unwrap()]);
    assert!(plan.expect(0).stdout.contains("Plan: 2 to create, 0 to update\n"), "{plan:?}");
    let saved: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
    assert_eq!((&saved["object"], saved["changes"].as_array().unwrap().len()), (&json!("plan"), 2));

    let (code, applied) = program.json(&["apply", path.to_str().unwrap()]);
    assert_write(&applied);
    assert_eq!((code, applied["results"].as_array().unwrap().len()), (0, 2));
    let sent = stage.writes().last().unwrap().body.clone();
    assert_eq!(sent, saved, "the plan is sent exactly as it was saved");
}

#[test]
fn detailed_exit_codes_tell_changes_from_errors() {
    let stage = Stage::open();
    let program = Program::signed_in(&stage);
    let file = program.file("tenants.yaml", TENANTS);
    let detailed = |file: &str| program.run(&["plan", "-f", file, "--detailed-exitcode"]).code;
    assert_eq!(detailed(&file), 2);
    assert_eq!(program.run(&["plan", "-f", &file]).code, 0);
    for slug in ["acme", "beta"] {
        stage.state().tenants.insert(slug.to_owned(), json!({ "slug": slug }));
    }
    assert_eq!(detailed(&file), 0);
    assert_eq!(detailed("/nonexistent"), 1);
    assert_eq!(program.run(&["plan", "-f", &file, "--detailed-exitcode", "--nonsense"]).code, 1);
    assert_eq!(program.run(&["plan", "-f", "/nonexistent"]).code, 2);
}

#[test]
fn a_stale_plan_is_5() {
    let stage = Stage::open();
    let program = Program::signed_in(&stage);
    let file = program.file("tenants.yaml", TENANTS);
    program.run(&["plan", "-f", &file, "--out", "plan.json"]).expect(0);
    stage.state().revision = 7;
    let (code, document) = program.json(&["apply", "plan.json"]);
    assert_eq!((code, error_code(&document)), (5, "plan_stale"));
}

#[test]
fn files_that_are_no_plan_or_no_tenants_are_named() {
    let stage = Stage::open();
    let program = Program::signed_in(&stage);
    for (text, why) in [
        ("tenants: nope", "must be a list"),
        ("- a", "must be a mapping"),
        ("tenants: []\nextra: 1", "unknown field `extra`"),
        ("a: [", "tenants.yaml"),
    ] {
        let file = program.file("tenants.yaml", text);
        let outcome = program.run(&["plan", "-f", &file]);
        assert!(outcome.expect(2).stderr.contains(why), "{why}: {outcome:?}");
    }
    let file = program.file("x.json", "{}");
    let outcome = program.run(&["apply", &file]);
    assert!(outcome.expect(2).stderr.contains("is not a saved plan"), "{outcome:?}");
}
