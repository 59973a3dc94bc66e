//! Personal data that nobody else has goes in, and is looked for wherever the stack leaves anything.

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::json;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    process::Command,
    time::sleep,
};

use super::files_of;
use crate::app::{
    App,
    random::run_seed,
    server::setting,
    stack::{Stack, Wishes},
    tenant::{Environment, Plan},
    transfer_of,
};

/// Personal data that nobody else has, in every field that is sealed.
struct Canaries(Vec<(&'static str, String)>);

impl Canaries {
    fn new() -> Self {
        let seed = run_seed();
        let digits = format!("{:010}", seed % 10_000_000_000);
        Self(vec![
            ("name", format!("Canaria{seed} Vogelsang")),
            ("email", format!("canary{seed}@voliere.example")),
            ("phone", format!("+49 30 {digits}7")),
            ("tax_id", format!("DE{digits}8")),
            ("line1", format!("Kaefigweg {seed}a")),
            ("city", format!("Singvogel{seed}stadt")),
            ("description", format!("card 4242 4242 {digits}")),
            ("identity", format!("canary-subject-{seed}")),
        ])
    }

    fn get(&self, name: &str) -> &str {
        &self.0.iter().find(|(known, _)| *known == name).expect("a canary").1
    }

    /// Where any of them sings, in plain, hexadecimal or base 64.
    fn found_in(&self, place: &str, bytes: &[u8]) -> Vec<String> {
        let contains = |needle: &[u8]| bytes.windows(needle.len()).any(|window| window == needle);
        let mut found = Vec::new();
        for (name, value) in &self.0 {
            if *name == "identity" {
                continue; // Linked identities are ids, kept in clear by design; the log must not have them.
            }
            let hexadecimal: String = value.bytes().map(|byte| format!("{byte:02x}")).collect();
            let encoded = STANDARD.encode(value);
            // Base 64 of a longer text contains the middle of this one's, without its last group.
            let forms =
                [("plain", value.clone()), ("hex", hexadecimal), ("base 64", encoded[..encoded.len() - 4].to_owned())];
            found.extend(
                forms
                    .iter()
                    .filter(|(_, form)| contains(form.as_bytes()))
                    .map(|(form, _)| format!("{place}: {name} in {form}")),
            );
        }
        found
    }
}

/// Uses every way for personal data into the API: right, wrong, repeated and refused.
async fn sing(environment: &Environment, canaries: &Canaries) {
    let get = |name: &str| canaries.get(name).to_owned();
    let owner = environment.member("owner");
    let body = json!({
        "name": get("name"), "email": get("email"), "phone": get("phone"), "tax_id": get("tax_id"),
        "address": {"line1": get("line1"), "city": get("city"), "country": "DE"},
        "metadata": {"note": "metadata-is-in-clear"},
    });
    let customer = owner.post_keyed("/v1/customers", "sing", body.clone()).await;
    let repeated = owner.post_keyed("/v1/customers", "sing", body.clone()).await;
    assert_eq!((repeated.ok(), &repeated.text), (customer.ok(), &customer.text), "a replay is the same");
    let id = customer.id();
    owner.post(&format!("/v1/customers/{id}"), body.clone()).await.ok();
    let read = owner.get(&format!("/v1/customers/{id}")).await.ok();
    assert_eq!(
        (read["name"].as_str(), read["address"]["city"].as_str()),
        (Some(canaries.get("name")), Some(canaries.get("city")))
    );
    let email = canaries.get("email").replace('@', "%40");
    let found = owner.get(&format!("/v1/customers?email={email}")).await.ok();
    assert_eq!(found["data"][0]["id"], id.as_str());
    let (source, destination) = (owner.open_funded_wallet(100).await, owner.open_wallet("eur").await);
    let mut transfer = transfer_of(&source, &destination, 1);
    transfer["description"] = json!(get("description"));
    let moved = owner.post_keyed("/v1/wallet_transfers", "sing transfer", transfer.clone()).await;
    assert_eq!(moved.ok()["description"].as_str(), Some(canaries.get("description")));
    owner.post_keyed("/v1/wallet_transfers", "sing transfer", transfer.clone()).await.ok();
    // Refusals and mistakes must not repeat what was sent, where it is kept.
    transfer["amount"] = json!(1_000_000);
    owner.post_keyed("/v1/wallet_transfers", "too much", transfer.clone()).await.refused(400, "insufficient_funds");
    owner.post_keyed("/v1/wallet_transfers", "sing transfer", transfer).await;
    let mut wrong = body.clone();
    wrong["email"] = json!(format!("{} not an address", get("email")));
    owner.post("/v1/customers", wrong).await;
    let mut wrong = body.clone();
    wrong["address"]["country"] = json!(get("city"));
    owner.post("/v1/customers", wrong).await;
    owner.post("/v1/customers", json!({get("email"): get("name")})).await;
    owner.post_text("/v1/customers", &format!("{{\"name\": \"{}", get("name"))).await;
    owner.get(&format!("/v1/customers/{email}")).await;
    owner.get(&format!("/v1/{email}?name={email}")).await;
    environment.member("read_only").post("/v1/customers", body.clone()).await.refused(403, "permission_denied");
    let person = environment.end_user(canaries.get("identity"));
    person.post("/v1/customers", body.clone()).await.ok();
    person.post("/v1/customers", body).await.refused(409, "customer_exists");
    person.get("/v1/wallets").await.ok();
}

pub async fn canaries_appear_nowhere_in_dumps_files_logs_or_redis(app: App) {
    let postgres = vec![
        ("log_statement", "all"),
        ("log_error_verbosity", "default"),
        ("log_min_error_statement", "error"),
        ("log_parameter_max_length_on_error", "-1"),
    ];
    let wishes = Wishes { postgres, both: vec![setting("LOG", "debug")], ..Wishes::default() };
    let stack = app.own_stack(wishes).await;
    let monitor = monitor_redis(&stack).await;
    let tenant = app.tenant_on(&stack, &Plan::default()).await;
    let canaries = Canaries::new();
    sing(&tenant.test, &canaries).await;

    let dump = dump(&stack).await;
    let postgres_log = stack.postgres_log();
    assert!(String::from_utf8_lossy(&dump).contains("metadata-is-in-clear"), "the dump would show what is in clear");
    assert!(postgres_log.contains("metadata-is-in-clear"), "the log of Postgres would show what is in clear");
    let redis = monitor.end().await;
    assert!(!redis.is_empty(), "Redis was watched");
    let mut places = vec![
        ("pg_dump".to_owned(), dump),
        ("Postgres' log".to_owned(), postgres_log.into_bytes()),
        ("the API's log".to_owned(), stack.api.log().into_bytes()),
        ("control's log".to_owned(), stack.control.log().into_bytes()),
        ("what Redis was told".to_owned(), redis),
        ("what Redis keeps".to_owned(), redis_contents(&stack).await),
    ];
    stack.database.execute("CHECKPOINT").await;
    let data = stack.postgres.socket_directory().parent().unwrap().join("data");
    let files = files_of(&data);
    assert!(files.len() > 100, "the files of Postgres were looked at");
    places.extend(files.into_iter().map(|path| (path.display().to_string(), std::fs::read(&path).unwrap_or_default())));
    let total: usize = places.iter().map(|(_, bytes)| bytes.len()).sum();
    let found: Vec<String> = places.iter().flat_map(|(place, bytes)| canaries.found_in(place, bytes)).collect();
    app.note(format!("{} canaries looked for in {} places, {} MB", canaries.0.len(), places.len(), total / 1_000_000));
    assert!(found.is_empty(), "personal data in clear:\n{}", found.join("\n"));
    for log in [stack.api.log(), stack.control.log()] {
        assert!(!log.contains(canaries.get("identity")), "a log names a person");
        assert!(!log.contains(&tenant.test.secret_key), "a log shows a key");
    }
    app.check_invariants().await;
}

/// A text dump of everything, by the real tool.
async fn dump(stack: &Stack) -> Vec<u8> {
    let url = format!("{}/tessera", stack.postgres.admin_url().strip_suffix("/postgres").unwrap());
    let output = Command::new(stack.postgres.binaries().program("pg_dump")).arg(url).output().await.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

/// Everything Redis is told from now on.
struct Monitor {
    task: tokio::task::JoinHandle<Vec<u8>>,
    end: tokio::sync::oneshot::Sender<()>,
}

async fn monitor_redis(stack: &Stack) -> Monitor {
    let url = stack.redis.url();
    let password = url.split("default:").nth(1).and_then(|rest| rest.split('@').next()).unwrap().to_owned();
    let mut stream = TcpStream::connect(("127.0.0.1", stack.redis.port())).await.unwrap();
    stream.write_all(format!("AUTH {password}\r\nMONITOR\r\n").as_bytes()).await.unwrap();
    let (end, mut told_to_end) = tokio::sync::oneshot::channel();
    let task = tokio::spawn(async move {
        let (mut seen, mut chunk) = (Vec::new(), [0; 4_096]);
        loop {
            tokio::select! {
                read = stream.read(&mut chunk) => match read {
                    Ok(read) if read > 0 => seen.extend_from_slice(&chunk[..read]),
                    _ => return seen,
                },
                _ = &mut told_to_end => return seen,
            }
        }
    });
    Monitor { task, end }
}

impl Monitor {
    async fn end(self) -> Vec<u8> {
        sleep(Duration::from_millis(200)).await;
        self.end.send(()).unwrap();
        self.task.await.unwrap()
    }
}

/// Every key of Redis with its serialised value.
async fn redis_contents(stack: &Stack) -> Vec<u8> {
    let client = redis::Client::open(stack.redis.url()).unwrap();
    let mut connection = client.get_multiplexed_async_connection().await.unwrap();
    let keys: Vec<Vec<u8>> = redis::cmd("KEYS").arg("*").query_async(&mut connection).await.unwrap();
    let mut contents = Vec::new();
    for key in keys {
        let value: Option<Vec<u8>> = redis::cmd("DUMP").arg(&key).query_async(&mut connection).await.unwrap();
        contents.extend(key);
        contents.extend(value.unwrap_or_default());
    }
    contents
}
