//! Columns for people: no frames, so that the rows survive copying.

use comfy_table::{Cell, Color, ContentArrangement, presets::NOTHING};
use serde_json::Value;

/// What a cell's colour says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tone {
    /// Nothing special.
    Plain,
    /// As it should be.
    Good,
    /// On the way, or needs a look.
    Caution,
    /// Failed, or gone.
    Bad,
}

impl Tone {
    /// The tone of a state, an action or an outcome by its word.
    pub(crate) fn of(word: &str) -> Self {
        match word {
            "active" | "enabled" | "succeeded" | "ok" | "create" | "created" | "done" | "passed" => Self::Good,
            "failed" | "offboarded" | "destroyed" | "cancelled" | "disabled" | "pending_destruction" | "offboard" => {
                Self::Bad
            }
            "running" | "pending" | "suspended" | "requested" | "update" | "updated" | "partial" | "skipped" => {
                Self::Caution
            }
            _ => Self::Plain,
        }
    }
}

/// Rows under a header.
#[derive(Debug)]
pub(crate) struct Table {
    header: Vec<&'static str>,
    rows: Vec<Vec<(String, Tone)>>,
}

impl Table {
    /// An empty table; the header is printed in capitals.
    pub(crate) fn new<const COLUMNS: usize>(header: [&'static str; COLUMNS]) -> Self {
        Self { header: header.to_vec(), rows: Vec::new() }
    }

    /// Adds a row.
    pub(crate) fn row<const COLUMNS: usize>(&mut self, cells: [(String, Tone); COLUMNS]) {
        self.rows.push(cells.into());
    }

    pub(super) fn render(&self, coloured: bool) -> String {
        let mut table = comfy_table::Table::new();
        // Never cut or wrapped to the terminal's width: an id must stay one word.
        table.load_style(NOTHING).set_content_arrangement(ContentArrangement::Disabled);
        if coloured {
            table.enforce_styling();
        } else {
            table.force_no_tty();
        }
        if !self.header.is_empty() {
            table.set_header(self.header.iter().map(|name| name.to_uppercase()));
        }
        for row in &self.rows {
            table.add_row(row.iter().map(|(text, tone)| match tone {
                Tone::Plain => Cell::new(text),
                Tone::Good => Cell::new(text).fg(Color::Green),
                Tone::Caution => Cell::new(text).fg(Color::Yellow),
                Tone::Bad => Cell::new(text).fg(Color::Red),
            }));
        }
        for column in table.column_iter_mut() {
            column.set_padding((0, 2));
        }
        table.lines().fold(String::new(), |text, line| text + line.trim_end() + "\n")
    }
}

/// An uncoloured cell.
pub(crate) fn cell(text: impl Into<String>) -> (String, Tone) {
    (text.into(), Tone::Plain)
}

/// A cell coloured by what its word means.
pub(crate) fn word(text: &str) -> (String, Tone) {
    (text.to_owned(), Tone::of(text))
}

/// A table of names and values, one a row.
pub(crate) fn detail_table(rows: impl IntoIterator<Item = (&'static str, (String, Tone))>) -> Table {
    let mut table = Table { header: Vec::new(), rows: Vec::new() };
    for (name, value) in rows {
        table.rows.push(vec![cell(format!("{name}:")), value]);
    }
    table
}

/// The text at a JSON pointer; a dash where there is none.
pub(crate) fn text_of(value: &Value, pointer: &str) -> String {
    match value.pointer(pointer) {
        None | Some(Value::Null) => "-".to_owned(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}

/// A moment without its fraction of a second; anything else as it is.
pub(crate) fn moment(value: &Value, pointer: &str) -> String {
    let text = text_of(value, pointer);
    match text.split_once('.') {
        Some((seconds, rest)) if rest.ends_with('Z') => format!("{seconds}Z"),
        _ => text,
    }
}
