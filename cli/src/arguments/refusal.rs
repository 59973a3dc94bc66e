//! A command line that cannot be read: still answered in the format that was asked for.

use std::ffi::OsString;

use clap::error::ErrorKind;

use crate::{
    exit_code::ExitCode,
    failure::Failure,
    output::{ColourChoice, Format, Output},
};

/// Prints help, the version, or what is wrong with the command line; answers how the process ends.
pub(crate) fn refuse(error: &clap::Error, arguments: &[OsString]) -> ExitCode {
    if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) {
        // Printing help into a closed pipe is no failure.
        let _ignored = error.print();
        return ExitCode::Success;
    }
    let words: Vec<&str> = arguments.iter().filter_map(|word| word.to_str()).collect();
    let exit = if words.contains(&"--detailed-exitcode") { ExitCode::Failure } else { ExitCode::Usage };
    let format = wanted_format(&words);
    if format.is_structured() {
        let failure = Failure::usage(plain_message(error)).hint("see the command's `--help`").exiting(exit);
        Output::new(format, ColourChoice::Never, false).fail(&failure)
    } else {
        let _ignored = error.print();
        exit
    }
}

/// The format among words that clap refused, read leniently.
fn wanted_format(words: &[&str]) -> Format {
    let named = |text: &str| match text {
        "json" => Some(Format::Json),
        "yaml" => Some(Format::Yaml),
        "ndjson" => Some(Format::Ndjson),
        _ => None,
    };
    let mut format = Format::Table;
    for (index, word) in words.iter().enumerate() {
        let found = match *word {
            "--json" => Some(Format::Json),
            "-o" | "--output" => words.get(index + 1).and_then(|next| named(next)),
            _ => word.strip_prefix("--output=").or_else(|| word.strip_prefix("-o")).and_then(named),
        };
        format = found.unwrap_or(format);
    }
    format
}

/// Clap's first paragraph on one line, with its suggestion, without the usage.
fn plain_message(error: &clap::Error) -> String {
    let text = error.render().to_string();
    let words: Vec<&str> = text
        .lines()
        .take_while(|line| !line.starts_with("Usage:") && !line.starts_with("For more information"))
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect();
    words.join(" ").trim_start_matches("error: ").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_format_is_found_among_wrong_words() {
        assert_eq!(wanted_format(&["tessera", "tenat", "-o", "json"]), Format::Json);
        assert_eq!(wanted_format(&["tessera", "-ojson", "tenat"]), Format::Json);
        assert_eq!(wanted_format(&["tessera", "--output=yaml"]), Format::Yaml);
        assert_eq!(wanted_format(&["tessera", "tenat", "-o"]), Format::Table);
    }
}
