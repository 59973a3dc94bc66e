//! Typed identifiers: a prefix that says what it names, then a time-ordered UUID (version 7) in
//! 26 characters of Crockford's base 32, lower case. Sorting the text sorts by creation time.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use thiserror::Error;
use uuid::{Builder, Uuid};

use crate::{Clock, Entropy};

const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
/// Length of the part behind the prefix and underscore.
const ENCODED_LENGTH: usize = 26;

/// Why a text is not an identifier of the wanted kind.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("not a valid {expected_prefix}_ identifier")]
pub struct IdError {
    expected_prefix: &'static str,
}

/// Text of 128 bits, most significant first; the first character carries three bits.
fn encode(value: u128) -> String {
    (0..ENCODED_LENGTH)
        .rev()
        .map(|position| {
            let digit = (value >> (position * 5)) & 31;
            usize::try_from(digit).ok().and_then(|index| ALPHABET.get(index)).copied().map_or('0', char::from)
        })
        .collect()
}

fn decode(text: &str) -> Option<u128> {
    if text.len() != ENCODED_LENGTH {
        return None;
    }
    let mut value: u128 = 0;
    for (index, byte) in text.bytes().enumerate() {
        let digit = u128::try_from(ALPHABET.iter().position(|known| *known == byte)?).ok()?;
        if index == 0 && digit > 7 {
            return None;
        }
        value = (value << 5) | digit;
    }
    Some(value)
}

/// A new time-ordered UUID (RFC 9562, version 7) from the given clock and random source.
fn time_ordered(clock: &dyn Clock, entropy: &dyn Entropy) -> Uuid {
    let milliseconds = clock.now().unix_timestamp_nanos().max(0) / 1_000_000;
    let mut random = [0_u8; 10];
    entropy.fill(&mut random);
    Builder::from_unix_timestamp_millis(u64::try_from(milliseconds).unwrap_or(0), &random).into_uuid()
}

macro_rules! id_types {
    ($($(#[$meta:meta])* $name:ident = $prefix:literal;)*) => {$(
        $(#[$meta])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Uuid);

        impl $name {
            /// The text in front of the underscore.
            pub const PREFIX: &'static str = $prefix;

            /// A new identifier, later than all made before it on this clock.
            pub fn generate(clock: &dyn Clock, entropy: &dyn Entropy) -> Self {
                Self(time_ordered(clock, entropy))
            }

            /// The identifier stored in a row.
            pub const fn from_uuid(value: Uuid) -> Self {
                Self(value)
            }

            /// The form that rows store.
            pub const fn as_uuid(&self) -> Uuid {
                self.0
            }

            /// The 26 characters behind the prefix.
            pub fn encoded(&self) -> String {
                encode(self.0.as_u128())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(formatter, "{}_{}", Self::PREFIX, encode(self.0.as_u128()))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, formatter)
            }
        }

        impl FromStr for $name {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.strip_prefix(Self::PREFIX)
                    .and_then(|rest| rest.strip_prefix('_'))
                    .and_then(decode)
                    .map(|value| Self(Uuid::from_u128(value)))
                    .ok_or(IdError { expected_prefix: Self::PREFIX })
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                text.parse().map_err(D::Error::custom)
            }
        }
    )*};
}

id_types! {
    /// A merchant organisation.
    TenantId = "ten";
    /// A tenant's live or test side.
    EnvironmentId = "env";
    /// A registered token issuer.
    IssuerId = "iss";
    /// A secret key of an environment.
    ApiKeyId = "key";
    /// A person of the merchant's staff.
    MemberId = "mem";
    /// A role the tenant defined.
    RoleId = "role";
    /// One policy rule of a tenant-defined role.
    RuleId = "rule";
    /// A data key of an environment.
    DataKeyId = "dk";
    /// A buyer or payee of the tenant.
    CustomerId = "cus";
    /// A stored balance in one currency.
    WalletId = "wal";
    /// A movement of money between two wallets.
    WalletTransferId = "wtr";
    /// A balance in the ledger.
    LedgerAccountId = "lac";
    /// Money from one ledger account to another.
    LedgerTransferId = "ltr";
    /// Exchange rates that a source published for a day.
    FxRateId = "fxr";
    /// Exchange rates promised until a moment.
    FxQuoteId = "fxq";
    /// Money converted from one currency to another.
    FxConversionId = "fxc";
    /// Money kept back in the ledger for a later capture.
    LedgerHoldId = "lho";
    /// Money of one wallet kept back for another.
    WalletHoldId = "whd";
    /// What a wallet held and how it moved over some days.
    StatementId = "stmt";
    /// One line of the audit log.
    AuditRecordId = "aud";
    /// A long-running job of the control plane.
    OperationId = "op";
    /// The outcome of an audit of an environment's ledger.
    LedgerAuditId = "lad";
    /// One HTTP request.
    RequestId = "req";
    /// Something that happened.
    EventId = "evt";
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{FixedClock, SeededEntropy};

    #[test]
    fn an_id_survives_the_trip_through_its_text() {
        let id = CustomerId::generate(&FixedClock::new(1_790_000_000), &SeededEntropy::new(1));
        assert_eq!(id.to_string().parse::<CustomerId>().unwrap(), id);
    }

    #[test]
    fn later_ids_sort_after_earlier_ones() {
        let clock = FixedClock::new(1_790_000_000);
        let entropy = SeededEntropy::new(2);
        let earlier = WalletId::generate(&clock, &entropy);
        clock.advance(1);
        let later = WalletId::generate(&clock, &entropy);
        assert!(earlier.to_string() < later.to_string());
    }

    #[test]
    fn another_kind_wrong_length_upper_case_and_overflow_are_refused() {
        let id = CustomerId::generate(&FixedClock::new(1), &SeededEntropy::new(3)).to_string();
        assert!(id.parse::<WalletId>().is_err());
        assert!(id[..id.len() - 1].parse::<CustomerId>().is_err());
        assert!(id.to_uppercase().parse::<CustomerId>().is_err());
        assert!(format!("cus_{}", "z".repeat(26)).parse::<CustomerId>().is_err());
        assert!("cus_\u{e9}".parse::<CustomerId>().is_err());
    }
}
