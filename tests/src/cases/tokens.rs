//! Tokens that are forged, stale, misdirected or of the wrong type, and issuers that change, fail or attack.

use std::time::{Duration, Instant};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use futures::future::join_all;
use serde_json::json;
use tokio::time::sleep;

use super::cases;
use crate::app::{
    App,
    client::Answer,
    mint::{Behaviour, KeyKind, PrivateKey, TokenDraft},
    server::setting,
    tenant::{AUDIENCE_LIVE, AUDIENCE_TEST, Environment, Plan, Tenant},
    until::{until, until_status},
    wire,
};

cases!("tokens":
    every_hostile_token_is_refused_with_the_same_bytes,
    every_good_token_is_served,
    an_expired_token_is_refused_as_expired_and_only_with_a_good_signature,
    another_tenants_issuer_cannot_vouch_for_this_tenant,
    the_same_key_id_at_two_issuers_is_two_keys,
    a_rotated_key_is_found_at_once_and_the_old_one_serves_while_it_is_published,
    a_withdrawn_key_is_refused_within_its_time_to_live,
    cached_keys_serve_until_their_time_to_live_while_the_provider_is_down,
    a_provider_that_misbehaves_costs_only_its_own_tenant,
    a_flood_of_unknown_key_ids_reaches_the_provider_once,
    malformed_authorization_headers_are_refused_like_missing_ones,
);

/// What everybody may read who may do anything.
const PROBE: &str = "/v1/wallets";

async fn rsa_tenant(app: &App) -> Tenant {
    let plan = Plan { algorithm: KeyKind::Rsa, ..Plan::default() };
    app.tenant_on(&*app.shared().await, &plan).await
}

async fn ask(environment: &Environment, token: &str) -> Answer {
    environment.anonymous().with_bearer(token).get(PROBE).await
}

/// Every way to be wrong that this file knows, each with a name for the message.
fn hostile(environment: &Environment, stranger: &Environment) -> Vec<(String, String)> {
    let good = || environment.member_token("owner");
    let mut tokens = forged_signatures(environment, stranger);
    tokens.extend(wrong_claims(environment, stranger));
    tokens.extend(hostile_headers(environment));
    let text = good().mint();
    let parts: Vec<&str> = text.split('.').collect();
    let mut shapes = vec![
        ("two parts", format!("{}.{}", parts[0], parts[1])),
        ("four parts", format!("{text}.more")),
        ("five parts, as an encrypted token has", format!("{text}.a.b")),
        ("padding", format!("{text}==")),
        ("a space inside", text.replacen('.', " .", 1)),
        ("longer than 8 KiB", good().claim("padding", "x".repeat(9_000)).mint()),
        ("no base 64", format!("{}.%%%.{}", parts[0], parts[2])),
        ("a payload that is no object", format!("{}.{}.{}", parts[0], URL_SAFE_NO_PAD.encode("[]"), parts[2])),
        ("two payloads", format!("{}.{}{}.{}", parts[0], parts[1], parts[1], parts[2])),
        ("an id token", good().claim("nonce", "n-1").mint()),
        ("an id token with at_hash", good().claim("at_hash", "h").mint()),
        ("a token bound to a key", good().claim("cnf", json!({"jkt": "x"})).mint()),
        ("a logout token", good().claim("events", json!({})).mint()),
    ];
    shapes.push(("an API key of nobody", format!("sk_test_{}{}", "0".repeat(12), "0".repeat(32))));
    shapes.push(("an API key with this locator", format!("sk_test_{}{}", environment.locator, "0".repeat(32))));
    let live = environment.secret_key.replacen("sk_test_", "sk_live_", 1);
    shapes.push(("a test key that calls itself live", live));
    shapes.push(("an API key, cut", environment.secret_key[..environment.secret_key.len() - 1].to_owned()));
    shapes.push(("an API key in upper case", environment.secret_key.to_uppercase()));
    tokens.extend(shapes.into_iter().map(|(name, token)| (name.to_owned(), token)));
    tokens
}

fn forged_signatures(environment: &Environment, stranger: &Environment) -> Vec<(String, String)> {
    let good = || environment.member_token("owner");
    let key = environment.issuer.key();
    let (own_rsa, own_p256) = (PrivateKey::generate(KeyKind::Rsa), PrivateKey::generate(KeyKind::P256));
    let jwk_text = key.jwk("key-0").to_string();
    let mut tokens = Vec::new();
    let mut add = |name: &str, draft: TokenDraft| tokens.push((name.to_owned(), draft.mint()));
    for none in ["none", "None", "NONE", "nOnE", ""] {
        add(&format!("alg {none:?} without signature"), good().header("alg", none).signature(b""));
        add(&format!("alg {none:?} with the signature"), good().header("alg", none));
    }
    for algorithm in ["HS256", "HS384", "HS512"] {
        let draft = good().header("alg", algorithm);
        add(
            &format!("{algorithm} with the public key's PEM"),
            draft.clone().signed_with_secret(key.public_pem().as_bytes()),
        );
        add(
            &format!("{algorithm} with the PEM, trimmed"),
            draft.clone().signed_with_secret(key.public_pem().trim().as_bytes()),
        );
        add(&format!("{algorithm} with the JWK's text"), draft.clone().signed_with_secret(jwk_text.as_bytes()));
        add(&format!("{algorithm} with an empty secret"), draft.signed_with_secret(b""));
    }
    add("PS256, which the issuer does not use", good().header("alg", "PS256"));
    add("RS384, which the issuer does not use", good().header("alg", "RS384"));
    add("ES256 by a key of one's own", good().header("alg", "ES256").signed_by(&own_p256));
    add(
        "EdDSA by a key of one's own",
        good().header("alg", "EdDSA").signed_by(&PrivateKey::generate(KeyKind::Ed25519)),
    );
    add("a key of one's own under the issuer's key id", good().signed_by(&own_rsa));
    add("the other tenant's key", good().signed_by(&stranger.issuer.key()));
    add("a key of one's own brought along", good().header("jwk", own_rsa.jwk("key-0")).signed_by(&own_rsa));
    let keys_of_a_stranger = format!("{}/keys", stranger.issuer.url());
    add(
        "an address of keys brought along",
        good().header("jku", keys_of_a_stranger.clone()).signed_by(&stranger.issuer.key()),
    );
    add("an address of a certificate brought along", good().header("x5u", keys_of_a_stranger).signed_by(&own_rsa));
    add("no signature", good().signature(b""));
    add("a signature of zeros", good().signature(&[0; 256]));
    let text = good().mint();
    let (message, signature) = text.rsplit_once('.').unwrap();
    let mut bytes = URL_SAFE_NO_PAD.decode(signature).unwrap();
    bytes[100] ^= 1;
    tokens.push(("one bit of the signature".to_owned(), format!("{message}.{}", URL_SAFE_NO_PAD.encode(bytes))));
    let admin = good().subject("somebody-else").mint();
    let swapped = format!("{}.{signature}", admin.rsplit_once('.').unwrap().0);
    tokens.push(("another payload under the signature".to_owned(), swapped));
    tokens
}

fn wrong_claims(environment: &Environment, stranger: &Environment) -> Vec<(String, String)> {
    let good = || environment.member_token("owner");
    let mut tokens = Vec::new();
    let mut add = |name: String, draft: TokenDraft| tokens.push((name, draft.mint()));
    for name in ["iss", "aud", "exp", "sub", "tenant"] {
        add(format!("without {name}"), good().without(name));
        for wrong in [json!(null), json!(7), json!(true), json!({}), json!([]), json!([1]), json!("")] {
            if name == "exp" && wrong == json!(7) {
                continue; // A number, only long past: refused as expired.
            }
            add(format!("{name} = {wrong}"), good().claim(name, wrong.clone()));
        }
    }
    for wrong in [json!("9999999999"), json!(1e300), json!(9_999_999_999.5), json!([9_999_999_999_i64])] {
        add(format!("exp = {wrong}"), good().claim("exp", wrong.clone()));
    }
    for name in ["nbf", "iat"] {
        add(format!("{name} ahead"), good().at(name, 600));
        for wrong in [json!("1"), json!(1.5), json!(null), json!([1])] {
            add(format!("{name} = {wrong}"), good().claim(name, wrong.clone()));
        }
    }
    for audience in ["urn:tessera", "urn:tessera:test ", "URN:TESSERA:TEST", "urn:tessera:platform", "*", "tessera-web"]
    {
        add(format!("aud = {audience:?}"), good().audience(audience));
    }
    add("for both modes at once".to_owned(), good().claim("aud", json!([AUDIENCE_LIVE, AUDIENCE_TEST])));
    add("amr of the wrong type".to_owned(), good().claim("amr", "mfa"));
    let url = environment.issuer.url();
    for issuer in [
        format!("{url}/"),
        format!("{url}?"),
        url.to_uppercase(),
        stranger.issuer.url().to_owned(),
        "https://nobody.example".to_owned(),
    ] {
        add(format!("iss = {issuer}"), good().claim("iss", issuer.clone()));
    }
    add("iss as a list".to_owned(), good().claim("iss", json!([url])));
    let slug = &environment.slug;
    for tenant in [
        stranger.slug.clone(),
        "nobody".to_owned(),
        slug.to_uppercase(),
        format!(" {slug}"),
        format!("{slug}\0"),
        "a\";drop schema".to_owned(),
        environment.schema.clone(),
        environment.id.clone(),
    ] {
        add(format!("tenant = {tenant:?}"), good().claim("tenant", tenant.clone()));
    }
    add("tenant as a list".to_owned(), good().claim("tenant", json!([slug])));
    add("sub longer than 255".to_owned(), good().subject(&"s".repeat(256)));
    tokens
}

fn hostile_headers(environment: &Environment) -> Vec<(String, String)> {
    let good = || environment.member_token("owner");
    let mut tokens = Vec::new();
    let mut add = |name: String, draft: TokenDraft| tokens.push((name, draft.mint()));
    for name in ["alg", "kid", "typ"] {
        add(format!("header without {name}"), good().without_header(name));
        for wrong in [json!(null), json!(7), json!(["RS256"]), json!({})] {
            add(format!("header {name} = {wrong}"), good().header(name, wrong.clone()));
        }
    }
    let long = "k".repeat(5_000);
    for key_id in
        ["../../../../etc/passwd", "' OR '1'='1", "key-0\0", "key-0\n", "", "file:///dev/null", "KEY-0", long.as_str()]
    {
        add(format!("kid = {key_id:.30?}"), good().header("kid", key_id));
    }
    for critical in [json!(["exp"]), json!(["b64"]), json!([]), json!(null)] {
        add(format!("crit = {critical}"), good().header("crit", critical.clone()));
    }
    for kind in ["logout+jwt", "dpop+jwt", "JWE", "id_token"] {
        add(format!("typ = {kind}"), good().header("typ", kind));
    }
    tokens
}

async fn every_hostile_token_is_refused_with_the_same_bytes(app: App) {
    let stack = app.shared().await;
    let (tenant, stranger) = tokio::join!(rsa_tenant(&app), rsa_tenant(&app));
    let environment = &tenant.test;
    let before =
        (stack.database.contents(&tenant.test.schema).await, stack.database.contents(&tenant.live.schema).await);
    let reference = environment.anonymous().get(PROBE).await;
    let error = reference.refused(401, "authentication_required");
    let tokens = hostile(environment, &stranger.test);
    let mut served = Vec::new();
    for (name, token) in &tokens {
        if token.bytes().any(|byte| byte.is_ascii_control()) {
            continue;
        }
        let answer = ask(environment, token).await;
        if (answer.status, &answer.text) != (401, &reference.text) {
            served.push(format!("{name}: {} {}", answer.status, answer.text));
        }
    }
    app.note(format!("{} hostile tokens, each answered {error}", tokens.len()));
    assert!(served.is_empty(), "not refused alike:\n{}", served.join("\n"));
    let after =
        (stack.database.contents(&tenant.test.schema).await, stack.database.contents(&tenant.live.schema).await);
    assert_eq!(before, after, "a refused credential left something behind");
}

async fn every_good_token_is_served(app: App) {
    let rsa = rsa_tenant(&app).await.test;
    let p256 = app.tenant().await.test;
    let plan = Plan { algorithm: KeyKind::Ed25519, ..Plan::default() };
    let edwards = app.tenant_on(&*app.shared().await, &plan).await.test;
    for environment in [&rsa, &p256, &edwards] {
        let good = || environment.member_token("owner");
        for (name, draft) in [
            ("plain", good()),
            ("typ JWT", good().header("typ", "JWT")),
            ("typ application/at+jwt", good().header("typ", "application/at+jwt")),
            ("audiences, one of them ours", good().claim("aud", json!(["urn:other", AUDIENCE_TEST]))),
            ("expired within the leeway", good().at("exp", -30)),
            ("from a clock half a minute ahead", good().at("nbf", 30).at("iat", 30)),
            ("claims nobody asked for", good().claim("email", "ada@example.com").claim("groups", json!([1, "a"]))),
            ("keys brought along and ignored", good().header("jku", "https://evil.example/keys")),
        ] {
            assert_eq!(ask(environment, &draft.mint()).await.status, 200, "{name}");
        }
        let token = good().mint();
        let lower_case = environment.anonymous().with_authorization(&format!("bearer {token}"));
        assert_eq!(lower_case.get(PROBE).await.status, 200);
        let live = environment.issuer.token(&environment.slug, AUDIENCE_LIVE, "the-owner").mint();
        let answer = ask(environment, &live).await;
        assert_eq!(answer.ok()["data"], json!([]), "the live side is another environment");
    }
}

async fn an_expired_token_is_refused_as_expired_and_only_with_a_good_signature(app: App) {
    let environment = app.tenant().await.test;
    let expired = environment.member_token("owner").at("exp", -61);
    ask(&environment, &expired.mint()).await.refused(401, "token_expired");
    let forged = expired.signed_by(&PrivateKey::generate(KeyKind::P256));
    ask(&environment, &forged.mint()).await.refused(401, "authentication_required");
    // A token that was good a moment ago is remembered, but not past its end.
    let brief = environment.member_token("owner").at("exp", -58).mint();
    assert_eq!(ask(&environment, &brief).await.status, 200);
    sleep(Duration::from_millis(2_500)).await;
    ask(&environment, &brief).await.refused(401, "token_expired");
}

async fn another_tenants_issuer_cannot_vouch_for_this_tenant(app: App) {
    let (tenant, other) = tokio::join!(app.tenant(), app.tenant());
    let mine = tenant.test.api_key().open_wallet("eur").await;
    for subject in ["the-owner", "anybody"] {
        let token = other.issuer.token(&tenant.slug, AUDIENCE_TEST, subject).mint();
        let answer = ask(&tenant.test, &token).await;
        answer.refused(401, "authentication_required");
        // The same issuer with its own tenant's name is good, and sees its own tenant.
        let own = ask(&tenant.test, &other.issuer.token(&other.slug, AUDIENCE_TEST, subject).mint()).await;
        assert!(!own.ok().to_string().contains(&mine), "{}", own.text);
    }
}

async fn the_same_key_id_at_two_issuers_is_two_keys(app: App) {
    let (tenant, other) = tokio::join!(app.tenant(), app.tenant());
    // The mint calls every issuer's first key `key-0`.
    assert_eq!(tenant.issuer.key().jwk("key-0")["kid"], other.issuer.key().jwk("key-0")["kid"]);
    for round in 0..3 {
        for (environment, foreign) in [(&tenant.test, &other.test), (&other.test, &tenant.test)] {
            let good = environment.member_token("owner");
            assert_eq!(ask(environment, &good.clone().mint()).await.status, 200, "round {round}");
            let forged = good.signed_by(&foreign.issuer.key()).mint();
            ask(environment, &forged).await.refused(401, "authentication_required");
        }
    }
}

async fn a_rotated_key_is_found_at_once_and_the_old_one_serves_while_it_is_published(app: App) {
    let environment = app.tenant().await.test;
    let old = environment.member_token("owner").mint();
    assert_eq!(ask(&environment, &old).await.status, 200);
    let old_again = environment.member_token("owner").claim("jti", "another").mint();
    environment.issuer.rotate(KeyKind::P256);
    let new = environment.member_token("owner").mint();
    for (name, token) in [("new", &new), ("old", &old), ("old, seen for the first time", &old_again)] {
        assert_eq!(ask(&environment, token).await.status, 200, "{name}");
    }
}

async fn a_withdrawn_key_is_refused_within_its_time_to_live(app: App) {
    let api = app.shared().await.another_api(vec![setting("IDENTITY__JWKS_TTL_SECONDS", 2)]).await;
    let environment = app.tenant().await.test.at(&api).await;
    let old = environment.member_token("owner").mint();
    assert_eq!(ask(&environment, &old).await.status, 200);
    environment.issuer.rotate(KeyKind::P256);
    environment.issuer.withdraw("key-0");
    let waited = until_status(Duration::from_secs(10), 401, || async { ask(&environment, &old).await }).await;
    app.note(format!("a withdrawn key was refused after {waited:.1?}, with a time to live of 2 s"));
    assert!(waited < Duration::from_secs(4), "{waited:?}");
    assert_eq!(ask(&environment, &environment.member_token("owner").mint()).await.status, 200);
}

async fn cached_keys_serve_until_their_time_to_live_while_the_provider_is_down(app: App) {
    let api = app.shared().await.another_api(vec![setting("IDENTITY__JWKS_TTL_SECONDS", 4)]).await;
    let environment = app.tenant().await.test.at(&api).await;
    let token = || environment.member_token("owner").mint();
    assert_eq!(ask(&environment, &token()).await.status, 200);
    let fetched = Instant::now();
    environment.issuer.behave(Behaviour::Status(503));
    while fetched.elapsed() < Duration::from_secs(3) {
        assert_eq!(ask(&environment, &token()).await.status, 200, "a cached key serves while the provider is down");
        sleep(Duration::from_millis(200)).await;
    }
    let waited = until(Duration::from_secs(10), || async { ask(&environment, &token()).await.status != 200 }).await;
    ask(&environment, &token()).await.refused(503, "authentication_unavailable");
    assert!(fetched.elapsed() < Duration::from_secs(7), "the keys outlived their time: {waited:?}");
    assert_eq!(environment.api_key().get(PROBE).await.status, 200, "API keys need no provider");
    environment.issuer.behave(Behaviour::Sane);
    let healed = until_status(Duration::from_secs(10), 200, || async { ask(&environment, &token()).await }).await;
    app.note(format!("served again {healed:.1?} after the provider came back"));
    assert!(healed <= Duration::from_secs(6), "{healed:?}");
}

async fn a_provider_that_misbehaves_costs_only_its_own_tenant(app: App) {
    let api = app.shared().await.another_api(Vec::new()).await;
    let bystander = app.tenant().await.test.at(&api).await;
    for behaviour in [
        Behaviour::Status(500),
        Behaviour::Status(302),
        Behaviour::Garbage,
        Behaviour::Huge(10 * 1_024 * 1_024),
        Behaviour::Slow(Duration::from_secs(20)),
        Behaviour::Impostor,
    ] {
        let environment = app.tenant().await.test.at(&api).await;
        environment.issuer.behave(behaviour);
        let began = Instant::now();
        let token = environment.member_token("owner").mint();
        let answer = ask(&environment, &token).await;
        answer.refused(503, "authentication_unavailable");
        assert!(answer.header("retry-after").is_some(), "{behaviour:?}");
        assert!(began.elapsed() < Duration::from_secs(12), "{behaviour:?} held a request for {:?}", began.elapsed());
        assert_eq!(ask(&bystander, &bystander.member_token("owner").mint()).await.status, 200, "{behaviour:?}");
    }
}

async fn a_flood_of_unknown_key_ids_reaches_the_provider_once(app: App) {
    let api = app.shared().await.another_api(Vec::new()).await;
    let environment = app.tenant().await.test.at(&api).await;
    assert_eq!(ask(&environment, &environment.member_token("owner").mint()).await.status, 200);
    let before = environment.issuer.key_requests();
    let tokens =
        (0..500).map(|number| environment.member_token("owner").header("kid", format!("flood-{number}")).mint());
    let answers = join_all(tokens.map(|token| {
        let environment = environment.clone();
        async move { ask(&environment, &token).await.status }
    }));
    assert!(answers.await.iter().all(|status| *status == 401));
    let asked = environment.issuer.key_requests() - before;
    app.note(format!("500 unknown key ids made the provider be asked {asked} times"));
    assert!(asked <= 1, "{asked} requests within one interval of 30 s");
    assert_eq!(ask(&environment, &environment.member_token("owner").mint()).await.status, 200);
}

async fn malformed_authorization_headers_are_refused_like_missing_ones(app: App) {
    let stack = app.shared().await;
    let environment = app.tenant().await.test;
    let reference = environment.anonymous().get(PROBE).await.text;
    let good = environment.member_token("owner").mint();
    let key = &environment.secret_key;
    let lines: Vec<Vec<String>> = vec![
        vec![format!("Authorization: {good}")],
        vec!["Authorization: Bearer".to_owned()],
        vec!["Authorization: Bearer ".to_owned()],
        vec![format!("Authorization: Bearer {good} {good}")],
        vec![format!("Authorization: Token {good}")],
        vec![format!("Authorization: Bearer {good}"), format!("Authorization: Bearer {good}")],
        vec!["Authorization: Basic %%%".to_owned()],
        vec![format!("Authorization: Basic {}", URL_SAFE_NO_PAD.encode("no colon"))],
        vec![format!("Authorization: Bearer {key}\u{e9}")],
        vec![format!("Authorization: Bearer\u{a0}{key}")],
        vec![format!("X-Authorization: Bearer {good}")],
        vec![format!("Cookie: session={good}")],
    ];
    for headers in lines {
        let answer = wire::exchange(stack.api.address(), &wire::request("GET", PROBE, &headers, "")).await;
        assert_eq!((answer.status, &answer.body), (401, &reference), "{headers:?}");
    }
    // In the query a credential would stand in every log.
    for query in [format!("?access_token={good}"), format!("?api_key={key}")] {
        assert_eq!(environment.anonymous().get(&format!("{PROBE}{query}")).await.status, 401);
    }
}
