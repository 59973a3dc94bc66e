//! Tokens of the real identity provider: people who sign in, programs, keys that change, a provider that goes away.

use std::time::Duration;

use serde_json::json;
use stack::{ClientSpec, IdentityProvider, IssuerSpec, OidcClient, OldKey, SigningAlgorithm, UserSpec};

use super::cases;
use crate::app::{
    App,
    client::Client,
    mint::KeyKind,
    server::setting,
    stack::Stack,
    tenant::{AUDIENCE_LIVE, AUDIENCE_TEST, Plan, create, first_keys, specification},
    until::{until, until_status},
};

cases!("sign_in":
    a_person_signs_in_pays_and_refreshes_and_another_tenants_person_sees_nothing,
    a_program_signs_in_by_its_own_secret,
    keys_rotate_at_the_real_provider_and_a_dead_one_is_survived,
);

const PASSWORD: &str = "correct horse battery";

/// A tenant's issuer with a person on the staff, a customer, and a program.
fn issuer(slug: &str, algorithm: SigningAlgorithm) -> IssuerSpec {
    IssuerSpec::tenant(slug, algorithm)
        .user(UserSpec::new("olga", PASSWORD).claim("tenant", slug).subject("the-owner"))
        .user(UserSpec::new("ada", PASSWORD).claim("tenant", slug))
        .user(UserSpec::new("eve", PASSWORD).claim("tenant", "somebody-else"))
        .user(UserSpec::new("stray", PASSWORD))
        .client(ClientSpec::public("tessera-web"))
        .client(ClientSpec::machine("backend", "secret of a program").claim("tenant", slug))
}

struct World {
    provider: IdentityProvider,
    first: String,
    second: String,
}

impl World {
    async fn make(app: &App, stack: &Stack) -> Self {
        let (first, second) = (App::new_slug(), App::new_slug());
        let provider = IdentityProvider::builder()
            .issuer(issuer(&first, SigningAlgorithm::Rs256))
            .issuer(issuer(&second, SigningAlgorithm::Es256))
            .start()
            .await
            .unwrap();
        let staff = stack.staff("staff_admin");
        for (slug, algorithm) in [(&first, KeyKind::Rsa), (&second, KeyKind::P256)] {
            let plan = Plan { algorithm, ..Plan::default() };
            create(&staff, specification(slug, provider.issuer_url(slug).unwrap(), &plan)).await;
            // The mint's issuer is never registered; it only fills the place.
            let unused = stack.mint.issuer(slug, KeyKind::P256);
            app.watch(&first_keys(stack, &staff, slug, unused).await, &stack.database);
        }
        Self { provider, first, second }
    }

    fn web(&self, slug: &str) -> OidcClient {
        OidcClient::public(self.provider.issuer_url(slug).unwrap(), "tessera-web")
    }

    async fn signed_in(&self, stack: &Stack, slug: &str, who: &str) -> Client {
        let tokens = self.web(slug).sign_in(who, PASSWORD, AUDIENCE_TEST).await.unwrap();
        stack.api.anonymous().with_bearer(&tokens.access_token)
    }
}

async fn a_person_signs_in_pays_and_refreshes_and_another_tenants_person_sees_nothing(app: App) {
    let stack = app.shared().await;
    let world = World::make(&app, &stack).await;
    let owner = world.signed_in(&stack, &world.first, "olga").await;
    let tokens = world.web(&world.first).sign_in("ada", PASSWORD, AUDIENCE_TEST).await.unwrap();
    let ada = stack.api.anonymous().with_bearer(&tokens.access_token);
    let customer = ada.create_customer("Ada Lovelace", "ada@example.com").await;
    let (purse, savings) = (ada.open_wallet("eur").await, ada.open_wallet("eur").await);
    owner.fund(&purse, 5_000).await;
    ada.transfer(&purse, &savings, 1_500).await.ok();
    assert_eq!((ada.balance(&purse).await, ada.balance(&savings).await), (3_500, 1_500));
    assert_eq!(owner.get(&format!("/v1/customers/{customer}")).await.ok()["name"], "Ada Lovelace");

    for who in ["olga", "ada"] {
        let other = world.signed_in(&stack, &world.second, who).await;
        for path in [format!("/v1/customers/{customer}"), format!("/v1/wallets/{purse}")] {
            other.get(&path).await.refused(404, "resource_missing");
        }
        assert_eq!(other.get("/v1/wallets").await.ok()["data"], json!([]));
    }
    for who in ["eve", "stray"] {
        world
            .signed_in(&stack, &world.first, who)
            .await
            .get("/v1/wallets")
            .await
            .refused(401, "authentication_required");
    }
    let id_token = tokens.id_token.expect("an id token");
    stack.api.anonymous().with_bearer(&id_token).get("/v1/wallets").await.refused(401, "authentication_required");
    let refresh_token = tokens.refresh_token.expect("a refresh token");
    let renewed = world.web(&world.first).refresh(&refresh_token).await.unwrap();
    let ada_again = stack.api.anonymous().with_bearer(&renewed.access_token);
    assert_eq!(ada_again.balance(&savings).await, 1_500);
    assert!(world.web(&world.first).refresh(&refresh_token).await.is_err(), "a refresh token works once");
    assert!(world.web(&world.first).sign_in("ada", "wrong", AUDIENCE_TEST).await.is_err());
    let live = world.web(&world.first).sign_in("ada", PASSWORD, AUDIENCE_LIVE).await.unwrap();
    let live = stack.api.anonymous().with_bearer(&live.access_token);
    live.get(&format!("/v1/wallets/{purse}")).await.refused(404, "resource_missing");
}

async fn a_program_signs_in_by_its_own_secret(app: App) {
    let stack = app.shared().await;
    let world = World::make(&app, &stack).await;
    let url = world.provider.issuer_url(&world.first).unwrap();
    let program = OidcClient::confidential(url, "backend", "secret of a program");
    let tokens = program.client_credentials(AUDIENCE_TEST).await.unwrap();
    let client = stack.api.anonymous().with_bearer(&tokens.access_token);
    // It is nobody's member yet, so it is treated as an end user is.
    client.get("/v1/wallets").await.ok();
    client.get("/v1/customers").await.refused(403, "permission_denied");
    let owner = world.signed_in(&stack, &world.first, "olga").await;
    owner.post("/v1/members", json!({"issuer": url, "subject": "backend", "role": "operator"})).await.ok();
    until_status(Duration::from_secs(3), 200, || async { client.get("/v1/customers").await }).await;
    assert!(OidcClient::confidential(url, "backend", "guessed").client_credentials(AUDIENCE_TEST).await.is_err());
}

async fn keys_rotate_at_the_real_provider_and_a_dead_one_is_survived(app: App) {
    let stack = app.shared().await;
    let mut world = World::make(&app, &stack).await;
    let api = stack
        .another_api(vec![
            setting("IDENTITY__JWKS_TTL_SECONDS", 3),
            setting("IDENTITY__JWKS_REFETCH_INTERVAL_SECONDS", 1),
        ])
        .await;
    let ask = async |client: &Client| client.at(api.url()).get("/v1/wallets").await.status;
    let before = world.signed_in(&stack, &world.first, "olga").await;
    assert_eq!(ask(&before).await, 200);
    world.provider.rotate_keys(&world.first, OldKey::Published).await.unwrap();
    let after = world.signed_in(&stack, &world.first, "olga").await;
    assert_eq!((ask(&before).await, ask(&after).await), (200, 200), "old and new serve while both are published");
    world.provider.rotate_keys(&world.first, OldKey::Withdrawn).await.unwrap();
    let newest = world.signed_in(&stack, &world.first, "olga").await;
    until(Duration::from_secs(3), || async { ask(&newest).await == 200 }).await;
    until(Duration::from_secs(8), || async { ask(&before).await == 401 && ask(&after).await == 401 }).await;
    assert_eq!(ask(&newest).await, 200);
    world.provider.kill().await.unwrap();
    assert_eq!(ask(&newest).await, 200, "cached keys serve while the provider is dead");
    until(Duration::from_secs(10), || async { ask(&newest).await == 503 }).await;
    world.provider.start_again().await.unwrap();
    until(Duration::from_secs(10), || async { ask(&newest).await == 200 }).await;
}
