//! A statement as CSV (RFC 4180): a header, the opening balance, one line a movement, the closing balance.
//!
//! Amounts are whole numbers of minor units. Free text that a spreadsheet would take for a formula is quoted with an
//! apostrophe in front; numbers are never touched.

use std::{borrow::Cow, fmt::Write as _};

use super::{Movement, Statement, written};

/// What the columns are, in order.
const COLUMNS: &str =
    "record,transfer,occurred_at,booked_at,amount,balance_after,currency,counterparty,description,metadata\r\n";

/// Header and opening balance.
pub fn head(statement: &Statement) -> String {
    let start = written::moment(statement.period.start());
    format!("{COLUMNS}{}", balance_line("opening_balance", &start, statement.opening_minor, statement))
}

/// One movement.
pub fn movement(statement: &Statement, movement: &Movement) -> String {
    let metadata =
        if movement.metadata.is_empty() { String::new() } else { serde_json::json!(movement.metadata).to_string() };
    let mut line = String::from("movement,");
    let cells = [
        movement.transfer.map(|id| id.to_string()).unwrap_or_default(),
        written::moment(movement.occurred_at),
        written::moment(movement.booked_at),
        movement.amount_minor.to_string(),
        movement.balance_after_minor.to_string(),
        statement.currency.code(),
        movement.counterparty.map(|id| id.to_string()).unwrap_or_default(),
    ];
    for cell in cells {
        line.push_str(&cell);
        line.push(',');
    }
    let description = movement.description.as_deref().unwrap_or_default();
    // Writing to a string cannot fail.
    let _written = write!(line, "{},{}\r\n", text(description), text(&metadata));
    line
}

/// Closing balance.
pub fn tail(statement: &Statement) -> String {
    balance_line("closing_balance", &written::moment(statement.period.end()), statement.closing_minor, statement)
}

fn balance_line(record: &str, at: &str, minor: i64, statement: &Statement) -> String {
    format!("{record},,{at},,,{minor},{},,,\r\n", statement.currency)
}

/// A cell of free text.
fn text(value: &str) -> Cow<'_, str> {
    let guarded = if begins_like_a_formula(value) { Cow::Owned(format!("'{value}")) } else { Cow::Borrowed(value) };
    if guarded.contains([',', '"', '\r', '\n']) || guarded.starts_with(' ') || guarded.ends_with(' ') {
        Cow::Owned(format!("\"{}\"", guarded.replace('"', "\"\"")))
    } else {
        guarded
    }
}

/// Whether a spreadsheet may calculate it: the signs that begin a formula, also full width, also behind white space.
fn begins_like_a_formula(value: &str) -> bool {
    value.starts_with(['\t', '\r', '\n'])
        || value
            .trim_start()
            .starts_with(['=', '+', '-', '@', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}', '\u{2212}'])
}

#[cfg(test)]
mod tests {
    use super::{super::samples, *};

    #[test]
    fn a_statement_reads_line_by_line() {
        let statement = samples::statement("eur", 100, &[-30, 7]);
        let mut lines = head(&statement);
        for line in samples::movements(&statement, &[-30, 7]) {
            lines.push_str(&movement(&statement, &line));
        }
        lines.push_str(&tail(&statement));
        let expected = "\
record,transfer,occurred_at,booked_at,amount,balance_after,currency,counterparty,description,metadata\r
opening_balance,,2026-01-01T00:00:00Z,,,100,eur,,,\r
movement,wtr_00000000000000000000000001,2026-01-02T00:00:00Z,2026-01-02T00:00:01Z,-30,70,eur,wal_00000000000000000000000009,Rent,\r
movement,wtr_00000000000000000000000002,2026-01-02T00:00:00Z,2026-01-02T00:00:01Z,7,77,eur,wal_00000000000000000000000009,Rent,\r
closing_balance,,2026-02-01T00:00:00Z,,,77,eur,,,\r
";
        assert_eq!(lines, expected);
    }

    #[test]
    fn text_is_quoted_and_never_a_formula() {
        let cases = [
            ("Rent", "Rent"),
            ("", ""),
            ("a,b", "\"a,b\""),
            ("say \"hi\"", "\"say \"\"hi\"\"\""),
            ("two\r\nlines", "\"two\r\nlines\""),
            ("=1+1", "'=1+1"),
            ("+49 30", "'+49 30"),
            ("-1", "'-1"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("\t=1", "'\t=1"),
            (" =1", "' =1"),
            (" Rent", "\" Rent\""),
            ("\u{ff1d}1", "'\u{ff1d}1"),
            ("=HYPERLINK(\"http://x\",\"y\")", "\"'=HYPERLINK(\"\"http://x\"\",\"\"y\"\")\""),
        ];
        for (value, expected) in cases {
            assert_eq!(text(value), expected, "{value:?}");
        }
    }

    #[test]
    fn a_negative_number_stays_a_number_and_metadata_is_one_cell() {
        let statement = samples::statement("eur", 0, &[-5]);
        let mut line = samples::movements(&statement, &[-5]).remove(0);
        line.description = Some("=cmd|' /C calc'!A0".to_owned());
        line.metadata = [("source_id".to_owned(), "7".to_owned())].into();
        let written = movement(&statement, &line);
        assert!(written.contains(",-5,-5,eur,"), "{written}");
        assert!(written.ends_with(",'=cmd|' /C calc'!A0,\"{\"\"source_id\"\":\"\"7\"\"}\"\r\n"), "{written}");
    }
}
