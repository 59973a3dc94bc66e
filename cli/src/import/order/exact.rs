//! An order in which every printed balance equals the running sum.
//!
//! Each movement leads from the balance before to the balance after. An order of a day that uses every movement once
//! is an Eulerian trail through the balances, which is found in linear time and never by trying permutations.

use std::collections::HashMap;

use super::Movement;

/// The days one after the other, the first from a balance of zero; `None` if there is no such order.
pub(super) fn order(days: &[Vec<Movement>]) -> Option<Vec<Movement>> {
    let mut balance_minor = 0;
    let mut ordered = Vec::new();
    for day in days {
        for movement in trail(balance_minor, day)? {
            balance_minor = movement.balance_minor;
            ordered.push(movement.clone());
        }
    }
    Some(ordered)
}

/// Hierholzer's way: walk until stuck, and on the way back fill in the rounds that were left out.
fn trail(start_minor: i64, day: &[Movement]) -> Option<Vec<&Movement>> {
    let mut leaving: HashMap<i64, Vec<&Movement>> = HashMap::new();
    // From the back, so that among equals the file's order wins.
    for movement in day.iter().rev() {
        leaving.entry(movement.balance_before_minor()).or_default().push(movement);
    }
    let mut walked: Vec<Option<&Movement>> = vec![None];
    let mut trail = Vec::with_capacity(day.len());
    while let Some(last) = walked.last().copied() {
        let here_minor = last.map_or(start_minor, |movement| movement.balance_minor);
        match leaving.get_mut(&here_minor).and_then(Vec::pop) {
            Some(next) => walked.push(Some(next)),
            None => trail.extend(walked.pop().flatten()),
        }
    }
    trail.reverse();
    let chains = trail.iter().try_fold(start_minor, |balance_minor, movement| {
        (movement.balance_before_minor() == balance_minor).then_some(movement.balance_minor)
    });
    (trail.len() == day.len() && chains.is_some()).then_some(trail)
}

#[cfg(test)]
mod tests {
    use super::{super::nearest::tests::movement, *};

    fn ids(start_minor: i64, day: &[Movement]) -> Option<Vec<u64>> {
        trail(start_minor, day).map(|trail| trail.iter().map(|movement| movement.id).collect())
    }

    #[test]
    fn the_balances_give_the_order_of_a_day() {
        assert_eq!(ids(0, &[movement(1, 5, 15), movement(2, 10, 10)]), Some(vec![2, 1]));
        assert_eq!(ids(0, &[]), Some(Vec::new()));
        assert_eq!(ids(1, &[movement(1, 5, 15)]), None);
    }

    #[test]
    fn rounds_that_come_back_to_the_same_balance_are_filled_in() {
        // 0 → 10 → 0 → 10 → 25, with a round 10 → 30 → 10 that a greedy walk would leave out.
        let day = [movement(1, 10, 10), movement(2, 15, 25), movement(3, -10, 0), movement(4, 10, 10)];
        assert_eq!(ids(0, &day).map(|ids| ids.len()), Some(4));
        let day = [movement(1, 10, 10), movement(2, 15, 25), movement(3, 20, 30), movement(4, -20, 10)];
        assert_eq!(ids(0, &day), Some(vec![1, 3, 4, 2]));
    }

    #[test]
    fn a_day_of_a_thousand_rows_takes_no_time() {
        let mut day: Vec<Movement> = (1..=1_000).map(|number| movement(number, 1, number.cast_signed())).collect();
        day.reverse();
        assert_eq!(ids(0, &day), Some((1..=1_000).collect()));
    }

    #[test]
    fn rows_that_do_not_hang_together_have_no_order() {
        assert_eq!(ids(0, &[movement(1, 10, 10), movement(2, 5, 100), movement(3, -5, 95)]), None);
    }
}
