//! Server-sent events: from chunks of bytes, cut anywhere, to frames.
//!
//! A decoder of our own, since of the libraries looked at in November 2026 (`eventsource-stream`
//! 0.2.3, `sse-stream` 0.3.0, `sse-codec` 0.3.3; `eventsource-client` 0.17 comes with a transport and
//! reconnecting of its own) none bounds a line or an event, and none shows a line that is no field,
//! which the Hub uses to say `{"error":"NOT_FOUND"}` in the middle of a stream.

/// The longest line and the longest event that are kept; what is beyond is cut off, with a mark.
pub const LIMIT: usize = 1 << 20;

/// What stands at the end of a text that was cut.
pub const CUT: &str = "… [cut]";

/// One thing that a stream said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Frame {
    /// An event. An empty one is a sign of life.
    Event {
        /// Its name; empty for the default, `message`.
        name: String,
        /// Its data, lines joined by `\n`.
        data: String,
    },
    /// A comment: a sign of life.
    Comment,
    /// A line that is no field of an event, such as a JSON object.
    Stray(String),
}

/// Turns bytes into frames; holds no more than one line and one event.
///
/// Lines end in LF, CR or CRLF; a byte order mark at the start is skipped; bytes that are no UTF-8
/// become replacement characters. The end of the input is told by dropping the decoder: an event
/// that has not ended by then never happened.
#[derive(Debug, Default)]
pub struct Decoder {
    line: Vec<u8>,
    /// The line at hand is longer than [`LIMIT`].
    line_cut: bool,
    /// The last byte was a CR, so an LF now belongs to it.
    after_cr: bool,
    /// The first line has been read.
    begun: bool,
    name: String,
    data: String,
    has_data: bool,
    data_cut: bool,
}

impl Decoder {
    /// Takes a chunk and gives each frame that it completes to `sink`.
    pub fn feed(&mut self, mut bytes: &[u8], mut sink: impl FnMut(Frame)) {
        while let Some(&first) = bytes.first() {
            if std::mem::take(&mut self.after_cr) && first == b'\n' {
                bytes = &bytes[1..];
                continue;
            }
            let end = bytes.iter().position(|byte| matches!(byte, b'\n' | b'\r'));
            let Some(end) = end else {
                self.keep(bytes);
                return;
            };
            self.keep(&bytes[..end]);
            self.after_cr = bytes[end] == b'\r';
            bytes = &bytes[end + 1..];
            self.end_line(&mut sink);
        }
    }

    /// Returns the beginning of the line that has not ended yet.
    pub fn unfinished(&self) -> &[u8] {
        &self.line
    }

    fn keep(&mut self, part: &[u8]) {
        let room = LIMIT - self.line.len();
        self.line_cut |= part.len() > room;
        self.line.extend_from_slice(&part[..part.len().min(room)]);
    }

    fn end_line(&mut self, sink: &mut impl FnMut(Frame)) {
        let mut line = std::mem::take(&mut self.line);
        let cut = std::mem::take(&mut self.line_cut);
        let mark = if std::mem::replace(&mut self.begun, true) { 0 } else { bom(&line) };
        self.read_line(&line[mark..], cut, sink);
        line.clear();
        if line.capacity() <= 64 << 10 {
            self.line = line;
        }
    }

    fn read_line(&mut self, line: &[u8], cut: bool, sink: &mut impl FnMut(Frame)) {
        if line.is_empty() {
            self.end_event(sink);
            return;
        }
        let colon = line.iter().position(|&byte| byte == b':');
        let (field, value) = match colon {
            Some(0) => {
                sink(Frame::Comment);
                return;
            }
            Some(at) => (&line[..at], line[at + 1..].strip_prefix(b" ").unwrap_or(&line[at + 1..])),
            None => (line, &b""[..]),
        };
        match field {
            b"data" => self.add_data(value, cut),
            b"event" => self.name = lossy(value, cut),
            // Reconnecting is decided elsewhere, and the Hub resumes nothing by them.
            b"id" | b"retry" => {}
            _ => sink(Frame::Stray(lossy(line, cut))),
        }
    }

    fn add_data(&mut self, value: &[u8], cut: bool) {
        if self.has_data && !self.data_cut {
            self.data.push('\n');
        }
        self.has_data = true;
        if self.data_cut {
            return;
        }
        let room = LIMIT.saturating_sub(self.data.len());
        if value.len() > room {
            self.data_cut = true;
            self.data.push_str(&lossy(&value[..room], true));
        } else {
            self.data_cut = cut;
            self.data.push_str(&lossy(value, cut));
        }
    }

    fn end_event(&mut self, sink: &mut impl FnMut(Frame)) {
        let (name, data) = (std::mem::take(&mut self.name), std::mem::take(&mut self.data));
        self.data_cut = false;
        if std::mem::take(&mut self.has_data) {
            sink(Frame::Event { name, data });
        }
    }
}

fn bom(line: &[u8]) -> usize {
    if line.starts_with("\u{feff}".as_bytes()) { 3 } else { 0 }
}

fn lossy(bytes: &[u8], cut: bool) -> String {
    if !cut {
        return String::from_utf8_lossy(bytes).into_owned();
    }
    // The cut may have gone through a character.
    let whole =
        bytes.iter().rev().take(3).position(|byte| byte & 0xC0 != 0x80).map_or(bytes, |back| {
            let start = bytes.len() - 1 - back;
            if std::str::from_utf8(&bytes[start..]).is_ok() { bytes } else { &bytes[..start] }
        });
    format!("{}{CUT}", String::from_utf8_lossy(whole))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const RECORDED: &str = "\u{feff}: keep-alive\r\n\r\nevent: metric\r\ndata: {\"cpu_usage_pct\":12.4,\
        \"replica\":\"j6qz9\"}\r\n\r\nevent: stage\ndata: RUNNING\n\ndata:\n\nevent: metric\rdata: a\rdata:  \
        b\r\rid: 7\nretry: 10\ndata\n\n{\"error\":\"NOT_FOUND\"}\ndata: caf\u{e9} \u{1f600} ==\n\nevent: nothing\n\n\
        :\ndata: unfinished";

    fn event(name: &str, data: &str) -> Frame {
        Frame::Event { name: name.to_owned(), data: data.to_owned() }
    }

    fn decode<'a>(chunks: impl IntoIterator<Item = &'a [u8]>) -> Vec<Frame> {
        let mut decoder = Decoder::default();
        let mut frames = Vec::new();
        for chunk in chunks {
            decoder.feed(chunk, |frame| frames.push(frame));
        }
        frames
    }

    fn expected() -> Vec<Frame> {
        vec![
            Frame::Comment,
            event("metric", r#"{"cpu_usage_pct":12.4,"replica":"j6qz9"}"#),
            event("stage", "RUNNING"),
            event("", ""),
            event("metric", "a\n b"),
            event("", ""),
            Frame::Stray(r#"{"error":"NOT_FOUND"}"#.to_owned()),
            event("", "caf\u{e9} \u{1f600} =="),
            Frame::Comment,
        ]
    }

    #[test]
    fn a_stream_in_one_piece_is_read() {
        assert_eq!(decode([RECORDED.as_bytes()]), expected());
    }

    #[test]
    fn a_stream_byte_by_byte_is_read_the_same() {
        assert_eq!(decode(RECORDED.as_bytes().chunks(1)), expected());
    }

    #[test]
    fn a_stream_cut_in_two_anywhere_is_read_the_same() {
        for at in 0..=RECORDED.len() {
            let (head, tail) = RECORDED.as_bytes().split_at(at);
            assert_eq!(decode([head, tail]), expected(), "cut at {at}");
        }
    }

    proptest! {
        #[test]
        fn however_a_stream_is_cut_it_is_read_the_same(
            mut cuts in prop::collection::vec(0..=RECORDED.len(), 0..40),
        ) {
            cuts.extend([0, RECORDED.len()]);
            cuts.sort_unstable();
            let bytes = RECORDED.as_bytes();
            prop_assert_eq!(decode(cuts.windows(2).map(|cut| &bytes[cut[0]..cut[1]])), expected());
        }

        #[test]
        fn any_bytes_cut_anyhow_are_read_as_in_one_piece(
            bytes in prop::collection::vec(
                prop_oneof![
                    4 => prop::sample::select(b"\r\n: ad\xef\xbb\xbf\xf0\x9f".to_vec()),
                    1 => any::<u8>(),
                ],
                0..300,
            ),
            size in 1_usize..20,
        ) {
            prop_assert_eq!(decode(bytes.chunks(size)), decode([&bytes[..]]));
        }

        #[test]
        fn what_is_written_is_read(
            events in prop::collection::vec(("[a-z]{0,8}", "[^\r]{0,60}"), 0..10),
            end in prop::sample::select(vec!["\n", "\r", "\r\n"]),
        ) {
            let mut text = String::new();
            for (name, data) in &events {
                text += &format!("event: {name}{end}");
                for line in data.split('\n') {
                    text += &format!("data: {line}{end}");
                }
                text += end;
            }
            let written: Vec<_> = events.iter().map(|(name, data)| event(name, data)).collect();
            prop_assert_eq!(decode(text.as_bytes().chunks(7)), written);
        }
    }

    #[test]
    fn an_endless_line_is_cut_with_a_mark_and_the_next_event_is_whole() {
        let mut decoder = Decoder::default();
        let mut frames = Vec::new();
        decoder.feed(b"data: ", |frame| frames.push(frame));
        for _ in 0..5000 {
            decoder.feed("\u{e9}".repeat(1000).as_bytes(), |frame| frames.push(frame));
            assert!(decoder.line.len() <= LIMIT && decoder.line.capacity() <= 2 * LIMIT);
        }
        decoder.feed(b"\n\ndata: next\n\n", |frame| frames.push(frame));
        let [Frame::Event { data, .. }, next] = &frames[..] else { panic!("{}", frames.len()) };
        assert!(data.ends_with(CUT) && data.len() <= LIMIT + CUT.len());
        assert!(
            data.trim_end_matches(CUT).chars().all(|c| c == '\u{e9}'),
            "cut between characters"
        );
        assert_eq!(*next, event("", "next"));
    }

    #[test]
    fn an_endless_event_is_cut_with_a_mark() {
        let mut decoder = Decoder::default();
        let mut frames = Vec::new();
        for _ in 0..5000 {
            decoder.feed(format!("data: {}\n", "x".repeat(1000)).as_bytes(), |frame| {
                frames.push(frame)
            });
            assert!(decoder.data.len() <= LIMIT + CUT.len() + 1);
        }
        decoder.feed(b"\ndata: next\n\n", |frame| frames.push(frame));
        assert!(matches!(&frames[0], Frame::Event { data, .. } if data.ends_with(CUT)));
        assert_eq!(frames[1..], [event("", "next")]);
    }
}
