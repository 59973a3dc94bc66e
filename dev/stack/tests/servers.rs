//! Starts the real servers, breaks them, and looks whether they mend.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "what is missing fails the test")]

use std::{os::unix::fs::PermissionsExt, process::Command, time::Duration};

use stack::{
    ClientSpec, Cluster, ClusterSpec, IdentityProvider, IssuerSpec, MiniStack, Moto, OidcClient, OldKey, OpenBao,
    Postgres, Redis, Service, SigningAlgorithm, StackError, UserSpec, free_port,
};

fn query(postgres: &Postgres, sql: &str) -> String {
    let output = Command::new(postgres.binaries().program("psql"))
        .args([&postgres.admin_url(), "-X", "-A", "-t", "-c", sql])
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

fn exists(pid: i32) -> bool {
    // Z: ended, but nobody has collected it yet.
    std::fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|line| !line.contains(") Z "))
}

#[tokio::test]
async fn postgres_keeps_what_it_acknowledged_through_kill_and_stop() {
    let mut postgres = Postgres::throwaway_with(&[("max_connections", "33")]).await.unwrap();
    let settings = "SELECT string_agg(current_setting(name), ' ') FROM unnest(ARRAY['fsync', 'data_checksums', 'max_connections', 'password_encryption', 'listen_addresses']) AS name";
    assert_eq!(query(&postgres, settings), "on on 33 scram-sha-256 127.0.0.1");
    query(&postgres, "CREATE TABLE kept AS SELECT 7 AS number");
    let backends = "SELECT string_agg(pid::text, ' ') FROM pg_stat_activity";
    let pids: Vec<i32> = query(&postgres, backends).split(' ').map(|pid| pid.parse().unwrap()).collect();
    let postmaster = postgres.pid().unwrap();

    postgres.kill().await.unwrap();
    assert!(!exists(postmaster));
    assert!(pids.into_iter().all(|pid| !exists(pid)), "a backend outlived the kill");
    postgres.start_again().await.unwrap();
    assert_eq!(query(&postgres, "SELECT number FROM kept"), "7");
    postgres.stop().await.unwrap();
    postgres.start_again().await.unwrap();
    assert_eq!(query(&postgres, "SELECT number FROM kept"), "7");
}

#[tokio::test]
async fn a_postmaster_killed_alone_leaves_a_cluster_that_starts() {
    let mut postgres = Postgres::throwaway().await.unwrap();
    let postmaster = postgres.pid().unwrap().to_string();
    assert!(Command::new("sh").args(["-c", "kill -9 $0", &postmaster]).status().unwrap().success());
    postgres.wait_for_end(Duration::from_secs(5)).await.unwrap();
    postgres.start_again().await.unwrap();
    assert_eq!(query(&postgres, "SELECT 1"), "1");
}

#[tokio::test]
async fn a_half_made_cluster_and_a_stale_lock_are_mended() {
    let directory = tempfile::tempdir().unwrap();
    let spec = ClusterSpec {
        directory: directory.path().join("postgres"),
        port: free_port().unwrap(),
        superuser_password: "only for this test".to_owned(),
        settings: Vec::new(),
    };
    // What a killed initdb leaves: files, but not the mark of the end.
    std::fs::create_dir_all(spec.directory.join("data/base")).unwrap();
    std::fs::write(spec.directory.join("data/PG_VERSION"), "15").unwrap();
    let cluster = Cluster::prepare(spec.clone()).unwrap();
    let data = cluster.directory().join("data");
    assert!(data.join("global/pg_control").exists(), "made anew");

    // What a lost machine leaves: a lock whose number now belongs to a stranger, here to this test.
    let lock = data.join("postmaster.pid");
    let stranger = format!("{}\n{}\n", std::process::id(), data.display());
    std::fs::write(&lock, &stranger).unwrap();
    let socket_lock = cluster.socket_directory().join(format!(".s.PGSQL.{}.lock", cluster.port()));
    std::fs::write(&socket_lock, &stranger).unwrap();
    let cluster = Cluster::prepare(spec).unwrap();
    cluster.mend().unwrap();
    assert!(!lock.exists());
    let log = directory.path().join("postgres.log");
    let mut service = Service::start(cluster.launch(&log)).await.unwrap();
    assert!(cluster.is_running());
    service.stop().await.unwrap();
    assert!(!cluster.is_running());
}

#[tokio::test]
async fn a_folder_closed_to_the_server_leads_to_one_that_is_open() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::set_permissions(directory.path(), std::fs::Permissions::from_mode(0o700)).unwrap();
    let asked = directory.path().join("postgres");
    let spec = ClusterSpec {
        directory: asked.clone(),
        port: free_port().unwrap(),
        superuser_password: "only for this test".to_owned(),
        settings: Vec::new(),
    };
    let first = Cluster::prepare(spec.clone()).unwrap();
    let again = Cluster::prepare(spec.clone()).unwrap();
    assert_eq!(first.directory(), again.directory());
    assert_eq!(asked.canonicalize().unwrap(), first.directory());
    let mut service = Service::start(again.launch(&directory.path().join("postgres.log"))).await.unwrap();
    service.stop().await.unwrap();
    std::fs::remove_dir_all(first.directory()).unwrap();
    // The shared place was tidied away: the link leads nowhere, and the cluster is made anew.
    let anew = Cluster::prepare(spec).unwrap();
    std::fs::remove_dir_all(anew.directory()).unwrap();
}

#[tokio::test]
async fn dropping_a_server_ends_it() {
    let redis = Redis::throwaway().await.unwrap();
    let postgres = Postgres::throwaway().await.unwrap();
    let pids = [redis.pid().unwrap(), postgres.pid().unwrap()];
    assert!(pids.into_iter().all(exists));
    drop((redis, postgres));
    assert!(!pids.into_iter().any(exists));
}

#[tokio::test]
async fn redis_asks_for_its_password_and_starts_again() {
    let mut redis = Redis::throwaway().await.unwrap();
    let ping = |url: &str| {
        let output = Command::new("redis-cli").args(["--no-auth-warning", "-u", url, "PING"]).output().unwrap();
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    };
    assert_eq!(ping(&redis.url()), "PONG");
    assert!(ping(&format!("redis://127.0.0.1:{}", redis.port())).starts_with("NOAUTH"));
    redis.kill().await.unwrap();
    redis.start_again().await.unwrap();
    redis.stop().await.unwrap();
    redis.start_again().await.unwrap();
    assert_eq!(ping(&redis.url()), "PONG");
}

fn claims(token: &str) -> serde_json::Value {
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
    let payload = URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap()).unwrap();
    serde_json::from_slice(&payload).unwrap()
}

fn key_id(token: &str) -> String {
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
    let header = URL_SAFE_NO_PAD.decode(token.split('.').next().unwrap()).unwrap();
    let header: serde_json::Value = serde_json::from_slice(&header).unwrap();
    header["kid"].as_str().unwrap().to_owned()
}

async fn identity_provider() -> IdentityProvider {
    let ada = UserSpec::new("ada", "a password").claim("tenant", "acme");
    let sam = UserSpec::new("sam", "another password").claim("staff_role", "staff_admin");
    let backend = ClientSpec::machine("backend", "a secret/with+signs").claim("tenant", "acme");
    IdentityProvider::builder()
        .issuer(
            IssuerSpec::tenant("acme", SigningAlgorithm::Rs256)
                .key_id("first")
                .access_token_ttl_seconds(77)
                .user(ada)
                .client(ClientSpec::public("web"))
                .client(backend),
        )
        .issuer(IssuerSpec::staff("staff", SigningAlgorithm::Es256).user(sam).client(ClientSpec::device("cli")))
        .start()
        .await
        .unwrap()
}

#[tokio::test]
async fn people_and_programs_get_tokens() {
    let mut provider = identity_provider().await;
    let issuer = provider.issuer_url("acme").unwrap().to_owned();
    let web = OidcClient::public(&issuer, "web");
    let tokens = web.sign_in("ada", "a password", "urn:tessera:test").await.unwrap();
    let body = claims(&tokens.access_token);
    assert_eq!(body["iss"], issuer);
    assert_eq!(body["aud"], "urn:tessera:test");
    assert_eq!(body["sub"], provider.subject("acme", "ada").unwrap());
    assert_eq!(body["tenant"], "acme");
    assert_eq!(tokens.expires_in_seconds, Some(77));

    let refused = web.sign_in("ada", "wrong", "urn:tessera:test").await.unwrap_err();
    assert!(matches!(&refused, StackError::Refused { answer, .. } if answer.contains("Wrong")), "{refused}");
    let refreshed = web.refresh(&tokens.refresh_token.unwrap()).await.unwrap();
    assert_eq!(key_id(&refreshed.access_token), "first");

    let backend = OidcClient::confidential(&issuer, "backend", "a secret/with+signs");
    let machine = backend.client_credentials("urn:tessera:live").await.unwrap();
    assert_eq!(claims(&machine.access_token)["tenant"], "acme");

    let kid = provider.rotate_keys("acme", OldKey::Withdrawn).await.unwrap();
    provider.stop().await.unwrap();
    provider.start_again().await.unwrap();
    let after = backend.client_credentials("urn:tessera:live").await.unwrap();
    assert_eq!(key_id(&after.access_token), kid, "a restart keeps the keys");
}

#[tokio::test]
async fn a_person_connects_a_device() {
    let provider = identity_provider().await;
    let issuer = provider.issuer_url("staff").unwrap();
    let http = reqwest::Client::new();
    let form = [("client_id", "cli"), ("scope", "openid tessera"), ("resource", "urn:tessera:platform")];
    let answer = http.post(format!("{issuer}/device/auth")).form(&form).send().await.unwrap();
    let device: serde_json::Value = answer.json().await.unwrap();
    let address = device["verification_uri_complete"].as_str().unwrap();
    let cli = OidcClient::public(issuer, "cli");
    cli.approve_device(address, "sam", "wrong").await.unwrap_err();
    let again = http.post(format!("{issuer}/device/auth")).form(&form).send().await.unwrap();
    let device: serde_json::Value = again.json().await.unwrap();
    let address = device["verification_uri_complete"].as_str().unwrap();
    cli.approve_device(address, "sam", "another password").await.unwrap();
    let grant = "urn:ietf:params:oauth:grant-type:device_code";
    let code = device["device_code"].as_str().unwrap();
    let form = [("client_id", "cli"), ("grant_type", grant), ("device_code", code)];
    let tokens: serde_json::Value =
        http.post(format!("{issuer}/token")).form(&form).send().await.unwrap().json().await.unwrap();
    assert_eq!(claims(tokens["access_token"].as_str().unwrap())["staff_role"], "staff_admin");
}

#[tokio::test]
async fn the_key_services_answer() {
    let moto = Moto::start().await.unwrap();
    let ministack = MiniStack::start().await.unwrap();
    let mut bao = OpenBao::start().await.unwrap();
    let http = reqwest::Client::new();
    for endpoint in [moto.endpoint_url(), ministack.endpoint_url()] {
        let answer = http
            .post(&endpoint)
            .header("X-Amz-Target", "TrentService.CreateKey")
            .header("Content-Type", "application/x-amz-json-1.1")
            .header("Authorization", "AWS4-HMAC-SHA256 Credential=test/20260101/eu-central-1/kms/aws4_request, SignedHeaders=host, Signature=0")
            .body("{}")
            .send()
            .await
            .unwrap();
        let key: serde_json::Value = answer.json().await.unwrap();
        assert!(key["KeyMetadata"]["KeyId"].is_string(), "{endpoint}: {key}");
    }
    for _ in 0..2 {
        let url = format!("{}/v1/transit/keys/one", bao.address());
        let answer = http.post(url).header("X-Vault-Token", bao.token()).send().await.unwrap();
        assert!(answer.status().is_success());
        bao.kill().await.unwrap();
        bao.start_again().await.unwrap();
    }
    assert_eq!(std::fs::read_to_string(bao.token_file()).unwrap(), bao.token());
}
