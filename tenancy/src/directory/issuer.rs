//! Who may vouch for people.

use jsonwebtoken::{Algorithm, AlgorithmFamily};
use kernel::{IssuerId, Mode};

/// A registered token issuer: what its tokens must look like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegisteredIssuer {
    /// Identifier.
    pub id: IssuerId,
    /// The `iss` of its tokens, exactly.
    pub url: String,
    /// The `aud` that means live.
    pub audience_live: String,
    /// The `aud` that means test.
    pub audience_test: String,
    /// The claim that names the tenant by slug.
    pub tenant_claim: String,
    /// What its tokens may be signed with.
    pub(crate) algorithms: Vec<Algorithm>,
}

impl RegisteredIssuer {
    /// Which mode one of its audiences means.
    pub fn mode_of(&self, audience: &str) -> Option<Mode> {
        // Not a match on equal texts: the table has a CHECK that they differ.
        if audience == self.audience_live {
            Some(Mode::Live)
        } else if audience == self.audience_test {
            Some(Mode::Test)
        } else {
            None
        }
    }
}

/// The signature algorithm of this name, if it is asymmetric. `none` and the HMAC family have no place here:
/// with them whoever knows the public key, or nothing at all, could sign.
pub(crate) fn asymmetric(name: &str) -> Option<Algorithm> {
    let algorithm: Algorithm = name.parse().ok()?;
    match algorithm.family() {
        AlgorithmFamily::Rsa | AlgorithmFamily::Ec | AlgorithmFamily::Ed => Some(algorithm),
        AlgorithmFamily::Hmac => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_asymmetric_algorithms_have_a_name_here() {
        for good in ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA"] {
            assert!(asymmetric(good).is_some(), "{good}");
        }
        for bad in ["none", "None", "", "HS256", "HS384", "HS512", "rs256", "ES512", "RS256 ", "A128KW"] {
            assert!(asymmetric(bad).is_none(), "{bad}");
        }
    }
}
