//! The address of an issuer, in the only forms it may have.

use std::fmt;

use thiserror::Error;
use url::{Host, Url};

/// Longest address, in bytes.
const URL_BYTES_MAX: usize = 500;

/// An issuer's URL, kept letter for letter: `iss` claims are compared with it byte by byte.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct IssuerUrl(String);

/// Why a text is no issuer URL.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum IssuerUrlError {
    /// It does not parse, is too long, or has no host.
    #[error("an issuer is an absolute URL of at most 500 characters")]
    Malformed,
    /// Plain HTTP.
    #[error("an issuer must be reached over https")]
    Insecure,
    /// Something behind the path, or a user in front of the host.
    #[error("an issuer URL has no user, query or fragment")]
    Decorated,
}

impl IssuerUrl {
    /// Checks the form. With `allow_http` an issuer on this machine may do without TLS.
    pub fn parse(text: &str, allow_http: bool) -> Result<Self, IssuerUrlError> {
        let url = parse_secure(text, allow_http)?;
        let plain = url.query().is_none() && url.fragment().is_none();
        if plain { Ok(Self(text.to_owned())) } else { Err(IssuerUrlError::Decorated) }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Where its discovery document is (`OpenID` Connect Discovery 1.0, section 4).
    pub(super) fn discovery(&self) -> Result<Url, IssuerUrlError> {
        let base = self.0.strip_suffix('/').unwrap_or(&self.0);
        format!("{base}/.well-known/openid-configuration").parse().map_err(|_| IssuerUrlError::Malformed)
    }
}

impl fmt::Display for IssuerUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// A URL that may be asked for keys: https, or http to this machine where that is allowed.
pub(super) fn parse_secure(text: &str, allow_http: bool) -> Result<Url, IssuerUrlError> {
    let url: Url = text.parse().map_err(|_| IssuerUrlError::Malformed)?;
    let host = url.host().filter(|_| text.len() <= URL_BYTES_MAX).ok_or(IssuerUrlError::Malformed)?;
    let loopback = match host {
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => address.is_loopback(),
        Host::Domain(name) => name == "localhost",
    };
    match url.scheme() {
        "https" => {}
        "http" if allow_http && loopback => {}
        _ => return Err(IssuerUrlError::Insecure),
    }
    if url.username().is_empty() && url.password().is_none() { Ok(url) } else { Err(IssuerUrlError::Decorated) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_http_is_for_this_machine_and_only_where_allowed() {
        for text in ["http://127.0.0.1:3000", "http://localhost:3000/realm", "http://[::1]:9"] {
            assert!(IssuerUrl::parse(text, true).is_ok(), "{text}");
            assert_eq!(IssuerUrl::parse(text, false), Err(IssuerUrlError::Insecure), "{text}");
        }
        for text in ["http://issuer.example", "http://10.0.0.1", "http://127.0.0.1.evil.example", "ftp://127.0.0.1"] {
            assert_eq!(IssuerUrl::parse(text, true), Err(IssuerUrlError::Insecure), "{text}");
        }
    }

    #[test]
    fn an_issuer_has_no_ornaments() {
        assert!(IssuerUrl::parse("https://issuer.example/realms/a/", false).is_ok());
        for text in
            ["https://u@issuer.example", "https://:p@issuer.example", "https://i.example?x", "https://i.example#x"]
        {
            assert_eq!(IssuerUrl::parse(text, false), Err(IssuerUrlError::Decorated), "{text}");
        }
        let long = format!("https://issuer.example/{}", "a".repeat(500));
        for text in ["", "issuer.example", "https://", "file:///etc/passwd", long.as_str()] {
            assert!(IssuerUrl::parse(text, true).is_err(), "{text:.40}");
        }
    }

    #[test]
    fn the_discovery_document_is_found_with_and_without_a_last_slash() {
        for text in ["https://issuer.example/a", "https://issuer.example/a/"] {
            let discovery = IssuerUrl::parse(text, false).unwrap().discovery().unwrap();
            assert_eq!(discovery.as_str(), "https://issuer.example/a/.well-known/openid-configuration");
        }
    }
}
