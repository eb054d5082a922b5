//! Whether the panel that shows the icon is light or dark.

use crate::desktop::Desktop;

/// The colour of a panel.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Panel {
    /// Needs a dark icon.
    #[default]
    Light,
    /// Needs a light icon.
    Dark,
}

impl From<tauri::Theme> for Panel {
    fn from(theme: tauri::Theme) -> Self {
        if theme == tauri::Theme::Dark { Self::Dark } else { Self::Light }
    }
}

/// Follows the colour, where the system tells it by itself. Elsewhere the window hears of it.
#[cfg(not(target_os = "linux"))]
pub(super) fn follow(_: &Desktop) {}

/// Takes the colour that the window hears of.
#[cfg(not(target_os = "linux"))]
pub(crate) fn hear(desktop: &Desktop, theme: tauri::Theme) {
    super::set_panel(desktop.app(), theme.into());
}

/// The portal tells the colour.
#[cfg(target_os = "linux")]
pub(crate) fn hear(_: &Desktop, _: tauri::Theme) {}

#[cfg(target_os = "linux")]
pub(super) use linux::follow;

#[cfg(target_os = "linux")]
mod linux {
    use futures::StreamExt as _;
    use zbus::{
        Connection, MatchRule, MessageStream,
        proxy::MethodFlags,
        zvariant::{OwnedValue, Value},
    };

    use super::{Desktop, Panel};
    use crate::tray;

    const PORTAL: &str = "org.freedesktop.portal.Desktop";
    const PATH: &str = "/org/freedesktop/portal/desktop";
    const SETTINGS: &str = "org.freedesktop.portal.Settings";
    const APPEARANCE: &str = "org.freedesktop.appearance";
    const SCHEME: &str = "color-scheme";
    const PREFERS_DARK: u32 = 1;

    /// Follows the desktop's colour scheme. GNOME's panel is dark in both.
    pub(in super::super) fn follow(desktop: &Desktop) {
        let names = std::env::var_os("XDG_CURRENT_DESKTOP").unwrap_or_default();
        if names.to_string_lossy().split(':').any(|name| name.eq_ignore_ascii_case("GNOME")) {
            return tray::set_panel(desktop.app(), Panel::Dark);
        }
        let following = desktop.clone();
        desktop.spawn("follow the panel's colour", async move {
            if let Err(error) = watch(&following).await {
                tracing::debug!("the colour of the panel cannot be seen: {error}");
            }
        });
    }

    async fn watch(desktop: &Desktop) -> zbus::Result<()> {
        let bus = Connection::session().await?;
        let changes = MatchRule::builder()
            .msg_type(zbus::message::Type::Signal)
            .interface(SETTINGS)?
            .member("SettingChanged")?
            .arg(0, APPEARANCE)?
            .build();
        let mut changes = MessageStream::for_match_rule(changes, &bus, None).await?;
        match read(&bus).await {
            Ok(panel) => tray::set_panel(desktop.app(), panel),
            Err(error) => tracing::debug!("no portal tells the colour of the panel: {error}"),
        }
        while let Some(change) = changes.next().await {
            let change = change?;
            let (_, key, value): (String, String, OwnedValue) = change.body().deserialize()?;
            if key == SCHEME {
                tray::set_panel(desktop.app(), panel_of(&value));
            }
        }
        Ok(())
    }

    /// Asks a portal that runs. None is started for this.
    async fn read(bus: &Connection) -> zbus::Result<Panel> {
        let settings = zbus::Proxy::new(bus, PORTAL, PATH, SETTINGS).await?;
        let value: Option<OwnedValue> = settings
            .call_with_flags("ReadOne", MethodFlags::NoAutoStart.into(), &(APPEARANCE, SCHEME))
            .await?;
        Ok(value.map_or(Panel::Light, |value| panel_of(&value)))
    }

    /// Reads the scheme, which some portals wrap twice.
    fn panel_of(value: &Value<'_>) -> Panel {
        match value {
            Value::U32(PREFERS_DARK) => Panel::Dark,
            Value::Value(inner) => panel_of(inner),
            _ => Panel::Light,
        }
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn only_a_wish_for_dark_is_dark() {
            assert_eq!(panel_of(&Value::U32(1)), Panel::Dark);
            assert_eq!(panel_of(&Value::Value(Box::new(Value::U32(1)))), Panel::Dark);
            assert_eq!(panel_of(&Value::U32(2)), Panel::Light);
            assert_eq!(panel_of(&Value::U32(0)), Panel::Light);
            assert_eq!(panel_of(&Value::Str("dark".into())), Panel::Light);
        }
    }
}
