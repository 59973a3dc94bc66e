//! `tessera-stack`: the embedded stack at the command line.
fn main() {}
