//! Signing in and out.

use std::{fs, io::Write as _, os::unix::fs::PermissionsExt as _, process::Stdio};

use serde_json::{Value, json};

use crate::play::{Outcome, Program, Stage, error_code};

fn login(program: &Program, stage: &Stage) -> Outcome {
    program.run(&["auth", "login", "--issuer-url", &stage.issuer()])
}

fn credential(program: &Program) -> Value {
    let text = fs::read_to_string(program.path("config/tessera/credentials/default.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

#[test]
fn a_person_signs_in_with_a_code() {
    let stage = Stage::open();
    stage.state().device_polls = 1;
    let program = Program::signed_out(&stage);
    let outcome = login(&program, &stage);
    assert!(outcome.expect(0).stderr.contains("enter the code WDJB-MJHT"), "{outcome:?}");
    assert!(outcome.stdout.contains("staff|sam"), "{outcome:?}");
    let path = program.path("config/tessera/credentials/default.json");
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    program.run(&["tenant", "list"]).expect(0);
    let device = stage.state().calls.iter().find(|call| call.path == "/idp/device").unwrap().body.to_string();
    assert!(
        device.contains("resource=urn%3Atessera%3Aplatform") && device.contains("client_id=tessera-cli"),
        "{device}"
    );
}

#[test]
fn ndjson_tells_the_code_at_once() {
    let stage = Stage::open();
    let program = Program::signed_out(&stage);
    let outcome = program.run(&["auth", "login", "--issuer-url", &stage.issuer(), "-o", "ndjson"]);
    let first: Value = serde_json::from_str(outcome.expect(0).stdout.lines().next().unwrap()).unwrap();
    assert_eq!((&first["event"], &first["user_code"]), (&json!("device_authorization"), &json!("WDJB-MJHT")));
}

#[test]
fn a_machine_signs_in_with_a_secret_from_file_stdin_or_environment() {
    let stage = Stage::open();
    let issuer = stage.issuer();
    let login = ["auth", "login", "--issuer-url", &issuer, "--client-id", "ops"];
    let program = Program::signed_out(&stage);
    let file = program.file("ops.secret", "top secret\n");
    program.run(&[&login[..], &["--client-secret-file", &file]].concat()).expect(0);
    let stored = credential(&program);
    assert_eq!((&stored["grant"], &stored["client_secret_file"]), (&json!("client_credentials"), &json!(file)));
    assert!(!stored.to_string().contains("top secret"), "the secret itself is not stored again");
    let basic =
        stage.state().calls.iter().find(|call| call.path == "/idp/token").unwrap().header("authorization").to_owned();
    assert_eq!(basic, "Basic b3BzOnRvcCtzZWNyZXQ=");

    let mut child =
        program.command(&[&login[..], &["--client-secret-file", "-"]].concat()).stdin(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"top secret").unwrap();
    Outcome::of(child.wait_with_output().unwrap()).expect(0);

    Program::signed_out(&stage).with("TESSERA_CLIENT_SECRET", "x").run(&login).expect(0);
}

#[test]
fn a_machine_needs_no_login_when_the_environment_says_it_all() {
    let stage = Stage::open();
    let program = Program::signed_out(&stage)
        .with("TESSERA_ISSUER_URL", &stage.issuer())
        .with("TESSERA_CLIENT_ID", "ops")
        .with("TESSERA_CLIENT_SECRET", "x");
    program.run(&["tenant", "list"]).expect(0);
    program.run(&["tenant", "list"]).expect(0);
    assert_eq!(stage.state().tokens, 1, "the token is kept for the next run");
}

#[test]
fn a_token_that_has_ended_is_renewed_and_the_rotated_refresh_token_kept() {
    let stage = Stage::open();
    stage.state().token_ttl = 5;
    let program = Program::signed_out(&stage);
    login(&program, &stage).expect(0);
    let first = credential(&program);
    program.run(&["tenant", "list"]).expect(0);
    let second = credential(&program);
    assert_ne!(first["refresh_token"], second["refresh_token"]);
    assert_ne!(first["access_token"], second["access_token"]);
}

#[test]
fn runs_at_the_same_time_do_not_spend_one_refresh_token_twice() {
    let stage = Stage::open();
    stage.state().token_ttl = 5;
    let program = Program::signed_out(&stage);
    login(&program, &stage).expect(0);
    stage.state().token_ttl = 600;
    let before = stage.state().tokens;
    let children: Vec<_> = (0..4).map(|_| program.command(&["tenant", "list"]).spawn().unwrap()).collect();
    for child in children {
        Outcome::of(child.wait_with_output().unwrap()).expect(0);
    }
    assert_eq!(stage.state().tokens, before + 1);
}

#[test]
fn a_token_refused_early_is_renewed_once() {
    let stage = Stage::open();
    let program = Program::signed_out(&stage);
    login(&program, &stage).expect(0);
    // The provider's keys were changed: what was issued counts no more.
    stage.state().tokens += 1;
    program.run(&["tenant", "list"]).expect(0);
}

#[test]
fn a_refused_refresh_is_4_with_a_hint() {
    let stage = Stage::open();
    stage.state().token_ttl = 5;
    let program = Program::signed_out(&stage);
    login(&program, &stage).expect(0);
    stage.state().refresh_token = "other".to_owned();
    let (code, document) = program.json(&["tenant", "list"]);
    assert_eq!((code, error_code(&document)), (4, "sign_in_refused"));
    assert!(document["error"]["hint"].as_str().unwrap().contains("auth login"));
}

#[test]
fn a_token_is_shown_to_no_other_platform() {
    let stage = Stage::open();
    let other = Stage::open();
    let program = Program::signed_out(&stage);
    login(&program, &stage).expect(0);
    let (code, document) = program.json(&["tenant", "list", "--api-url", &other.url()]);
    assert_eq!((code, error_code(&document)), (4, "not_authenticated"));
    assert!(other.state().calls.is_empty());
}

#[test]
fn signing_out_revokes_and_forgets() {
    let stage = Stage::open();
    let program = Program::signed_out(&stage);
    login(&program, &stage).expect(0);
    let (code, first) = program.json(&["auth", "logout"]);
    assert_eq!((code, &first["changed"], &first["object"]["revoked"]), (0, &json!(true), &json!(true)));
    assert_eq!(stage.state().revoked, ["refresh-1"]);
    assert_eq!(program.json(&["auth", "logout"]).1["changed"], false);
    let (code, status) = program.json(&["auth", "status"]);
    assert_eq!((code, error_code(&status), &status["signed_in"]), (4, "not_authenticated", &json!(false)));
}

#[test]
fn mistakes_in_signing_in_are_told_apart() {
    let stage = Stage::open();
    let program = Program::signed_out(&stage);
    assert_eq!(program.json(&["auth", "login"]).0, 2);
    let (code, document) = program.json(&["auth", "login", "--issuer-url", "http://127.0.0.1:1"]);
    assert_eq!((code, error_code(&document)), (1, "issuer_unreachable"));
    let (code, document) = program.json(&["auth", "login", "--issuer-url", &stage.url()]);
    assert_eq!((code, error_code(&document)), (1, "issuer_unreachable"));
    let no_person = program.json(&["auth", "login", "--issuer-url", &stage.issuer(), "--no-input"]);
    assert_eq!((no_person.0, &no_person.1["error"]["param"]), (2, &json!("--client-secret-file")));
    let (code, document) = program.json(&["auth", "login", "--issuer-url", &stage.issuer(), "--audience", "urn:other"]);
    assert_eq!((code, error_code(&document)), (4, "sign_in_refused"));
}
