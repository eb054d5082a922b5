//! Any bytes, cut anyhow, decode as they do in one piece, and never into more than they were.

#![no_main]

use libfuzzer_sys::fuzz_target;
use sse::{CUT, Decoder, Frame, LIMIT};

// The file alone, and not the crate with all that it depends on: this builds in seconds.
#[path = "../../src/sse.rs"]
mod sse;

fn decode<'a>(chunks: impl IntoIterator<Item = &'a [u8]>) -> Vec<Frame> {
    let mut decoder = Decoder::default();
    let mut frames = Vec::new();
    for chunk in chunks {
        decoder.feed(chunk, |frame| frames.push(frame));
        assert!(decoder.unfinished().len() <= LIMIT);
    }
    frames
}

fuzz_target!(|input: (u8, &[u8])| {
    let (size, bytes) = input;
    let whole = decode([bytes]);
    assert_eq!(decode(bytes.chunks(usize::from(size).max(1))), whole);
    for frame in &whole {
        let (Frame::Event { data: text, .. } | Frame::Stray(text)) = frame else { continue };
        // A byte that is no UTF-8 becomes a character of three.
        assert!(text.len() <= (LIMIT * 3) + CUT.len());
    }
});
