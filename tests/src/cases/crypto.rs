//! What is sealed stays sealed: nothing readable at rest or in logs, nothing opens elsewhere, and keys that are off,
//! away or gone close what they protect, and only that.

use std::{path::Path, time::Duration};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};
use stack::{MiniStack, Moto, OpenBao};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    process::Command,
    time::sleep,
};

use super::cases;
use crate::app::{
    App,
    client::{Client, Extras},
    random::run_seed,
    server::{Settings, setting},
    stack::{Stack, Wishes},
    tenant::{Environment, Plan, Tenant},
    transfer_of,
    until::{until, until_status},
};

cases!("crypto":
    canaries_appear_nowhere_in_dumps_files_logs_or_redis,
    a_sealed_field_opens_in_its_own_place_only,
    a_data_key_of_another_environment_does_not_unwrap,
    an_index_finds_by_equality_within_one_environment_only,
    data_keys_rotate_and_everything_stays_readable,
    an_aws_key_service_that_is_silent_stops_what_needs_it_and_nothing_else,
    an_aws_key_that_is_disabled_stops_what_needs_it_and_nothing_else,
    a_vault_key_that_is_disabled_and_destroyed_closes_its_environment_for_good,
    a_local_key_that_is_destroyed_closes_its_environment_for_good,
);

/// How soon a key's state must act.
const ACTS_WITHIN: Duration = Duration::from_secs(1);
/// How long API processes of these cases keep unwrapped data keys.
const DATA_KEY_TTL_SECONDS: u64 = 2;

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

async fn canaries_appear_nowhere_in_dumps_files_logs_or_redis(app: App) {
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

fn files_of(folder: &Path) -> Vec<std::path::PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { files.extend(files_of(&path)) } else { files.push(path) }
    }
    files
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

/// A customer with everything, and his row.
async fn customer(client: &Client, name: &str) -> (String, String) {
    let body = json!({"name": name, "email": format!("{}@example.com", name.to_lowercase()), "phone": format!("+49 {name}"), "tax_id": format!("T {name}"), "address": {"city": format!("{name}burg")}});
    let id = client.post("/v1/customers", body).await.id();
    let uuid = id.parse::<kernel::CustomerId>().unwrap().as_uuid().to_string();
    (id, uuid)
}

async fn a_sealed_field_opens_in_its_own_place_only(app: App) {
    let stack = app.shared().await;
    let (tenant, other) = tokio::join!(app.tenant(), app.tenant());
    let (here, there) = (tenant.test.member("owner"), other.test.member("owner"));
    let live = tenant.live.member("owner");
    let (victim, row) = customer(&here, "Victim").await;
    let (_, neighbour) = customer(&here, "Neighbour").await;
    let (_, foreign) = customer(&there, "Foreign").await;
    let (_, of_live) = customer(&live, "Livemode").await;
    let (s, f, l) = (&tenant.test.schema, &other.test.schema, &tenant.live.schema);
    let original = format!("CREATE TEMP TABLE original AS SELECT * FROM {s}.customer WHERE id = '{row}'");
    let mut attempts = Vec::new();
    for column in ["name", "email", "phone", "tax_id", "address"] {
        for (what, source) in [
            ("of another row", format!("(SELECT {column} FROM {s}.customer WHERE id = '{neighbour}')")),
            ("of another tenant", format!("(SELECT {column} FROM {f}.customer WHERE id = '{foreign}')")),
            ("of the live side", format!("(SELECT {column} FROM {l}.customer WHERE id = '{of_live}')")),
            ("with a bit changed", format!("set_bit({column}, 8 * 40, 1 - get_bit({column}, 8 * 40))")),
            (
                "with its tag changed",
                format!("set_byte({column}, length({column}) - 1, 255 - get_byte({column}, length({column}) - 1))"),
            ),
            ("with its nonce changed", format!("set_byte({column}, 20, 255 - get_byte({column}, 20))")),
            ("of another key", format!("set_byte({column}, 3, 255 - get_byte({column}, 3))")),
            ("of version 0", format!("set_byte({column}, 0, 0)")),
            ("of version 2", format!("set_byte({column}, 0, 2)")),
            ("cut", format!("substring({column} FROM 1 FOR length({column}) - 1)")),
            ("with a byte more", format!("{column} || '\\x00'::bytea")),
            ("empty", "''::bytea".to_owned()),
            ("in plain text", "'Victim'::bytea".to_owned()),
        ] {
            attempts.push((format!("{column} {what}"), column, source));
        }
    }
    attempts.push(("name from column phone".to_owned(), "name", "phone".to_owned()));
    attempts.push(("phone from column name".to_owned(), "phone", "name".to_owned()));
    attempts.push(("email from column tax_id".to_owned(), "email", "tax_id".to_owned()));
    let mut connection = stack.database.pool().acquire().await.unwrap();
    let run = async |connection: &mut sqlx::PgConnection, sql: String| {
        sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(connection).await.unwrap();
    };
    run(&mut connection, original).await;
    let path = format!("/v1/customers/{victim}");
    for (what, column, source) in &attempts {
        run(&mut connection, format!("UPDATE {s}.customer SET {column} = {source} WHERE id = '{row}'")).await;
        for path in [path.as_str(), "/v1/customers"] {
            let answer = here.get(path).await;
            assert_eq!(
                (answer.status, answer.code().as_deref()),
                (500, Some("internal_error")),
                "{what} at {path}: {}",
                answer.text
            );
            for word in ["Victim", "victim", "Foreign", "foreign", "Livemode", "T "] {
                assert!(!answer.text.contains(word), "{what} at {path}: {}", answer.text);
            }
        }
        run(
            &mut connection,
            format!("UPDATE {s}.customer c SET {column} = o.{column} FROM original o WHERE c.id = o.id"),
        )
        .await;
    }
    run(&mut connection, "DROP TABLE original".to_owned()).await;
    drop(connection);
    app.note(format!("{} places a sealed field does not open in", attempts.len()));
    assert_eq!(here.get(&path).await.ok()["name"], "Victim", "back in its place it opens");
    let (source, destination) = (here.open_funded_wallet(100).await, here.open_wallet("eur").await);
    let transfer = |text: &str| {
        let mut body = transfer_of(&source, &destination, 1);
        body["description"] = json!(text);
        body
    };
    let first = here.post("/v1/wallet_transfers", transfer("for tea")).await.id();
    let second = here.post("/v1/wallet_transfers", transfer("for coffee")).await.id();
    let uuid = |id: &str| id.parse::<kernel::WalletTransferId>().unwrap().as_uuid();
    stack.database.execute(&format!("UPDATE {s}.wallet_transfer SET description = (SELECT description FROM {s}.wallet_transfer WHERE id = '{}') WHERE id = '{}'", uuid(&second), uuid(&first))).await;
    let answer = here.get(&format!("/v1/wallet_transfers/{first}")).await;
    answer.refused(500, "internal_error");
    assert!(!answer.text.contains("coffee"));
    stack
        .database
        .execute(&format!("UPDATE {s}.wallet_transfer SET description = NULL WHERE id = '{}'", uuid(&first)))
        .await;
}

async fn a_data_key_of_another_environment_does_not_unwrap(app: App) {
    let stack = app.shared().await;
    let api = stack.another_api(short_lived_keys()).await;
    let (tenant, other) = tokio::join!(app.tenant(), app.tenant());
    let here = tenant.test.at(&api).await.member("owner");
    let (victim, _) = customer(&here, "Victim").await;
    customer(&other.test.member("owner"), "Foreign").await;
    let (s, f) = (&tenant.test.schema, &other.test.schema);
    stack.database.execute(&format!("CREATE TABLE IF NOT EXISTS public.kept AS SELECT '{s}' AS schema, * FROM {s}.data_key WHERE false; INSERT INTO public.kept SELECT '{s}', * FROM {s}.data_key")).await;
    for (what, sql) in [
        (
            "the other tenant's",
            format!("UPDATE {s}.data_key d SET wrapped = o.wrapped FROM {f}.data_key o WHERE o.purpose = d.purpose"),
        ),
        (
            "the other tenant's with its reference",
            format!(
                "UPDATE {s}.data_key d SET wrapped = o.wrapped, key_provider = o.key_provider, key_reference = o.key_reference FROM {f}.data_key o WHERE o.purpose = d.purpose"
            ),
        ),
        (
            "the live side's",
            format!(
                "UPDATE {s}.data_key d SET wrapped = o.wrapped FROM {}.data_key o WHERE o.purpose = d.purpose",
                tenant.live.schema
            ),
        ),
        (
            "the one for the index",
            format!("UPDATE {s}.data_key d SET wrapped = o.wrapped FROM {s}.data_key o WHERE o.purpose <> d.purpose"),
        ),
        (
            "one with a bit changed",
            format!(
                "UPDATE {s}.data_key SET wrapped = set_byte(wrapped, length(wrapped) - 1, 255 - get_byte(wrapped, length(wrapped) - 1))"
            ),
        ),
    ] {
        stack.database.execute(&sql).await;
        sleep(Duration::from_secs(DATA_KEY_TTL_SECONDS + 1)).await;
        let answer = here.get(&format!("/v1/customers/{victim}")).await;
        assert_eq!(answer.status, 500, "{what}: {}", answer.text);
        assert!(!answer.text.contains("Victim"), "{what}");
        let before = stack.database.count(s, "customer").await;
        let write = here.post("/v1/customers", json!({"name": "Nobody"})).await;
        assert_eq!(write.status, 500, "{what}: {}", write.text);
        assert_eq!(stack.database.count(s, "customer").await, before, "{what}");
        stack.database.execute(&format!("UPDATE {s}.data_key d SET wrapped = k.wrapped, key_provider = k.key_provider, key_reference = k.key_reference FROM public.kept k WHERE k.id = d.id AND k.schema = '{s}'")).await;
    }
    until_status(Duration::from_secs(10), 200, || async { here.get(&format!("/v1/customers/{victim}")).await }).await;
}

async fn an_index_finds_by_equality_within_one_environment_only(app: App) {
    let stack = app.shared().await;
    let (tenant, other) = tokio::join!(app.tenant(), app.tenant());
    let (here, live, there) = (tenant.test.member("owner"), tenant.live.member("owner"), other.test.member("owner"));
    for client in [&here, &live, &there] {
        client.create_customer("Ada", "Ada.Lovelace@Example.com").await;
        client.create_customer("Grace", "grace@example.com").await;
    }
    for spelling in ["ada.lovelace@example.com", "ADA.LOVELACE@EXAMPLE.COM", "%20Ada.Lovelace@Example.com%20"] {
        for client in [&here, &live, &there] {
            let found = client.get(&format!("/v1/customers?email={spelling}")).await.ok();
            let names: Vec<&str> =
                found["data"].as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap()).collect();
            assert_eq!(names, ["Ada"], "{spelling}");
        }
    }
    assert_eq!(here.get("/v1/customers?email=ada@example.com").await.ok()["data"], json!([]));
    let indexes =
        |schema: &str| format!("SELECT encode(email_index, 'hex') FROM {schema}.customer ORDER BY created_at, id");
    let mut all = Vec::new();
    for schema in [&tenant.test.schema, &tenant.live.schema, &other.test.schema] {
        all.extend(stack.database.texts(&indexes(schema)).await);
    }
    let distinct: std::collections::BTreeSet<_> = all.iter().collect();
    assert_eq!(distinct.len(), 6, "one address has another index in every environment: {all:?}");
}

async fn data_keys_rotate_and_everything_stays_readable(app: App) {
    let stack = app.shared().await;
    let tenant = app.tenant().await;
    let (owner, staff) = (tenant.test.member("owner"), stack.staff("staff_admin"));
    let (old, _) = customer(&owner, "Older").await;
    let key_of = |id: &str| {
        let uuid = id.parse::<kernel::CustomerId>().unwrap().as_uuid();
        format!(
            "SELECT encode(substring(name FROM 2 FOR 16), 'hex') FROM {}.customer WHERE id = '{uuid}'",
            tenant.test.schema
        )
    };
    order(&staff, &tenant, "data_keys/rotate", json!({"mode": "test"})).await;
    let waited = until(Duration::from_secs(10), || async {
        let (new, _) = customer(&owner, "Newer").await;
        stack.database.texts(&key_of(&new)).await != stack.database.texts(&key_of(&old)).await
    })
    .await;
    app.note(format!("new rows are sealed under the new key {waited:.1?} after the rotation"));
    assert_eq!(owner.get(&format!("/v1/customers/{old}")).await.ok()["name"], "Older");
    let (newer, _) = customer(&owner, "Newest").await;
    assert_eq!(owner.get(&format!("/v1/customers/{newer}")).await.ok()["name"], "Newest");
    for (email, name) in [("older@example.com", "Older"), ("newest@example.com", "Newest")] {
        let found = owner.get(&format!("/v1/customers?email={email}")).await.ok();
        assert_eq!(found["data"][0]["name"], name, "found over the rotation of the index key");
    }
    order(&staff, &tenant, "kms_keys/test/rotate", json!({})).await;
    assert_eq!(owner.get(&format!("/v1/customers/{old}")).await.ok()["name"], "Older");
}

/// A write of the staff API, with a reason, carried to its end.
async fn order(staff: &Client, tenant: &Tenant, what: &str, body: Value) -> Value {
    let headers = vec![("tessera-reason".to_owned(), "a test".to_owned())];
    let extras = Extras { body: Some(body), headers, ..Extras::default() };
    let answer = staff.send("POST", &format!("/platform/v1/tenants/{}/{what}", tenant.slug), extras).await.ok();
    if let Some(operation) = answer["operation_id"].as_str() {
        let ended = crate::app::tenant::operation_end(staff, operation).await;
        assert_eq!(ended["state"], "succeeded", "{what}: {ended}");
    }
    answer
}

fn short_lived_keys() -> Settings {
    vec![setting("KEYRING__DATA_KEY_TTL_SECONDS", DATA_KEY_TTL_SECONDS)]
}

/// A tenant whose keys can be taken away, with something sealed and some money on both sides.
struct Guarded {
    tenant: Tenant,
    owner: Client,
    customer: String,
    wallets: (String, String),
    live_customer: String,
}

impl Guarded {
    async fn set(app: &App, stack: &Stack, key_provider: &'static str) -> Self {
        let tenant = app.tenant_on(stack, &Plan { key_provider, ..Plan::default() }).await;
        let owner = tenant.test.member("owner");
        let (customer, _) = customer(&owner, "Guarded").await;
        let (live_customer, _) = self::customer(&tenant.live.member("owner"), "Guarded").await;
        let wallets = (owner.open_funded_wallet(1_000).await, owner.open_wallet("eur").await);
        Self { tenant, owner, customer, wallets, live_customer }
    }

    /// Whether the customer can be read; anything but yes or a proper 503 is a failure.
    async fn opens(&self) -> bool {
        let answer = self.owner.get(&format!("/v1/customers/{}", self.customer)).await;
        match answer.status {
            200 => true,
            _ => {
                assert!(answer.status == 503 || answer.status == 500, "{} {}", answer.status, answer.text);
                assert!(!answer.text.contains("Guarded"), "{}", answer.text);
                false
            }
        }
    }

    async fn closes_within(&self, limit: Duration) -> Duration {
        until(limit, || async { !self.opens().await }).await
    }

    /// With the key away: nothing is read or stored that needs it, money moves on, the live side does not notice.
    async fn assert_closed(&self, stack: &Stack, status: u16) {
        let schema = &self.tenant.test.schema;
        let count = || async {
            (stack.database.count(schema, "customer").await, stack.database.count(schema, "wallet_transfer").await)
        };
        let before = count().await;
        let (source, destination) = &self.wallets;
        let mut described = transfer_of(source, destination, 1);
        described["description"] = json!("for tea");
        for (what, answer) in [
            ("read", self.owner.get(&format!("/v1/customers/{}", self.customer)).await),
            ("list", self.owner.get("/v1/customers").await),
            ("find", self.owner.get("/v1/customers?email=guarded@example.com").await),
            (
                "create",
                self.owner.post("/v1/customers", json!({"name": "In Clear", "email": "in-clear@example.com"})).await,
            ),
            (
                "update",
                self.owner.post(&format!("/v1/customers/{}", self.customer), json!({"phone": "+1 555 in clear"})).await,
            ),
            ("a transfer with a description", self.owner.post("/v1/wallet_transfers", described).await),
        ] {
            assert_eq!(answer.status, status, "{what}: {}", answer.text);
            assert_eq!(answer.error()["type"], "api_error", "{what}");
            if status == 503 {
                assert!(answer.header("retry-after").is_some(), "{what} says when to come back");
            }
        }
        assert_eq!(before, count().await, "something was stored without a key");
        self.owner.transfer(source, destination, 1).await.ok();
        self.owner.open_wallet("eur").await;
        self.owner.get("/v1/wallets").await.ok();
        let plain = self.owner.get("/v1/wallet_transfers").await;
        assert_eq!(plain.status, 200, "transfers without a description need no key: {}", plain.text);
        let live = self.tenant.live.member("owner").get(&format!("/v1/customers/{}", self.live_customer)).await;
        assert_eq!(live.ok()["name"], "Guarded", "the live side has its own key");
        let in_clear = format!("SELECT count(*) FROM {schema}.customer WHERE position('In Clear'::bytea IN name) > 0");
        assert_eq!(stack.database.number(&in_clear).await, 0);
    }
}

async fn an_aws_key_service_that_is_silent_stops_what_needs_it_and_nothing_else(app: App) {
    let moto = Moto::start().await.unwrap();
    let stack = app.own_stack(aws(&moto.endpoint_url())).await;
    let guarded = Guarded::set(&app, &stack, "aws").await;
    assert!(guarded.opens().await);
    moto.pause();
    // Unwrapped keys serve for their time to live, and the live side's are as old.
    let waited = guarded.closes_within(Duration::from_secs(30)).await;
    app.note(format!("closed {waited:.1?} after AWS fell silent, with a time to live of {DATA_KEY_TTL_SECONDS} s"));
    let answer = guarded.owner.get(&format!("/v1/customers/{}", guarded.customer)).await;
    answer.refused(503, "key_unavailable");
    let (source, destination) = &guarded.wallets;
    guarded.owner.transfer(source, destination, 1).await.ok();
    moto.resume();
    let waited = until(Duration::from_secs(30), || guarded.opens()).await;
    app.note(format!("open again {waited:.1?} after AWS answered again"));
    app.check_invariants().await;
}

/// A stack with AWS KMS at this address.
fn aws(endpoint_url: &str) -> Wishes {
    let mut both = short_lived_keys();
    both.extend([
        setting("KEYRING__AWS_ENDPOINT_URL", endpoint_url),
        setting("KEYRING__AWS_REGION", "eu-central-1"),
        ("AWS_ACCESS_KEY_ID".to_owned(), "test".to_owned()),
        ("AWS_SECRET_ACCESS_KEY".to_owned(), "test".to_owned()),
    ]);
    Wishes { both, ..Wishes::default() }
}

async fn an_aws_key_that_is_disabled_stops_what_needs_it_and_nothing_else(app: App) {
    let ministack = MiniStack::start().await.unwrap();
    let stack = app.own_stack(aws(&ministack.endpoint_url())).await;
    let staff = stack.staff("staff_admin");
    let guarded = Guarded::set(&app, &stack, "aws").await;
    order(&staff, &guarded.tenant, "kms_keys/test/disable", json!({})).await;
    let waited = guarded.closes_within(ACTS_WITHIN * 2).await;
    app.note(format!("closed {waited:.1?} after the key was disabled"));
    assert!(waited <= ACTS_WITHIN, "{waited:?}");
    guarded.assert_closed(&stack, 503).await;
    order(&staff, &guarded.tenant, "kms_keys/test/enable", json!({})).await;
    let waited = until(ACTS_WITHIN * 5, || guarded.opens()).await;
    app.note(format!("open again {waited:.1?} after the key was enabled"));
    // Disabled behind Tessera's back, at the key service itself.
    let reference =
        format!("SELECT key_reference FROM platform.environment WHERE schema_name = '{}'", guarded.tenant.test.schema);
    let key = stack.database.texts(&reference).await.remove(0);
    kms(&ministack.endpoint_url(), "DisableKey", &json!({"KeyId": key})).await;
    let waited = guarded.closes_within(Duration::from_secs(DATA_KEY_TTL_SECONDS + 5)).await;
    app.note(format!(
        "closed {waited:.1?} after the key was disabled at AWS, with a time to live of {DATA_KEY_TTL_SECONDS} s"
    ));
    guarded.assert_closed(&stack, 503).await;
    kms(&ministack.endpoint_url(), "EnableKey", &json!({"KeyId": key})).await;
    until(Duration::from_secs(15), || guarded.opens()).await;
    app.check_invariants().await;
}

/// Asks the emulated KMS itself.
async fn kms(endpoint_url: &str, action: &str, body: &Value) {
    let authorization =
        "AWS4-HMAC-SHA256 Credential=test/20260101/eu-central-1/kms/aws4_request, SignedHeaders=host, Signature=0";
    let request = reqwest::Client::new().post(endpoint_url).header("x-amz-target", format!("TrentService.{action}"));
    let request = request.header("authorization", authorization).header("content-type", "application/x-amz-json-1.1");
    let response = request.body(body.to_string()).send().await.unwrap();
    assert!(response.status().is_success(), "{action}: {}", response.text().await.unwrap());
}

/// Disables, enables and destroys the test side's key, and looks whether it stays closed.
async fn destroy_for_good(app: &App, stack: &mut Stack, guarded: &Guarded) {
    let staff = stack.staff("staff_admin");
    order(&staff, &guarded.tenant, "kms_keys/test/disable", json!({})).await;
    let waited = guarded.closes_within(ACTS_WITHIN * 2).await;
    app.note(format!("closed {waited:.1?} after the key was disabled"));
    assert!(waited <= ACTS_WITHIN, "{waited:?}");
    guarded.assert_closed(stack, 503).await;
    order(&staff, &guarded.tenant, "kms_keys/test/enable", json!({})).await;
    until(ACTS_WITHIN * 5, || guarded.opens()).await;
    let path = format!("/platform/v1/tenants/{}/kms_keys/test/destroy", guarded.tenant.slug);
    let unconfirmed = staff.post(&path, json!({})).await;
    assert_eq!(unconfirmed.status, 400, "a destruction without a confirmation: {}", unconfirmed.text);
    assert!(guarded.opens().await);
    order(&staff, &guarded.tenant, "kms_keys/test/destroy", json!({"confirm": guarded.tenant.slug})).await;
    let waited = guarded.closes_within(ACTS_WITHIN * 2).await;
    app.note(format!("closed {waited:.1?} after the key was destroyed"));
    assert!(waited <= ACTS_WITHIN, "{waited:?}");
    for _ in 0..2 {
        let read = guarded.owner.get(&format!("/v1/customers/{}", guarded.customer)).await;
        guarded.assert_closed(stack, read.status).await;
        // A new process has nothing in memory that could open anything.
        stack.api.kill().await;
        stack.api.start_again().await;
        assert!(!guarded.opens().await, "a restart opens it again");
    }
    let path = format!("/platform/v1/tenants/{}/kms_keys/test/enable", guarded.tenant.slug);
    let headers = vec![("tessera-reason".to_owned(), "a test".to_owned())];
    let answer = staff.send("POST", &path, Extras { body: Some(json!({})), headers, ..Extras::default() }).await;
    if let Some(operation) =
        answer.status.eq(&200).then(|| answer.json()["operation_id"].as_str().map(str::to_owned)).flatten()
    {
        let ended = crate::app::tenant::operation_end(&staff, &operation).await;
        assert_ne!(ended["state"], "succeeded", "a destroyed key is enabled again: {ended}");
    } else {
        assert!(answer.status >= 400, "a destroyed key is enabled again: {}", answer.text);
    }
    assert!(!guarded.opens().await);
}

async fn a_vault_key_that_is_disabled_and_destroyed_closes_its_environment_for_good(app: App) {
    let bao = OpenBao::start().await.unwrap();
    let mut both = short_lived_keys();
    both.extend([
        setting("KEYRING__VAULT_ADDRESS", bao.address()),
        setting("KEYRING__VAULT_TOKEN_FILE", bao.token_file().display()),
    ]);
    let mut stack = app.own_stack(Wishes { both, ..Wishes::default() }).await;
    let guarded = Guarded::set(&app, &stack, "vault").await;
    destroy_for_good(&app, &mut stack, &guarded).await;
    let reference =
        format!("SELECT key_reference FROM platform.environment WHERE schema_name = '{}'", guarded.tenant.test.schema);
    let key = stack.database.texts(&reference).await.remove(0);
    let asked = reqwest::Client::new()
        .get(format!("{}/v1/transit/keys/{key}", bao.address()))
        .header("X-Vault-Token", bao.token());
    assert_eq!(asked.send().await.unwrap().status(), 404, "the key is gone at the key service");
    app.check_invariants().await;
}

async fn a_local_key_that_is_destroyed_closes_its_environment_for_good(app: App) {
    let mut stack = app.own_stack(Wishes { both: short_lived_keys(), ..Wishes::default() }).await;
    let guarded = Guarded::set(&app, &stack, "local").await;
    let before = std::fs::read_dir(stack.master_keys()).unwrap().count();
    destroy_for_good(&app, &mut stack, &guarded).await;
    let files = files_of(&stack.master_keys());
    app.note(format!("{before} entries of master keys before, {} files after", files.len()));
    app.check_invariants().await;
}
