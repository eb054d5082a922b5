//! The table: what must be reached, what was measured, and the ratio of the two.

#![expect(clippy::print_stdout, reason = "the table is what this program is for")]

use std::{fmt::Debug, process::ExitCode};

use crate::machine;

/// One line of the table.
#[derive(Debug)]
pub(crate) struct Row {
    work: String,
    /// Nothing has to be reached where there is none.
    allowed: Option<f64>,
    measured: f64,
    unit: &'static str,
    load: f64,
    note: String,
}

impl Row {
    /// Makes a line about something that may be at most `allowed`.
    pub(crate) fn at_most(
        work: impl Into<String>,
        allowed: f64,
        measured: f64,
        unit: &'static str,
    ) -> Self {
        Self { allowed: Some(allowed), ..Self::figure(work, measured, unit) }
    }

    /// Makes a line about something that others are compared with.
    pub(crate) fn figure(work: impl Into<String>, measured: f64, unit: &'static str) -> Self {
        let load = machine::load();
        Self { work: work.into(), allowed: None, measured, unit, load, note: String::new() }
    }

    /// Says what else is worth knowing about the figure.
    #[must_use]
    pub(crate) fn note(mut self, note: impl Into<String>) -> Self {
        self.note = note.into();
        self
    }

    fn is_reached(&self) -> bool {
        self.allowed.is_none_or(|allowed| self.measured <= allowed)
    }

    fn bound(&self) -> String {
        let missed = if self.is_reached() { "" } else { "**missed** " };
        let bound = |allowed| format!("{missed}≤ {} {}", number(allowed), self.unit);
        self.allowed.map(bound).unwrap_or_default()
    }

    fn ratio(&self) -> String {
        match self.allowed {
            Some(allowed) if allowed != 0.0 => format!("{:.2}", self.measured / allowed),
            _ => "–".to_owned(),
        }
    }
}

/// The table as it grows.
#[derive(Debug)]
pub(crate) struct Report {
    missed: usize,
}

impl Report {
    /// Writes the head of the table.
    pub(crate) fn begin() -> Self {
        println!("{}\n", machine::describe());
        println!("| work | must reach | measured | ratio | load | |");
        println!("| --- | ---: | ---: | ---: | ---: | --- |");
        Self { missed: 0 }
    }

    /// Writes the lines of a scenario, or why there are none.
    pub(crate) fn add(&mut self, rows: Result<Vec<Row>, (impl Debug, anyhow::Error)>) {
        match rows {
            Ok(rows) => {
                for row in rows {
                    self.missed += usize::from(!row.is_reached());
                    println!(
                        "| {} | {} | {} {} | {} | {:.1} | {} |",
                        row.work,
                        row.bound(),
                        number(row.measured),
                        row.unit,
                        row.ratio(),
                        row.load,
                        row.note,
                    );
                }
            }
            Err((scenario, error)) => {
                self.missed += 1;
                println!("| {scenario:?} | | could not be measured: {error:#} | | | |");
            }
        }
    }

    /// Writes the end, and returns whether everything was reached.
    pub(crate) fn end(self) -> ExitCode {
        println!("\nload: the machine's load average over one minute when the figure was taken");
        if self.missed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }
}

/// Writes a figure with as many digits as mean something.
fn number(value: f64) -> String {
    match value {
        value if value.fract() == 0.0 && value < 1e9 => format!("{value}"),
        value if value < 10.0 => format!("{value:.2}"),
        value if value < 1000.0 => format!("{value:.1}"),
        value => format!("{value:.0}"),
    }
}

/// Returns the middle of some figures, and not a number of none.
pub(crate) fn median(figures: &mut [f64]) -> f64 {
    percentile(figures, 0.5)
}

/// Returns the figure below which the given part of them lie.
pub(crate) fn percentile(figures: &mut [f64], part: f64) -> f64 {
    figures.sort_by(f64::total_cmp);
    let last = figures.len().saturating_sub(1);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "a place in a list"
    )]
    let place = (last as f64 * part).ceil() as usize;
    figures.get(place).copied().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_figures_that_were_measured() {
        let mut figures = [5.0, 1.0, 4.0, 2.0, 3.0];
        assert_eq!(median(&mut figures), 3.0);
        assert_eq!(percentile(&mut figures, 0.99), 5.0);
        assert!(percentile(&mut [], 0.5).is_nan());
    }

    #[test]
    fn a_figure_above_what_is_allowed_is_missed() {
        assert!(Row::at_most("time", 400.0, 400.0, "ms").is_reached());
        assert!(!Row::at_most("time", 400.0, 400.1, "ms").is_reached());
        assert!(!Row::at_most("time", 400.0, f64::NAN, "ms").is_reached());
    }
}
