//! Statements, balances at a moment and the trial balance, told in wallets.

use kernel::{Clock as _, WalletId};
use payments::{
    statement::{self, Movement, PAGE_MOVEMENTS_MAX, Period, Statement},
    trial_balance, wallet,
    wallet_transfer::WalletTransferDraft,
};
use tenancy::Actor;
use time::Duration;

use super::world::{World, amount, api_key, draft, end_user, person, refused};

const DAY: i64 = 86_400;

/// The statement of a wallet over the day the clock shows and `back` days before it, read to its end.
async fn drawn(world: &World, actor: &Actor, id: WalletId, back: i64) -> (Statement, Vec<Movement>) {
    let today = world.clock.now().date();
    let from = (today - Duration::days(back)).to_string();
    let period = Period::parse(&from, &today.to_string(), today).unwrap();
    let tx = world.begin().await;
    let context = world.context(&tx, actor);
    let (statement, mut rest) = statement::draw(&context, &world.permit(actor), id, period).await.unwrap();
    let mut movements = Vec::new();
    while !rest.is_finished() {
        let tx = world.begin().await;
        let page = rest.next_page(&world.context(&tx, actor), &world.permit(actor)).await.unwrap();
        assert!(!page.is_empty() && page.len() <= PAGE_MOVEMENTS_MAX);
        movements.extend(page);
    }
    (statement, movements)
}

#[tokio::test]
async fn a_statement_tells_what_wallets_know_of_every_movement() {
    let world = World::start().await;
    let owner = api_key("owner");
    let ours = world.wallet(None, 1_000).await.id;
    let other = world.wallet(None, 0).await.id;
    world.clock.advance(DAY);
    let rent = WalletTransferDraft {
        description: Some("Rent & <more>".to_owned()),
        metadata: [("source_id".to_owned(), "42".to_owned())].into(),
        ..draft(ours, other, 300)
    };
    let rent = world.transfer(&owner, rent).await.unwrap();
    world.clock.advance(DAY);
    world.transfer(&owner, draft(other, ours, 100)).await.unwrap();

    let (whole, movements) = drawn(&world, &owner, ours, 5).await;
    assert_eq!((whole.opening_minor, whole.closing_minor), (0, 800));
    assert_eq!((whole.credits.count, whole.credits.total_minor), (2, 1_100));
    assert_eq!((whole.debits.count, whole.debits.total_minor), (1, 300));
    let lines: Vec<_> = movements.iter().map(|line| (line.amount_minor, line.balance_after_minor)).collect();
    assert_eq!(lines, [(1_000, 1_000), (-300, 700), (100, 800)]);
    let [funding, paid, back] = &movements[..] else { panic!("{movements:?}") };
    assert_eq!((funding.transfer, funding.counterparty), (None, None), "play money comes from no wallet");
    assert_eq!((paid.transfer, paid.counterparty), (Some(rent.id), Some(other)));
    assert_eq!(
        (paid.description.as_deref(), paid.metadata.get("source_id")),
        (Some("Rent & <more>"), Some(&"42".to_owned()))
    );
    assert_eq!((paid.occurred_at, paid.booked_at), (rent.created, rent.created));
    assert_eq!((back.counterparty, back.description.as_deref()), (Some(other), None));
    assert!(!format!("{paid:?}").contains("Rent"), "descriptions are not for logs");

    let (last_day, movements) = drawn(&world, &owner, ours, 0).await;
    assert_eq!((last_day.opening_minor, last_day.closing_minor, movements.len()), (700, 800, 1));
    assert_ne!(last_day.id, whole.id);
    assert_eq!(drawn(&world, &owner, ours, 5).await.0.id, whole.id);

    world.clock.advance(2 * DAY);
    let (idle, movements) = drawn(&world, &owner, ours, 0).await;
    assert_eq!((idle.opening_minor, idle.closing_minor, movements), (800, 800, Vec::new()));
}

#[tokio::test]
async fn balances_at_a_moment_and_the_trial_balance_follow_the_clock() {
    let world = World::start().await;
    let owner = api_key("owner");
    let wallet = world.wallet(None, 500).await.id;
    let other = world.wallet(None, 0).await.id;
    let funded = world.clock.now();
    world.clock.advance(DAY);
    world.transfer(&owner, draft(wallet, other, 120)).await.unwrap();
    let moved = world.clock.now();
    let tx = world.begin().await;
    let context = world.context(&tx, &owner);
    for (at, expected) in
        [(funded - Duration::DAY, 0), (funded, 500), (moved - Duration::MICROSECOND, 500), (moved, 380)]
    {
        let held = wallet::balance_at(&context, &world.permit(&owner), wallet, at).await.unwrap();
        assert_eq!(held.minor, expected, "{at}");
    }
    assert_eq!(world.retrieve(&tx, &owner, wallet).await.unwrap().balance.minor, 380);
    let tomorrow = moved + Duration::DAY;
    let refusal = wallet::balance_at(&context, &world.permit(&owner), wallet, tomorrow).await;
    assert_eq!(refused(refusal), ("parameter_invalid", Some("at")));

    for (at, expected) in [(Some(funded - Duration::DAY), 0), (Some(funded), 500), (Some(moved), 500), (None, 500)] {
        let columns = trial_balance::retrieve(&context, &world.permit(&owner), at).await.unwrap();
        let [eur] = &columns[..] else { panic!("{columns:?}") };
        assert_eq!(
            (eur.debits_minor, eur.credits_minor, eur.balance_minor(), eur.accounts),
            (expected, expected, 0, 3)
        );
    }
    let refusal = trial_balance::retrieve(&context, &world.permit(&owner), Some(tomorrow)).await;
    assert_eq!(refused(refusal), ("parameter_invalid", Some("at")));
}

#[tokio::test]
async fn a_customer_sees_the_statements_of_his_own_wallets_only() {
    let world = World::start().await;
    let [ada, bob] = ["ada", "bob"].map(end_user);
    let mut wallets = Vec::new();
    for name in ["ada", "bob"] {
        let link = payments::customer::CustomerDraft { subject: Some(person(name)), ..Default::default() };
        let customer = world.customer(&api_key("owner"), link).await;
        wallets.push(world.wallet(Some(customer.id), 100).await.id);
    }
    assert_eq!(drawn(&world, &ada, wallets[0], 1).await.0.closing_minor, amount(100).minor());

    let tx = world.begin().await;
    let today = world.clock.now().date();
    let period = Period::parse(&today.to_string(), &today.to_string(), today).unwrap();
    for (actor, id) in [(&ada, wallets[1]), (&bob, wallets[0]), (&end_user("nobody"), wallets[0])] {
        let context = world.context(&tx, actor);
        let refusal = statement::draw(&context, &world.permit(actor), id, period).await;
        assert_eq!(refused(refusal), ("resource_missing", Some("id")));
        let refusal = world.retrieve(&tx, actor, id).await;
        assert_eq!(refused(refusal), ("resource_missing", Some("id")));
    }
}
