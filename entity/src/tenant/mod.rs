//! Rows of one environment's schema; the schema itself is named by the transaction's `search_path`.

pub mod api_key;
pub mod audit_record;
pub mod customer;
pub mod data_key;
pub mod fx_conversion;
pub mod fx_quote;
pub mod fx_rate;
pub mod fx_setting;
pub mod idempotency_record;
pub mod ledger_account;
pub mod ledger_clearing_account;
pub mod ledger_transfer;
pub mod member;
pub mod policy_revision;
pub mod role;
pub mod role_rule;
pub mod wallet;
pub mod wallet_hold;
pub mod wallet_transfer;
