//! The directory: how fast it follows, and what it spares the database.

use futures::future::join_all;
use kernel::{Mode, SystemEntropy};
use tenancy::identity::{ApiKeySecret, Locator, RefusalClass};

use crate::{
    mint::Key,
    world::{World, claims},
};

#[tokio::test]
async fn a_suspension_acts_within_a_second_and_so_does_its_end() {
    let world = World::start().await;
    let key = Key::p256("k1");
    let (url, issuer) = world.issuer("shared", &key).await;
    let acme = world.tenant("acme", issuer).await;
    let (token, (_, api_key)) = (key.sign(&claims(&url, "acme")), world.api_key(&acme.test, "admin", None).await);
    for credential in [&token, &api_key] {
        assert!(world.resolve(credential).await.is_ok());
    }
    world.run("UPDATE platform.tenant SET status = 'suspended'").await;
    world.a_second_later();
    for credential in [&token, &api_key] {
        assert_eq!(world.resolve(credential).await.unwrap_err().class(), RefusalClass::Unauthorized);
    }
    world.run("UPDATE platform.tenant SET status = 'active'").await;
    world.directory.forget();
    for credential in [&token, &api_key] {
        assert!(world.resolve(credential).await.is_ok(), "at once after a hint");
    }
}

#[tokio::test]
async fn a_change_is_noticed_whatever_the_clock_of_the_writer_says() {
    let world = World::start().await;
    let key = Key::p256("k1");
    let (url, issuer) = world.issuer("shared", &key).await;
    world.tenant("acme", issuer).await;
    let token = key.sign(&claims(&url, "acme"));
    assert!(world.resolve(&token).await.is_ok());
    world.run("UPDATE platform.tenant SET status = 'suspended', updated_at = '2000-01-01'").await;
    world.a_second_later();
    assert_eq!(world.outcome(&token).await, "issuer_unknown");
    world
        .run("UPDATE platform.tenant SET status = 'active'; UPDATE platform.issuer SET audience_test = 'urn:new'")
        .await;
    world.a_second_later();
    assert_eq!(world.outcome(&token).await, "audience_wrong", "a remembered token does not outlive its registration");
}

#[tokio::test]
async fn made_up_credentials_never_reach_the_database() {
    let world = World::start_alone().await;
    let key = Key::p256("k1");
    let (url, issuer) = world.issuer("shared", &key).await;
    world.tenant("acme", issuer).await;
    let token = key.sign(&claims(&url, "acme"));
    assert!(world.resolve(&token).await.is_ok());
    let World { postgres, admin, .. } = &world;
    admin.close().await;
    let pid = postgres.pid().unwrap().to_string();
    // Frozen, not stopped: whoever asks it waits until his patience ends.
    let signal = |name: &str| std::process::Command::new("kill").args([name, &pid]).status().unwrap();
    assert!(signal("-STOP").success());
    let children = children_of(&pid);
    for child in &children {
        assert!(std::process::Command::new("kill").args(["-STOP", child]).status().is_ok());
    }
    let nowhere: Vec<String> = (0..500)
        .map(|_| {
            let locator = Locator::generate(&SystemEntropy);
            ApiKeySecret::generate(Mode::Test, &locator, &SystemEntropy).expose().to_owned()
        })
        .collect();
    let begun = std::time::Instant::now();
    let outcomes = join_all(nowhere.iter().map(|credential| world.outcome(credential))).await;
    assert!(outcomes.iter().all(|outcome| outcome == "tenant_not_routable"));
    assert_eq!(world.outcome(&key.sign(&claims("https://nobody.example", "acme"))).await, "issuer_unknown");
    assert!(begun.elapsed() < std::time::Duration::from_secs(2));
    for child in &children {
        assert!(std::process::Command::new("kill").args(["-CONT", child]).status().is_ok());
    }
    assert!(signal("-CONT").success());
}

fn children_of(pid: &str) -> Vec<String> {
    let output = std::process::Command::new("ps").args(["-o", "pid=", "--ppid", pid]).output().unwrap();
    String::from_utf8(output.stdout).unwrap().split_whitespace().map(str::to_owned).collect()
}

#[tokio::test]
async fn without_postgres_the_answer_is_unavailable_and_afterwards_it_is_right_again() {
    let mut world = World::start_alone().await;
    let key = Key::p256("k1");
    let (url, issuer) = world.issuer("shared", &key).await;
    let acme = world.tenant("acme", issuer).await;
    let (token, (_, api_key)) = (key.sign(&claims(&url, "acme")), world.api_key(&acme.test, "admin", None).await);
    assert!(world.resolve(&token).await.is_ok());
    std::sync::Arc::get_mut(&mut world.postgres).unwrap().stop().await.unwrap();
    world.a_second_later();
    for credential in [&token, &api_key] {
        let refusal = world.resolve(credential).await.unwrap_err();
        assert_eq!((refusal.code(), refusal.class()), ("directory_unavailable", RefusalClass::Unavailable));
    }
    std::sync::Arc::get_mut(&mut world.postgres).unwrap().start_again().await.unwrap();
    for credential in [&token, &api_key] {
        assert!(world.resolve(credential).await.is_ok());
    }
}

#[tokio::test]
async fn the_app_role_reads_of_the_platform_what_routing_needs_and_writes_nothing() {
    let world = World::start().await;
    let app = sqlx::PgPool::connect(&world.app_url).await.unwrap();
    for sql in [
        "SELECT name FROM platform.tenant",
        "SELECT spec FROM platform.tenant",
        "SELECT * FROM platform.operation",
        "SELECT * FROM platform.audit_record",
        "UPDATE platform.tenant SET status = 'active'",
        "INSERT INTO platform.issuer (id) VALUES (gen_random_uuid())",
        "DELETE FROM platform.environment",
    ] {
        let error = sqlx::query(sql).execute(&app).await.unwrap_err();
        assert_eq!(error.as_database_error().unwrap().code().unwrap(), "42501", "{sql}");
    }
}
