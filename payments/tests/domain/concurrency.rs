//! Many at once: money is conserved, a person becomes one customer.

use std::sync::Arc;

use payments::{Error, customer, customer::CustomerDraft, wallet_transfer::Refusal};
use tokio::task::JoinSet;

use super::world::{World, api_key, draft, end_user};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sixty_four_parallel_transfers_on_four_wallets_conserve_money() {
    let world = Arc::new(World::start().await);
    let mut wallets = Vec::new();
    for _ in 0..4 {
        wallets.push(world.wallet(None, 50).await.id);
    }
    let mut tasks = JoinSet::new();
    for number in 0..64_usize {
        let world = Arc::clone(&world);
        let [from, to] = [wallets[number % 4], wallets[(number + 1 + number / 4 % 3) % 4]];
        let minor = i64::try_from(number % 4).unwrap() * 20 + 1;
        tasks.spawn(async move {
            match world.transfer(&api_key("operator"), draft(from, to, minor)).await {
                Ok(_) => true,
                Err(Error::Refused(Refusal::InsufficientFunds)) => false,
                Err(other) => panic!("{other:?}"),
            }
        });
    }
    let outcomes = tasks.join_all().await;
    let accepted = outcomes.into_iter().filter(|accepted| *accepted).count();
    let mut sum = 0;
    for id in wallets {
        let balance = world.balance(id).await;
        assert!(balance >= 0);
        sum += balance;
    }
    assert_eq!(sum, 200);
    assert!(accepted > 0);
    assert_eq!(world.count("SELECT count(*) FROM wallet_transfer").await, i64::try_from(accepted).unwrap());
    world.assert_books_are_right().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_who_signs_up_eight_times_at_once_is_one_customer() {
    let world = Arc::new(World::start().await);
    let mut tasks = JoinSet::new();
    for _ in 0..8 {
        let world = Arc::clone(&world);
        tasks.spawn(async move {
            let ada = end_user("ada");
            let tx = world.begin().await;
            let result =
                customer::create(&world.context(&tx, &ada), &world.permit(&ada), CustomerDraft::default()).await;
            match tx.commit(result).await.unwrap().into_inner() {
                Ok(_) => true,
                Err(Error::Refused(customer::Refusal::CustomerExists)) => false,
                Err(other) => panic!("{other:?}"),
            }
        });
    }
    let outcomes = tasks.join_all().await;
    assert_eq!(outcomes.into_iter().filter(|created| *created).count(), 1);
    assert_eq!(world.count("SELECT count(*) FROM customer").await, 1);
}
