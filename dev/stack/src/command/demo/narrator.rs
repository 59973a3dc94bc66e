//! What the demonstration prints.

use super::super::screen::line;

/// Widest line of a quoted text, in characters.
const WIDTH: usize = 110;

/// Numbers the chapters.
pub(super) struct Narrator {
    chapter: u32,
}

impl Narrator {
    pub(super) fn begin() -> Self {
        Self { chapter: 0 }
    }

    /// A new chapter.
    pub(super) fn chapter(&mut self, title: &str) {
        self.chapter += 1;
        line(&format!("\n{}. {title}", self.chapter));
    }
}

/// A sentence.
pub(super) fn say(text: &str) {
    line(&format!("   {text}"));
}

/// What somebody typed.
pub(super) fn typed(text: &str) {
    line(&format!("   $ {text}"));
}

/// What came back, line by line.
pub(super) fn quote(text: &str) {
    let spoken = |row: &&str| !row.trim().is_empty() && !row.starts_with("-[ RECORD");
    for row in text.lines().filter(spoken) {
        line(&format!("     {}", shorten(row.trim_end())));
    }
}

fn shorten(line: &str) -> String {
    if line.chars().count() <= WIDTH {
        return line.to_owned();
    }
    line.chars().take(WIDTH - 1).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_line_is_cut_with_a_mark() {
        let line = shorten(&"é".repeat(WIDTH + 1));
        assert_eq!(line.chars().count(), WIDTH);
        assert!(line.ends_with('…'));
        assert_eq!(shorten("short"), "short");
    }
}
