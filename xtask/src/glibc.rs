//! The C library that a program of Linux needs.

const MARK: &[u8] = b"GLIBC_";

/// Returns the newest version that `program` names. The linker writes `GLIBC_2.34` for each
/// function that came with it, as text.
pub(crate) fn needed(program: &[u8]) -> Option<(u32, u32)> {
    let marks = program.windows(MARK.len()).enumerate().filter(|(_, window)| *window == MARK);
    marks.filter_map(|(at, _)| version(&program[at + MARK.len()..])).max()
}

/// Reads `2.34` with the zero byte that ends it, and `2.2.5`.
fn version(text: &[u8]) -> Option<(u32, u32)> {
    let text = text.get(..12).unwrap_or(text).split(|byte| *byte == 0).next()?;
    let mut numbers = std::str::from_utf8(text).ok()?.split('.');
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_version_counts_and_as_a_number() {
        let program = b"\x7fELF..GLIBC_2.4\0GLIBC_2.34\0puts\0GLIBC_2.2.5\0";
        assert_eq!(needed(program), Some((2, 34)));
    }

    #[test]
    fn what_is_no_version_is_passed_over() {
        assert_eq!(needed(b"GLIBC_PRIVATE\0GLIBC_2.17\0GLIBC_"), Some((2, 17)));
        assert_eq!(needed(b"a program of another system"), None);
    }
}
