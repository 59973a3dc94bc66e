//! The exit codes are a contract.

use crate::play::{Program, Stage, UNKNOWN_OPERATION, error_code};

#[test]
fn not_found_is_3() {
    let stage = Stage::open();
    let program = Program::signed_in(&stage);
    let commands: [&[&str]; 6] = [
        &["tenant", "get", "nobody"],
        &["tenant", "suspend", "nobody", "--reason", "x"],
        &["tenant", "rotate-keys", "nobody"],
        &["operation", "get", UNKNOWN_OPERATION],
        &["operation", "wait", UNKNOWN_OPERATION],
        &["config", "profile", "use", "nobody"],
    ];
    for command in commands {
        let (code, document) = program.json(command);
        assert_eq!(code, 3, "{command:?}");
        assert!(error_code(&document).ends_with("_missing"), "{command:?} {document}");
    }
}

#[test]
fn not_signed_in_and_not_permitted_are_4() {
    let stage = Stage::open();
    let signed_out = Program::signed_out(&stage).json(&["tenant", "list"]);
    assert_eq!((signed_out.0, error_code(&signed_out.1)), (4, "not_authenticated"));
    let expired = Program::signed_in(&stage).with("TESSERA_TOKEN", "old").json(&["tenant", "list"]);
    assert_eq!((expired.0, error_code(&expired.1)), (4, "token_invalid"));
    let weak = Program::signed_in(&stage).with("TESSERA_TOKEN", "weak").json(&[
        "tenant",
        "create",
        "acme",
        "--issuer-url",
        "x",
    ]);
    assert_eq!((weak.0, error_code(&weak.1)), (4, "permission_denied"));
}

#[test]
fn an_operation_that_failed_is_1_with_its_own_code() {
    let stage = Stage::open();
    let (code, document) =
        Program::signed_in(&stage).json(&["tenant", "create", "broken", "--issuer-url", "https://x"]);
    assert_eq!((code, error_code(&document)), (1, "key_denied"));
    assert_eq!(document["error"]["tenant"], "broken");
    assert_eq!(document["error"]["hint"], "Let it.");
    assert!(document["error"]["operation_id"].as_str().unwrap().starts_with("op_"));
}

#[test]
fn an_unreachable_server_is_1_and_says_where_the_address_came_from() {
    let stage = Stage::open();
    let program = Program::signed_in(&stage).with("TESSERA_API_URL", "http://127.0.0.1:1");
    let outcome = program.run(&["tenant", "list"]);
    assert!(outcome.expect(1).stderr.contains("http://127.0.0.1:1/ (environment TESSERA_API_URL)"), "{outcome:?}");
}

#[test]
fn usage_mistakes_are_2_and_suggest() {
    let stage = Stage::open();
    let program = Program::signed_in(&stage);
    let typo = program.run(&["tenat", "list"]);
    assert!(typo.expect(2).stderr.contains("'tenant'"), "{typo:?}");
    let flag = program.run(&["tenant", "suspend", "acme", "--raeson", "x"]);
    assert!(flag.expect(2).stderr.contains("'--reason'"), "{flag:?}");
    let (code, document) = program.json(&["tenant", "crate", "acme"]);
    assert_eq!((code, error_code(&document)), (2, "usage"));
    assert!(document["error"]["message"].as_str().unwrap().contains("create"));
    for bad in ["A", "a\";drop schema", "1abc", "a--b", ""] {
        program.run(&["tenant", "get", bad]).expect(2);
    }
    program.run(&["auth", "login", "--client-secret", "x"]).expect(2);
    program.run(&["tenant", "get", "acme", "--profile", "nobody"]).expect(2);
    program.run(&["tenant", "get", "acme", "--api-url", "ftp://x"]).expect(2);
    program.run(&[]).expect(2);
}

#[test]
fn a_failure_is_one_document_in_every_structured_format() {
    let stage = Stage::open();
    let program = Program::signed_in(&stage);
    let yaml = program.run(&["tenant", "get", "nobody", "-o", "yaml"]);
    assert!(yaml.expect(3).stdout.starts_with("error:\n  code: tenant_missing\n"), "{yaml:?}");
    let line = program.run(&["tenant", "get", "nobody", "-o", "ndjson"]);
    assert_eq!(line.expect(3).stdout.lines().count(), 1);
    let table = program.run(&["tenant", "get", "nobody"]);
    assert_eq!(table.expect(3).stdout, "");
    assert!(table.stderr.starts_with("error: There is no such tenant.\n  code: tenant_missing\n"), "{table:?}");
}

#[test]
fn the_table_of_codes_is_printed() {
    let stage = Stage::open();
    let (code, document) = Program::signed_out(&stage).json(&["help", "exit-codes"]);
    let numbers: Vec<_> =
        document["data"].as_array().unwrap().iter().map(|row| row["code"].as_u64().unwrap()).collect();
    assert_eq!((code, numbers), (0, vec![0, 1, 2, 3, 4, 5, 6, 7, 130]));
}
