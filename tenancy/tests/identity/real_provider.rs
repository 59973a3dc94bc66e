//! A certified OpenID provider: what it really issues is what is accepted.

use kernel::{Clock as _, SystemClock};
use stack::{ClientSpec, IdentityProvider, IssuerSpec, OidcClient, OldKey, SigningAlgorithm, UserSpec};

use crate::world::{START, World};

const AUDIENCE: &str = "urn:tessera:test";

async fn provider() -> IdentityProvider {
    IdentityProvider::builder()
        .issuer(
            IssuerSpec::tenant("acme", SigningAlgorithm::Rs256)
                .user(UserSpec::new("ada", "password").claim("tenant", "acme"))
                .user(UserSpec::new("eve", "password").claim("tenant", "globex"))
                .client(ClientSpec::public("tessera-web"))
                .client(ClientSpec::machine("acme-backend", "secret").claim("tenant", "acme")),
        )
        .start()
        .await
        .unwrap()
}

#[tokio::test]
async fn people_and_services_of_a_real_provider_are_who_they_say() {
    let (world, provider) = (World::start().await, provider().await);
    // The provider lives by the machine's clock.
    world.clock.advance(SystemClock.now().unix_timestamp() - START);
    let url = provider.issuer_url("acme").unwrap().to_owned();
    let issuer = world.register(&url, "RS256").await;
    world
        .run("UPDATE platform.issuer SET audience_live = 'urn:tessera:live', audience_test = 'urn:tessera:test'")
        .await;
    let acme = world.tenant("acme", issuer).await;
    let other = world.register("https://other.example", "RS256").await;
    world.tenant("globex", other).await;
    world.member(&acme.test, &url, &provider.subject("acme", "ada").unwrap(), "owner").await;

    let web = OidcClient::public(&url, "tessera-web");
    let ada = web.sign_in("ada", "password", AUDIENCE).await.unwrap();
    assert_eq!(world.outcome(&ada.access_token).await, "acme/test/member/owner");
    let id_token = ada.id_token.expect("an ID token comes along");
    let refusal = world.outcome(&id_token).await;
    assert!(["token_type_wrong", "audience_wrong", "credential_malformed"].contains(&refusal.as_str()), "{refusal}");
    let live = web.sign_in("ada", "password", "urn:tessera:live").await.unwrap();
    assert_eq!(world.outcome(&live.access_token).await, "acme/live/end_user/customer");
    let eve = web.sign_in("eve", "password", AUDIENCE).await.unwrap();
    assert_eq!(world.outcome(&eve.access_token).await, "tenant_not_routable", "this issuer has no say in globex");
    let backend = OidcClient::confidential(&url, "acme-backend", "secret");
    let backend = backend.client_credentials(AUDIENCE).await.unwrap();
    assert_eq!(world.outcome(&backend.access_token).await, "acme/test/end_user/customer");

    provider.rotate_keys("acme", OldKey::Withdrawn).await.unwrap();
    let again = web.sign_in("ada", "password", AUDIENCE).await.unwrap();
    assert_eq!(world.outcome(&again.access_token).await, "acme/test/member/owner", "the new key is found at once");
    assert_eq!(world.outcome(&ada.access_token).await, "signing_key_unknown", "and the old one is gone with it");
}
