//! The cases, one subject a file, one sentence a case.

mod isolation;

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
    [isolation::trials()].into_iter().flatten().collect()
}
