//! One file of the data set: its lines, taken apart one by one so that a torn one spoils no other.

use std::{
    fs::File,
    io::{self, BufRead, BufReader, Read as _},
    path::Path,
};

use csv_core::{ReadRecordResult, Reader, ReaderBuilder};
use flate2::bufread::MultiGzDecoder;

use super::SkippedLine;
use crate::failure::Failure;

/// Longest line, in bytes; the data set's are below 200.
const LINE_BYTES_MAX: u64 = 64 * 1024;
const SEPARATOR: u8 = b';';
/// Most fields a line is taken apart into; the format's widest has 16.
const FIELDS_MAX: usize = 64;

/// What a file is called and which columns it has.
#[derive(Debug)]
pub(super) struct Format {
    /// The name before `.asc`.
    pub(super) name: &'static str,
    /// The header.
    pub(super) columns: &'static [&'static str],
}

/// One whole line.
#[derive(Debug)]
pub(super) struct Row<'a> {
    /// Its number in the file; the header is 1.
    pub(super) line: u64,
    columns: &'a [&'static str],
    fields: &'a [&'a str],
}

impl Row<'_> {
    /// The field of a column, without white space around it.
    pub(super) fn field(&self, column: &str) -> &str {
        let position = self.columns.iter().position(|known| *known == column);
        position.and_then(|position| self.fields.get(position)).map_or("", |field| field.trim())
    }

    /// The field of a column as an identifier.
    pub(super) fn id(&self, column: &str) -> Result<u64, String> {
        let text = self.field(column);
        text.parse().map_err(|_| format!("{column} `{text}` is not a number"))
    }
}

/// Hands every line behind the header to `take`; what it refuses, and what is no line of the format, is left out.
pub(super) fn read(
    folder: &Path,
    format: &Format,
    skipped: &mut Vec<SkippedLine>,
    mut take: impl FnMut(&Row<'_>) -> Result<(), String>,
) -> Result<(), Failure> {
    let (file, mut reader) = open(folder, format)?;
    let mut splitter = Splitter::new();
    let mut number = 0;
    loop {
        number += 1;
        let (line, is_last) = match next_line(reader.as_mut()) {
            Ok(Some(line)) => (line, false),
            Ok(None) => return Ok(()),
            // A torn archive: what came before is good, nothing comes after.
            Err(error) => (Err(format!("the file breaks off here: {error}")), true),
        };
        let taken = line.as_deref().map_err(String::clone).and_then(|line| {
            let fields = splitter.split(line, format.columns.len())?;
            if number > 1 {
                return take(&Row { line: number, columns: format.columns, fields: &fields });
            }
            if fields == format.columns { Ok(()) } else { Err("other columns".to_owned()) }
        });
        if let Err(problem) = taken {
            if number == 1 {
                let columns = format.columns.join(";");
                let message = format!("{file} does not begin with the columns {columns}");
                return Err(Failure::usage(message).parameter("FOLDER"));
            }
            skipped.push(SkippedLine { file: file.clone(), line: number, problem });
        }
        if is_last {
            return Ok(());
        }
    }
}

/// The file, compressed or not.
fn open(folder: &Path, format: &Format) -> Result<(String, Box<dyn BufRead>), Failure> {
    let compressed = format!("{}.asc.gz", format.name);
    match File::open(folder.join(&compressed)) {
        Ok(file) => Ok((compressed, Box::new(BufReader::new(MultiGzDecoder::new(BufReader::new(file)))))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let plain = format!("{}.asc", format.name);
            let path = folder.join(&plain);
            let file = File::open(&path).map_err(|error| {
                Failure::usage(format!("cannot read {} (or .gz): {error}", path.display())).parameter("FOLDER")
            })?;
            Ok((plain, Box::new(BufReader::new(file))))
        }
        Err(error) => {
            Err(Failure::usage(format!("cannot read {}: {error}", folder.join(compressed).display()))
                .parameter("FOLDER"))
        }
    }
}

/// The next line; `None` behind the last one.
fn next_line(reader: &mut dyn BufRead) -> io::Result<Option<Result<String, String>>> {
    let mut bytes = Vec::new();
    if reader.take(LINE_BYTES_MAX).read_until(b'\n', &mut bytes)? == 0 {
        return Ok(None);
    }
    if bytes.last() != Some(&b'\n') && u64::try_from(bytes.len()).is_ok_and(|length| length == LINE_BYTES_MAX) {
        reader.skip_until(b'\n')?;
        return Ok(Some(Err(format!("the line has more than {LINE_BYTES_MAX} bytes"))));
    }
    Ok(Some(String::from_utf8(bytes).map_err(|_| "the line is not text".to_owned())))
}

/// Takes lines apart, each by itself: a quotation mark that is never closed must not swallow the lines behind it.
struct Splitter {
    reader: Reader,
    text: Vec<u8>,
    ends: [usize; FIELDS_MAX],
}

impl Splitter {
    fn new() -> Self {
        Self { reader: ReaderBuilder::new().delimiter(SEPARATOR).build(), text: Vec::new(), ends: [0; FIELDS_MAX] }
    }

    /// The fields of a line, as many as there have to be.
    fn split(&mut self, line: &str, wanted: usize) -> Result<Vec<&str>, String> {
        if line.bytes().filter(|byte| *byte == b'"').count() % 2 == 1 {
            return Err("a quotation mark is not closed".to_owned());
        }
        let line = format!("{}\n", line.trim_end_matches(['\r', '\n']));
        // What is taken out of a line is never longer than the line.
        self.text.resize(line.len(), 0);
        self.reader.reset();
        let (result, _, _, count) = self.reader.read_record(line.as_bytes(), &mut self.text, &mut self.ends);
        if !matches!(result, ReadRecordResult::Record) || count != wanted {
            return Err(format!("{count} fields instead of {wanted}"));
        }
        let text = str::from_utf8(&self.text).map_err(|_| "the line is not text".to_owned())?;
        let starts = [0].into_iter().chain(self.ends);
        let fields = starts.zip(self.ends).take(count).map(|(start, end)| text.get(start..end).unwrap_or_default());
        Ok(fields.collect())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::{Compression, write::GzEncoder};

    use super::*;

    const FORMAT: Format = Format { name: "x", columns: &["a", "b"] };

    fn read_file(name: &str, bytes: &[u8]) -> (Vec<String>, Vec<(u64, String)>) {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(name), bytes).unwrap();
        let (mut rows, mut skipped) = (Vec::new(), Vec::new());
        read(folder.path(), &FORMAT, &mut skipped, |row| {
            rows.push(format!("{}:{}", row.field("a"), row.field("b")));
            Ok(())
        })
        .unwrap();
        (rows, skipped.into_iter().map(|line| (line.line, line.problem)).collect())
    }

    #[test]
    fn a_torn_or_strange_line_spoils_no_other() {
        let long = "y".repeat(100_000);
        let text = format!("a;b\r\n\"1\";2\r\n\"3;4\r\n5;6;7\r\n{long}\r\n8;\" 9 \"");
        let (rows, skipped) = read_file("x.asc", text.as_bytes());
        assert_eq!(rows, ["1:2", "8:9"]);
        let lines: Vec<u64> = skipped.iter().map(|(line, _)| *line).collect();
        assert_eq!(lines, [3, 4, 5], "{skipped:?}");
        let (rows, skipped) = read_file("x.asc", b"a;b\n\xff;1\n2;3\n");
        assert_eq!((rows, skipped.len()), (vec!["2:3".to_owned()], 1));
    }

    #[test]
    fn a_torn_archive_gives_what_came_before() {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(b"a;b\n").unwrap();
        for number in 0..50_000 {
            writeln!(encoder, "{number};{}", number * 7_919 % 10_007).unwrap();
        }
        let bytes = encoder.finish().unwrap();
        let (rows, skipped) = read_file("x.asc.gz", &bytes[..bytes.len() / 2]);
        assert!(rows.len() > 1_000 && rows.len() < 50_000, "{}", rows.len());
        assert_eq!(skipped.len(), 1);
        assert!(skipped[0].1.contains("breaks off"), "{skipped:?}");
    }
}
