//! `tessera config profile …`, and which value wins.

use serde_json::json;

use crate::play::{Program, Stage};

#[test]
fn profiles_are_made_changed_used_and_listed() {
    let stage = Stage::open();
    let program = Program::signed_in(&stage).without("TESSERA_API_URL");
    let set = ["config", "profile", "set", "local", "--api-url", &stage.url(), "--format", "yaml"];
    let (code, first) = program.json(&set);
    assert_eq!((code, &first["action"]), (0, &json!("created")));
    assert_eq!(program.json(&set).1["action"], "unchanged");
    let (_, changed) = program.json(&["config", "profile", "set", "local", "--production", "true"]);
    assert_eq!((&changed["action"], &changed["object"]["api_url"]), (&json!("updated"), &json!(stage.url())));
    assert_eq!(program.json(&["config", "profile", "use", "local"]).1["changed"], true);
    assert_eq!(program.json(&["config", "profile", "use", "local"]).1["changed"], false);
    let (_, list) = program.json(&["config", "profile", "list"]);
    assert_eq!((&list["data"][0]["name"], &list["data"][0]["current"]), (&json!("local"), &json!(true)));
    // The profile's URL and format are in force now.
    let outcome = program.run(&["tenant", "list"]);
    assert!(outcome.expect(0).stdout.starts_with("object: list\n"), "{outcome:?}");
}

#[test]
fn flags_win_over_the_environment_which_wins_over_the_profile() {
    let stage = Stage::open();
    let program = Program::signed_in(&stage);
    program
        .run(&["config", "profile", "set", "p", "--api-url", "http://127.0.0.1:1", "--issuer-url", "http://id"])
        .expect(0);
    let (_, status) = program.json(&["auth", "status", "--profile", "p"]);
    let settings = &status["settings"];
    assert_eq!(settings["api_url"]["source"], "environment TESSERA_API_URL");
    assert_eq!(settings["issuer_url"], json!({ "value": "http://id", "source": "profile p" }));
    assert_eq!(settings["profile"]["source"], "flag --profile");
    assert_eq!(settings["client_id"]["source"], "default");
    let (_, status) = program.json(&["auth", "status", "--api-url", &stage.url()]);
    assert_eq!(status["settings"]["api_url"]["source"], "flag --api-url");
    assert_eq!(status["identity"]["role"], "staff_admin");
}

#[test]
fn a_token_does_not_travel_in_clear_to_another_machine() {
    let stage = Stage::open();
    let program = Program::signed_in(&stage).with("TESSERA_API_URL", "http://control.example");
    let outcome = program.run(&["tenant", "list"]);
    assert!(outcome.expect(2).stderr.contains("plain HTTP"), "{outcome:?}");
}

#[test]
fn a_damaged_file_of_profiles_is_named() {
    let stage = Stage::open();
    let program = Program::signed_in(&stage);
    std::fs::create_dir_all(program.path("config/tessera")).unwrap();
    program.file("config/tessera/profiles.toml", "profiles = 3");
    let outcome = program.run(&["tenant", "list"]);
    assert!(outcome.expect(2).stderr.contains("profiles.toml"), "{outcome:?}");
}
