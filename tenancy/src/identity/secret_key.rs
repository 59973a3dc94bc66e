//! The text of an API key: `sk_live_` or `sk_test_`, 12 characters that find the environment, 32 that are secret.

use std::{fmt, str::FromStr};

use aws_lc_rs::digest;
use kernel::{Entropy, Mode};
use thiserror::Error;
use zeroize::{Zeroize, ZeroizeOnDrop};

/// The characters of identifiers: Crockford's base 32, lower case.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
const LIVE_PREFIX: &str = "sk_live_";
const TEST_PREFIX: &str = "sk_test_";
const LOCATOR_LENGTH: usize = 12;
/// 32 characters of 5 bits: 160 bits of chance.
const SECRET_LENGTH: usize = 32;
const LAST_LENGTH: usize = 4;

/// The text is not of the strict form.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("not in the form of an API key")]
pub struct ApiKeyFormError;

/// The part of an API key that finds its environment. It is no secret.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Locator(String);

impl Locator {
    /// A new one, for a new environment.
    pub fn generate(entropy: &dyn Entropy) -> Self {
        Self(random_text(LOCATOR_LENGTH, entropy))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Locator {
    type Err = ApiKeyFormError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let well_formed = text.len() == LOCATOR_LENGTH && text.bytes().all(|byte| ALPHABET.contains(&byte));
        if well_formed { Ok(Self(text.to_owned())) } else { Err(ApiKeyFormError) }
    }
}

/// A whole API key. It is shown once, when it is made; afterwards only its hash is known.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct ApiKeySecret(String);

impl ApiKeySecret {
    /// A new key of an environment.
    pub fn generate(mode: Mode, locator: &Locator, entropy: &dyn Entropy) -> Self {
        let prefix = match mode {
            Mode::Live => LIVE_PREFIX,
            Mode::Test => TEST_PREFIX,
        };
        let mut secret = random_text(SECRET_LENGTH, entropy);
        let key = Self([prefix, locator.as_str(), &secret].concat());
        secret.zeroize();
        key
    }

    /// The text, to be shown once.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// What the row stores. The secret has 160 random bits: a plain hash cannot be guessed back.
    pub fn hash(&self) -> [u8; 32] {
        sha256(self.0.as_bytes())
    }

    /// The last characters, by which people recognise a key.
    pub fn last4(&self) -> &str {
        let start = self.0.len().saturating_sub(LAST_LENGTH);
        self.0.get(start..).unwrap_or_default()
    }
}

impl fmt::Debug for ApiKeySecret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("ApiKeySecret")
    }
}

/// What a presented key says, after its form was checked and before anything was looked up.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct PresentedApiKey<'a> {
    text: &'a str,
    pub(super) mode: Mode,
    pub(super) locator: &'a str,
}

impl<'a> PresentedApiKey<'a> {
    /// Whether a credential claims to be an API key; if so it is never tried as a token.
    pub(super) fn is_meant(text: &str) -> bool {
        text.starts_with(LIVE_PREFIX) || text.starts_with(TEST_PREFIX)
    }

    pub(super) fn parse(text: &'a str) -> Result<Self, ApiKeyFormError> {
        let (mode, rest) = text
            .strip_prefix(LIVE_PREFIX)
            .map(|rest| (Mode::Live, rest))
            .or_else(|| text.strip_prefix(TEST_PREFIX).map(|rest| (Mode::Test, rest)))
            .ok_or(ApiKeyFormError)?;
        let well_formed =
            rest.len() == LOCATOR_LENGTH + SECRET_LENGTH && rest.bytes().all(|byte| ALPHABET.contains(&byte));
        let locator = rest.get(..LOCATOR_LENGTH).filter(|_| well_formed).ok_or(ApiKeyFormError)?;
        Ok(Self { text, mode, locator })
    }

    pub(super) fn hash(&self) -> [u8; 32] {
        sha256(self.text.as_bytes())
    }
}

/// SHA-256, as an array.
pub(super) fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut hash = [0_u8; 32];
    for (to, from) in hash.iter_mut().zip(digest::digest(&digest::SHA256, bytes).as_ref()) {
        *to = *from;
    }
    hash
}

/// Uniform: 32 characters divide the 256 values of a byte evenly.
fn random_text(length: usize, entropy: &dyn Entropy) -> String {
    let mut bytes = vec![0_u8; length];
    entropy.fill(&mut bytes);
    let text = bytes.iter().filter_map(|byte| ALPHABET.get(usize::from(*byte & 31))).copied().map(char::from).collect();
    bytes.zeroize();
    text
}

#[cfg(test)]
mod tests {
    use kernel::SeededEntropy;
    use proptest::{prop_assert, prop_assert_eq, proptest};

    use super::*;

    #[test]
    fn a_generated_key_is_read_back() {
        let entropy = SeededEntropy::new(1);
        let locator = Locator::generate(&entropy);
        assert_eq!(locator.as_str().parse::<Locator>(), Ok(locator.clone()));
        for mode in Mode::ALL {
            let key = ApiKeySecret::generate(mode, &locator, &entropy);
            let presented = PresentedApiKey::parse(key.expose()).unwrap();
            assert_eq!((presented.mode, presented.locator), (mode, locator.as_str()));
            assert_eq!(presented.hash(), key.hash());
            assert!(key.expose().ends_with(key.last4()) && key.last4().len() == 4);
            assert!(!format!("{key:?}").contains(key.last4()));
        }
    }

    #[test]
    fn only_the_strict_form_is_a_key() {
        let good = format!("sk_test_{}", "a".repeat(44));
        assert!(PresentedApiKey::parse(&good).is_ok());
        for bad in [
            "",
            "sk_test_",
            &"a".repeat(52),
            &format!("{good}a"),
            &format!(" {good}"),
            &format!("{good}\n"),
            &good.to_uppercase(),
            &good.replace("sk_test", "sk_prod"),
            &good.replace("sk_test", "pk_test"),
            &format!("sk_test_{}\u{e9}", "a".repeat(42)),
            &format!("sk_test_{}'--", "a".repeat(41)),
            &format!("sk_test_{}u", "a".repeat(43)),
        ] {
            assert!(PresentedApiKey::parse(bad).is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_the_parser_fail_otherwise(text in ".{0,80}") {
            if let Ok(presented) = PresentedApiKey::parse(&text) {
                prop_assert!(PresentedApiKey::is_meant(&text));
                prop_assert_eq!(presented.locator.len(), LOCATOR_LENGTH);
            }
        }
    }
}
