//! Questions: asked in a terminal, replaced by a named flag without one.

use crate::play::{Program, Stage};

fn with_acme(stage: &Stage) -> Program {
    let program = Program::signed_in(stage);
    program.run(&["tenant", "create", "acme", "--issuer-url", "https://x"]).expect(0);
    program
}

#[test]
fn without_a_terminal_the_missing_flag_is_named() {
    let stage = Stage::open();
    let program = with_acme(&stage);
    let before = stage.writes().len();
    let cases: [(&[&str], &str); 8] = [
        (&["tenant", "suspend", "acme"], "--reason"),
        (&["tenant", "resume", "acme"], "--reason"),
        (&["tenant", "offboard", "acme", "--confirm", "acme"], "--reason"),
        (&["tenant", "offboard", "acme", "--reason", "x", "--yes"], "--confirm"),
        (&["tenant", "migrate", "--all"], "--yes"),
        (&["tenant", "rotate-keys", "acme", "--overlap", "0s"], "--yes"),
        (&["key", "disable", "acme", "--mode", "live", "--reason", "x"], "--yes"),
        (&["key", "destroy", "acme", "--mode", "live", "--reason", "x", "--yes"], "--confirm"),
    ];
    for (command, flag) in cases {
        let (code, document) = program.json(command);
        assert_eq!((code, document["error"]["param"].as_str()), (2, Some(flag)), "{command:?} {document}");
    }
    assert_eq!(stage.writes().len(), before, "nothing was sent");
}

#[test]
fn a_wrong_confirmation_changes_nothing() {
    let stage = Stage::open();
    let program = with_acme(&stage);
    let outcome = program.run(&["tenant", "offboard", "acme", "--reason", "x", "--confirm", "acne"]);
    assert!(outcome.expect(2).stderr.contains("--confirm says `acne`"), "{outcome:?}");
}

#[test]
fn in_a_terminal_the_slug_is_typed() {
    let stage = Stage::open();
    let program = with_acme(&stage);
    let wrong = program.in_terminal(&["tenant", "offboard", "acme", "--reason", "x"], "acne\n");
    assert!(wrong.expect(1).stdout.contains("not confirmed"), "{wrong:?}");
    assert_eq!(stage.state().tenants["acme"]["status"], "active");
    let right = program.in_terminal(&["tenant", "offboard", "acme", "--reason", "x"], "acme\n");
    assert!(right.expect(0).stdout.contains("Type the tenant's slug"), "{right:?}");
    assert_eq!(stage.state().tenants["acme"]["status"], "offboarded");
}

#[test]
fn in_a_terminal_reasons_and_plain_questions_are_asked_and_a_production_profile_is_named() {
    let stage = Stage::open();
    let program = with_acme(&stage);
    program.run(&["config", "profile", "set", "prod", "--production", "true"]).expect(0);
    let asked = program.in_terminal(&["tenant", "suspend", "acme", "--profile", "prod"], "fraud review\n");
    assert!(asked.expect(0).stdout.contains("[production profile prod] Reason"), "{asked:?}");
    assert_eq!(stage.writes().last().unwrap().header("tessera-reason"), "fraud review");
    let no = program.in_terminal(&["tenant", "migrate", "--all"], "n\n");
    assert!(no.expect(1).stdout.contains("Migrate all (1 tenant)? [y/N]"), "{no:?}");
    program.in_terminal(&["tenant", "migrate", "--all"], "y\n").expect(0);
    let never = program.in_terminal(&["tenant", "migrate", "--all", "--no-input"], "y\n");
    assert!(never.expect(2).stdout.contains("--yes is required"), "{never:?}");
}
