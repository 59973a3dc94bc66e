//! The staff's command line against the real control plane: without a terminal, in JSON, twice, dry, interrupted.

use std::{os::unix::fs::PermissionsExt as _, time::Duration};

use serde_json::{Value, json};
use stack::{ClientSpec, IdentityProvider, IssuerSpec, OidcClient, SigningAlgorithm, UserSpec};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader};

use super::cases;
use crate::app::{
    App,
    client::Extras,
    mint::{Issuer, KeyKind},
    server::setting,
    stack::{Stack, Wishes},
    staff_cli::{Ran, StaffCli},
    tenant::{Plan, specification},
    until::until_status,
};

cases!("cli":
    staff_sign_in_by_the_device_flow_and_machines_by_their_secret,
    a_tenant_is_looked_after_by_commands_alone_and_every_write_repeats_as_unchanged,
    a_plan_is_shown_saved_applied_and_refused_when_stale,
    a_migration_with_one_failing_tenant_exits_6_and_resumes,
    a_wait_that_ends_early_exits_7_and_an_interrupt_130_and_the_operation_goes_on,
    exit_codes_tell_what_went_wrong_and_errors_are_one_json_document,
    without_a_terminal_nothing_is_asked_and_the_missing_flag_is_named,
    secrets_go_to_a_private_file_or_are_shown_once,
);

/// A new tenant's slug and issuer, and the flags that create it.
fn newcomer(stack: &Stack) -> (String, Issuer, Vec<String>) {
    let slug = App::new_slug();
    let issuer = stack.mint.issuer(&slug, KeyKind::P256);
    let flags = [
        "tenant",
        "create",
        &slug,
        "--issuer-url",
        issuer.url(),
        "--algorithm",
        "ES256",
        "--owner-subject",
        "the-owner",
        "--plan",
        "standard",
        "--name",
        "Newcomer",
    ];
    let flags = flags.iter().map(|flag| (*flag).to_owned()).collect();
    (slug, issuer, flags)
}

fn refs(flags: &[String]) -> Vec<&str> {
    flags.iter().map(String::as_str).collect()
}

/// The fields that every write answers.
fn assert_write(answer: &Value, changed: bool, action: &str) {
    assert_eq!((&answer["changed"], answer["action"].as_str()), (&json!(changed), Some(action)), "{answer:#}");
    for field in ["object", "operation_id", "request_id"] {
        assert!(answer.get(field).is_some(), "no `{field}` in {answer:#}");
    }
}

/// The `error` object of a failed command.
fn error_of(answer: &Value) -> &Value {
    let error = answer.get("error").unwrap_or_else(|| panic!("no `error` in {answer:#}"));
    for field in ["code", "message", "hint", "tenant", "request_id"] {
        assert!(error.get(field).is_some(), "no `error.{field}` in {answer:#}");
    }
    error
}

async fn staff_sign_in_by_the_device_flow_and_machines_by_their_secret(app: App) {
    let stack = app.shared().await;
    let staff = IssuerSpec::staff("staff", SigningAlgorithm::Es256)
        .user(UserSpec::new("sam", "correct horse").claim("staff_role", "staff_operator"))
        .client(ClientSpec::device("tessera-cli"))
        .client(ClientSpec::machine("ops", "battery staple").claim("staff_role", "staff_admin"));
    let provider = IdentityProvider::builder().issuer(staff).start().await.unwrap();
    let issuer_url = provider.issuer_url("staff").unwrap().to_owned();
    let control = stack.another_control(&issuer_url, Vec::new()).await;

    let person = StaffCli::of(control.url());
    let refused = person.json(4, &["tenant", "list"]).await;
    assert_eq!(error_of(&refused)["code"], "not_authenticated", "{refused}");
    let mut child = person.command(&["auth", "login", "--issuer-url", &issuer_url, "-o", "json"]).spawn().unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let mut address = None;
    while address.is_none() {
        let line = lines.next_line().await.unwrap().expect("it tells where to sign in");
        address = line
            .split_whitespace()
            .map(|word| word.trim_matches(['"', ',']))
            .find(|word| word.contains("user_code="))
            .map(str::to_owned);
    }
    let address = address.unwrap();
    let rest = tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
    OidcClient::public(&issuer_url, "tessera-cli").approve_device(&address, "sam", "correct horse").await.unwrap();
    let mut stdout = String::new();
    child.stdout.take().unwrap().read_to_string(&mut stdout).await.unwrap();
    assert!(child.wait().await.unwrap().success(), "{stdout}");
    rest.await.unwrap();
    let shown: Value = serde_json::from_str(&stdout).unwrap_or_else(|error| panic!("{error}: {stdout}"));
    assert!(shown.to_string().contains("staff_operator"), "{shown:#}");
    assert!(!stdout.contains("eyJ"), "a token is shown: {stdout}");
    person.json(0, &["tenant", "list"]).await;
    let status = person.json(0, &["auth", "status"]).await;
    assert!(status.to_string().contains("environment TESSERA_API_URL"), "it says where values come from: {status:#}");
    let files = credential_files(&person);
    assert!(!files.is_empty(), "the sign-in is kept");
    for file in files {
        assert_eq!(
            std::fs::metadata(&file).unwrap().permissions().mode() & 0o077,
            0,
            "{} is not private",
            file.display()
        );
    }
    let forbidden =
        person.json(4, &["key", "destroy", "nobody", "--mode", "test", "--confirm", "nobody", "--reason", "x"]).await;
    assert!(
        ["permission_denied", "tenant_missing"].contains(&error_of(&forbidden)["code"].as_str().unwrap()),
        "{forbidden}"
    );

    let machine = StaffCli::of(control.url())
        .with("TESSERA_ISSUER_URL", &issuer_url)
        .with("TESSERA_CLIENT_ID", "ops")
        .with("TESSERA_CLIENT_SECRET", "battery staple");
    machine.json(0, &["tenant", "list"]).await;
    let wrong = StaffCli::of(control.url())
        .with("TESSERA_ISSUER_URL", &issuer_url)
        .with("TESSERA_CLIENT_ID", "ops")
        .with("TESSERA_CLIENT_SECRET", "guessed");
    let refused = wrong.json(4, &["tenant", "list"]).await;
    assert!(!refused.to_string().contains("guessed"), "{refused}");
}

fn credential_files(cli: &StaffCli) -> Vec<std::path::PathBuf> {
    let folder = cli.path(".config/tessera/credentials");
    let entries = std::fs::read_dir(folder).unwrap();
    entries
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|kind| kind == "json"))
        .collect()
}

async fn a_tenant_is_looked_after_by_commands_alone_and_every_write_repeats_as_unchanged(app: App) {
    let stack = app.shared().await;
    let cli = StaffCli::signed_in(&stack, "staff_admin");
    let (slug, issuer, flags) = newcomer(&stack);
    let mut dry: Vec<&str> = refs(&flags);
    dry.push("--dry-run");
    let planned = cli.json(0, &dry).await;
    assert_eq!(planned["dry_run"], true, "{planned:#}");
    cli.json(3, &["tenant", "get", &slug]).await;
    let created = cli.json(0, &refs(&flags)).await;
    assert_write(&created, true, "created");
    let keys = created["api_keys"].as_array().expect("its first keys").clone();
    assert_eq!(keys.len(), 2, "{created:#}");
    let again = cli.json(0, &refs(&flags)).await;
    assert_write(&again, false, "unchanged");
    assert!(!again.to_string().contains("sk_test_"), "secrets are shown once");
    let secret =
        keys.iter().find(|key| key["mode"] == "test").unwrap()["secret"].as_str().expect("shown once").to_owned();
    let key = stack.api.anonymous().with_bearer(&secret);
    let token = issuer.token(&slug, "urn:tessera:test", "the-owner").mint();
    let owner = stack.api.anonymous().with_bearer(&token);
    for client in [&key, &owner] {
        until_status(Duration::from_secs(3), 200, || async { client.get("/v1/wallets").await }).await;
    }

    let shown = cli.json(0, &["tenant", "get", &slug]).await;
    assert_eq!((shown["slug"].as_str(), shown["status"].as_str()), (Some(slug.as_str()), Some("active")));
    let listed = cli.json(0, &["tenant", "list"]).await;
    assert!(listed["data"].as_array().unwrap().iter().any(|one| one["slug"] == slug.as_str()));
    let lines = cli.run(&["tenant", "list", "-o", "ndjson"]).await;
    assert!(
        lines.code == 0 && lines.stdout.lines().all(|line| serde_json::from_str::<Value>(line).is_ok()),
        "{lines:?}"
    );
    let names = cli.run(&["tenant", "list", "-o", "name"]).await;
    assert!(names.stdout.lines().any(|line| line == format!("tenant/{slug}")), "{names:?}");
    let table = cli.run(&["tenant", "get", &slug]).await;
    assert!(table.code == 0 && table.stdout.contains(&slug) && !table.stdout.contains('\u{1b}'), "{table:?}");
    let yaml = cli.run(&["tenant", "get", &slug, "-o", "yaml"]).await;
    assert!(yaml.code == 0 && yaml.stdout.contains(&format!("slug: {slug}")), "{yaml:?}");

    let steps: [(&[&str], &str); 4] = [
        (&["tenant", "update", &slug, "--plan", "premium"], "updated"),
        (&["tenant", "suspend", &slug, "--reason", "unpaid"], "suspended"),
        (&["tenant", "resume", &slug, "--reason", "paid"], "resumed"),
        (&["tenant", "offboard", &slug, "--reason", "over", "--confirm", &slug], "offboarded"),
    ];
    for (command, action) in steps {
        let dry: Vec<&str> = command.iter().copied().chain(["--dry-run"]).collect();
        assert_eq!(cli.json(0, &dry).await["dry_run"], true, "{command:?}");
        assert_write(&cli.json(0, command).await, true, action);
        assert_write(&cli.json(0, command).await, false, "unchanged");
        if action == "updated" {
            let rotated = cli.json(0, &["tenant", "rotate-keys", &slug, "--mode", "test", "--overlap", "1h"]).await;
            let secret = rotated["object"]["keys"][0]["secret"].as_str().expect("shown once");
            stack.api.anonymous().with_bearer(secret).get("/v1/wallets").await.ok();
            key.get("/v1/wallets").await.ok();
            let migrated = cli.json(0, &["tenant", "migrate", &slug]).await;
            assert_write(&migrated, false, "unchanged");
            cli.json(0, &["key", "list", &slug]).await;
        }
    }
    let operations = cli.json(0, &["operation", "list"]).await;
    let of_tenant = operations["data"].as_array().expect("a list").iter().find(|one| one["target"] == slug.as_str());
    let id = of_tenant.expect("its operations")["id"].as_str().unwrap().to_owned();
    cli.json(0, &["operation", "get", &id]).await;
    cli.json(0, &["operation", "wait", &id]).await;
    key.get("/v1/wallets").await.refused(401, "authentication_required");
}

async fn a_plan_is_shown_saved_applied_and_refused_when_stale(app: App) {
    // Whatever else happens on a platform makes a plan stale.
    let stack = app.own_stack(Wishes::default()).await;
    let cli = StaffCli::signed_in(&stack, "staff_admin");
    let (first, second) = (App::new_slug(), App::new_slug());
    let of = |slug: &str, plan: &str| {
        let issuer = stack.mint.issuer(&format!("{slug}-{plan}"), KeyKind::P256);
        let mut specification = specification(slug, issuer.url(), &Plan::default());
        specification["plan"] = json!(plan);
        specification
    };
    let mut tenants = vec![of(&first, "standard"), of(&second, "standard")];
    let file = cli.path("tenants.yaml");
    let save = |tenants: &[Value]| std::fs::write(&file, json!({"tenants": tenants}).to_string()).unwrap();
    save(&tenants);
    let plan = ["plan", "-f", "tenants.yaml", "--out", "plan.json", "--detailed-exitcode"];
    let shown = cli.json(2, &plan).await;
    assert_eq!(shown["changes"].as_array().map(Vec::len), Some(2), "{shown:#}");
    cli.json(3, &["tenant", "get", &first]).await;
    // The plan is what was shown: a changed one is refused.
    let saved = std::fs::read_to_string(cli.path("plan.json")).unwrap();
    std::fs::write(cli.path("tampered.json"), saved.replace("standard", "premium")).unwrap();
    let refused = cli.run(&["apply", "tampered.json", "-o", "json"]).await;
    assert!(refused.code != 0 && error_of(&refused.document())["code"] == "plan_checksum", "{refused:?}");
    let applied = cli.json(0, &["apply", "plan.json", "--reason", "a test"]).await;
    assert_eq!(applied["changed"], true, "{applied:#}");
    for slug in [&first, &second] {
        assert_eq!(cli.json(0, &["tenant", "get", slug]).await["status"], "active");
    }
    cli.json(0, &plan).await;
    let again = cli.json(0, &["apply", "plan.json", "--reason", "a test"]).await;
    assert_eq!(again["changed"], false, "applied twice: {again:#}");
    // What moved under a plan makes it stale.
    tenants[0]["plan"] = json!("premium");
    save(&tenants);
    cli.json(2, &plan).await;
    cli.json(0, &["tenant", "update", &first, "--name", "Moved"]).await;
    let stale = cli.json(5, &["apply", "plan.json", "--reason", "a test"]).await;
    assert_eq!(error_of(&stale)["code"], "plan_stale", "{stale:#}");
    assert_eq!(cli.json(0, &["tenant", "get", &first]).await["plan"], "standard");
    std::fs::write(&file, "tenants: [{slug: 'a\";drop schema'}]").unwrap();
    let bad = cli.json(1, &plan).await;
    assert!(error_of(&bad)["message"].is_string(), "{bad:#}");
}

async fn a_migration_with_one_failing_tenant_exits_6_and_resumes(app: App) {
    let wishes = Wishes { control: vec![setting("CONTROL__SCHEMA_VERSION_MAX", "m0004_fx")], ..Wishes::default() };
    let mut stack = app.own_stack(wishes).await;
    let mut tenants = Vec::new();
    for _ in 0..3 {
        tenants.push(app.tenant_on(&stack, &Plan::default()).await);
    }
    stack.control.stop().await;
    let control =
        stack.another_control(stack.staff_issuer.url(), vec![setting("CONTROL__SCHEMA_VERSION_MAX", "")]).await;
    let cli = StaffCli::of(control.url()).with("TESSERA_TOKEN", &stack.staff_token("staff_operator"));
    let broken = tenants.last().unwrap();
    stack.database.execute(&format!("CREATE TABLE {}.wallet_transfer_hold (a int)", broken.test.schema)).await;
    let partial = cli.json(6, &["tenant", "migrate", "--all", "--yes"]).await;
    let results = partial["results"].as_array().expect("one result a tenant");
    let failed: Vec<&str> =
        results.iter().filter(|one| one["outcome"] == "failed").filter_map(|one| one["tenant"].as_str()).collect();
    assert_eq!((results.len(), failed), (3, vec![broken.slug.as_str()]), "{partial:#}");
    let lines = cli.run(&["tenant", "migrate", "--all", "--yes", "-o", "ndjson"]).await;
    assert!(lines.code == 6 && lines.stdout.lines().count() >= 1, "{lines:?}");
    let id = partial["operation_id"].as_str().expect("an operation").to_owned();
    stack.database.execute(&format!("DROP TABLE {}.wallet_transfer_hold", broken.test.schema)).await;
    cli.json(0, &["operation", "resume", &id]).await;
    let done = cli.json(0, &["tenant", "migrate", "--all", "--yes"]).await;
    assert_eq!(done["changed"], false, "{done:#}");
    let behind = "SELECT count(*) FROM platform.environment WHERE schema_version <> 'm0006_chained_entries'";
    assert_eq!(stack.database.number(behind).await, 0);
    app.check_invariants().await;
}

async fn a_wait_that_ends_early_exits_7_and_an_interrupt_130_and_the_operation_goes_on(app: App) {
    let stack = app.own_stack(Wishes::default()).await;
    let cli = StaffCli::signed_in(&stack, "staff_admin");
    let (slug, issuer, mut flags) = newcomer(&stack);
    let mut blocker = stack.database.pool().begin().await.unwrap();
    sqlx::raw_sql("LOCK TABLE platform.operation_step IN ACCESS EXCLUSIVE MODE").execute(&mut *blocker).await.unwrap();
    flags.extend(["--timeout".to_owned(), "1s".to_owned()]);
    let timed_out = cli.json(7, &refs(&flags)).await;
    let error = error_of(&timed_out);
    let id = error["operation_id"]
        .as_str()
        .or(timed_out["operation_id"].as_str())
        .expect("it names the operation")
        .to_owned();
    let child = cli.command(&["operation", "wait", &id]).spawn().unwrap();
    tokio::time::sleep(Duration::from_secs(1)).await;
    let pid = child.id().unwrap().to_string();
    assert!(tokio::process::Command::new("kill").args(["-INT", &pid]).status().await.unwrap().success());
    let interrupted = child.wait_with_output().await.unwrap();
    let said = String::from_utf8_lossy(&[interrupted.stdout, interrupted.stderr].concat()).into_owned();
    assert_eq!(interrupted.status.code(), Some(130), "{said}");
    assert!(said.contains(&id) && said.contains("continues"), "it says that the operation goes on: {said}");
    blocker.rollback().await.unwrap();
    let ended = cli.json(0, &["operation", "wait", &id]).await;
    assert_eq!(ended["state"], "succeeded", "{ended:#}");
    let token = issuer.token(&slug, "urn:tessera:test", "the-owner").mint();
    let owner = stack.api.anonymous().with_bearer(&token);
    until_status(Duration::from_secs(3), 200, || async { owner.get("/v1/wallets").await }).await;
}

async fn exit_codes_tell_what_went_wrong_and_errors_are_one_json_document(app: App) {
    let stack = app.shared().await;
    let admin = StaffCli::signed_in(&stack, "staff_admin");
    let reader = StaffCli::signed_in(&stack, "staff_read_only");
    let tenant = app.tenant().await;
    let expired = StaffCli::of(stack.control.url()).with(
        "TESSERA_TOKEN",
        &stack
            .staff_issuer
            .bare_token("urn:tessera:platform", "sam")
            .claim("staff_role", "staff_admin")
            .at("exp", -600)
            .mint(),
    );
    let nobody = StaffCli::of(&format!("http://127.0.0.1:{}", stack::free_port().unwrap())).with("TESSERA_TOKEN", "x");
    let slug = tenant.slug.as_str();
    let cases: [(&StaffCli, i32, &[&str]); 12] = [
        (&admin, 3, &["tenant", "get", "nobody-here"]),
        (&admin, 3, &["operation", "get", "op_01jd0000000000000000000000"]),
        (&reader, 4, &["tenant", "suspend", slug, "--reason", "x"]),
        (&reader, 4, &["tenant", "update", slug, "--plan", "premium"]),
        (&expired, 4, &["tenant", "list"]),
        (&admin, 5, &["tenant", "create", slug, "--issuer-url", tenant.issuer.url(), "--plan", "premium"]),
        (&admin, 2, &["tenant", "create", "a\";drop schema", "--issuer-url", tenant.issuer.url()]),
        (&admin, 2, &["tenant", "nonsense"]),
        (&admin, 2, &["tenant", "get", slug, "--nonsense"]),
        (&admin, 2, &["tenant", "rotate-keys", slug, "--overlap", "soon"]),
        (&admin, 2, &["apply", "missing.json"]),
        (&nobody, 1, &["tenant", "list"]),
    ];
    for (cli, code, command) in cases {
        let arguments: Vec<&str> = command.iter().copied().chain(["-o", "json"]).collect();
        let ran: Ran = cli.run(&arguments).await;
        assert_eq!(ran.code, code, "{command:?}: {} {}", ran.stdout, ran.stderr);
        let document = ran.document();
        let error = error_of(&document);
        assert!(error["code"].is_string() && error["message"].is_string(), "{command:?}: {document:#}");
        assert!(!ran.stdout.contains("eyJ") && !ran.stderr.contains("eyJ"), "{command:?} shows a token");
    }
    let help = admin.run(&["help", "exit-codes"]).await;
    for code in ["0", "1", "2", "3", "4", "5", "6", "7", "130"] {
        assert!(
            help.stdout.lines().any(|line| line.split_whitespace().next() == Some(code)),
            "{code} in {}",
            help.stdout
        );
    }
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = admin.run(&["completion", shell]).await;
        assert!(script.code == 0 && script.stdout.contains("tessera"), "{shell}: {script:?}");
    }
    let suggestion = admin.run(&["tenent", "list"]).await;
    assert!(suggestion.code == 2 && suggestion.stderr.contains("tenant"), "{suggestion:?}");
}

async fn without_a_terminal_nothing_is_asked_and_the_missing_flag_is_named(app: App) {
    let stack = app.shared().await;
    let cli = StaffCli::signed_in(&stack, "staff_admin");
    let tenant = app.tenant().await;
    let slug = tenant.slug.as_str();
    let cases: [(&[&str], &str); 6] = [
        (&["tenant", "suspend", slug], "--reason"),
        (&["tenant", "offboard", slug, "--reason", "x"], "--confirm"),
        (&["tenant", "offboard", slug, "--reason", "x", "--yes"], "--confirm"),
        (&["tenant", "offboard", slug, "--reason", "x", "--confirm", "other"], "--confirm"),
        (&["tenant", "migrate", "--all"], "--yes"),
        (&["tenant", "rotate-keys", slug, "--overlap", "0s"], "--yes"),
    ];
    for (command, flag) in cases {
        let ran = cli.run(command).await;
        assert_eq!(ran.code, 2, "{command:?}: {} {}", ran.stdout, ran.stderr);
        assert!(ran.stderr.contains(flag), "{command:?} does not name {flag}: {}", ran.stderr);
    }
    let status =
        stack.staff("staff_admin").send("GET", &format!("/platform/v1/tenants/{slug}"), Extras::default()).await.ok();
    assert_eq!(status["status"], "active");
    tenant.test.api_key().get("/v1/wallets").await.ok();
}

async fn secrets_go_to_a_private_file_or_are_shown_once(app: App) {
    let stack = app.shared().await;
    let cli = StaffCli::signed_in(&stack, "staff_admin");
    let (slug, _issuer, mut flags) = newcomer(&stack);
    flags.extend(["--key-file".to_owned(), "keys.json".to_owned()]);
    let created = cli.run(&refs(&[flags.clone(), vec!["-o".to_owned(), "json".to_owned()]].concat())).await;
    assert_eq!(created.code, 0, "{created:?}");
    let path = cli.path("keys.json");
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    let kept: Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
    let keys = kept["keys"].as_array().expect("the keys");
    assert_eq!(keys.len(), 2, "{kept:#}");
    for key in keys {
        let secret = key["secret"].as_str().expect("a secret");
        assert!(
            !created.stdout.contains(secret) && !created.stderr.contains(secret),
            "a secret is shown beside its file"
        );
        let client = stack.api.anonymous().with_bearer(secret);
        until_status(Duration::from_secs(3), 200, || async { client.get("/v1/wallets").await }).await;
    }
    std::fs::write(cli.path("precious.txt"), "not a key file").unwrap();
    let refused = cli.run(&["tenant", "rotate-keys", &slug, "--key-file", "precious.txt"]).await;
    assert_ne!(refused.code, 0, "another file is not overwritten: {refused:?}");
    assert_eq!(std::fs::read_to_string(cli.path("precious.txt")).unwrap(), "not a key file");
}
