//! A password as Postgres stores it, so that the password itself never reaches the server or its log.

use std::num::NonZeroU32;

use aws_lc_rs::{digest, hmac, pbkdf2};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use kernel::Entropy;
use secrecy::{ExposeSecret as _, SecretString};
use zeroize::Zeroizing;

use super::BootstrapError;

/// What Postgres itself uses.
const ITERATIONS: u32 = 4096;
const SALT_LENGTH: usize = 16;
const PASSWORD_LENGTH_MAX: usize = 256;

/// The SCRAM-SHA-256 verifier (RFC 5802) in the form of `pg_authid.rolpassword`. It needs no quoting.
pub(super) fn scram(
    key: &'static str,
    password: &SecretString,
    entropy: &dyn Entropy,
) -> Result<String, BootstrapError> {
    let password = password.expose_secret();
    // Printable ASCII is what SASLprep leaves alone, so every client computes the same.
    let printable = password.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ');
    let iterations = NonZeroU32::new(ITERATIONS);
    let (true, true, Some(iterations)) = (printable, (1..=PASSWORD_LENGTH_MAX).contains(&password.len()), iterations)
    else {
        return Err(BootstrapError::Password { key });
    };
    let mut salt = [0_u8; SALT_LENGTH];
    entropy.fill(&mut salt);
    let mut salted = Zeroizing::new([0_u8; digest::SHA256_OUTPUT_LEN]);
    pbkdf2::derive(pbkdf2::PBKDF2_HMAC_SHA256, iterations, &salt, password.as_bytes(), salted.as_mut());
    let salted = hmac::Key::new(hmac::HMAC_SHA256, salted.as_ref());
    let client_key = hmac::sign(&salted, b"Client Key");
    let stored_key = digest::digest(&digest::SHA256, client_key.as_ref());
    let server_key = hmac::sign(&salted, b"Server Key");
    Ok(format!(
        "SCRAM-SHA-256${ITERATIONS}:{}${}:{}",
        STANDARD.encode(salt),
        STANDARD.encode(stored_key.as_ref()),
        STANDARD.encode(server_key.as_ref())
    ))
}

#[cfg(test)]
mod tests {
    use kernel::SeededEntropy;

    use super::*;

    #[test]
    fn only_printable_ascii_of_a_sensible_length_is_a_password() {
        let scram = |text: &str| scram("control_password", &SecretString::from(text), &SeededEntropy::new(1));
        assert!(scram("correct horse").unwrap().starts_with("SCRAM-SHA-256$4096:"));
        for bad in ["", "pass\nword", "p\u{e4}ss", &"x".repeat(257)] {
            assert!(scram(bad).is_err(), "{bad}");
        }
    }
}
