//! Reads the euro reference rates as the European Central Bank publishes them in CSV (`eurofxref.csv`, one day, and
//! `eurofxref-hist.csv`, every day since 1999), line by line as the bytes come.
//!
//! A line that is no day's rates is reported by its number, and reading goes on. Nothing of a file is kept but the
//! rates of its days.

use std::collections::BTreeSet;

use kernel::Currency;
use thiserror::Error;
use time::{Date, format_description::BorrowedFormatItem, macros::format_description};

use super::ExchangeRate;

/// Who publishes such a file.
pub const SOURCE: &str = "ecb";
/// The currency that one unit is of.
pub const BASE: &str = "eur";

/// Longest line, in bytes; the longest published so far has some 350.
const LINE_BYTES_MAX: usize = 4_096;
/// Most days of a file: eighty years of working days.
const DAYS_MAX: usize = 20_000;
/// Most bad lines that are reported one by one; more are only counted.
const BAD_LINES_SHOWN_MAX: usize = 100;

/// `2026-11-20`, in the history.
const HISTORY_DATE: &[BorrowedFormatItem<'_>] = format_description!("[year]-[month]-[day]");
/// `20 November 2026`, in the file of one day.
const DAILY_DATE: &[BorrowedFormatItem<'_>] = format_description!("[day padding:none] [month repr:long] [year]");

/// The rates of one day, for one euro.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Day {
    /// The day they were published for.
    pub effective_on: Date,
    /// Those that were published on it.
    pub rates: Vec<(Currency, ExchangeRate)>,
}

/// A line that is no day's rates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadLine {
    /// From 1.
    pub number: u64,
    /// What is wrong with it.
    pub problem: LineProblem,
}

/// What is wrong with a line.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum LineProblem {
    /// Not what a text file holds.
    #[error("not UTF-8 text of at most {LINE_BYTES_MAX} bytes")]
    NotText,
    /// Torn, or with too much.
    #[error("{found} cells where the header has {expected}")]
    Cells {
        /// On this line.
        found: usize,
        /// In the header.
        expected: usize,
    },
    /// The first cell.
    #[error("the date is not of the form 2026-11-20 or 20 November 2026")]
    Date,
    /// A day that was on an earlier line.
    #[error("the date was on an earlier line")]
    DateRepeated,
    /// A cell under a currency.
    #[error("the rate of {currency} is not a positive decimal number or N/A")]
    Rate {
        /// Which.
        currency: Currency,
    },
    /// A day without any rate.
    #[error("no rate of an active currency")]
    NoRates,
}

/// A file that is none of the bank's.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum FileError {
    /// The first line.
    #[error("line 1 is not a header of the form `Date, USD, JPY, ...`")]
    Header,
    /// Nothing in it.
    #[error("the file is empty")]
    Empty,
    /// More than a file can hold.
    #[error("the file has more than {DAYS_MAX} days")]
    TooLong,
}

/// What a file came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct File {
    /// In the order of the file.
    pub days: Vec<Day>,
    /// The first of the lines that were passed over.
    pub bad_lines: Vec<BadLine>,
    /// How many were passed over.
    pub bad_lines_count: u64,
    /// Columns of currencies that are no more.
    pub skipped_currencies: Vec<String>,
}

/// Reads a file in pieces of any size.
#[derive(Debug, Default)]
pub struct Reader {
    /// What each column is of, once the header is read. None is a currency that is no more.
    columns: Option<Vec<Option<Currency>>>,
    line: Vec<u8>,
    line_is_too_long: bool,
    lines: u64,
    dates: BTreeSet<Date>,
    file: File,
}

impl Reader {
    /// Takes the next bytes.
    pub fn feed(&mut self, bytes: &[u8]) -> Result<(), FileError> {
        let mut rest = bytes;
        while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
            let (line, behind) = rest.split_at(end);
            self.keep(line);
            self.end_line()?;
            rest = behind.get(1..).unwrap_or_default();
        }
        self.keep(rest);
        Ok(())
    }

    /// Takes the last line, which may end without a line break.
    pub fn finish(mut self) -> Result<File, FileError> {
        if !self.line.is_empty() || self.line_is_too_long {
            self.end_line()?;
        }
        if self.columns.is_some() { Ok(self.file) } else { Err(FileError::Empty) }
    }

    fn keep(&mut self, part: &[u8]) {
        if self.line.len().saturating_add(part.len()) > LINE_BYTES_MAX {
            self.line_is_too_long = true;
        } else {
            self.line.extend_from_slice(part);
        }
    }

    fn end_line(&mut self) -> Result<(), FileError> {
        self.lines = self.lines.saturating_add(1);
        let line = std::mem::take(&mut self.line);
        let text = if std::mem::take(&mut self.line_is_too_long) { None } else { String::from_utf8(line).ok() };
        let Some(columns) = &self.columns else {
            let (columns, skipped) = text.as_deref().and_then(header).ok_or(FileError::Header)?;
            self.columns = Some(columns);
            self.file.skipped_currencies = skipped;
            return Ok(());
        };
        let day = match text.as_deref().map(str::trim) {
            Some("") => return Ok(()),
            Some(text) => day(columns, text),
            None => Err(LineProblem::NotText),
        };
        match day {
            Ok(day) if !self.dates.insert(day.effective_on) => self.report(LineProblem::DateRepeated),
            Ok(_) if self.file.days.len() >= DAYS_MAX => return Err(FileError::TooLong),
            Ok(day) => self.file.days.push(day),
            Err(problem) => self.report(problem),
        }
        Ok(())
    }

    fn report(&mut self, problem: LineProblem) {
        self.file.bad_lines_count = self.file.bad_lines_count.saturating_add(1);
        if self.file.bad_lines.len() < BAD_LINES_SHOWN_MAX {
            self.file.bad_lines.push(BadLine { number: self.lines, problem });
        }
    }
}

/// The cells of a line. The bank ends each with a comma, which opens no cell.
fn cells(line: &str) -> Vec<&str> {
    let mut cells: Vec<&str> = line.split(',').map(str::trim).collect();
    if cells.last().is_some_and(|last| last.is_empty()) {
        cells.pop();
    }
    cells
}

/// The columns behind the date, and those of currencies that are no more.
fn header(line: &str) -> Option<(Vec<Option<Currency>>, Vec<String>)> {
    let cells = cells(line.trim_start_matches('\u{feff}').trim());
    let (date, codes) = cells.split_first()?;
    let is_code = |code: &&str| code.len() == 3 && code.bytes().all(|byte| byte.is_ascii_uppercase());
    let each_once = codes.iter().collect::<BTreeSet<_>>().len() == codes.len();
    if *date != "Date" || codes.is_empty() || !codes.iter().all(is_code) || !each_once {
        return None;
    }
    let mut skipped = Vec::new();
    let columns = codes
        .iter()
        .map(|code| {
            let code = code.to_ascii_lowercase();
            let currency = code.parse().ok().filter(|_| code != BASE);
            if currency.is_none() {
                skipped.push(code);
            }
            currency
        })
        .collect();
    Some((columns, skipped))
}

fn day(columns: &[Option<Currency>], line: &str) -> Result<Day, LineProblem> {
    let cells = cells(line);
    let (date, cells) = cells.split_first().ok_or(LineProblem::Date)?;
    if cells.len() != columns.len() {
        let (found, expected) = (cells.len().saturating_add(1), columns.len().saturating_add(1));
        return Err(LineProblem::Cells { found, expected });
    }
    let effective_on = Date::parse(date, HISTORY_DATE).or_else(|_| Date::parse(date, DAILY_DATE));
    let effective_on = effective_on.map_err(|_| LineProblem::Date)?;
    let mut rates = Vec::new();
    for (column, cell) in columns.iter().zip(cells) {
        let Some(currency) = *column else { continue };
        match *cell {
            "N/A" | "" => {}
            text => rates.push((currency, text.parse().map_err(|_| LineProblem::Rate { currency })?)),
        }
    }
    if rates.is_empty() { Err(LineProblem::NoRates) } else { Ok(Day { effective_on, rates }) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use time::macros::date;

    use super::*;

    // Both samples show the form of the published files; the figures are made up.
    const HISTORY: &str = "Date,USD,JPY,BGN,CYP,CZK,GBP,ROL,RON,RUB,TRY,KRW,\n\
        2026-11-20,1.1531,180.45,1.9558,N/A,24.181,0.88015,N/A,5.0843,N/A,48.8421,1698.56,\n\
        2026-11-19,1.1577,181.12,1.9558,N/A,24.168,0.88123,N/A,5.0851,N/A,48.9127,1699.9,\n\
        1999-01-04,1.1789,133.73,N/A,0.58231,35.107,0.7111,13111,N/A,25.2875,N/A,1398.59,\n";
    const DAILY: &str =
        "Date, USD, JPY, BGN, CZK, GBP, \n20 November 2026, 1.1531, 180.45, 1.9558, 24.181, 0.88015, \n";

    fn read(text: &[u8]) -> Result<File, FileError> {
        let mut reader = Reader::default();
        reader.feed(text)?;
        reader.finish()
    }

    fn rate_of(day: &Day, code: &str) -> Option<String> {
        day.rates.iter().find(|(currency, _)| currency.code() == code).map(|(_, rate)| rate.to_string())
    }

    fn problems(lines: &str) -> Vec<(u64, String)> {
        let file = read(format!("Date,USD,JPY,\n{lines}").as_bytes()).unwrap();
        file.bad_lines.iter().map(|bad| (bad.number, bad.problem.to_string())).collect()
    }

    #[test]
    fn the_history_is_read_whole() {
        let file = read(HISTORY.as_bytes()).unwrap();
        assert_eq!(file.bad_lines, []);
        assert_eq!(file.skipped_currencies, ["cyp", "rol"]);
        let [newest, _, oldest] = &file.days[..] else { panic!("three days: {file:?}") };
        assert_eq!((newest.effective_on, oldest.effective_on), (date!(2026 - 11 - 20), date!(1999 - 01 - 04)));
        assert_eq!(rate_of(newest, "usd").as_deref(), Some("1.1531"));
        assert_eq!(rate_of(newest, "rub"), None, "suspended");
        assert_eq!(rate_of(oldest, "rub").as_deref(), Some("25.2875"));
        assert_eq!(rate_of(oldest, "try"), None);
    }

    #[test]
    fn the_file_of_a_day_is_read_whole() {
        let file = read(DAILY.as_bytes()).unwrap();
        let [day] = &file.days[..] else { panic!("one day: {file:?}") };
        assert_eq!((day.effective_on, day.rates.len()), (date!(2026 - 11 - 20), 5));
        assert_eq!(rate_of(day, "gbp").as_deref(), Some("0.88015"));
        let early = DAILY.replace("20 November", "2 March");
        assert_eq!(read(early.as_bytes()).unwrap().days[0].effective_on, date!(2026 - 03 - 02));
        let padded = DAILY.replace("20 November", "02 March");
        assert_eq!(read(padded.as_bytes()).unwrap().days[0].effective_on, date!(2026 - 03 - 02));
    }

    #[test]
    fn line_breaks_byte_order_mark_and_a_missing_end_make_no_difference() {
        let expected = read(HISTORY.as_bytes()).unwrap();
        let with = |text: String| assert_eq!(read(text.as_bytes()).unwrap(), expected);
        with(HISTORY.replace('\n', "\r\n"));
        with(format!("\u{feff}{HISTORY}"));
        with(HISTORY.trim_end().to_owned());
        with(HISTORY.replace(",\n", "\n"));
        with(format!("{HISTORY}\n\n  \n"));
    }

    #[test]
    fn a_bad_line_is_reported_by_its_number_and_the_next_is_read() {
        let lines = "2026-11-20,1.1,180\n2026-11-19,1.1\n2026-11-18,1.1,180,0.9\n19 Brumaire 2026,1.1,180\n\
            2026-02-30,1.1,180\n2026-11-17,1.1,x\n2026-11-16,-1.1,180\n2026-11-15,1.1e0,180\n2026-11-14,0,180\n\
            2026-11-20,1.2,181\n2026-11-13,N/A,N/A\n\n2026-11-12,,179\n";
        let file = read(format!("Date,USD,JPY,\n{lines}").as_bytes()).unwrap();
        let dates: Vec<Date> = file.days.iter().map(|day| day.effective_on).collect();
        assert_eq!(dates, [date!(2026 - 11 - 20), date!(2026 - 11 - 12)]);
        let expected = [
            (3, "2 cells where the header has 3"),
            (4, "4 cells where the header has 3"),
            (5, "the date is not of the form 2026-11-20 or 20 November 2026"),
            (6, "the date is not of the form 2026-11-20 or 20 November 2026"),
            (7, "the rate of jpy is not a positive decimal number or N/A"),
            (8, "the rate of usd is not a positive decimal number or N/A"),
            (9, "the rate of usd is not a positive decimal number or N/A"),
            (10, "the rate of usd is not a positive decimal number or N/A"),
            (11, "the date was on an earlier line"),
            (12, "no rate of an active currency"),
        ];
        let expected = expected.map(|(number, problem)| (number, problem.to_owned()));
        assert_eq!(problems(lines), expected);
    }

    #[test]
    fn lines_that_are_no_text_are_reported_too_and_cost_no_memory() {
        let mut bytes = b"Date,USD,\n\xff\xfe,1\n".to_vec();
        bytes.extend(std::iter::repeat_n(b'9', 100_000));
        bytes.extend(b"\n2026-11-20,1.1,\n");
        let file = read(&bytes).unwrap();
        let numbers: Vec<u64> = file.bad_lines.iter().map(|bad| bad.number).collect();
        assert_eq!((numbers, file.days.len()), (vec![2, 3], 1));
        let many = "x\n".repeat(1_000);
        let file = read(format!("Date,USD,\n{many}").as_bytes()).unwrap();
        assert_eq!((file.bad_lines.len(), file.bad_lines_count), (100, 1_000));
    }

    #[test]
    fn what_is_no_such_file_is_refused_as_a_whole() {
        for bad in [
            "\n",
            "2026-11-20,1.1\n",
            "Date\n",
            "Date,\n",
            "Date,usd\n",
            "Date,USD,USD\n",
            "Date;USD;JPY\n",
            "{\"a\":1}",
            "\u{0}",
        ] {
            assert_eq!(read(bad.as_bytes()), Err(FileError::Header), "{bad:?}");
        }
        assert_eq!(read(b""), Err(FileError::Empty));
        assert_eq!(read(b"Date,USD,\n").unwrap(), File::default());
    }

    proptest! {
        #[test]
        fn pieces_of_any_size_read_the_same(cuts in prop::collection::vec(0_usize..HISTORY.len(), 0..20)) {
            let mut cuts = cuts;
            cuts.sort_unstable();
            let mut reader = Reader::default();
            let mut from = 0;
            for cut in cuts {
                reader.feed(&HISTORY.as_bytes()[from..cut]).unwrap();
                from = cut;
            }
            reader.feed(&HISTORY.as_bytes()[from..]).unwrap();
            prop_assert_eq!(reader.finish().unwrap(), read(HISTORY.as_bytes()).unwrap());
        }

        #[test]
        fn no_bytes_are_too_much(bytes in prop::collection::vec(any::<u8>(), 0..2_000)) {
            drop(read(&bytes));
            drop(read(&[b"Date,USD,JPY,\n".as_slice(), bytes.as_slice()].concat()));
        }
    }
}
