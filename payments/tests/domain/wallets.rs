//! Wallets: opened empty, funded in test mode only, seen by their owner.

use std::sync::Arc;

use kernel::{Clock as _, CustomerId, EnvironmentId, Mode, WalletId};
use payments::{
    Failure, PageRequest,
    customer::CustomerDraft,
    wallet::{self, WalletDraft, WalletFilter, WalletQuestion},
};
use policies::{Attributes, PolicySnapshot, RetrieveWallet, Subject};
use tenancy::TenantTx;
use uuid::Uuid;

use super::world::{World, amount, api_key, end_user, eur, refused, wallet_draft};

fn draft(customer: Option<CustomerId>) -> WalletDraft {
    WalletDraft { customer, metadata: [("shop".to_owned(), "berlin".to_owned())].into(), ..wallet_draft(eur()) }
}

#[tokio::test]
async fn a_wallet_opens_empty_and_shows_what_was_put_in() {
    let world = World::start().await;
    let owner = api_key("operator");
    let tx = world.begin().await;
    let context = world.context(&tx, &owner);
    let opened = wallet::create(&context, &world.permit(&owner), draft(None)).await.unwrap();
    assert_eq!((opened.customer, opened.balance.minor, opened.balance.currency), (None, 0, eur()));
    let funded = wallet::fund(&context, &world.permit(&owner), opened.id, amount(1_250), eur()).await.unwrap();
    assert_eq!(funded.balance.minor, 1_250);
    let read = world.retrieve(&tx, &owner, opened.id).await.unwrap();
    assert_eq!(read, funded);
    tx.commit(()).await.unwrap();
    world.assert_books_are_right().await;
}

#[tokio::test]
async fn money_out_of_nothing_is_refused_in_live_mode_and_in_another_currency() {
    let owner = api_key("owner");
    let live = World::start_in(Mode::Live).await;
    let tx = live.begin().await;
    let context = live.context(&tx, &owner);
    let opened = wallet::create(&context, &live.permit(&owner), draft(None)).await.unwrap();
    assert!(opened.livemode);
    let result = wallet::fund(&context, &live.permit(&owner), opened.id, amount(1), eur()).await;
    assert_eq!(refused(result), ("livemode_mismatch", None));

    let world = World::start().await;
    let opened = world.wallet(None, 0).await;
    let tx = world.begin().await;
    let context = world.context(&tx, &owner);
    let dollars = "usd".parse().unwrap();
    let result = wallet::fund(&context, &world.permit(&owner), opened.id, amount(1), dollars).await;
    assert_eq!(refused(result), ("currency_mismatch", Some("currency")));
    let nowhere = WalletId::from_uuid(Uuid::from_u128(7));
    let result = wallet::fund(&context, &world.permit(&owner), nowhere, amount(1), eur()).await;
    assert_eq!(refused(result), ("resource_missing", Some("id")));
    tx.commit(()).await.unwrap();
    assert_eq!(world.count("SELECT count(*) FROM ledger_transfer").await, 0);
}

#[tokio::test]
async fn a_balance_never_leaves_64_bits() {
    let world = World::start().await;
    let owner = api_key("owner");
    let opened = world.wallet(None, 0).await;
    let tx = world.begin().await;
    let context = world.context(&tx, &owner);
    let largest = amount(kernel::Amount::MAX_MINOR);
    for _ in 0..1_024 {
        wallet::fund(&context, &world.permit(&owner), opened.id, largest, eur()).await.unwrap();
    }
    let result = wallet::fund(&context, &world.permit(&owner), opened.id, largest, eur()).await;
    assert_eq!(refused(result), ("balance_too_large", Some("amount")));
    tx.commit(()).await.unwrap();
    assert_eq!(world.balance(opened.id).await, i64::MAX - 1_023);
    world.assert_books_are_right().await;
}

#[tokio::test]
async fn an_end_user_opens_and_sees_his_own_wallets_only() {
    let world = World::start().await;
    let ada = end_user("ada");
    let tx = world.begin().await;
    let context = world.context(&tx, &ada);
    let result = wallet::create(&context, &world.permit(&ada), draft(None)).await;
    assert_eq!(refused(result), ("customer_required", Some("customer")));
    let all = PageRequest::try_new(None, None, None).unwrap();
    let none = wallet::list(&context, &world.permit(&ada), WalletFilter::default(), all).await.unwrap();
    assert_eq!(none.items, [], "who is no customer yet has no wallets");
    tx.commit(()).await.unwrap();

    let me = world.customer(&ada, CustomerDraft::default()).await;
    let bob = world.customer(&end_user("bob"), CustomerDraft::default()).await;
    let bobs = world.wallet(Some(bob.id), 500).await;
    let shops = world.wallet(None, 500).await;
    world.tick();
    let tx = world.begin().await;
    let context = world.context(&tx, &ada);
    let mine = wallet::create(&context, &world.permit(&ada), draft(None)).await.unwrap();
    assert_eq!(mine.customer, Some(me.id));
    let result = wallet::create(&context, &world.permit(&ada), draft(Some(bob.id))).await;
    assert_eq!(refused(result), ("resource_missing", Some("customer")));
    let nobody = WalletId::from_uuid(Uuid::from_u128(7));
    for foreign in [bobs.id, shops.id, nobody] {
        let result = world.retrieve(&tx, &ada, foreign).await;
        assert_eq!(refused(result), ("resource_missing", Some("id")));
        let after = PageRequest::try_new(None, Some(foreign), None).unwrap();
        let result = wallet::list(&context, &world.permit(&ada), WalletFilter::default(), after).await;
        assert_eq!(refused(result), ("resource_missing", Some("starting_after")));
    }
    let seen = wallet::list(&context, &world.permit(&ada), WalletFilter::default(), all).await.unwrap();
    assert_eq!(seen.items.iter().map(|wallet| wallet.id).collect::<Vec<_>>(), [mine.id]);
    assert_eq!(
        seen_together(&world, &tx, &[mine.id, bobs.id, shops.id]).await,
        [
            ("ada", vec![mine.id]),
            ("bob", vec![bobs.id]),
            ("nobody's customer", vec![]),
            ("shop", vec![mine.id, bobs.id, shops.id]),
        ]
    );
    let of_bob = WalletFilter { customer: Some(bob.id) };
    assert_eq!(wallet::list(&context, &world.permit(&ada), of_bob, all).await.unwrap().items, []);

    let owner = api_key("owner");
    let context = world.context(&tx, &owner);
    let seen = wallet::list(&context, &world.permit(&owner), of_bob, all).await.unwrap();
    assert_eq!(seen.items.iter().map(|wallet| (wallet.id, wallet.balance.minor)).collect::<Vec<_>>(), [(bobs.id, 500)]);
    let result = wallet::create(&context, &world.permit(&owner), draft(Some(CustomerId::from_uuid(Uuid::nil())))).await;
    assert_eq!(refused(result), ("resource_missing", Some("customer")));
}

/// Which of the wallets each actor sees when all ask about all of them at once.
async fn seen_together<'a>(world: &World, tx: &TenantTx, wallets: &[WalletId]) -> Vec<(&'a str, Vec<WalletId>)> {
    let actors = [
        ("ada", end_user("ada")),
        ("bob", end_user("bob")),
        ("nobody's customer", end_user("carl")),
        ("shop", api_key("owner")),
    ];
    let mut questions = Vec::new();
    for (_, actor) in &actors {
        let (permit, actor) = (world.permit(actor), Arc::new(actor.clone()));
        let ask = |id: &WalletId| WalletQuestion::try_new(&permit, world.environment.id, &actor, *id).unwrap();
        questions.extend(wallets.iter().map(ask));
    }
    let answers = wallet::retrieve(tx, &questions).await.unwrap();
    let seen = answers.chunks(wallets.len()).map(|some| some.iter().flatten().map(|wallet| wallet.id).collect());
    actors.into_iter().map(|(name, _)| name).zip(seen).collect()
}

#[tokio::test]
async fn a_permit_given_for_another_environment_opens_nothing() {
    let world = World::start().await;
    let elsewhere = EnvironmentId::from_uuid(Uuid::from_u128(99));
    let permit = PolicySnapshot::built_in(elsewhere)
        .unwrap()
        .permit::<RetrieveWallet>(&Subject::tenant(elsewhere, "owner"), &Attributes::at(world.clock.now()))
        .unwrap();
    let opened = world.wallet(None, 0).await;
    let owner = Arc::new(api_key("owner"));
    let here = WalletQuestion::try_new(&permit, world.environment.id, &owner, opened.id);
    assert!(matches!(here, Err(Failure::ForeignPermit(_))));
    let there = WalletQuestion::try_new(&permit, elsewhere, &owner, opened.id).unwrap();
    let result = wallet::retrieve(&world.begin().await, &[there]).await;
    assert!(matches!(result, Err(Failure::ForeignPermit(_))));
}
