//! The rules of double entry: a table of cases, then properties against a naive model.

mod properties;
mod table;
