//! Key services to test against, from the Python packages that `make setup` installs.
//!
//! Each enforces something else: moto checks encryption contexts and tampering, `MiniStack` key states, and `OpenBao`
//! is the real thing behind Vault's API.

mod ministack;
mod moto;
mod openbao;

pub use self::{ministack::MiniStack, moto::Moto, openbao::OpenBao};
