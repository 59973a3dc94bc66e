//! Tables that are committed: written on demand, compared otherwise.

use std::path::Path;

/// Set to write tables anew.
const UPDATE_VARIABLE: &str = "UPDATE_TABLES";

/// Lines of equal columns under a header.
pub fn render(header: &str, columns: &[&str], rows: impl Iterator<Item = (String, Vec<String>)>) -> String {
    let rows: Vec<(String, Vec<String>)> = rows.collect();
    let first = rows.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    let width = |index: usize| {
        let cells = rows.iter().map(|(_, cells)| cells[index].len());
        cells.chain([columns[index].len()]).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns.len()).map(width).collect();
    let line = |name: &str, cells: &[String]| {
        let padded = cells.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
        let line: Vec<String> = [format!("{name:<first$}")].into_iter().chain(padded).collect();
        line.join("  ").trim_end().to_owned()
    };
    let titles: Vec<String> = columns.iter().map(|title| (*title).to_owned()).collect();
    let mut text = format!("{header}\n{}\n", line("", &titles));
    for (name, cells) in &rows {
        text.push_str(&line(name, cells));
        text.push('\n');
    }
    text
}

/// Compares with `tests/tables/<name>`, or writes it.
pub fn compare(name: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tables").join(name);
    if std::env::var_os(UPDATE_VARIABLE).is_some() {
        std::fs::write(&path, text).unwrap();
        return;
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    let difference = committed.lines().zip(text.lines()).find(|(before, now)| before != now);
    assert!(
        committed == text,
        "tables/{name} is not what was measured ({UPDATE_VARIABLE}=1 writes it anew); first difference: {difference:#?}"
    );
}
