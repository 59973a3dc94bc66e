//! A command's result, once for programs and once for people.

use serde_json::Value;

use super::Table;
use crate::{exit_code::ExitCode, failure::Failure};

/// A part of what people read.
#[derive(Debug)]
pub(crate) enum Block {
    /// Rows under a header.
    Table(Table),
    /// A line or several.
    Text(String),
}

/// A result in every format.
#[derive(Debug)]
pub(crate) struct Document {
    value: Value,
    items: Option<Vec<Value>>,
    blocks: Vec<Block>,
    names: Vec<String>,
    exit: ExitCode,
    failure: Option<Failure>,
    is_aside: bool,
}

impl Document {
    /// A result that is one object.
    pub(crate) fn new(value: Value) -> Self {
        Self {
            value,
            items: None,
            blocks: Vec::new(),
            names: Vec::new(),
            exit: ExitCode::Success,
            failure: None,
            is_aside: false,
        }
    }

    /// A result that is a list: `ndjson` prints each of `items` on its own line.
    pub(crate) fn list(value: Value, items: Vec<Value>) -> Self {
        Self { items: Some(items), ..Self::new(value) }
    }

    /// Makes `items` the lines of `ndjson`.
    pub(crate) fn lines(mut self, items: Vec<Value>) -> Self {
        self.items = Some(items);
        self
    }

    /// Adds a table for people.
    pub(crate) fn table(mut self, table: Table) -> Self {
        self.blocks.push(Block::Table(table));
        self
    }

    /// Adds a line for people.
    pub(crate) fn text(mut self, text: impl Into<String>) -> Self {
        self.blocks.push(Block::Text(text.into()));
        self
    }

    /// Adds a line of `-o name`.
    pub(crate) fn name(mut self, kind: &str, name: &str) -> Self {
        self.names.push(format!("{kind}/{name}"));
        self
    }

    /// Leaves stdout to something else: what people read goes to stderr.
    pub(crate) fn aside(mut self) -> Self {
        self.is_aside = true;
        self
    }

    /// Ends the process with another code than success.
    pub(crate) fn exiting(mut self, exit: ExitCode) -> Self {
        self.exit = exit;
        self
    }

    /// A result that is also a failure: the document gains `error`, the process its exit code.
    pub(crate) fn failing(mut self, failure: Failure) -> Self {
        if let Value::Object(fields) = &mut self.value {
            fields.insert("error".to_owned(), failure.body());
        }
        if let Some(items) = &mut self.items {
            items.push(failure.document());
        }
        self.exit = failure.exit;
        self.failure = Some(failure);
        self
    }

    pub(super) const fn is_aside(&self) -> bool {
        self.is_aside
    }

    pub(super) const fn value(&self) -> &Value {
        &self.value
    }

    pub(super) fn items(&self) -> &[Value] {
        self.items.as_deref().unwrap_or(std::slice::from_ref(&self.value))
    }

    pub(super) fn names(&self) -> &[String] {
        &self.names
    }

    pub(super) const fn exit(&self) -> ExitCode {
        self.exit
    }

    pub(super) const fn failure(&self) -> Option<&Failure> {
        self.failure.as_ref()
    }

    pub(super) fn human(&self, coloured: bool) -> String {
        self.blocks
            .iter()
            .map(|block| match block {
                Block::Table(table) => table.render(coloured),
                Block::Text(text) => format!("{text}\n"),
            })
            .collect()
    }
}
