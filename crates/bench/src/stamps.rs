//! Reading the stamps that the simulated Hub puts into metrics, without reading all the rest.
//!
//! The clients share the machine with what is measured, so that they look for three fields and parse
//! nothing else.

/// A stamp of one report: which Space, its how manieth report, and when it left the Hub.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stamp {
    /// The Space's number in the world.
    pub(crate) space: usize,
    /// Grows by one with each report of the Space.
    pub(crate) number: u64,
    /// Microseconds since 1970.
    pub(crate) sent_us: i64,
}

const OWNER: &[u8] = b"\"bench/space-";
const NUMBER: &[u8] = b"\"rx_bps\":";
const SENT: &[u8] = b"\"tx_bps\":";
/// What is sent to one client alone, when it begins: the newest of what went before.
const ASIDE: &[u8] = b"{\"seq\":0,";
/// What tells that events were lost to the client, in the new form and in the old.
const RESYNC: [&[u8]; 2] = [b"\"type\":\"resync\"", b"event: resync"];

/// What a line of a stream says.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Line {
    /// A report.
    Report(Stamp),
    /// Events were lost.
    Resync,
    /// Anything else.
    Other,
}

/// Reads one line.
pub(crate) fn read(line: &[u8]) -> Line {
    let Some(data) = line.strip_prefix(b"data: ") else {
        return if line.starts_with(RESYNC[1]) { Line::Resync } else { Line::Other };
    };
    if data.starts_with(ASIDE) {
        return if find(data, RESYNC[0]).is_some() { Line::Resync } else { Line::Other };
    }
    match stamp(data) {
        Some(stamp) => Line::Report(stamp),
        None => Line::Other,
    }
}

fn stamp(data: &[u8]) -> Option<Stamp> {
    let data = &data[find(data, OWNER)? + OWNER.len()..];
    let space = whole(data)?;
    let data = &data[find(data, NUMBER)? + NUMBER.len()..];
    let number = whole(data)?;
    let data = &data[find(data, SENT)? + SENT.len()..];
    Some(Stamp {
        space: usize::try_from(space).ok()?,
        number,
        sent_us: i64::try_from(whole(data)?).ok()?,
    })
}

/// Reads digits up to whatever follows them.
fn whole(text: &[u8]) -> Option<u64> {
    let digits = text.iter().take_while(|byte| byte.is_ascii_digit());
    let value =
        digits.fold(0u64, |sum, digit| sum.wrapping_mul(10).wrapping_add(u64::from(digit - b'0')));
    text.first().is_some_and(u8::is_ascii_digit).then_some(value)
}

fn find(text: &[u8], wanted: &[u8]) -> Option<usize> {
    let first = *wanted.first()?;
    let mut from = 0;
    loop {
        let at = from + text.get(from..)?.iter().position(|byte| *byte == first)?;
        if text[at..].starts_with(wanted) {
            return Some(at);
        }
        from = at + 1;
    }
}

/// Cuts a stream that arrives in pieces into lines.
#[derive(Debug, Default)]
pub(crate) struct Lines {
    begun: Vec<u8>,
}

impl Lines {
    /// Hands over each line that the piece ends.
    pub(crate) fn feed(&mut self, piece: &[u8], mut line: impl FnMut(&[u8])) {
        let mut rest = piece;
        while let Some(at) = rest.iter().position(|byte| *byte == b'\n') {
            let (head, tail) = rest.split_at(at);
            if self.begun.is_empty() {
                line(head);
            } else {
                self.begun.extend_from_slice(head);
                line(&self.begun);
                self.begun.clear();
            }
            rest = &tail[1..];
        }
        self.begun.extend_from_slice(rest);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NEW: &str = r#"data: {"seq":7,"at":"2026-11-23T00:00:00Z","event":{"type":"metrics","data":{"space":"bench/space-0042","point":{"cpu_pct":1.5,"rx_bps":17.0,"tx_bps":1795392000123456.0}}}}"#;
    const OLD: &str = r#"data: {"repoId":"bench/space-0042","metrics":{"cpu_usage_pct":1.5,"rx_bps":17.0,"tx_bps":1795392000123456.0,"replica":"a"}}"#;

    #[test]
    fn both_forms_of_a_report_are_read() {
        let stamp = Stamp { space: 42, number: 17, sent_us: 1_795_392_000_123_456 };
        assert_eq!(read(NEW.as_bytes()), Line::Report(stamp));
        assert_eq!(read(OLD.as_bytes()), Line::Report(stamp));
    }

    #[test]
    fn both_forms_of_a_resync_are_read_and_the_newest_of_before_is_no_report() {
        let new = br#"data: {"seq":0,"at":"","event":{"type":"resync","data":{"missed":3}}}"#;
        assert_eq!(read(new), Line::Resync);
        assert_eq!(read(b"event: resync"), Line::Resync);
        assert_eq!(read(NEW.replace("\"seq\":7", "\"seq\":0").as_bytes()), Line::Other);
        assert_eq!(read(b": keep-alive"), Line::Other);
    }

    #[test]
    fn lines_are_whole_however_they_are_cut() {
        let text = b"id: 1\ndata: one\n\nid: 2\ndata: two\n\n";
        for size in 1..text.len() {
            let (mut lines, mut all) = (Lines::default(), Vec::new());
            for piece in text.chunks(size) {
                lines.feed(piece, |line| all.push(String::from_utf8_lossy(line).into_owned()));
            }
            assert_eq!(all, ["id: 1", "data: one", "", "id: 2", "data: two", ""], "{size}");
        }
    }
}
