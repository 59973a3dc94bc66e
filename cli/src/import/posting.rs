//! The movements as transfers, in bulk and in order: a bulk is sent only when the one before is answered to its end,
//! and holds no account twice. So an item that has to be sent again is never overtaken by a later one of its account.

use std::collections::{HashMap, HashSet};

use serde_json::{Value, json};

use super::{
    creation::{CURRENCY, Tally, key},
    history::{self, History},
    ndjson::{self, Outcome},
    payment_api::{PaymentApi, Post},
    progress::Progress,
    source::{Counterparty, Direction, Movement},
};
use crate::{exit_code::ExitCode, failure::Failure};

/// Most movements of one request: few enough to be answered in seconds.
const BULK_ITEMS_MAX: usize = 1_000;
const PATH: &str = "/v1/wallet_transfers/bulk";

/// Both sides of every movement.
#[derive(Debug)]
pub(super) struct Wallets {
    /// By account.
    pub(super) accounts: HashMap<u64, String>,
    /// By counterparty.
    pub(super) counterparties: HashMap<Counterparty, String>,
}

/// Posts all movements day by day, those of one account in its order.
pub(super) async fn movements(
    api: &PaymentApi,
    histories: &[History],
    wallets: &Wallets,
    progress: &mut Progress,
) -> Result<Tally, Failure> {
    let movements = history::day_by_day(histories);
    progress.begin("movements", movements.len());
    let mut tally = Tally::default();
    for bulk in bulks(&movements) {
        let items: Vec<Value> = bulk.iter().map(|movement| item(movement, wallets)).collect::<Result<_, _>>()?;
        let body = json!({ "mode": "independent", "transfers": items }).to_string();
        for outcome in post(api, &Post { path: PATH, key: None, body }, bulk).await? {
            tally.count(outcome == Outcome::DoneBefore);
        }
        progress.advance(bulk.len());
    }
    Ok(tally)
}

/// Cuts the movements where an account would come a second time.
fn bulks<'a>(movements: &'a [&'a Movement]) -> Vec<&'a [&'a Movement]> {
    let (mut bulks, mut rest) = (Vec::new(), movements);
    while !rest.is_empty() {
        let mut accounts = HashSet::new();
        let length = rest.iter().take(BULK_ITEMS_MAX).take_while(|movement| accounts.insert(movement.account)).count();
        let (bulk, behind) = rest.split_at(length);
        bulks.push(bulk);
        rest = behind;
    }
    bulks
}

/// Sends a bulk until every item of it is carried out.
async fn post(api: &PaymentApi, post: &Post, bulk: &[&Movement]) -> Result<Vec<Outcome>, Failure> {
    let mut patience = api.patience();
    loop {
        let answer = api.post(post).await?;
        let outcomes = match ndjson::outcomes(&answer.body, bulk.len(), answer.request) {
            Ok(outcomes) => outcomes,
            Err(error @ ndjson::AnswerError::Torn { .. }) => {
                patience.wait(Failure::local(error.to_string()).code("unexpected_reply"), None).await?;
                continue;
            }
            Err(error) => return Err(Failure::local(error.to_string()).code("unexpected_reply")),
        };
        let trouble = bulk.iter().zip(&outcomes).find_map(|(movement, outcome)| match outcome {
            Outcome::Done | Outcome::DoneBefore => None,
            Outcome::Passing(error) => Some((movement, error, true)),
            Outcome::Refused(error) => Some((movement, error, false)),
        });
        let Some((movement, error, is_passing)) = trouble else { return Ok(outcomes) };
        let message = format!("trans_id {} (line {}) was refused: {}", movement.id, movement.line, error.message);
        let failure = Failure::new(ExitCode::Failure, error.code(), message)
            .hint("the import stopped there; what came before it is imported");
        if !is_passing {
            return Err(failure);
        }
        patience.wait(failure, None).await?;
    }
}

fn item(movement: &Movement, wallets: &Wallets) -> Result<Value, Failure> {
    // Both were made for exactly these movements.
    let missing = || Failure::local(format!("no wallet was made for trans_id {}", movement.id));
    let own = wallets.accounts.get(&movement.account).ok_or_else(missing)?;
    let other = wallets.counterparties.get(&movement.counterparty).ok_or_else(missing)?;
    let (source, destination) = match movement.direction {
        Direction::Credit => (other, own),
        Direction::Debit => (own, other),
    };
    Ok(json!({
        "source": source,
        "destination": destination,
        "amount": movement.amount,
        "currency": CURRENCY,
        "occurred_at": format!("{}T00:00:00Z", movement.date),
        "description": movement.description(),
        "metadata": { "source_id": movement.id.to_string() },
        "idempotency_key": key(&format!("movement:{}", movement.id)),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::import::order::tests::bank_1993;

    #[test]
    fn no_bulk_of_the_real_movements_holds_an_account_twice() {
        let histories = history::of(bank_1993().movements);
        let movements = history::day_by_day(&histories);
        let bulks = bulks(&movements);
        assert!(bulks.iter().all(|bulk| !bulk.is_empty() && bulk.len() <= BULK_ITEMS_MAX));
        for bulk in &bulks {
            let accounts: HashSet<u64> = bulk.iter().map(|movement| movement.account).collect();
            assert_eq!(accounts.len(), bulk.len());
        }
        assert_eq!(bulks.concat().len(), 49_102);
        assert!(bulks.len() < 700, "{}", bulks.len());
    }

    #[test]
    fn a_movement_becomes_a_transfer_in_its_direction() {
        let wallets = Wallets {
            accounts: HashMap::from([(1, "wal_own".to_owned())]),
            counterparties: HashMap::from([(Counterparty::Cash, "wal_cash".to_owned())]),
        };
        let credit = item(&Movement::example(7, 70_000, 70_000), &wallets).unwrap();
        let expected = json!({
            "source": "wal_cash", "destination": "wal_own", "amount": 70_000, "currency": "czk",
            "occurred_at": "1993-01-01T00:00:00Z", "description": "Cash deposit",
            "metadata": { "source_id": "7" }, "idempotency_key": "import:bank:movement:7",
        });
        assert_eq!(credit, expected);
        let debit = item(&Movement::example(8, -5, 0), &wallets).unwrap();
        assert_eq!((&debit["source"], &debit["amount"]), (&json!("wal_own"), &json!(5)));
    }
}
