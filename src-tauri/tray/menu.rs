//! The icon's menu as the system draws it.

use tauri::{
    AppHandle, Wry,
    menu::{IsMenuItem, Menu, MenuItem, PredefinedMenuItem, Submenu},
};

use super::model::{Entry, Model};

/// A menu that was made, and the lines in it whose words can be changed.
///
/// A menu that is replaced while it is open closes under the mouse, or flickers. So it is replaced
/// only when other lines are in it, and otherwise gets new words: most changes are a minute more.
pub(super) struct Built {
    menu: Menu<Wry>,
    lines: Vec<Line>,
    shape: Vec<Shape>,
}

enum Line {
    Separator,
    Item(MenuItem<Wry>),
    Submenu(Submenu<Wry>, Vec<MenuItem<Wry>>),
}

/// What must be the same for a menu to keep its lines.
#[derive(Debug, PartialEq, Eq)]
enum Shape {
    Separator,
    Text,
    Item(String),
    Submenu(Vec<String>),
}

impl Built {
    pub(super) fn new(app: &AppHandle, model: &Model) -> tauri::Result<Self> {
        let menu = Menu::new(app)?;
        let mut lines = Vec::new();
        for entry in &model.entries {
            let line = match entry {
                Entry::Separator => {
                    menu.append(&PredefinedMenuItem::separator(app)?)?;
                    Line::Separator
                }
                Entry::Text(text) => {
                    let item = MenuItem::new(app, plain(text), false, None::<&str>)?;
                    menu.append(&item)?;
                    Line::Item(item)
                }
                Entry::Item(item) => {
                    let item = self::item(app, item)?;
                    menu.append(&item)?;
                    Line::Item(item)
                }
                Entry::Submenu { text, items } => {
                    let items: Vec<MenuItem<Wry>> =
                        items.iter().map(|item| self::item(app, item)).collect::<Result<_, _>>()?;
                    let all: Vec<&dyn IsMenuItem<Wry>> =
                        items.iter().map(|item| item as &dyn IsMenuItem<Wry>).collect();
                    let submenu = Submenu::with_items(app, plain(text), true, &all)?;
                    menu.append(&submenu)?;
                    Line::Submenu(submenu, items)
                }
            };
            lines.push(line);
        }
        Ok(Self { menu, lines, shape: shape(model) })
    }

    pub(super) fn menu(&self) -> &Menu<Wry> {
        &self.menu
    }

    /// Returns whether new words are all that `model` needs.
    pub(super) fn fits(&self, model: &Model) -> bool {
        self.shape == shape(model)
    }

    /// Gives the lines the words of a model that fits.
    pub(super) fn reword(&self, model: &Model) -> tauri::Result<()> {
        for (line, entry) in self.lines.iter().zip(&model.entries) {
            match (line, entry) {
                (Line::Item(item), Entry::Text(text)) => item.set_text(plain(text))?,
                (Line::Item(item), Entry::Item(new)) => item.set_text(plain(&new.text))?,
                (Line::Submenu(submenu, items), Entry::Submenu { text, items: new }) => {
                    submenu.set_text(plain(text))?;
                    for (item, new) in items.iter().zip(new) {
                        item.set_text(plain(&new.text))?;
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }
}

fn item(app: &AppHandle, item: &super::model::Item) -> tauri::Result<MenuItem<Wry>> {
    MenuItem::with_id(app, item.command.id(), plain(&item.text), true, None::<&str>)
}

fn shape(model: &Model) -> Vec<Shape> {
    let of = |entry: &Entry| match entry {
        Entry::Separator => Shape::Separator,
        Entry::Text(_) => Shape::Text,
        Entry::Item(item) => Shape::Item(item.command.id()),
        Entry::Submenu { items, .. } => {
            Shape::Submenu(items.iter().map(|item| item.command.id()).collect())
        }
    };
    model.entries.iter().map(of).collect()
}

/// Keeps a `&` from naming the key of a line.
fn plain(text: &str) -> String {
    text.replace('&', "&&")
}
