//! Which two accounts a transfer is between.

use std::{fmt, sync::Arc};

use crate::chance::Chance;

/// The weight of rank 1 in a Zipf distribution; rank k weighs a k-th of it. Exact enough in whole numbers.
const ZIPF_WEIGHT: u64 = 1 << 40;

/// How transfers are spread over accounts, which are numbered from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Distribution {
    /// Every account is as likely as any other.
    Uniform {
        /// How many there are.
        accounts: usize,
    },
    /// Zipf with exponent 1.0: the second account is half as likely as the first.
    Zipf {
        /// How many there are.
        accounts: usize,
    },
    /// Account 0 is one side of every transfer, by chance the paying or the receiving one.
    Hot {
        /// How many there are.
        accounts: usize,
    },
    /// Everything between two accounts.
    Two,
    /// Zipf over tenants, uniform inside of one: account `n` of tenant `t` has number `t * accounts + n`.
    Tenants {
        /// How many tenants there are.
        tenants: usize,
        /// How many accounts each has.
        accounts: usize,
    },
}

impl Distribution {
    /// How many accounts it needs in all.
    pub fn accounts(self) -> usize {
        match self {
            Self::Uniform { accounts } | Self::Zipf { accounts } | Self::Hot { accounts } => accounts,
            Self::Two => 2,
            Self::Tenants { tenants, accounts } => tenants.saturating_mul(accounts),
        }
    }

    /// Its transfers, the same ones for the same seed.
    pub fn pairs(self, seed: u64) -> Pairs {
        let ranks = match self {
            Self::Zipf { accounts } => accounts,
            Self::Tenants { tenants, .. } => tenants,
            Self::Uniform { .. } | Self::Hot { .. } | Self::Two => 0,
        };
        Pairs { distribution: self, cumulative: cumulative_weights(ranks), chance: Chance::new(seed) }
    }
}

impl fmt::Display for Distribution {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Uniform { .. } => f.write_str("uniform"),
            Self::Zipf { .. } => f.write_str("zipf"),
            Self::Hot { .. } => f.write_str("hot"),
            Self::Two => f.write_str("two accounts"),
            Self::Tenants { tenants, .. } => write!(f, "{tenants} tenants"),
        }
    }
}

/// A sequence of transfers: (the account debited, the account credited), never the same one twice.
#[derive(Debug, Clone)]
pub struct Pairs {
    distribution: Distribution,
    cumulative: Arc<[u64]>,
    chance: Chance,
}

impl Pairs {
    /// The same distribution from another seed; the table of weights is shared.
    #[must_use]
    pub fn reseeded(&self, seed: u64) -> Self {
        Self { distribution: self.distribution, cumulative: Arc::clone(&self.cumulative), chance: Chance::new(seed) }
    }

    /// The next transfer.
    pub fn draw(&mut self) -> (usize, usize) {
        match self.distribution {
            Distribution::Uniform { accounts } => self.two_of(accounts),
            Distribution::Hot { accounts } => {
                let other = 1 + self.index(accounts.saturating_sub(1));
                self.in_some_order(0, other)
            }
            Distribution::Two => self.in_some_order(0, 1),
            Distribution::Zipf { .. } => {
                let debit = self.rank();
                loop {
                    let credit = self.rank();
                    if credit != debit || self.cumulative.len() < 2 {
                        return (debit, credit);
                    }
                }
            }
            Distribution::Tenants { accounts, .. } => {
                let first = self.rank().saturating_mul(accounts);
                let (debit, credit) = self.two_of(accounts);
                (first + debit, first + credit)
            }
        }
    }

    fn two_of(&mut self, accounts: usize) -> (usize, usize) {
        let debit = self.index(accounts);
        let step = 1 + self.index(accounts.saturating_sub(1));
        (debit, (debit + step).checked_rem(accounts).unwrap_or(0))
    }

    fn in_some_order(&mut self, one: usize, other: usize) -> (usize, usize) {
        if self.chance.next().is_multiple_of(2) { (one, other) } else { (other, one) }
    }

    fn index(&mut self, bound: usize) -> usize {
        let bound = u64::try_from(bound).unwrap_or(u64::MAX);
        usize::try_from(self.chance.below(bound)).unwrap_or(0)
    }

    fn rank(&mut self) -> usize {
        let total = self.cumulative.last().copied().unwrap_or(1);
        let point = self.chance.below(total);
        self.cumulative.partition_point(|weight| *weight <= point)
    }
}

fn cumulative_weights(ranks: usize) -> Arc<[u64]> {
    let weights = (1_u64..).take(ranks).map(|rank| ZIPF_WEIGHT / rank);
    weights
        .scan(0_u64, |sum, weight| {
            *sum += weight;
            Some(*sum)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Distribution; 5] = [
        Distribution::Uniform { accounts: 100 },
        Distribution::Zipf { accounts: 100 },
        Distribution::Hot { accounts: 100 },
        Distribution::Two,
        Distribution::Tenants { tenants: 10, accounts: 10 },
    ];

    #[test]
    fn a_transfer_is_between_two_accounts_that_exist() {
        for distribution in ALL {
            let mut pairs = distribution.pairs(1);
            for _ in 0..10_000 {
                let (debit, credit) = pairs.draw();
                assert_ne!(debit, credit, "{distribution}");
                assert!(debit.max(credit) < distribution.accounts(), "{distribution}");
            }
        }
    }

    #[test]
    fn a_seed_repeats_itself_and_another_differs() {
        for distribution in ALL {
            let take = |seed| {
                let mut pairs = distribution.pairs(seed);
                (0..100).map(|_| pairs.draw()).collect::<Vec<_>>()
            };
            assert_eq!(take(7), take(7), "{distribution}");
            assert_ne!(take(7), take(8), "{distribution}");
        }
    }

    #[test]
    fn a_tenants_transfer_stays_inside_of_it() {
        let mut pairs = Distribution::Tenants { tenants: 10, accounts: 10 }.pairs(3);
        for _ in 0..10_000 {
            let (debit, credit) = pairs.draw();
            assert_eq!(debit / 10, credit / 10);
        }
    }

    #[test]
    fn the_hot_account_is_in_every_transfer_and_on_both_sides() {
        let mut pairs = Distribution::Hot { accounts: 100 }.pairs(4);
        let drawn: Vec<_> = (0..1_000).map(|_| pairs.draw()).collect();
        assert!(drawn.iter().all(|(debit, credit)| *debit == 0 || *credit == 0));
        assert!(drawn.iter().any(|(debit, _)| *debit == 0) && drawn.iter().any(|(_, credit)| *credit == 0));
    }

    #[test]
    fn the_first_rank_is_twice_as_likely_as_the_second() {
        let mut pairs = Distribution::Tenants { tenants: 100, accounts: 2 }.pairs(5);
        let (mut first, mut second) = (0_u32, 0_u32);
        for _ in 0..100_000 {
            match pairs.draw().0 / 2 {
                0 => first += 1,
                1 => second += 1,
                _ => {}
            }
        }
        let hundredths = first * 100 / second;
        assert!((185..=215).contains(&hundredths), "{first} to {second}");
    }
}
