//! The logs of a Space: first what there is, then what comes.

use std::{
    collections::VecDeque,
    fmt,
    pin::Pin,
    task::{Context, Poll},
};

use chrono::{DateTime, Utc};
use futures::{Stream, stream::BoxStream};
use hfsm_model::{LogKind, LogLine, SpaceId};
use serde_json::Value;

use crate::{
    Error, Gateway, Refusal, doors::stream_of, sse::Frame, stream::SseStream, stream::error_in,
    wire,
};

/// One thing that a log stream says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LogEvent {
    /// A line.
    Line(LogLine),
    /// Nothing new, but the stream lives.
    KeepAlive,
}

/// A log: replayed from the beginning of the present run or build, then live. It has no end of its
/// own; it ends when the Hub closes it, and after an error. Dropping it closes the connection.
pub struct LogStream {
    answered_at: Option<DateTime<Utc>>,
    events: BoxStream<'static, Result<LogEvent, Error>>,
}

impl LogStream {
    /// Returns when the Hub answered, by its own clock. A line that is later than a second after
    /// it was not in the log yet: to print a log and stop, stop there, or after some silence.
    pub fn answered_at(&self) -> Option<DateTime<Utc>> {
        self.answered_at
    }
}

impl Stream for LogStream {
    type Item = Result<LogEvent, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.events.as_mut().poll_next(cx)
    }
}

impl fmt::Debug for LogStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LogStream").field("answered_at", &self.answered_at).finish_non_exhaustive()
    }
}

impl Gateway {
    /// Opens one of a Space's logs, with its last `tail` lines or all that the Hub keeps.
    ///
    /// # Errors
    /// See [`Error`]; the token needs write access to the Space.
    pub async fn logs(
        &self,
        id: &SpaceId,
        kind: LogKind,
        tail: Option<u32>,
    ) -> Result<LogStream, Error> {
        let mut url = self.space_url(id, &format!("/logs/{}", kind.as_str()));
        if let Some(tail) = tail {
            url.query_pairs_mut().append_pair("tail", &tail.to_string());
        }
        let stream = self.open(url, id, self.account.hub.config().log_silence, true).await?;
        let answered_at = stream.answered_at();
        let log = Log { stream, lines: VecDeque::new(), space: id.clone() };
        let events = stream_of(log, |mut log| async move {
            let item = log.next().await?;
            Some((item, log))
        });
        Ok(LogStream { answered_at, events })
    }
}

struct Log {
    stream: SseStream,
    lines: VecDeque<LogLine>,
    space: SpaceId,
}

impl Log {
    async fn next(&mut self) -> Option<Result<LogEvent, Error>> {
        loop {
            if let Some(line) = self.lines.pop_front() {
                return Some(Ok(LogEvent::Line(line)));
            }
            let data = match self.stream.next().await? {
                Ok(Frame::Event { data, .. } | Frame::Stray(data)) => data,
                Ok(Frame::Comment) => return Some(Ok(LogEvent::KeepAlive)),
                Err(error) => return Some(Err(error)),
            };
            if !data.starts_with('{') {
                return Some(Ok(LogEvent::KeepAlive));
            }
            if let Some(message) = error_in(&data) {
                return Some(Err(self.error(message)));
            }
            self.lines.extend(lines(&data));
        }
    }

    fn error(&self, message: String) -> Error {
        let refusal = Refusal {
            space: Some(self.space.clone()),
            message: Some(message),
            ..Refusal::default()
        };
        if refusal.message.as_deref() == Some("NOT_FOUND") {
            Error::SpaceNotFound(refusal)
        } else {
            Error::StreamUnavailable(refusal)
        }
    }
}

/// Reads the lines of one event. One that is cut or strange is shown as it came.
fn lines(data: &str) -> Vec<LogLine> {
    let Ok(value) = serde_json::from_str::<Value>(data) else {
        return vec![LogLine { at: None, text: data.to_owned() }];
    };
    let at = wire::time(&value, "timestamp");
    let Some(text) = wire::text(&value, "data") else { return Vec::new() };
    let text = text.strip_suffix('\n').unwrap_or(&text);
    let line =
        |line: &str| LogLine { at, text: line.strip_suffix('\r').unwrap_or(line).to_owned() };
    text.split('\n').map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(data: &str) -> Vec<String> {
        lines(data).into_iter().map(|line| line.text).collect()
    }

    #[test]
    fn an_event_is_a_line_or_several_and_keeps_its_colours() {
        let first = r#"{"data":"===== Application Startup =====\n","timestamp":"2026-07-07T08:54:32.123456789Z"}"#;
        assert_eq!(lines(first)[0].at.unwrap().timestamp_subsec_nanos(), 123_456_789);
        assert_eq!(texts(first), ["===== Application Startup ====="]);
        assert_eq!(texts(r#"{"data":"\n","timestamp":"x"}"#), [""]);
        assert_eq!(texts(r#"{"data":"a\r\nb\u001b[31m\n"}"#), ["a", "b\u{1b}[31m"]);
        assert_eq!(texts(r#"{"data":"no end"}"#), ["no end"]);
        assert_eq!(texts(r#"{"timestamp":"x"}"#), Vec::<String>::new());
        assert_eq!(texts("{\"data\":\"cut… [cut]"), ["{\"data\":\"cut… [cut]"]);
    }
}
