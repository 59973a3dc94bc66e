//! Passwords and tokens of the development stack.

use kernel::{Entropy, SystemEntropy};

/// 128 random bits in lower-case hexadecimal: fits a URL, a file and a shell as it is.
pub fn random_secret() -> String {
    let mut bytes = [0_u8; 16];
    SystemEntropy.fill(&mut bytes);
    hex::encode(bytes)
}
