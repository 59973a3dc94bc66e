//! What happened on each account, in order, and how it compares with what the bank printed.

use std::collections::BTreeMap;

use kernel::Amount;

use super::{order, source::Movement};

/// The bank printed balances in tens of haléře: what one movement may be off by.
const ROUNDING_MINOR_MAX: i64 = 10;

/// The history of one account.
#[derive(Debug)]
pub(super) struct History {
    /// The bank's number of the account.
    pub(super) account: u64,
    /// Its movements in order.
    pub(super) movements: Vec<Movement>,
    /// How far below zero the sum of movements goes, in haléře.
    pub(super) overdraft_minor: i64,
    /// The largest difference between a printed balance and the sum of the movements up to it, in haléře.
    pub(super) difference_minor_max: i64,
    /// The largest part of such a difference that is the bank's rounding, in haléře.
    pub(super) rounding_minor_max: i64,
    /// Where a printed balance is off by more than rounding: movements that the files do not hold.
    pub(super) gaps: Vec<Gap>,
}

/// Money that came or went between two printed balances without a movement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Gap {
    /// `trans_id` of the movement whose printed balance shows it.
    pub(super) movement: u64,
    /// The printed balance less what it should be, in haléře.
    pub(super) minor: i64,
}

impl History {
    /// Whether every printed balance is the sum of the movements up to it.
    pub(super) const fn is_exact(&self) -> bool {
        self.difference_minor_max == 0
    }

    fn new(account: u64, movements: Vec<Movement>) -> Self {
        let mut history = Self {
            account,
            movements: order::in_order(movements),
            overdraft_minor: 0,
            difference_minor_max: 0,
            rounding_minor_max: 0,
            gaps: Vec::new(),
        };
        // Sums that do not fit are refused by the ledger in any case.
        let (mut sum_minor, mut difference_minor, mut rounding_minor) = (0_i64, 0_i64, 0_i64);
        for movement in &history.movements {
            sum_minor = sum_minor.saturating_add(movement.effect_minor());
            let step_minor = movement.balance_minor.saturating_sub(sum_minor).saturating_sub(difference_minor);
            difference_minor = difference_minor.saturating_add(step_minor);
            if step_minor.saturating_abs() > ROUNDING_MINOR_MAX {
                history.gaps.push(Gap { movement: movement.id, minor: step_minor });
            } else {
                rounding_minor = rounding_minor.saturating_add(step_minor);
            }
            history.rounding_minor_max = history.rounding_minor_max.max(rounding_minor.saturating_abs());
            history.difference_minor_max = history.difference_minor_max.max(difference_minor.saturating_abs());
            history.overdraft_minor = history.overdraft_minor.max(sum_minor.saturating_neg());
        }
        history.overdraft_minor = history.overdraft_minor.min(Amount::MAX_MINOR);
        history
    }
}

/// The histories of all accounts, by account.
pub(super) fn of(movements: Vec<Movement>) -> Vec<History> {
    let mut accounts: BTreeMap<u64, Vec<Movement>> = BTreeMap::new();
    for movement in movements {
        accounts.entry(movement.account).or_default().push(movement);
    }
    accounts.into_iter().map(|(account, movements)| History::new(account, movements)).collect()
}

/// All movements day by day, those of one account in its order: on each day first every account's first movement,
/// then every account's second, so that those of one account stand far apart.
pub(super) fn day_by_day(histories: &[History]) -> Vec<&Movement> {
    let days = histories.iter().flat_map(|history| history.movements.chunk_by(|one, other| one.date == other.date));
    let mut movements: Vec<(usize, &Movement)> = days.flat_map(|day| day.iter().enumerate()).collect();
    movements.sort_by_key(|(place, movement)| (movement.date, *place));
    movements.into_iter().map(|(_, movement)| movement).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::import::order::tests::bank_1993;

    #[test]
    fn the_overdraft_is_as_deep_as_the_history_goes() {
        let down = |id, effect, balance| Movement::example(id, effect, balance);
        let history = History::new(1, vec![down(1, 100, 100), down(2, -350, -250), down(3, 400, 160)]);
        assert_eq!((history.overdraft_minor, history.difference_minor_max, history.is_exact()), (250, 10, false));
        assert!(history.gaps.is_empty());
        assert_eq!(History::new(1, vec![down(1, 100, 100)]).overdraft_minor, 0);
    }

    #[test]
    fn what_is_more_than_rounding_is_a_movement_that_is_missing() {
        let of = |id, effect, balance| Movement::example(id, effect, balance);
        let history = History::new(1, vec![of(1, 1_000, 1_000), of(2, 500, 1_510), of(3, -10, 5_000)]);
        assert_eq!(history.gaps, [Gap { movement: 3, minor: 3_500 }]);
        assert_eq!((history.rounding_minor_max, history.difference_minor_max), (10, 3_510));
    }

    #[test]
    fn some_accounts_of_the_real_bank_need_an_overdraft() {
        let histories = of(bank_1993().movements);
        let overdrawn = histories.iter().filter(|history| history.overdraft_minor > 0).count();
        assert_eq!(overdrawn, 26);
    }

    #[test]
    fn day_by_day_every_account_keeps_its_order() {
        let histories = of(bank_1993().movements);
        let all = day_by_day(&histories);
        assert!(all.is_sorted_by_key(|movement| movement.date));
        for history in &histories {
            let own: Vec<u64> = history.movements.iter().map(|movement| movement.id).collect();
            let found: Vec<u64> =
                all.iter().filter(|movement| movement.account == history.account).map(|movement| movement.id).collect();
            assert_eq!(own, found);
        }
    }
}
