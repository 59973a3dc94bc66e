//! Writing for the person at the terminal.

use std::io::{self, Write};

/// Writes a line. Somebody who stops listening (`| head`) does not stop the work.
pub(crate) fn line(text: &str) {
    let _nobody_listens = writeln!(io::stdout().lock(), "{text}");
}
