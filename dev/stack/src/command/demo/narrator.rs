//! What the demonstration prints.

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
        println!("\n{}. {title}", self.chapter);
    }
}

/// A sentence.
pub(super) fn say(text: &str) {
    println!("   {text}");
}

/// What somebody typed.
pub(super) fn typed(text: &str) {
    println!("   $ {text}");
}

/// What came back, line by line.
pub(super) fn quote(text: &str) {
    let spoken = |line: &&str| !line.trim().is_empty() && !line.starts_with("-[ RECORD");
    for line in text.lines().filter(spoken) {
        println!("     {}", shorten(line.trim_end()));
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
