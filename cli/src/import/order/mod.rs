//! The order in which the movements of an account happened. Rows of one day are not in order; the chain of printed
//! balances gives it. Nothing here does any I/O.

mod exact;
mod nearest;

use super::source::Movement;

/// The movements of one account in the order of the bank's balances: exact where the balances chain without a gap,
/// otherwise the order of the smallest gaps.
pub(super) fn in_order(mut movements: Vec<Movement>) -> Vec<Movement> {
    movements.sort_by_key(|movement| movement.date);
    let days: Vec<Vec<Movement>> =
        movements.chunk_by(|one, other| one.date == other.date).map(<[Movement]>::to_vec).collect();
    exact::order(&days).unwrap_or_else(|| nearest::order(&days))
}

#[cfg(test)]
pub(super) mod tests {
    use std::{
        collections::{BTreeMap, BTreeSet},
        path::PathBuf,
    };

    use time::macros::date;

    use super::*;
    use crate::import::{history, source::Bank};

    /// The folder of the real data.
    pub(crate) fn data() -> PathBuf {
        PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../tests/data/bank-1993")
    }

    pub(crate) fn bank_1993() -> Bank {
        Bank::read(&data()).unwrap()
    }

    #[test]
    fn the_exact_accounts_come_out_exact_after_every_movement() {
        let listed: BTreeSet<u64> = std::fs::read_to_string(data().join("exact_accounts.txt"))
            .unwrap()
            .split_whitespace()
            .map(|word| word.parse().unwrap())
            .collect();
        let bank = bank_1993();
        let mut accounts: BTreeMap<u64, Vec<Movement>> = BTreeMap::new();
        for movement in bank.movements {
            accounts.entry(movement.account).or_default().push(movement);
        }
        let (mut exact, mut printed) = (BTreeSet::new(), 0);
        for (account, movements) in accounts {
            let (count, ordered) = (movements.len(), in_order(movements));
            assert_eq!(ordered.len(), count);
            assert!(ordered.is_sorted_by_key(|movement| movement.date));
            let mut balance = 0;
            let is_exact = ordered.iter().all(|movement| {
                balance += movement.effect_minor();
                balance == movement.balance_minor
            });
            if is_exact {
                exact.insert(account);
                printed += if listed.contains(&account) { count } else { 0 };
            }
        }
        assert_eq!((listed.len(), printed), (171, 2_990));
        assert!(listed.is_subset(&exact));
        // The list names half of those whose balances chain.
        assert_eq!(exact.len(), 342);
    }

    #[test]
    fn on_every_other_account_the_gaps_are_the_banks_rounding() {
        let histories = history::of(bank_1993().movements);
        assert_eq!(histories.len(), 1_229);
        assert_eq!(histories.iter().map(|history| history.movements.len()).sum::<usize>(), 49_102);
        let opening = |history: &history::History| history.movements[0].balance_before_minor();
        assert!(histories.iter().all(|history| opening(history) == 0), "every account begins with nothing");
        assert_eq!(histories.iter().map(|history| history.rounding_minor_max).max(), Some(80));
        // The file was cut on its last day: what these accounts lack came behind the cut.
        let cut: Vec<_> = histories.iter().filter(|history| !history.gaps.is_empty()).collect();
        assert_eq!(cut.len(), 28);
        for history in cut {
            let gap = history.movements.iter().find(|movement| movement.id == history.gaps[0].movement).unwrap();
            assert_eq!((history.gaps.len(), gap.date), (1, date!(1994 - 03 - 31)));
        }
    }
}
