//! Whether somebody shows tray icons.

use crate::desktop::Desktop;

/// Makes the icon where it can be shown, and goes on to look where that may change.
#[cfg(not(target_os = "linux"))]
pub(super) fn follow(desktop: &Desktop) {
    super::create(desktop);
}

#[cfg(target_os = "linux")]
pub(super) use linux::follow;

#[cfg(target_os = "linux")]
mod linux {
    use std::{future, panic, time::Duration};

    use futures::StreamExt as _;
    use zbus::{Connection, MatchRule, MessageStream, fdo::DBusProxy, proxy};

    use super::Desktop;
    use crate::{
        tray::{self, TrayState},
        window,
    };

    /// Who brings icons and those who show them together.
    const WATCHER: &str = "org.kde.StatusNotifierWatcher";

    /// How long a desktop may take to start its panel anew.
    const RESTART: Duration = Duration::from_secs(10);

    #[proxy(
        interface = "org.kde.StatusNotifierWatcher",
        default_service = "org.kde.StatusNotifierWatcher",
        default_path = "/StatusNotifierWatcher"
    )]
    trait Watcher {
        #[zbus(property(emits_changed_signal = "false"))]
        fn is_status_notifier_host_registered(&self) -> zbus::Result<bool>;
    }

    /// Makes the icon while somebody shows it: without, the library would open a window of its own
    /// in its place.
    pub(in super::super) fn follow(desktop: &Desktop) {
        if !has_library() {
            return desktop.set_tray(TrayState::NoLibrary);
        }
        let following = desktop.clone();
        desktop.spawn("look for a tray", async move {
            let Err(error) = watch(&following).await;
            tracing::info!("there is no tray icon without a session bus: {error}");
            if following.tray() == TrayState::Shown {
                tray::remove(&following, TrayState::NoBus);
            } else {
                following.set_tray(TrayState::NoBus);
            }
        });
    }

    /// Looks for the library that makes icons. Where it is missing its crate panics, which it must
    /// not do later.
    fn has_library() -> bool {
        let usual = panic::take_hook();
        panic::set_hook(Box::new(|_| {}));
        let found = panic::catch_unwind(|| {
            let _ = &*libappindicator_sys::LIB;
        });
        panic::set_hook(usual);
        found.is_ok()
    }

    /// Follows the watcher, which a desktop may start late and restart.
    async fn watch(desktop: &Desktop) -> zbus::Result<std::convert::Infallible> {
        let bus = Connection::session().await?;
        let names = DBusProxy::new(&bus).await?;
        let mut owners = names.receive_name_owner_changed_with_args(&[(0, WATCHER)]).await?;
        let of_watcher =
            MatchRule::builder().msg_type(zbus::message::Type::Signal).interface(WATCHER)?.build();
        let mut signals = MessageStream::for_match_rule(of_watcher, &bus, None).await?;
        let mut shown = None;
        loop {
            let there = names.name_has_owner(WATCHER.try_into()?).await? && has_host(&bus).await;
            if shown != Some(there) {
                shown = Some(there);
                if there {
                    tray::create(desktop);
                } else {
                    tray::remove(desktop, TrayState::NoHost);
                }
            }
            // A desktop that starts its panel anew has the icon back in a moment.
            let gone_for_good = async {
                tokio::time::sleep(RESTART).await;
                window::come_back(desktop.app());
                future::pending::<()>().await;
            };
            let ended = tokio::select! {
                change = owners.next() => change.is_none(),
                signal = signals.next() => signal.is_none(),
                () = gone_for_good, if !there => false,
            };
            if ended {
                return Err(zbus::Error::Failure("the session bus has gone".to_owned()));
            }
        }
    }

    /// A watcher may run while no panel does. One that does not say so counts as shown.
    async fn has_host(bus: &Connection) -> bool {
        let asked =
            async { WatcherProxy::new(bus).await?.is_status_notifier_host_registered().await };
        asked.await.unwrap_or(true)
    }
}
