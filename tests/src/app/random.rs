//! Chance that can be repeated: the seed of a run is printed and may be given again in `TESSERA_TESTS_SEED`.

use std::sync::OnceLock;

use kernel::{Entropy as _, SystemEntropy};

/// Names the seed of a run.
const SEED_VARIABLE: &str = "TESSERA_TESTS_SEED";

/// The seed of this run.
pub fn run_seed() -> u64 {
    static SEED: OnceLock<u64> = OnceLock::new();
    *SEED.get_or_init(|| {
        std::env::var(SEED_VARIABLE).ok().and_then(|text| text.parse().ok()).unwrap_or_else(|| {
            let mut bytes = [0_u8; 4];
            SystemEntropy.fill(&mut bytes);
            u64::from(u32::from_be_bytes(bytes))
        })
    })
}

/// A sequence of numbers (`SplitMix64`).
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// The sequence of a case in this run.
    pub fn of(name: &str) -> Self {
        let salt = name.bytes().fold(0_u64, |hash, byte| hash.wrapping_mul(31).wrapping_add(u64::from(byte)));
        Self(run_seed().wrapping_add(salt))
    }

    /// A sequence of its own for a part of the work, so that its order does not matter to the others.
    pub fn branch(&mut self) -> Self {
        Self(self.next())
    }

    /// The next number.
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`, which is at least 1.
    pub fn below(&mut self, end: usize) -> usize {
        let end = u64::try_from(end).expect("a size fits 64 bits");
        usize::try_from(self.next() % end).expect("smaller than a size")
    }

    /// True once in `times`.
    pub fn once_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    /// One of them.
    pub fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.below(items.len())]
    }
}
