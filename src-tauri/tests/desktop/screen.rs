//! What a person sees, read from the screen's own memory: asking the program would slow it down.

use std::{
    fs::File,
    os::unix::fs::FileExt as _,
    thread,
    time::{Duration, Instant},
};

use crate::session::Session;

/// How often the screen is looked at.
const INTERVAL: Duration = Duration::from_millis(10);
/// Every so many pixels one is looked at, in both directions.
const STEP: u32 = 4;
/// How much of the last picture must be there for it to count as shown: a number may change.
const LIKE_THE_LAST: f64 = 0.98;

/// Looks at the screen from `begun` on, for `time`, and returns when it showed for good what it
/// shows in the end.
pub(crate) fn complete_after(session: &Session, begun: Instant, time: Duration) -> Duration {
    let screen = Screen::open(session);
    let mut pictures: Vec<(Duration, Vec<u32>)> = Vec::new();
    while begun.elapsed() < time {
        let picture = screen.picture();
        let is_new = pictures.last().is_none_or(|(_, last)| *last != picture);
        if is_new {
            pictures.push((begun.elapsed(), picture));
        }
        thread::sleep(INTERVAL);
    }
    let (_, last) = pictures.last().expect("the screen was looked at");
    let complete = pictures.iter().rev().take_while(|(_, picture)| alike(picture, last));
    complete.last().map_or(time, |(at, _)| *at)
}

fn alike(one: &[u32], other: &[u32]) -> bool {
    let same = one.iter().zip(other).filter(|(one, other)| one == other).count();
    same as f64 >= LIKE_THE_LAST * one.len() as f64
}

/// The memory of the screen: a header of big-endian numbers, the colours, and the pixels.
struct Screen {
    file: File,
    pixels: u64,
    row: u64,
    width: u32,
    height: u32,
}

impl Screen {
    fn open(session: &Session) -> Self {
        let file = File::open(session.picture()).unwrap();
        let number = |index: u64| {
            let mut bytes = [0; 4];
            file.read_exact_at(&mut bytes, index * 4).unwrap();
            u32::from_be_bytes(bytes)
        };
        let (header, width, height, row, colours) =
            (number(0), number(4), number(5), number(12), number(19));
        let pixels = u64::from(header) + u64::from(colours) * 12;
        Self { file, pixels, row: u64::from(row), width, height }
    }

    fn picture(&self) -> Vec<u32> {
        let mut picture = Vec::new();
        let mut row = vec![0; self.width as usize * 4];
        for line in (0..self.height).step_by(STEP as usize) {
            self.file.read_exact_at(&mut row, self.pixels + u64::from(line) * self.row).unwrap();
            let pixels = row.chunks_exact(4).step_by(STEP as usize);
            picture.extend(pixels.map(|pixel| u32::from_ne_bytes(pixel.try_into().unwrap())));
        }
        picture
    }
}
