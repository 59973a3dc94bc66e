//! `tessera tenant …`

use serde_json::{Value, json};

use crate::play::{Program, Stage, assert_write, error_code};

const CREATE: [&str; 5] = ["tenant", "create", "acme", "--issuer-url", "https://login.acme.example"];

#[test]
fn create_says_created_then_unchanged_then_conflict() {
    let stage = Stage::open();
    let program = Program::signed_in(&stage);
    let (code, first) = program.json(&CREATE);
    assert_write(&first);
    assert_eq!((code, &first["changed"], &first["action"]), (0, &json!(true), &json!("created")));
    assert_eq!(first["object"]["status"], "active", "the object is shown as its operation left it");
    assert_eq!(first["api_keys"].as_array().unwrap().len(), 2);

    let (code, second) = program.json(&CREATE);
    assert_write(&second);
    assert_eq!((code, &second["changed"], &second["action"]), (0, &json!(false), &json!("unchanged")));
    assert_eq!(second["api_keys"], json!([]));

    let (code, third) = program.json(&[&CREATE[..], &["--plan", "premium"]].concat());
    assert_eq!(code, 5);
    assert_eq!(error_code(&third), "tenant_exists_with_other_spec");
    assert_eq!(third["error"]["tenant"], "acme");
    assert_eq!(third["error"]["request_id"], "req_played");
}

#[test]
fn a_lost_first_key_is_made_up_for_by_running_create_again() {
    let stage = Stage::open();
    let program = Program::signed_in(&stage);
    program.run(&[&CREATE[..], &["--no-keys"]].concat()).expect(0);
    let (code, again) = program.json(&CREATE);
    assert_eq!((code, &again["changed"], &again["action"]), (0, &json!(true), &json!("updated")));
    assert_eq!(again["api_keys"][0]["mode"], "live");
}

#[test]
fn create_sends_the_specification_of_flags() {
    let stage = Stage::open();
    let program = Program::signed_in(&stage);
    let flags = [
        "--name",
        "Acme Ltd",
        "--plan",
        "premium",
        "--key-provider",
        "aws",
        "--key-reference",
        "live=arn:live",
        "--key-reference",
        "test=arn:test",
        "--audience-live",
        "urn:a",
        "--audience-test",
        "urn:b",
        "--tenant-claim",
        "org",
        "--algorithm",
        "RS256",
        "--algorithm",
        "ES256",
        "--owner-subject",
        "auth0|1",
        "--member",
        "auth0|2=operator",
        "--shared-issuer",
        "--no-keys",
        "--request-id",
        "ci-42",
        "--reason",
        "Größerer Vertrag",
    ];
    program.run(&[&CREATE[..], &flags].concat()).expect(0);
    let writes = stage.writes();
    assert_eq!(writes.len(), 1);
    assert_eq!(
        writes[0].body,
        json!({
            "slug": "acme", "name": "Acme Ltd", "plan": "premium", "key_provider": "aws",
            "key_reference": { "live": "arn:live", "test": "arn:test" },
            "issuer": { "url": "https://login.acme.example", "audience_live": "urn:a", "audience_test": "urn:b",
                        "tenant_claim": "org", "shared": true, "algorithms": ["RS256", "ES256"] },
            "members": [{ "subject": "auth0|1", "role": "owner" }, { "subject": "auth0|2", "role": "operator" }],
        })
    );
    assert_eq!(writes[0].header("idempotency-key"), "ci-42");
    assert_eq!(writes[0].header("tessera-reason"), "Größerer Vertrag");
    assert!(!writes[0].header("tessera-host").is_empty());
}

#[test]
fn create_reads_a_file_and_flags_win_over_it() {
    let stage = Stage::open();
    let program = Program::signed_in(&stage);
    let file = program.file(
        "tenants.yaml",
        "tenants:\n  - slug: beta\n    name: Beta\n  - slug: acme\n    name: Acme\n    plan: basic\n    key_provider: vault\n    issuer: { url: 'https://x.example' }\n",
    );
    program.run(&["tenant", "create", "acme", "--file", &file, "--plan", "premium", "--no-keys"]).expect(0);
    let body = stage.writes()[0].body.clone();
    assert_eq!(
        (&body["name"], &body["plan"], &body["key_provider"]),
        (&json!("Acme"), &json!("premium"), &json!("vault"))
    );
    let other = program.run(&["tenant", "create", "gamma", "--file", &file]);
    assert!(other.expect(2).stderr.contains("no tenant has the slug `gamma`"), "{other:?}");
}

#[test]
fn each_request_of_a_run_has_a_name_of_its_own() {
    let stage = Stage::open();
    Program::signed_in(&stage).run(&[&CREATE[..], &["--request-id", "run-1"]].concat()).expect(0);
    let keys: Vec<_> = stage.writes().iter().map(|call| call.header("idempotency-key").to_owned()).collect();
    assert_eq!(keys, ["run-1", "run-1:api_keys"]);
}

#[test]
fn a_generated_request_id_has_the_form_of_one() {
    let stage = Stage::open();
    Program::signed_in(&stage).run(&CREATE).expect(0);
    let writes = stage.writes();
    assert!(writes[0].header("idempotency-key").parse::<kernel::RequestId>().is_ok());
    assert!(writes[1].header("idempotency-key").starts_with(writes[0].header("idempotency-key")));
}

#[test]
fn suspend_resume_and_update_say_unchanged_the_second_time() {
    let stage = Stage::open();
    let program = Program::signed_in(&stage);
    program.run(&CREATE).expect(0);
    let commands: [&[&str]; 4] = [
        &["tenant", "suspend", "acme", "--reason", "review"],
        &["tenant", "resume", "acme", "--reason", "closed"],
        &["tenant", "update", "acme", "--plan", "premium"],
        &["tenant", "offboard", "acme", "--reason", "ended", "--confirm", "acme"],
    ];
    for command in commands {
        let (code, first) = program.json(command);
        assert_write(&first);
        assert_eq!((code, &first["changed"]), (0, &json!(true)), "{command:?}");
        let (code, second) = program.json(command);
        assert_write(&second);
        assert_eq!(
            (code, &second["changed"], &second["action"]),
            (0, &json!(false), &json!("unchanged")),
            "{command:?}"
        );
    }
    let offboard = stage.writes().into_iter().find(|call| call.path.ends_with("/offboard")).unwrap();
    assert_eq!(offboard.body, json!({ "confirm": "acme" }));
}

#[test]
fn list_walks_all_pages_and_stops_at_the_limit() {
    let stage = Stage::open();
    for number in 0..250 {
        let slug = format!("t{number:03}");
        let tenant = json!({ "object": "tenant", "id": format!("ten_{number:04}"), "slug": slug, "status": "active" });
        stage.state().tenants.insert(slug, tenant);
    }
    let program = Program::signed_in(&stage);
    let (code, all) = program.json(&["tenant", "list"]);
    assert_eq!((code, all["data"].as_array().unwrap().len(), &all["has_more"]), (0, 250, &json!(false)));
    let (_, some) = program.json(&["tenant", "list", "--limit", "120"]);
    assert_eq!((some["data"].as_array().unwrap().len(), &some["has_more"]), (120, &json!(true)));
    let names = program.run(&["tenant", "list", "--limit", "2", "-o", "name"]);
    assert_eq!(names.stdout, "tenant/t000\ntenant/t001\n");
    let lines = program.run(&["tenant", "list", "--limit", "3", "-o", "ndjson"]);
    let slugs: Vec<_> =
        lines.stdout.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["slug"].clone()).collect();
    assert_eq!(slugs, ["t000", "t001", "t002"]);
}

#[test]
fn migrate_tells_each_tenant_and_ends_with_6_when_some_failed() {
    let stage = Stage::open();
    let program = Program::signed_in(&stage);
    let (code, good) = program.json(&["tenant", "migrate", "acme", "beta"]);
    assert_write(&good);
    assert_eq!((code, &good["action"], good["results"].as_array().unwrap().len()), (0, &json!("migrated"), 2));

    let outcome = program.run(&["tenant", "migrate", "acme", "partly", "beta", "--parallel", "8", "-o", "json"]);
    let partial = outcome.expect(6).document();
    assert_write(&partial);
    assert_eq!(error_code(&partial), "environments_failed");
    assert_eq!(
        partial["results"][2],
        json!({ "tenant": "partly", "outcome": "failed", "detail": "lock timeout", "duration_ms": 41 })
    );
    assert!(
        outcome.stderr.contains("tenant=partly mode=live step=migrate 2/3 failed 41ms (lock timeout)"),
        "{outcome:?}"
    );
    assert!(outcome.stderr.contains("done 2, failed 1, remaining 0, slowest beta 42ms"), "{outcome:?}");
    assert_eq!(stage.writes()[1].body, json!({ "tenants": ["acme", "partly", "beta"], "parallel": 8 }));

    let all_failed = program.run(&["tenant", "migrate", "partly", "-o", "ndjson"]);
    let lines: Vec<Value> =
        all_failed.expect(1).stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines[0]["tenant"], "partly");
    assert_eq!(error_code(&lines[1]), "environments_failed");
}

#[test]
fn migrate_all_prints_the_number_of_tenants_first() {
    let stage = Stage::open();
    let program = Program::signed_in(&stage);
    program.run(&CREATE).expect(0);
    let outcome = program.run(&["tenant", "migrate", "--all", "--yes"]);
    assert!(outcome.expect(0).stderr.starts_with("--all means 1 tenant\n"), "{outcome:?}");
    assert_eq!(stage.writes().last().unwrap().body, json!({ "tenants": null }));
    program.run(&["tenant", "migrate"]).expect(2);
    program.run(&["tenant", "migrate", "acme", "--all"]).expect(2);
}
