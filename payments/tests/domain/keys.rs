//! When keys cannot be had: what needs one fails and stores nothing, the rest goes on.

use kernel::Entropy;
use keyring::{KeyringError, ProviderKind};
use payments::{
    Context, Error, Failure, KeyAccess,
    customer::{self, CustomerDraft},
    wallet,
    wallet_transfer::WalletTransferDraft,
};

use super::world::{World, api_key, draft, eur, key_of, wallet_draft};

fn named() -> CustomerDraft {
    CustomerDraft {
        name: Some("Ada".to_owned()),
        email: Some("ada@example.org".to_owned()),
        ..CustomerDraft::default()
    }
}

#[tokio::test]
async fn without_keys_money_still_moves_and_nothing_is_stored_in_clear() {
    let world = World::start().await;
    let owner = api_key("owner");
    let sealed = world.customer(&owner, named()).await;
    let [from, to] = [world.wallet(None, 100).await.id, world.wallet(None, 0).await.id];
    let away = KeyAccess::from(KeyringError::Disabled { provider: ProviderKind::Local });
    let entropy: &dyn Entropy = &kernel::SystemEntropy;

    let tx = world.begin().await;
    let context = Context { tx: &tx, actor: &owner, keys: &away, clock: world.clock.as_ref(), entropy };
    let failures = [
        customer::create(&context, &world.permit(&owner), named()).await.err().map(failure),
        customer::retrieve(&context, &world.permit(&owner), sealed.id).await.err().map(failure),
    ];
    for failure in failures {
        let failure = failure.unwrap();
        assert!(matches!(failure, Failure::Keyring(KeyringError::Disabled { .. })) && failure.is_unavailable());
    }
    let described = WalletTransferDraft { description: Some("rent".to_owned()), ..draft(from, to, 60) };
    assert!(world.ask(&away, described).unwrap_err().is_unavailable(), "nothing is ordered without the key");
    // What touches no sealed field goes on, in the same transaction.
    customer::create(&context, &world.permit(&owner), CustomerDraft::default()).await.unwrap();
    let draft_wallet = wallet_draft(eur());
    wallet::create(&context, &world.permit(&owner), draft_wallet).await.unwrap();
    tx.commit(()).await.unwrap();
    world.order(&owner, "wallet_transfer.create", vec![world.ask(&away, draft(from, to, 60)).unwrap()]).await.unwrap();

    assert_eq!((world.balance(from).await, world.balance(to).await), (40, 60));
    assert_eq!(world.count("SELECT count(*) FROM customer").await, 2);
    assert_eq!(world.count("SELECT count(*) FROM wallet_transfer WHERE description IS NOT NULL").await, 0);
    let unfetched = KeyAccess::not_fetched();
    let tx = world.begin().await;
    let context = Context { keys: &unfetched, tx: &tx, ..world.context(&tx, &owner) };
    let failed = customer::retrieve(&context, &world.permit(&owner), sealed.id).await.err().map(failure).unwrap();
    assert!(matches!(failed, Failure::KeysNotFetched) && !failed.is_unavailable());
}

#[tokio::test]
async fn a_sealed_field_opens_in_its_own_row_only() {
    let world = World::start().await;
    let owner = api_key("owner");
    let [first, second] = [world.customer(&owner, named()).await, world.customer(&owner, named()).await];
    let tx = world.begin().await;
    let swap = "UPDATE customer SET name = (SELECT name FROM customer WHERE id <> $1) WHERE id = $1";
    let id = first.id.as_uuid();
    tx.with_connection(move |connection| {
        Box::pin(async move { sqlx::query(swap).bind(id).execute(connection).await.map(|_| ()) })
    })
    .await
    .unwrap();
    let context = world.context(&tx, &owner);
    let failed = customer::retrieve(&context, &world.permit(&owner), first.id).await.err().map(failure).unwrap();
    assert!(matches!(failed, Failure::Keyring(KeyringError::Tampered)) && !failed.is_unavailable());
    customer::retrieve(&context, &world.permit(&owner), second.id).await.unwrap();
}

#[tokio::test]
async fn after_a_rotation_old_fields_open_and_old_addresses_are_found() {
    let world = World::start().await;
    let owner = api_key("owner");
    let before = world.customer(&owner, named()).await;
    let key = key_of(&world.keyring, &world.environment).await;
    let mut data_keys = world.data_keys.clone();
    for old in &mut data_keys {
        old.retired_at = Some(old.created_at);
    }
    for purpose in [keyring::Purpose::Fields, keyring::Purpose::Index] {
        data_keys.push(world.keyring.generate_data_key(&key, purpose).await.unwrap());
    }
    let rotated = KeyAccess::from(world.keyring.field_keys(&key, &data_keys).await);

    world.tick();
    let tx = world.begin().await;
    let context = Context { keys: &rotated, tx: &tx, ..world.context(&tx, &owner) };
    let after = customer::create(&context, &world.permit(&owner), named()).await.unwrap();
    let filter = customer::CustomerFilter { email: Some("ADA@example.org".to_owned()) };
    let request = payments::PageRequest::try_new(None, None, None).unwrap();
    let found = customer::list(&context, &world.permit(&owner), filter, request).await.unwrap();
    let names: Vec<_> = found.items.iter().map(|customer| (customer.id, customer.name.as_deref())).collect();
    assert_eq!(names, [(after.id, Some("Ada")), (before.id, Some("Ada"))]);
}

fn failure<R: payments::Refusal>(error: Error<R>) -> Failure {
    match error {
        Error::Failed(failure) => failure,
        Error::Refused(refusal) => panic!("refused: {refusal}"),
    }
}
