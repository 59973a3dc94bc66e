//! `tessera help`: a command's help, the exit codes, and the manual pages.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use clap::{Args, CommandFactory as _, ValueHint};
use clap_mangen::Man;
use serde_json::json;

use crate::{
    arguments::Cli,
    exit_code::ExitCode,
    failure::Failure,
    output::{Document, Table, cell},
};

/// Arguments of `help`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  tessera help exit-codes\n  tessera help tenant create")]
pub(crate) struct HelpArguments {
    /// A command, or `exit-codes`, or `man`
    #[arg(value_name = "COMMAND OR TOPIC")]
    words: Vec<String>,
    /// With `man`: write one page per command into this directory
    #[arg(long, value_name = "PATH", value_hint = ValueHint::DirPath)]
    dir: Option<PathBuf>,
}

/// Explains.
pub(crate) fn run(arguments: &HelpArguments) -> Result<Document, Failure> {
    let words: Vec<&str> = arguments.words.iter().map(String::as_str).collect();
    match (words.as_slice(), &arguments.dir) {
        (["exit-codes"], None) => Ok(exit_codes()),
        (["man"], None) => manual(),
        (["man"], Some(directory)) => manuals(directory),
        (_, Some(_)) => Err(Failure::usage("--dir only goes with `tessera help man`").parameter("--dir")),
        (words, None) => explain(words),
    }
}

fn exit_codes() -> Document {
    let mut table = Table::new(["code", "meaning"]);
    let mut items = Vec::new();
    for code in ExitCode::GENERAL {
        table.row([cell(code.number().to_string()), cell(code.meaning())]);
        items.push(json!({ "code": code.number(), "name": code.name(), "meaning": code.meaning() }));
    }
    let detailed = "With `plan --detailed-exitcode`: 0 no change, 1 any error, 2 changes pending.";
    Document::list(json!({ "object": "list", "data": items.clone() }), items).table(table).text("").text(detailed)
}

fn explain(words: &[&str]) -> Result<Document, Failure> {
    let mut root = Cli::command();
    root.build();
    let mut command = &mut root;
    for word in words {
        command = command.find_subcommand_mut(word).ok_or_else(|| {
            Failure::usage(format!("there is no command or topic `{}`", words.join(" ")))
                .hint("`tessera --help` lists the commands; topics are `exit-codes` and `man`")
        })?;
    }
    let text = command.render_long_help().to_string();
    Ok(Document::new(json!({ "object": "help", "text": text })).text(text.trim_end()))
}

fn manual() -> Result<Document, Failure> {
    let page = page(Cli::command())?;
    Ok(Document::new(json!({ "object": "manual_page", "text": page })).text(page.trim_end()))
}

fn manuals(directory: &Path) -> Result<Document, Failure> {
    let cannot = |error: io::Error| Failure::local(format!("cannot write to {}: {error}", directory.display()));
    fs::create_dir_all(directory).map_err(cannot)?;
    let mut root = Cli::command();
    root.build();
    let mut pages = Vec::new();
    write_pages(&root, directory, &mut pages).map_err(cannot)?;
    let document = Document::new(json!({ "object": "manual_pages", "files": pages }));
    Ok(document.text(format!("{} pages written to {}", pages.len(), directory.display())))
}

fn write_pages(command: &clap::Command, directory: &Path, pages: &mut Vec<PathBuf>) -> io::Result<()> {
    pages.push(Man::new(command.clone()).generate_to(directory)?);
    command.get_subcommands().try_for_each(|child| write_pages(child, directory, pages))
}

fn page(command: clap::Command) -> Result<String, Failure> {
    let mut text = Vec::new();
    Man::new(command)
        .render(&mut text)
        .map_err(|error| Failure::local(format!("the manual page cannot be written: {error}")))?;
    Ok(String::from_utf8_lossy(&text).into_owned())
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;

    /// Every command without commands below it, with its words.
    fn leaves(command: &clap::Command, words: &[String], found: &mut Vec<(Vec<String>, clap::Command)>) {
        let children: Vec<_> = command.get_subcommands().collect();
        if children.is_empty() {
            found.push((words.to_vec(), command.clone()));
        }
        for child in children {
            let words = [words, &[child.get_name().to_owned()]].concat();
            leaves(child, &words, found);
        }
    }

    fn staff_commands() -> Vec<(Vec<String>, clap::Command)> {
        let mut found = Vec::new();
        leaves(&Cli::command(), &["tessera".to_owned()], &mut found);
        found.retain(|(words, _)| !matches!(words[1].as_str(), "bootstrap" | "control" | "api" | "worker"));
        found
    }

    /// The words of an example, as a shell would split them.
    fn words_of(line: &str) -> Vec<String> {
        let command = line.split(" > ").next().unwrap();
        let mut words = vec![String::new()];
        let mut quoted = false;
        for character in command.trim().chars() {
            match character {
                '\'' => quoted = !quoted,
                ' ' if !quoted => words.push(String::new()),
                other => words.last_mut().unwrap().push(other),
            }
        }
        words
    }

    #[test]
    fn the_tree_of_commands_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_command_shows_two_examples_that_its_parser_accepts() {
        for (words, command) in staff_commands() {
            let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
            let examples: Vec<_> = help.lines().filter(|line| line.trim_start().starts_with("tessera ")).collect();
            assert_eq!(examples.len(), 2, "{words:?}");
            for example in examples {
                let given = words_of(example);
                assert_eq!(given[..words.len()], words[..], "{example}");
                // Ids in examples are of the right form, so that they can be copied and changed.
                Cli::try_parse_from(&given).unwrap_or_else(|error| panic!("{example}: {error}"));
            }
        }
    }

    #[test]
    fn the_commands_are_those_that_scripts_rely_on() {
        let names: Vec<_> = staff_commands().iter().map(|(words, _)| words[1..].join(" ")).collect();
        let expected = "tenant create|tenant get|tenant list|tenant update|tenant suspend|tenant resume|tenant offboard|\
            tenant migrate|tenant rotate-keys|key list|key rotate|key disable|key enable|key destroy|\
            key rotate-data-keys|plan|apply|audit get|audit list|audit run|operation get|operation list|operation wait|\
            operation resume|operation cancel|auth login|auth status|auth logout|import bank|config profile list|config profile use|\
            config profile set|completion|help|version";
        assert_eq!(names.join("|"), expected);
    }

    #[test]
    fn every_option_is_explained() {
        for (words, command) in staff_commands() {
            assert!(command.get_about().is_some(), "{words:?}");
            for argument in command.get_arguments() {
                assert!(argument.get_help().is_some(), "{words:?} {}", argument.get_id());
            }
        }
    }
}
