//! The tray icon as a panel sees it, over the session bus.

use std::collections::HashMap;

use zbus::{
    Connection,
    zvariant::{OwnedObjectPath, OwnedValue, Value},
};

use crate::session::{Session, wait};

/// An icon in a real tray, and its menu.
pub(crate) struct Tray<'a> {
    session: &'a Session,
    owner: String,
    menu: OwnedObjectPath,
}

/// A line of the menu.
#[derive(Debug, Clone)]
struct Line {
    id: i32,
    text: String,
}

/// What the service that hosts the icons knows of one.
type Shown = (String, i32, String, OwnedObjectPath, String, String, String, String, String, String);

/// A node of the menu, with its children.
type Node = (i32, HashMap<String, OwnedValue>, Vec<OwnedValue>);

impl<'a> Tray<'a> {
    /// Waits until the program's icon is in the tray.
    pub(crate) fn find(session: &'a Session) -> Self {
        wait("an icon is in the tray", || {
            let (_, _, owner, menu, ..) = shown(session).pop()?;
            Some(Self { session, owner, menu })
        })
    }

    /// Returns how many icons there are.
    pub(crate) fn icons(session: &Session) -> usize {
        shown(session).len()
    }

    /// Returns the texts of all lines.
    pub(crate) fn texts(&self) -> Vec<String> {
        self.lines().into_iter().map(|line| line.text).collect()
    }

    /// Waits until a line has `text` in it.
    pub(crate) fn has(&self, text: &str) {
        wait(&format!("the menu has `{text}`"), || {
            self.texts().iter().any(|line| line.contains(text)).then_some(())
        });
    }

    /// Clicks the line with `text`.
    pub(crate) fn click(&self, text: &str) {
        let line = wait(&format!("the menu has `{text}`"), || {
            self.lines().into_iter().find(|line| line.text.contains(text))
        });
        let (bus, runtime) = self.session.bus();
        let clicked = (line.id, "clicked", Value::from(0), 0_u32);
        let sent = runtime.block_on(self.call(bus, "Event", &clicked));
        sent.unwrap_or_else(|error| panic!("{line:?} cannot be clicked: {error}"));
    }

    fn lines(&self) -> Vec<Line> {
        let (bus, runtime) = self.session.bus();
        let asked = (0_i32, -1_i32, vec!["label"]);
        let Ok(answer) = runtime.block_on(self.call(bus, "GetLayout", &asked)) else {
            return Vec::new();
        };
        let (_, root): (u32, Node) = answer.body().deserialize().unwrap();
        let mut lines = Vec::new();
        collect(root, &mut lines);
        lines
    }

    async fn call<B: serde::Serialize + zbus::zvariant::DynamicType>(
        &self,
        bus: &Connection,
        method: &str,
        body: &B,
    ) -> zbus::Result<zbus::Message> {
        let owner = self.owner.as_str();
        bus.call_method(
            Some(owner),
            self.menu.as_str(),
            Some("com.canonical.dbusmenu"),
            method,
            body,
        )
        .await
    }
}

fn shown(session: &Session) -> Vec<Shown> {
    const NAME: &str = "org.ayatana.indicator.application";
    const PATH: &str = "/org/ayatana/indicator/application/service";
    const INTERFACE: &str = "org.ayatana.indicator.application.service";
    let (bus, runtime) = session.bus();
    let answer = runtime.block_on(async {
        bus.call_method(Some(NAME), PATH, Some(INTERFACE), "GetApplications", &()).await
    });
    answer.unwrap().body().deserialize().unwrap()
}

fn collect((id, properties, children): Node, lines: &mut Vec<Line>) {
    if let Some(text) =
        properties.get("label").and_then(|label| String::try_from(label.clone()).ok())
    {
        lines.push(Line { id, text });
    }
    for child in children {
        collect(Node::try_from(child).unwrap(), lines);
    }
}
