//! The choices of `-o` and `--color`.

use std::env;

use clap::ValueEnum;
use serde::Deserialize;

/// How data is written on stdout.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Format {
    /// Columns for people
    #[default]
    Table,
    /// One JSON document
    Json,
    /// One YAML document
    Yaml,
    /// One JSON object a line
    Ndjson,
    /// Only names, such as `tenant/acme`
    Name,
}

impl Format {
    /// Whether programs read it, so that failures belong on stdout too.
    pub(crate) const fn is_structured(self) -> bool {
        matches!(self, Self::Json | Self::Yaml | Self::Ndjson)
    }

    /// The word of the flag.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Table => "table",
            Self::Json => "json",
            Self::Yaml => "yaml",
            Self::Ndjson => "ndjson",
            Self::Name => "name",
        }
    }
}

/// When to colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum ColourChoice {
    /// On a terminal, unless `NO_COLOR` is set
    #[default]
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

impl ColourChoice {
    /// Whether a stream may be coloured.
    pub(crate) fn allows(self, is_terminal: bool) -> bool {
        match self {
            Self::Always => true,
            Self::Never => false,
            Self::Auto => is_terminal && env::var_os("NO_COLOR").is_none_or(|value| value.is_empty()),
        }
    }
}
