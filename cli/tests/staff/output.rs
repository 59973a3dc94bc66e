//! Data on stdout, everything else on stderr, in the format that was asked for.

use serde_json::Value;

use crate::play::{FINISHED_OPERATION, Program, Stage};

const CREATE: [&str; 5] = ["tenant", "create", "acme", "--issuer-url", "https://x"];

#[test]
fn every_reading_command_prints_one_json_document() {
    let stage = Stage::open();
    let program = Program::signed_in(&stage);
    program.run(&CREATE).expect(0);
    let commands: [&[&str]; 11] = [
        &["tenant", "get", "acme"],
        &["tenant", "list"],
        &["key", "list", "acme"],
        &["operation", "get", FINISHED_OPERATION],
        &["operation", "list"],
        &["auth", "status"],
        &["config", "profile", "list"],
        &["version"],
        &["help", "exit-codes"],
        &["help", "tenant"],
        &["completion", "bash"],
    ];
    for command in commands {
        let long = program.run(&[command, &["-o", "json"]].concat());
        let short = program.run(&[command, &["--json"]].concat());
        assert!(long.expect(0).document().is_object(), "{command:?}");
        assert_eq!(long.stdout, short.stdout, "{command:?}");
        let yaml = program.run(&[command, &["-o", "yaml"]].concat());
        assert!(!yaml.expect(0).stdout.starts_with('{'), "{command:?}");
        for line in program.run(&[command, &["-o", "ndjson"]].concat()).stdout.lines() {
            assert!(serde_json::from_str::<Value>(line).unwrap().is_object(), "{command:?}");
        }
        assert!(!program.run(command).expect(0).stdout.is_empty(), "{command:?}");
    }
}

#[test]
fn a_tenant_reads_well_in_a_table() {
    let stage = Stage::open();
    let program = Program::signed_in(&stage);
    program.run(&CREATE).expect(0);
    let shown = program.run(&["tenant", "get", "acme"]).stdout;
    assert!(shown.starts_with("Tenant:    acme\n"), "{shown}");
    assert!(shown.contains("MODE  STATE   SCHEMA    VERSION  KEY PROVIDER  KEY      LOCATOR\n"), "{shown}");
    let list = program.run(&["tenant", "list"]).stdout;
    assert_eq!(
        list,
        "SLUG  NAME  PLAN      STATUS  ISSUER     CREATED\nacme  acme  standard  active  https://x  2026-01-01T00:00:00Z\n"
    );
    let name = program.run(&["tenant", "get", "acme", "-o", "name"]).stdout;
    assert_eq!(name, "tenant/acme\n");
}

#[test]
fn colour_is_for_terminals_and_no_color_is_obeyed() {
    let stage = Stage::open();
    let program = Program::signed_in(&stage);
    program.run(&CREATE).expect(0);
    let coloured = |program: &Program, flags: &[&str]| {
        program.run(&[&["tenant", "list"], flags].concat()).stdout.contains('\u{1b}')
    };
    assert!(!coloured(&program, &[]));
    assert!(coloured(&program, &["--color", "always"]));
    assert!(program.in_terminal(&["tenant", "list"], "").stdout.contains('\u{1b}'));
    let program = program.with("NO_COLOR", "1");
    assert!(!program.in_terminal(&["tenant", "list"], "").stdout.contains('\u{1b}'));
    assert!(coloured(&program, &["--color", "always"]));
}

#[test]
fn a_reader_that_leaves_early_is_no_failure() {
    let stage = Stage::open();
    let program = Program::signed_in(&stage);
    let mut child = program.command(&["help", "tenant", "create"]).spawn().unwrap();
    drop(child.stdout.take());
    assert_eq!(child.wait().unwrap().code(), Some(0));
}
