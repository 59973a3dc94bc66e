//! Words without I/O: identifiers, money, time, chance and the mode of an environment.
//!
//! Every other crate speaks in these types. Nothing here reads a clock, a random source or a
//! socket by itself: time and chance are inputs ([`Clock`], [`Entropy`]).

mod clock;
mod entropy;
mod id;
mod mode;
mod money;
mod slug;

pub use clock::{Clock, FixedClock, SystemClock};
pub use entropy::{Entropy, SeededEntropy, SystemEntropy};
pub use id::{
    ApiKeyId, AuditRecordId, CustomerId, DataKeyId, EnvironmentId, EventId, FxConversionId, FxQuoteId, FxRateId,
    IdError, IssuerId, LedgerAccountId, LedgerAuditId, LedgerHoldId, LedgerTransferId, MemberId, OperationId,
    RequestId, RoleId, RuleId, StatementId, TenantId, WalletHoldId, WalletId, WalletTransferId,
};
pub use mode::{Mode, ModeError};
pub use money::{Amount, AmountError, Currency, CurrencyError, Money, MoneyError};
pub use slug::{Slug, SlugError};
