//! Movements: wholly or not at all, from one's own wallet, seen by both sides.

use kernel::{WalletId, WalletTransferId};
use payments::{
    PageRequest,
    customer::CustomerDraft,
    wallet,
    wallet_transfer::{self, WalletTransferDraft, WalletTransferFilter},
};
use uuid::Uuid;

use super::world::{World, api_key, draft, end_user, refused, wallet_draft};

#[tokio::test]
async fn money_moves_and_both_sides_see_it() {
    let world = World::start().await;
    let [ada, bob, eve] = ["ada", "bob", "eve"].map(end_user);
    let adas = world.customer(&ada, CustomerDraft::default()).await;
    let bobs = world.customer(&bob, CustomerDraft::default()).await;
    world.customer(&eve, CustomerDraft::default()).await;
    let [from, to] = [world.wallet(Some(adas.id), 1_000).await, world.wallet(Some(bobs.id), 0).await];
    let asked = WalletTransferDraft {
        description: Some("for the pizza".to_owned()),
        metadata: [("order".to_owned(), "7".to_owned())].into(),
        ..draft(from.id, to.id, 300)
    };
    let made = world.transfer(&ada, asked.clone()).await.unwrap();
    assert_eq!((made.source, made.destination, made.amount.minor()), (from.id, to.id, 300));
    assert_eq!((world.balance(from.id).await, world.balance(to.id).await), (700, 300));
    assert!(!format!("{made:?} {asked:?}").contains("pizza"));

    let tx = world.begin().await;
    for seer in [&ada, &bob, &api_key("read_only")] {
        let context = world.context(&tx, seer);
        assert_eq!(wallet_transfer::retrieve(&context, &world.permit(seer), made.id).await.unwrap(), made);
    }
    let result = wallet_transfer::retrieve(&world.context(&tx, &eve), &world.permit(&eve), made.id).await;
    let nowhere = WalletTransferId::from_uuid(Uuid::from_u128(7));
    let missing = wallet_transfer::retrieve(&world.context(&tx, &eve), &world.permit(&eve), nowhere).await;
    assert_eq!(refused(result), refused(missing), "a foreign transfer is not there");
    let sealed = world
        .count("SELECT count(*) FROM wallet_transfer WHERE position('pizza' in encode(description, 'escape')) = 0");
    assert_eq!(sealed.await, 1);
    world.assert_books_are_right().await;
}

#[tokio::test]
async fn every_refusal_names_itself_and_moves_nothing() {
    let world = World::start().await;
    let ada = end_user("ada");
    let owner = api_key("owner");
    let adas = world.customer(&ada, CustomerDraft::default()).await;
    let mine = world.wallet(Some(adas.id), 100).await.id;
    let shops = world.wallet(None, 100).await.id;
    let nowhere = WalletId::from_uuid(Uuid::from_u128(7));
    let tx = world.begin().await;
    let dollars = wallet_draft("usd".parse().unwrap());
    let dollars = wallet::create(&world.context(&tx, &owner), &world.permit(&owner), dollars).await.unwrap().id;
    tx.commit(()).await.unwrap();

    let cases = [
        (&ada, draft(mine, shops, 101), ("insufficient_funds", Some("amount"))),
        (&ada, draft(mine, mine, 1), ("same_wallet", Some("destination"))),
        (&ada, draft(shops, mine, 1), ("resource_missing", Some("source"))),
        (&ada, draft(nowhere, mine, 1), ("resource_missing", Some("source"))),
        (&ada, draft(mine, nowhere, 1), ("resource_missing", Some("destination"))),
        (&ada, draft(mine, dollars, 1), ("currency_mismatch", Some("currency"))),
        (&owner, draft(dollars, mine, 1), ("currency_mismatch", Some("currency"))),
        (&owner, draft(nowhere, mine, 1), ("resource_missing", Some("source"))),
        (&owner, draft(shops, mine, kernel::Amount::MAX_MINOR), ("insufficient_funds", Some("amount"))),
        (
            &ada,
            WalletTransferDraft { description: Some("a\0".to_owned()), ..draft(mine, shops, 1) },
            ("parameter_invalid_characters", Some("description")),
        ),
        (
            &ada,
            WalletTransferDraft { description: Some("x".repeat(501)), ..draft(mine, shops, 1) },
            ("parameter_too_long", Some("description")),
        ),
        (
            &ada,
            WalletTransferDraft { metadata: [(String::new(), "v".to_owned())].into(), ..draft(mine, shops, 1) },
            ("parameter_invalid_empty", Some("metadata")),
        ),
    ];
    for (actor, asked, expected) in cases {
        assert_eq!(refused(world.transfer(actor, asked.clone()).await), expected, "{asked:?}");
    }
    assert_eq!((world.balance(mine).await, world.balance(shops).await), (100, 100));
    assert_eq!(world.count("SELECT count(*) FROM wallet_transfer").await, 0);
    assert_eq!(world.count("SELECT count(*) FROM ledger_transfer").await, 2, "the two fundings and nothing else");
    world.transfer(&ada, draft(mine, shops, 100)).await.unwrap();
    assert_eq!((world.balance(mine).await, world.balance(shops).await), (0, 200));
    world.assert_books_are_right().await;
}

#[tokio::test]
async fn a_list_shows_each_what_he_has_a_side_in() {
    let world = World::start().await;
    let [ada, bob] = ["ada", "bob"].map(end_user);
    let owner = api_key("owner");
    let adas = world.customer(&ada, CustomerDraft::default()).await.id;
    let bobs = world.customer(&bob, CustomerDraft::default()).await.id;
    let a = world.wallet(Some(adas), 1_000).await.id;
    let b = world.wallet(Some(bobs), 1_000).await.id;
    let shop = world.wallet(None, 1_000).await.id;
    let till = world.wallet(None, 1_000).await.id;
    let mut made = Vec::new();
    for (actor, from, to) in [(&ada, a, b), (&bob, b, shop), (&owner, shop, till), (&owner, till, a)] {
        made.push(world.transfer(actor, draft(from, to, 1)).await.unwrap().id);
    }

    let tx = world.begin().await;
    let seen = async |actor: &tenancy::Actor, filter: WalletTransferFilter| {
        let request = PageRequest::try_new(None, None, None).unwrap();
        let page = wallet_transfer::list(&world.context(&tx, actor), &world.permit(actor), filter, request).await;
        let ids = page.unwrap().items.into_iter().map(|transfer| transfer.id);
        ids.map(|id| made.iter().position(|known| *known == id).unwrap()).collect::<Vec<_>>()
    };
    let all = WalletTransferFilter::default;
    let of_wallet = |wallet| WalletTransferFilter { wallet: Some(wallet), ..all() };
    let of_customer = |customer| WalletTransferFilter { customer: Some(customer), ..all() };
    assert_eq!(seen(&owner, all()).await, [3, 2, 1, 0]);
    assert_eq!(seen(&owner, of_wallet(shop)).await, [2, 1]);
    assert_eq!(seen(&owner, of_customer(adas)).await, [3, 0]);
    assert_eq!(seen(&owner, WalletTransferFilter { wallet: Some(b), customer: Some(adas) }).await, [0]);
    assert_eq!(seen(&ada, all()).await, [3, 0]);
    assert!(seen(&ada, of_wallet(shop)).await.is_empty());
    assert_eq!(seen(&ada, of_customer(bobs)).await, [0], "only what she has a side in");
    assert!(seen(&end_user("nobody"), all()).await.is_empty());
}
