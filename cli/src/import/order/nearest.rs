//! The order with the smallest gaps between a printed balance and the next movement's: what is left where the bank
//! rounded.

use std::collections::HashMap;

use super::Movement;

/// Longest day whose best order is searched; a longer one is ordered step by step.
const SEARCHED_ROWS_MAX: usize = 12;

/// The best way through the days so far that ends in one movement of the last.
#[derive(Debug)]
struct Way {
    gaps_minor: i64,
    balance_minor: i64,
    /// Which way through the days before it goes on from.
    before: usize,
    /// The day's movements by their place in it.
    order: Vec<usize>,
}

/// The best way through a part of a day that ends in one movement of it.
#[derive(Clone, Copy, Debug)]
struct Step {
    gaps_minor: i64,
    from: Option<usize>,
    before: usize,
}

/// The days one after the other, the first from a balance of zero.
pub(super) fn order(days: &[Vec<Movement>]) -> Vec<Movement> {
    let mut ways = vec![vec![Way { gaps_minor: 0, balance_minor: 0, before: 0, order: Vec::new() }]];
    for day in days {
        let before = ways.last().map(Vec::as_slice).unwrap_or_default();
        let through = if day.len() > SEARCHED_ROWS_MAX { vec![step_by_step(day, before)] } else { search(day, before) };
        ways.push(through);
    }
    // From the end of the best way back to its beginning.
    let mut ordered = Vec::new();
    let mut chosen = ways.last().and_then(|last| best(last)).map(|(index, _)| index);
    for (day, through) in days.iter().zip(ways.iter().skip(1)).rev() {
        let Some(way) = chosen.and_then(|index| through.get(index)) else { break };
        ordered.extend(way.order.iter().rev().filter_map(|index| day.get(*index)).cloned());
        chosen = Some(way.before);
    }
    ordered.reverse();
    ordered
}

fn best(ways: &[Way]) -> Option<(usize, &Way)> {
    ways.iter().enumerate().min_by_key(|(_, way)| way.gaps_minor)
}

const fn gap_minor(balance_minor: i64, next: &Movement) -> i64 {
    balance_minor.saturating_sub(next.balance_before_minor()).saturating_abs()
}

/// For every movement that may be the day's last, the best way that ends there: over sets of movements instead of
/// permutations (Held and Karp).
fn search(day: &[Movement], before: &[Way]) -> Vec<Way> {
    let all = (1_u32 << day.len()) - 1;
    let mut steps: HashMap<(u32, usize), Step> = HashMap::new();
    for taken in 1..=all {
        for (last, movement) in day.iter().enumerate().filter(|(index, _)| taken & (1 << index) != 0) {
            let others = taken & !(1 << last);
            let step =
                if others == 0 { first_step(movement, before) } else { next_step(day, &steps, others, movement) };
            steps.extend(step.map(|step| ((taken, last), step)));
        }
    }
    let ends = day.iter().enumerate().filter_map(|(last, movement)| {
        let step = steps.get(&(all, last))?;
        let order = walked(&steps, all, last);
        Some(Way { gaps_minor: step.gaps_minor, balance_minor: movement.balance_minor, before: step.before, order })
    });
    ends.collect()
}

/// The best way into the day by this movement.
fn first_step(movement: &Movement, before: &[Way]) -> Option<Step> {
    let steps = before.iter().enumerate().map(|(index, way)| Step {
        gaps_minor: way.gaps_minor.saturating_add(gap_minor(way.balance_minor, movement)),
        from: None,
        before: index,
    });
    steps.min_by_key(|step| step.gaps_minor)
}

/// The best way through the others to this movement.
fn next_step(day: &[Movement], steps: &HashMap<(u32, usize), Step>, others: u32, movement: &Movement) -> Option<Step> {
    let ways = day.iter().enumerate().filter_map(|(from, other)| {
        let step = steps.get(&(others, from))?;
        let gaps_minor = step.gaps_minor.saturating_add(gap_minor(other.balance_minor, movement));
        Some(Step { gaps_minor, from: Some(from), before: step.before })
    });
    ways.min_by_key(|step| step.gaps_minor)
}

/// The movements on the way to the last one.
fn walked(steps: &HashMap<(u32, usize), Step>, all: u32, last: usize) -> Vec<usize> {
    let mut order = Vec::new();
    let (mut taken, mut here) = (all, Some(last));
    while let Some(index) = here {
        order.push(index);
        here = steps.get(&(taken, index)).and_then(|step| step.from);
        taken &= !(1 << index);
    }
    order.reverse();
    order
}

/// Always the movement next to the balance reached: good enough for a day that no search could end.
fn step_by_step(day: &[Movement], before: &[Way]) -> Way {
    let (start, mut gaps_minor, mut balance_minor) =
        best(before).map_or((0, 0, 0), |(index, way)| (index, way.gaps_minor, way.balance_minor));
    let mut left: Vec<(usize, &Movement)> = day.iter().enumerate().collect();
    let mut order = Vec::with_capacity(day.len());
    while let Some(position) = (0..left.len())
        .min_by_key(|position| left.get(*position).map_or(i64::MAX, |(_, next)| gap_minor(balance_minor, next)))
    {
        let (index, movement) = left.remove(position);
        gaps_minor = gaps_minor.saturating_add(gap_minor(balance_minor, movement));
        balance_minor = movement.balance_minor;
        order.push(index);
    }
    Way { gaps_minor, balance_minor, before: start, order }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A movement of a day, from its effect and the balance printed after it.
    pub(crate) fn movement(id: u64, effect_minor: i64, balance_minor: i64) -> Movement {
        Movement::example(id, effect_minor, balance_minor)
    }

    fn ids(days: &[Vec<Movement>]) -> Vec<u64> {
        order(days).iter().map(|movement| movement.id).collect()
    }

    #[test]
    fn a_gap_of_rounding_does_not_confuse_the_order() {
        let day = vec![movement(1, -50, 960), movement(2, 1_000, 1_000), movement(3, 7, 957)];
        assert_eq!(ids(&[vec![movement(9, 10, 10)], day]), [9, 2, 1, 3]);
    }

    #[test]
    fn the_next_day_decides_between_two_ends() {
        // By itself the first day is better the other way round.
        let days = [vec![movement(1, 20, 20), movement(2, 4, 10)], vec![movement(3, 1, 21)]];
        assert_eq!(ids(&days[..1]), [1, 2]);
        assert_eq!(ids(&days), [2, 1, 3]);
    }

    #[test]
    fn a_long_day_is_ordered_step_by_step() {
        let mut day: Vec<Movement> =
            (1..=200).map(|number| movement(number, 2, number.cast_signed() * 2 + 1)).collect();
        day.reverse();
        assert_eq!(ids(&[day]), (1..=200).collect::<Vec<u64>>());
    }
}
