//! How the events of a stream become the bytes on the wire: whole and at once, unless faults say otherwise.

use std::collections::VecDeque;
use std::time::Duration;

use bytes::{Bytes, BytesMut};

use crate::faults::Fault;

/// How a stream goes on after an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Course {
    /// As usual.
    On,
    /// Never another byte.
    Stalled,
    /// It is over; `clean` if nothing shows that it was broken off.
    Over { clean: bool },
}

/// Turns events into chunks.
#[derive(Debug, Default)]
pub(crate) struct Shaper {
    faults: Vec<Fault>,
    events: u64,
    held_back: BytesMut,
    held_events: usize,
    ready: VecDeque<Bytes>,
    /// Whether there are several chunks to send that must not be sent in one.
    pub(crate) in_pieces: bool,
}

impl Shaper {
    /// From now on these faults apply.
    pub(crate) fn obey(&mut self, faults: Vec<Fault>) {
        self.in_pieces = faults.iter().any(|fault| matches!(fault, Fault::Chunks { .. }));
        self.faults = faults;
    }

    /// How long the stream may live.
    pub(crate) fn life(&self) -> Option<Duration> {
        self.faults.iter().find_map(|fault| match fault {
            Fault::CloseEvery { ms } => Some(Duration::from_millis(*ms)),
            _ => None,
        })
    }

    /// The next chunk that is ready to be sent.
    pub(crate) fn next(&mut self) -> Option<Bytes> {
        self.ready.pop_front()
    }

    /// How the stream stands before anything more is sent.
    pub(crate) fn course(&self) -> Course {
        for fault in &self.faults {
            match fault {
                Fault::Stall { after } if self.events >= *after => return Course::Stalled,
                Fault::Cut { after, mid_event: false, clean } if self.events >= *after => {
                    return Course::Over { clean: *clean };
                }
                _ => {}
            }
        }
        Course::On
    }

    /// Takes an event in; says how it goes on after what is ready.
    pub(crate) fn take(&mut self, event: Bytes) -> Course {
        if self.faults.is_empty() {
            self.events += 1;
            self.ready.push_back(event);
            return Course::On;
        }
        match self.course() {
            Course::On => {}
            course @ (Course::Stalled | Course::Over { .. }) => return course,
        }
        let event = self.spelled(event);
        for fault in &self.faults {
            if let Fault::Cut { after, mid_event: true, clean } = fault
                && self.events >= *after
            {
                self.ready.push_back(event.slice(..event.len() / 2));
                return Course::Over { clean: *clean };
            }
        }
        self.events += 1;
        self.send(event);
        Course::On
    }

    fn spelled(&self, event: Bytes) -> Bytes {
        let comments = self.faults.contains(&Fault::Comments);
        let crlf = self.faults.contains(&Fault::Crlf);
        if !comments && !crlf {
            return event;
        }
        let mut text = String::from_utf8_lossy(&event).into_owned();
        if comments {
            text = format!(
                ": between events\n\n:inside one\n{}",
                text.replacen("\ndata:", "\n: and here\ndata:", 1)
            );
        }
        if crlf {
            text = text.replace('\n', "\r\n");
        }
        Bytes::from(text)
    }

    fn send(&mut self, event: Bytes) {
        let together = self.faults.iter().find_map(|fault| match fault {
            Fault::Coalesce { events } => Some(*events),
            _ => None,
        });
        let event = match together {
            None => event,
            Some(events) => {
                self.held_back.extend_from_slice(&event);
                self.held_events += 1;
                if self.held_events < events {
                    return;
                }
                self.held_events = 0;
                self.held_back.split().freeze()
            }
        };
        let size = self.faults.iter().find_map(|fault| match fault {
            Fault::Chunks { bytes } => Some((*bytes).max(1)),
            _ => None,
        });
        match size {
            None => self.ready.push_back(event),
            Some(size) => {
                self.ready.extend(
                    (0..event.len())
                        .step_by(size)
                        .map(|start| event.slice(start..event.len().min(start + size))),
                );
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shaped(faults: Vec<Fault>, events: &[&'static str]) -> (Vec<Bytes>, Course) {
        let mut shaper = Shaper::default();
        shaper.obey(faults);
        let mut course = Course::On;
        for event in events {
            course = shaper.take(Bytes::from_static(event.as_bytes()));
        }
        (std::iter::from_fn(|| shaper.next()).collect(), course)
    }

    #[test]
    fn without_faults_an_event_is_one_chunk() {
        let (chunks, course) = shaped(Vec::new(), &["data: a\n\n", "data: b\n\n"]);
        assert_eq!(chunks, ["data: a\n\n", "data: b\n\n"]);
        assert_eq!(course, Course::On);
    }

    #[test]
    fn chunks_cut_anywhere_also_inside_a_character() {
        let (chunks, _) = shaped(vec![Fault::Chunks { bytes: 1 }], &["data: é\n\n"]);
        assert!(chunks.iter().all(|chunk| chunk.len() == 1));
        assert!(chunks.iter().any(|chunk| std::str::from_utf8(chunk).is_err()));
        assert_eq!(chunks.concat(), "data: é\n\n".as_bytes());
    }

    #[test]
    fn coalesced_events_arrive_together() {
        let (chunks, _) = shaped(vec![Fault::Coalesce { events: 2 }], &["a\n\n", "b\n\n", "c\n\n"]);
        assert_eq!(chunks, ["a\n\nb\n\n"]);
    }

    #[test]
    fn a_cut_in_mid_event_sends_half_of_it() {
        let (chunks, course) = shaped(
            vec![Fault::Cut { after: 1, mid_event: true, clean: false }],
            &["data: 1\n\n", "data: 22\n\n"],
        );
        assert_eq!(chunks, ["data: 1\n\n", "data:"]);
        assert_eq!(course, Course::Over { clean: false });
    }

    #[test]
    fn a_stall_lets_the_first_events_through() {
        let (chunks, course) = shaped(vec![Fault::Stall { after: 1 }], &["a\n\n", "b\n\n"]);
        assert_eq!(chunks, ["a\n\n"]);
        assert_eq!(course, Course::Stalled);
    }

    #[test]
    fn comments_and_crlf_change_the_spelling_only() {
        let (chunks, _) =
            shaped(vec![Fault::Comments, Fault::Crlf], &["event: metric\ndata: {}\n\n"]);
        let text = String::from_utf8(chunks.concat()).unwrap();
        assert!(text.contains("\r\n: and here\r\ndata: {}\r\n\r\n"));
        assert_eq!(text.matches('\n').count(), text.matches("\r\n").count());
    }
}
