//! The cases, one subject a file or folder, one sentence a case.

mod around;
mod authorization;
mod bad_input;
mod campaign;
mod cli;
mod crash;
mod crypto;
mod fx;
mod idempotency;
mod import;
mod isolation;
mod layers;
mod provisioning;
mod sign_in;
mod statements;
mod tokens;
mod worker;

use libtest_mimic::Trial;

/// Turns the async functions of a subject into trials called `<subject>::<function>`.
macro_rules! cases {
    ($subject:literal: $($case:ident),+ $(,)?) => {
        pub fn trials() -> Vec<libtest_mimic::Trial> {
            vec![$($crate::trial(concat!($subject, "::", stringify!($case)), |app| Box::pin($case(app)))),+]
        }
    };
}
pub(crate) use cases;

/// Every case, the long ones first so that the short ones fill the gaps.
pub fn all() -> Vec<Trial> {
    [
        campaign::trials(),
        campaign::long_trials(),
        isolation::trials(),
        crash::trials(),
        import::trials(),
        provisioning::trials(),
        worker::trials(),
        crypto::trials(),
        authorization::trials(),
        bad_input::trials(),
        around::trials(),
        tokens::trials(),
        idempotency::trials(),
        sign_in::trials(),
        statements::trials(),
        fx::trials(),
        cli::trials(),
        layers::trials(),
    ]
    .into_iter()
    .flatten()
    .collect()
}
