//! Adds up what the test runners of all languages report.

use std::{fmt, ops::AddAssign};

/// How many tests ended in which way.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Count {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
    pub(crate) skipped: u64,
}

impl Count {
    pub(crate) const ONE_FAILED: Self = Self { passed: 0, failed: 1, skipped: 0 };
    pub(crate) const ONE_SKIPPED: Self = Self { passed: 0, failed: 0, skipped: 1 };

    /// True where no test was even skipped.
    pub(crate) fn is_empty(self) -> bool {
        self == Self::default()
    }
}

impl AddAssign for Count {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
    }
}

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed", self.passed, self.failed)?;
        if self.skipped > 0 {
            write!(f, ", {} skipped", self.skipped)?;
        }
        Ok(())
    }
}

/// A test runner whose summary can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Runner {
    CargoTest,
    Vitest,
    Playwright,
    NodeTest,
    Pytest,
}

impl Runner {
    /// Returns what one line of the runner's output adds. Lines that are no summary add nothing.
    pub(crate) fn count_line(self, line: &str) -> Count {
        let line = without_colours(line);
        let line = line.trim();
        let count = match self {
            Self::CargoTest => cargo_test(line),
            Self::Vitest => vitest(line),
            Self::Playwright => playwright(line),
            Self::NodeTest => node_test(line),
            Self::Pytest => pytest(line),
        };
        count.unwrap_or_default()
    }
}

/// `test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.1s`
fn cargo_test(line: &str) -> Option<Count> {
    let (_, numbers) = line.strip_prefix("test result: ")?.split_once(". ")?;
    sum(numbers.split("; "))
}

/// `Tests  1 failed | 2 passed | 1 skipped | 1 todo (5)`
fn vitest(line: &str) -> Option<Count> {
    let numbers = line.strip_prefix("Tests ")?;
    let numbers = numbers.rsplit_once(" (").map_or(numbers, |(numbers, _)| numbers);
    sum(numbers.split('|'))
}

/// One line for each kind: `2 passed (4.2s)`, `1 failed`, `1 did not run`.
fn playwright(line: &str) -> Option<Count> {
    let line = line.rsplit_once(" (").map_or(line, |(line, _)| line);
    number_and_word(line)
}

/// One line for each kind: `# pass 3` or `ℹ pass 3`.
fn node_test(line: &str) -> Option<Count> {
    let line = line.strip_prefix("# ").or_else(|| line.strip_prefix("ℹ "))?;
    let (word, number) = line.split_once(' ')?;
    kind(word, number.parse().ok()?)
}

/// `==== 1 failed, 2 passed, 1 error in 0.12s ====`, without the bars where it is quiet.
fn pytest(line: &str) -> Option<Count> {
    let (numbers, time) = line.trim_matches('=').trim().rsplit_once(" in ")?;
    time.contains('s').then_some(())?;
    let mut count = Count::default();
    for part in numbers.split(", ") {
        // A warning is no test, yet the whole line must be made of numbers and words.
        let (number, word) = part.split_once(' ')?;
        let number: u64 = number.parse().ok()?;
        count += kind(word, number).unwrap_or_default();
    }
    Some(count)
}

fn sum<'a>(parts: impl Iterator<Item = &'a str>) -> Option<Count> {
    let mut total = Count::default();
    for count in parts.filter_map(|part| number_and_word(part.trim())) {
        total += count;
    }
    (!total.is_empty()).then_some(total)
}

fn number_and_word(text: &str) -> Option<Count> {
    let (number, word) = text.split_once(' ')?;
    kind(word, number.parse().ok()?)
}

fn kind(word: &str, number: u64) -> Option<Count> {
    let mut count = Count::default();
    match word {
        "passed" | "pass" | "flaky" | "xpassed" => count.passed = number,
        "failed" | "fail" | "error" | "errors" | "interrupted" | "cancelled" => {
            count.failed = number;
        }
        "ignored" | "skipped" | "todo" | "xfailed" | "did not run" => count.skipped = number,
        _ => return None,
    }
    Some(count)
}

/// Takes the terminal's colour codes (`ESC [ … m`) out.
fn without_colours(line: &str) -> String {
    let mut plain = String::with_capacity(line.len());
    let mut rest = line;
    while let Some((before, after)) = rest.split_once("\u{1b}[") {
        plain.push_str(before);
        rest = after.split_once(|c: char| c.is_ascii_alphabetic()).map_or("", |(_, rest)| rest);
    }
    plain.push_str(rest);
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_result_line_of_cargo_test_is_added_up() {
        let output = "running 4 tests\n\
            test a ... ok\n\
            test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.10s\n\
            test result: FAILED. 7 passed; 2 failed; 0 ignored; 0 measured; 5 filtered out; finished in 1.00s\n";
        assert_eq!(read(Runner::CargoTest, output), counts(10, 2, 1));
    }

    #[test]
    fn a_binary_without_tests_adds_nothing() {
        let line = "test result: ok. 0 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; x in 0.00s";
        assert!(read(Runner::CargoTest, line).is_empty());
    }

    #[test]
    fn vitest_counts_tests_and_not_files_in_colour_too() {
        let output = " Test Files  1 failed | 3 passed (4)\n\
            \u{1b}[2m      Tests \u{1b}[22m \u{1b}[1m\u{1b}[31m1 failed\u{1b}[39m\u{1b}[22m\u{1b}[2m | \u{1b}[22m\u{1b}[1m\u{1b}[32m24 passed\u{1b}[39m\u{1b}[22m\u{1b}[2m | \u{1b}[22m2 skipped\u{1b}[90m (27)\u{1b}[39m\n\
            Duration  1.2s\n";
        assert_eq!(read(Runner::Vitest, output), counts(24, 1, 2));
    }

    #[test]
    fn playwright_counts_its_summary_and_not_the_list_of_tests() {
        let output = "Running 8 tests using 1 worker\n\
            \u{20} ✓  1 [chromium] › e2e/a.spec.ts:3:1 › says 3 passed (1.2s)\n\
            \u{20} 1 failed\n\
            \u{20}   [chromium] › e2e/b.spec.ts:3:1 › restarts a Space\n\
            \u{20} 1 interrupted\n\
            \u{20} 1 flaky\n\
            \u{20} 2 skipped\n\
            \u{20} 1 did not run\n\
            \u{20} 3 passed (4.2s)\n";
        assert_eq!(read(Runner::Playwright, output), counts(4, 2, 3));
    }

    #[test]
    fn node_is_counted_in_both_of_its_formats() {
        let tap = "# tests 6\n# suites 0\n# pass 3\n# fail 1\n# cancelled 1\n# skipped 1\n# todo 0";
        assert_eq!(read(Runner::NodeTest, tap), counts(3, 2, 1));
        let spec = "ℹ tests 4\nℹ pass 4\nℹ fail 0\nℹ cancelled 0\nℹ skipped 0\nℹ duration_ms 12";
        assert_eq!(read(Runner::NodeTest, spec), counts(4, 0, 0));
    }

    #[test]
    fn pytest_is_counted_with_bars_and_without() {
        let line = "===== 1 failed, 2 passed, 1 skipped, 4 warnings, 1 error in 0.12s =====";
        assert_eq!(read(Runner::Pytest, line), counts(2, 2, 1));
        assert_eq!(read(Runner::Pytest, "12 passed in 61.40s (0:01:01)"), counts(12, 0, 0));
        assert!(read(Runner::Pytest, "no tests ran in 0.01s").is_empty());
        assert!(read(Runner::Pytest, "waited for 3 passed in a row").is_empty());
    }

    #[test]
    fn the_closing_line_names_skipped_tests_only_where_there_are_some() {
        assert_eq!(counts(3, 1, 0).to_string(), "3 passed, 1 failed");
        assert_eq!(counts(3, 0, 2).to_string(), "3 passed, 0 failed, 2 skipped");
    }

    fn counts(passed: u64, failed: u64, skipped: u64) -> Count {
        Count { passed, failed, skipped }
    }

    fn read(runner: Runner, output: &str) -> Count {
        let mut total = Count::default();
        for line in output.lines() {
            total += runner.count_line(line);
        }
        total
    }
}
