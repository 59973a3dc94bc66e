//! What a process says of itself: health, readiness, settings it does not take.

use std::time::{Duration, Instant};

use crate::app::{App, server::setting, until::until_status};

pub async fn health_and_readiness_tell_the_truth(app: App) {
    let mut stack = app.own_stack(crate::app::stack::Wishes::default()).await;
    let (api, control) = (stack.api.anonymous(), stack.control.anonymous());
    for client in [&api, &control] {
        assert_eq!(client.get("/healthz").await.ok()["status"], "ok");
        assert_eq!(client.get("/readyz").await.ok()["status"], "ok");
    }
    stack.postgres.stop().await.unwrap();
    for client in [&api, &control] {
        assert_eq!(client.get("/healthz").await.status, 200, "the process lives");
        let began = Instant::now();
        let answer = client.get("/readyz").await;
        assert_eq!((answer.status, answer.error()["type"].as_str()), (503, Some("api_error")), "{}", answer.text);
        assert!(began.elapsed() < Duration::from_secs(12), "{:?}", began.elapsed());
    }
    stack.postgres.start_again().await.unwrap();
    for client in [&api, &control] {
        let waited = until_status(Duration::from_secs(20), 200, || async { client.get("/readyz").await }).await;
        assert!(waited < Duration::from_secs(5), "ready again only after {waited:?}");
    }
    stack.redis.kill().await.unwrap();
    assert_eq!(api.get("/readyz").await.status, 200, "Redis is no condition of serving");
}

pub async fn a_wrong_setting_refuses_to_start_and_names_its_key(app: App) {
    let stack = app.shared().await;
    for (name, value, key) in [
        ("API__POOL_CONNECTIONS_MAX", "many", "api.pool_connections_max"),
        ("API__NOPE", "1", "api.nope"),
        ("IDENTITY__JWKS_TTL_SECONDS", "-1", "identity.jwks_ttl_seconds"),
        ("API__DATABASE_URL", "", "api.database_url"),
        ("REDIS__URL", "http://nowhere", "redis.url"),
    ] {
        let began = Instant::now();
        let output = stack.run_api_briefly(vec![setting(name, value)]).await;
        assert!(!output.status.success(), "{name}={value} was accepted");
        let said = String::from_utf8_lossy(&[output.stderr, output.stdout].concat()).into_owned();
        assert!(said.contains(key) || said.contains(&format!("TESSERA_{name}")), "{name}={value} is not named: {said}");
        assert!(began.elapsed() < Duration::from_secs(15));
    }
}
