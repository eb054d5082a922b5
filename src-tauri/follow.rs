//! What happens in the fleet that is shown, told outside of the page: in the tray, by
//! notifications, by the badge.

use std::time::Duration;

use hfsm_core::events::{EventReader, Received};
use hfsm_model::{Event, Notice};
use tokio::{
    sync::watch,
    time::{Instant, MissedTickBehavior},
};

use crate::{
    badge,
    desktop::{Desktop, Shown},
    notifications, paths, tray, words,
};

/// The tray changes at most so often.
const PACE: Duration = Duration::from_secs(1);
/// Lines of the tray say since when, so they grow old.
const AGE: Duration = Duration::from_secs(30);

/// Follows the fleet that is shown, until the program ends. Hears what happens from now on.
pub(crate) fn begin(desktop: &Desktop) {
    let mut shown = desktop.follow_shown();
    let first = overhear(&shown.borrow_and_update());
    let following = desktop.clone();
    desktop.spawn("tell what happens", async move {
        let mut reader = first;
        loop {
            follow(&following, &mut reader, &mut shown).await;
            reader = overhear(&shown.borrow_and_update());
        }
    });
}

fn overhear(shown: &Shown) -> EventReader {
    shown.fleet.events().overhear()
}

/// Follows one fleet, until another one is shown.
async fn follow(desktop: &Desktop, reader: &mut EventReader, shown: &mut watch::Receiver<Shown>) {
    let mut aging = tokio::time::interval(AGE);
    aging.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut updated = Instant::now();
    refresh(desktop);
    let mut stale = false;
    loop {
        let due = tokio::time::sleep_until(updated + PACE);
        tokio::select! {
            // The sender is the desktop's own, which this task holds.
            _ = shown.changed() => return,
            received = reader.next() => match received {
                Some(Received::Batch(batch)) => for frame in reader.wanted(&batch) {
                    match &frame.envelope.event {
                        Event::Notice(notice) => tell(desktop, notice),
                        event => stale |= counts(event),
                    }
                },
                Some(Received::Missed(_)) => stale = true,
                // This fleet has ended; another one may be shown.
                None => {
                    let _ = shown.changed().await;
                    return;
                }
            },
            _ = aging.tick() => stale = true,
            () = due, if stale => {
                stale = false;
                updated = Instant::now();
                refresh(desktop);
            }
        }
    }
}

/// Returns whether an event can change what the tray says.
fn counts(event: &Event) -> bool {
    matches!(
        event,
        Event::SpaceChanged(_)
            | Event::SpaceRemoved { .. }
            | Event::StageChanged(_)
            | Event::AccountChanged(_)
            | Event::AccountRemoved { .. }
            | Event::MutesChanged { .. }
    )
}

fn refresh(desktop: &Desktop) {
    tray::update(desktop);
    badge::update(desktop.app());
}

/// Tells a notice. Whether it is to be told was decided where it was published.
fn tell(desktop: &Desktop, notice: &Notice) {
    let language = desktop.language();
    let title = words::notice(language, notice.kind, notice.space.as_str());
    let body = match &notice.reason {
        Some(reason) => reason.clone(),
        None => words::stage(language, &notice.stage),
    };
    let path = paths::space(&notice.space);
    notifications::show(desktop.app(), &title, &body, Some(&path));
}
