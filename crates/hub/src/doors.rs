//! The two hosts that serve the same stream: the Hub, documented, and the host that the Hub's own
//! pages use. Which of them works is learnt for each account, since one of them may want a token.

use std::sync::atomic::{AtomicU8, Ordering};

use futures::{StreamExt, stream::BoxStream};
use hfsm_model::SpaceId;
use tokio::time::Instant;

use crate::{
    Error, Gateway, Refusal,
    sse::Frame,
    stream::{SseStream, error_in},
};

/// One of the two hosts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Door {
    Hub,
    Live,
}

impl Door {
    const ALL: [Self; 2] = [Self::Hub, Self::Live];

    fn other(self) -> Self {
        match self {
            Self::Hub => Self::Live,
            Self::Live => Self::Hub,
        }
    }

    fn remembered(memory: &AtomicU8) -> Option<Self> {
        let number = memory.load(Ordering::Relaxed);
        Self::ALL.into_iter().find(|&door| door as u8 + 1 == number)
    }

    /// Keeps that this door works. A first choice that has worked once stays: a single Space for
    /// which it is shut says nothing of the others.
    fn remember(self, memory: &AtomicU8, first_choice: Self) {
        if Self::remembered(memory) != Some(first_choice) {
            memory.store(self as u8 + 1, Ordering::Relaxed);
        }
    }
}

/// What is streamed by both hosts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Source {
    Metrics,
    Events,
}

impl Source {
    fn memory(self, gateway: &Gateway) -> &AtomicU8 {
        match self {
            Self::Metrics => &gateway.account.metrics_door,
            Self::Events => &gateway.account.events_door,
        }
    }

    /// The door that is tried before anything is known. Metrics of many Spaces through the Hub's
    /// own door would use up its rate budget, which the other host does not count against.
    fn first_choice(self) -> Door {
        match self {
            Self::Metrics => Door::Live,
            Self::Events => Door::Hub,
        }
    }

    async fn open(self, gateway: &Gateway, id: &SpaceId, door: Door) -> Result<SseStream, Error> {
        let url = match (self, door) {
            (Self::Metrics, Door::Hub) => gateway.space_url(id, "/metrics"),
            (Self::Metrics, Door::Live) => gateway.live_url(&format!("/v1/{id}/live-metrics/sse")),
            (Self::Events, Door::Hub) => gateway.space_url(id, "/events"),
            (Self::Events, Door::Live) => gateway.live_url(&format!("/v1/{id}/sse")),
        };
        let silence = gateway.account.hub.config().stream_silence;
        gateway.open(url, id, silence, door == Door::Hub).await
    }
}

/// A stream through whichever door works.
pub(crate) struct EitherStream {
    gateway: Gateway,
    id: SpaceId,
    source: Source,
    stream: SseStream,
    door: Door,
    /// Until when the first door has to bring something; `None` once that is settled.
    grace: Option<Instant>,
    may_switch: bool,
}

impl EitherStream {
    pub(crate) async fn open(
        gateway: &Gateway,
        id: &SpaceId,
        source: Source,
    ) -> Result<Self, Error> {
        let remembered = Door::remembered(source.memory(gateway));
        let mut door = remembered.unwrap_or(source.first_choice());
        let mut may_switch = true;
        let stream = match source.open(gateway, id, door).await {
            Ok(stream) => stream,
            Err(first) if is_shut(&first) => {
                door = door.other();
                may_switch = false;
                source.open(gateway, id, door).await.map_err(|second| {
                    // The Hub's own word on a missing Space is worth more.
                    let (hub, live) =
                        if door == Door::Hub { (second, first) } else { (first, second) };
                    let strange = matches!(hub, Error::Unexpected { .. });
                    if is_shut(&hub) && strange { live } else { hub }
                })?
            }
            Err(error) => return Err(error),
        };
        let grace = gateway.account.hub.config().metrics_grace;
        let grace = (remembered.is_none() && may_switch && source == Source::Metrics)
            .then(|| Instant::now() + grace);
        Ok(Self {
            gateway: gateway.clone(),
            id: id.clone(),
            source,
            stream,
            door,
            grace,
            may_switch,
        })
    }

    /// Waits for the next event. `None` is the end; after an error there is nothing more.
    pub(crate) async fn next(&mut self) -> Option<Result<(String, String), Error>> {
        loop {
            let frame = match self.grace {
                None => self.stream.next().await?,
                Some(until) => match tokio::time::timeout_at(until, self.stream.next()).await {
                    Ok(frame) => frame?,
                    Err(_) => {
                        // Silence may be the Space's; then the other door is as good.
                        self.switch().await;
                        continue;
                    }
                },
            };
            let (name, data) = match frame {
                Ok(Frame::Event { name, data }) => (name, data),
                Ok(Frame::Comment) => continue,
                Ok(Frame::Stray(line)) => (String::new(), line),
                Err(error) => return Some(Err(error)),
            };
            let Some(message) = error_in(&data) else { return Some(Ok((name, data))) };
            if self.may_switch && self.switch().await {
                continue;
            }
            return Some(Err(self.error(message)));
        }
    }

    /// Says that this door has brought what was wanted.
    pub(crate) fn proven(&mut self) {
        self.grace = None;
        self.may_switch = false;
        self.door.remember(self.source.memory(&self.gateway), self.source.first_choice());
    }

    async fn switch(&mut self) -> bool {
        self.grace = None;
        self.may_switch = false;
        let other = self.door.other();
        match self.source.open(&self.gateway, &self.id, other).await {
            Ok(stream) => {
                self.stream = stream;
                self.door = other;
                true
            }
            Err(_) => false,
        }
    }

    fn error(&self, message: String) -> Error {
        let refusal =
            Refusal { space: Some(self.id.clone()), message: Some(message), ..Refusal::default() };
        if refusal.message.as_deref() == Some("NOT_FOUND") {
            Error::SpaceNotFound(refusal)
        } else {
            Error::StreamUnavailable(refusal)
        }
    }
}

/// Whether the other door may still be open.
fn is_shut(error: &Error) -> bool {
    match error {
        Error::SpaceNotFound(_) | Error::SignInNeeded(_) => true,
        Error::Unexpected { refusal, .. } => matches!(refusal.status, Some(200 | 404 | 405 | 501)),
        Error::Unavailable { status, .. } => *status == 501,
        _ => false,
    }
}

/// Makes a stream of a future that gives one item after another; it ends after an error.
pub(crate) fn stream_of<S, T, F>(
    state: S,
    next: impl Fn(S) -> F + Send + 'static,
) -> BoxStream<'static, Result<T, Error>>
where
    S: Send + 'static,
    T: Send + 'static,
    F: Future<Output = Option<(Result<T, Error>, S)>> + Send + 'static,
{
    futures::stream::unfold(Some(state), move |state| {
        let step = state.map(&next);
        async move {
            let (item, state) = step?.await?;
            let state = item.is_ok().then_some(state);
            Some((item, state))
        }
    })
    .boxed()
}
