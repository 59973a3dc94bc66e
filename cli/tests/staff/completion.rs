//! Completion scripts, and slugs from the server.

use serde_json::json;

use crate::play::{Outcome, Program, Stage};

fn complete(program: &Program, words: &[&str]) -> Vec<String> {
    let mut command = program.command(&[&["--"], words].concat());
    command.env("TESSERA_COMPLETE", "bash").env("_CLAP_COMPLETE_INDEX", (words.len() - 1).to_string());
    command.env("_CLAP_COMPLETE_COMP_TYPE", "9").env("_CLAP_COMPLETE_SPACE", "true").env("_CLAP_IFS", "\n");
    let outcome = Outcome::of(command.output().unwrap());
    outcome.expect(0).stdout.lines().map(str::to_owned).collect()
}

#[test]
fn every_shell_gets_a_script() {
    let stage = Stage::open();
    let program = Program::signed_out(&stage);
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let outcome = program.run(&["completion", shell]);
        assert!(outcome.expect(0).stdout.contains("TESSERA_COMPLETE"), "{shell}: {outcome:?}");
    }
    program.run(&["completion", "tcsh"]).expect(2);
}

#[test]
fn commands_and_slugs_complete() {
    let stage = Stage::open();
    for slug in ["acme", "beta"] {
        stage.state().tenants.insert(slug.to_owned(), json!({ "id": slug, "slug": slug }));
    }
    let program = Program::signed_in(&stage);
    assert!(complete(&program, &["tessera", "tenant", "rot"]).contains(&"rotate-keys".to_owned()));
    assert_eq!(complete(&program, &["tessera", "tenant", "get", "a"]), ["acme"]);
    let asked = stage.state().calls.len();
    assert_eq!(complete(&program, &["tessera", "tenant", "suspend", "b"]), ["beta"]);
    assert_eq!(stage.state().calls.len(), asked, "the second time comes from the cache");
}

#[test]
fn without_a_server_there_are_no_slugs_and_no_noise() {
    let stage = Stage::open();
    let program = Program::signed_out(&stage);
    let found = complete(&program, &["tessera", "tenant", "get", "a"]);
    assert!(found.is_empty(), "{found:?}");
}
