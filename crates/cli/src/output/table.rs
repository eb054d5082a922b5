//! Tables for people.

use comfy_table::{Attribute, Cell, CellAlignment, Color, ContentArrangement, presets};
use hfsm_model::{Stage, StageFamily};

use super::{Output, without_escapes};

/// A table without lines, so that it can be read and cut by tools, too.
pub(crate) struct Table(comfy_table::Table);

impl Table {
    /// Begins a table. A heading that begins with `>` is of a column of numbers.
    pub(crate) fn new(headings: &[&str]) -> Self {
        let mut table = comfy_table::Table::new();
        table.load_style(presets::NOTHING);
        let heading =
            |text: &&str| Cell::new(text.trim_start_matches('>')).add_attribute(Attribute::Bold);
        table.set_header(headings.iter().map(heading));
        for (column, heading) in table.column_iter_mut().zip(headings) {
            column.set_padding((0, 2));
            if heading.starts_with('>') {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
        Self(table)
    }

    pub(crate) fn row(&mut self, cells: Vec<Cell>) {
        self.0.add_row(cells);
    }

    pub(super) fn render(mut self, output: Output) -> String {
        if output.colors {
            self.0.enforce_styling();
        } else {
            self.0.force_no_tty();
        }
        self.0.set_content_arrangement(if output.terminal {
            ContentArrangement::Dynamic
        } else {
            ContentArrangement::Disabled
        });
        self.0.lines().map(|line| line.trim_end().to_owned()).collect::<Vec<_>>().join("\n")
    }
}

/// Text that somebody else wrote.
pub(crate) fn text_cell(text: impl AsRef<str>) -> Cell {
    Cell::new(without_escapes(text.as_ref()))
}

/// Text that asks for attention.
pub(crate) fn warning_cell(text: impl AsRef<str>) -> Cell {
    text_cell(text).fg(Color::Yellow)
}

/// A stage, in the colour of its family.
pub(crate) fn stage_cell(stage: &Stage) -> Cell {
    let cell = text_cell(stage.as_str());
    match stage.family() {
        StageFamily::Good => cell.fg(Color::Green),
        StageFamily::Moving => cell.fg(Color::Blue),
        StageFamily::Resting => cell.add_attribute(Attribute::Dim),
        StageFamily::Broken => cell.fg(Color::Red),
        StageFamily::Unknown => cell.fg(Color::Yellow),
    }
}
