//! Writing for people and for programs.

mod format;
mod progress;
mod table;

use std::io::{self, IsTerminal, Write};

use serde::Serialize;

use crate::{args::Colors, environment};

pub(crate) use format::{age, bytes, rate, without_escapes};
pub(crate) use progress::Progress;
pub(crate) use table::{Table, stage_cell, text_cell, warning_cell};

/// Where results go.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Output {
    /// Whether a program reads.
    pub(crate) json: bool,
    /// Whether colours are wanted.
    pub(crate) colors: bool,
    /// Whether a person looks at the standard output.
    pub(crate) terminal: bool,
}

impl Output {
    pub(crate) fn new(json: bool, colors: Colors) -> Self {
        let terminal = io::stdout().is_terminal();
        let colors = match colors {
            Colors::Always => true,
            Colors::Never => false,
            Colors::Auto => terminal && !environment::is_set("NO_COLOR"),
        };
        Self { json, colors, terminal }
    }

    /// Writes a line.
    pub(crate) fn line(self, text: impl AsRef<str>) -> io::Result<()> {
        let mut out = io::stdout().lock();
        out.write_all(text.as_ref().as_bytes())?;
        out.write_all(b"\n")?;
        out.flush()
    }

    /// Writes a value as one indented JSON document.
    pub(crate) fn document(self, value: &impl Serialize) -> io::Result<()> {
        self.line(serde_json::to_string_pretty(value)?)
    }

    /// Writes a value as one line of JSON.
    pub(crate) fn record(self, value: &impl Serialize) -> io::Result<()> {
        self.line(serde_json::to_string(value)?)
    }

    /// Writes a table.
    pub(crate) fn table(self, table: Table) -> io::Result<()> {
        self.line(table.render(self))
    }

    /// Says something beside the result, to people only.
    pub(crate) fn note(self, text: impl AsRef<str>) {
        if !self.json {
            let _ = writeln!(io::stderr(), "{}", text.as_ref());
        }
    }
}
