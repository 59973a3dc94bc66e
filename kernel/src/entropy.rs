//! Chance as an input: the system's generator in production, a seeded one in tests.

use std::{
    fmt::Debug,
    sync::atomic::{AtomicU64, Ordering},
};

use aws_lc_rs::digest;

/// Where random bytes come from.
pub trait Entropy: Debug + Send + Sync + 'static {
    /// Fills `target` with random bytes.
    fn fill(&self, target: &mut [u8]);
}

/// The operating system's cryptographic generator.
#[derive(Debug)]
pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    #[expect(clippy::expect_used, reason = "without randomness no key, nonce or id may be made: stop")]
    fn fill(&self, target: &mut [u8]) {
        aws_lc_rs::rand::fill(target).expect("the operating system's random generator answers");
    }
}

/// A repeatable sequence for tests: SHA-256 of seed and counter. Never for keys.
#[derive(Debug)]
pub struct SeededEntropy {
    seed: u64,
    counter: AtomicU64,
}

impl SeededEntropy {
    /// The same seed gives the same bytes.
    pub fn new(seed: u64) -> Self {
        Self { seed, counter: AtomicU64::new(0) }
    }
}

impl Entropy for SeededEntropy {
    fn fill(&self, target: &mut [u8]) {
        for chunk in target.chunks_mut(digest::SHA256_OUTPUT_LEN) {
            let counter = self.counter.fetch_add(1, Ordering::SeqCst);
            let mut input = [0_u8; 16];
            let (seed_part, counter_part) = input.split_at_mut(8);
            seed_part.copy_from_slice(&self.seed.to_be_bytes());
            counter_part.copy_from_slice(&counter.to_be_bytes());
            let block = digest::digest(&digest::SHA256, &input);
            for (to, from) in chunk.iter_mut().zip(block.as_ref()) {
                *to = *from;
            }
        }
    }
}
