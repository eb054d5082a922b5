//! Numbers and times as people read them.

use chrono::{DateTime, TimeDelta, Utc};

/// Writes a number of bytes in binary units.
pub(crate) fn bytes(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["B", "KiB", "MiB", "GiB", "TiB"];
    let mut value = bytes as f64;
    let mut unit = 0;
    while value >= 1024.0 && unit + 1 < UNITS.len() {
        value /= 1024.0;
        unit += 1;
    }
    if unit == 0 { format!("{bytes} B") } else { format!("{value:.1} {}", UNITS[unit]) }
}

/// Writes bytes a second.
pub(crate) fn rate(bytes_a_second: f64) -> String {
    format!("{}/s", bytes(bytes_a_second.max(0.0) as u64))
}

/// Writes how long ago something was.
pub(crate) fn age(at: DateTime<Utc>, now: DateTime<Utc>) -> String {
    let ago = (now - at).max(TimeDelta::zero());
    match ago.num_seconds() {
        seconds @ 0..60 => format!("{seconds} s"),
        seconds @ 60..3600 => format!("{} min", seconds / 60),
        seconds @ 3600..172_800 => format!("{} h", seconds / 3600),
        seconds => format!("{} d", seconds / 86_400),
    }
}

/// Removes terminal escapes and other control characters: a log line or a title must not be able
/// to move the cursor or rename the window of who reads it.
pub(crate) fn without_escapes(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '\u{1b}' => match characters.next() {
                Some('[') => {
                    // Up to the letter that ends the sequence.
                    while characters.next_if(|c| !('@'..='~').contains(c)).is_some() {}
                    characters.next();
                }
                Some(']') => {
                    while characters.next_if(|c| !matches!(c, '\u{7}' | '\u{1b}')).is_some() {}
                    if characters.next() == Some('\u{1b}') {
                        characters.next_if(|c| *c == '\\');
                    }
                }
                _ => {}
            },
            '\t' => plain.push('\t'),
            character if character.is_control() => {}
            character => plain.push(character),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_have_a_unit_that_fits() {
        assert_eq!(bytes(0), "0 B");
        assert_eq!(bytes(1023), "1023 B");
        assert_eq!(bytes(1536), "1.5 KiB");
        assert_eq!(bytes(17_179_869_184), "16.0 GiB");
        assert_eq!(rate(-5.0), "0 B/s");
    }

    #[test]
    fn an_age_has_one_unit_and_is_never_negative() {
        let now = DateTime::UNIX_EPOCH + TimeDelta::days(10);
        assert_eq!(age(now - TimeDelta::seconds(59), now), "59 s");
        assert_eq!(age(now - TimeDelta::seconds(90), now), "1 min");
        assert_eq!(age(now - TimeDelta::hours(47), now), "47 h");
        assert_eq!(age(now - TimeDelta::days(3), now), "3 d");
        assert_eq!(age(now + TimeDelta::hours(1), now), "0 s");
    }

    #[test]
    fn nothing_that_moves_the_cursor_or_renames_the_window_is_left() {
        assert_eq!(without_escapes("\u{1b}[31mred\u{1b}[0m\tb\r\u{8}c"), "red\tbc");
        assert_eq!(without_escapes("\u{1b}]0;title\u{7}x\u{1b}]2;y\u{1b}\\z"), "xz");
        assert_eq!(without_escapes("\u{1b}[2"), "");
        assert_eq!(without_escapes("ü 日本"), "ü 日本");
    }
}
