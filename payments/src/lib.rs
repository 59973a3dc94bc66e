//! Merchant meaning: customers, wallets, movements between wallets, and who has access.
//!
//! One folder a resource, one file an operation. Every operation takes a [`Context`] and the permit for
//! exactly that operation; it never begins or commits, and it never touches the network.
//! A refusal has written nothing and leaves the transaction good for the refusal's own audit record.

pub mod api_key;
pub mod audit_record;
mod change;
mod context;
pub mod customer;
pub mod desk;
mod error;
mod field;
pub mod fx;
pub mod ledger_audit;
pub mod member;
mod metadata;
mod ownership;
mod page;
mod role;
pub mod statement;
pub mod trial_balance;
pub mod wallet;
pub mod wallet_hold;
pub mod wallet_transfer;

pub use change::Change;
pub use context::{Context, KeyAccess};
pub use error::{Error, Failure, Refusal, RefusalClass};
pub use field::{InvalidField, Problem};
pub use metadata::{MetadataChange, MetadataDraft};
pub use page::{Page, PageRequest};
pub use role::GrantRefusal;
