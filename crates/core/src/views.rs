//! Views of the list of Spaces that a person keeps by name.

use std::collections::HashSet;

use hfsm_model::{Event, SavedView};

use crate::{Error, Fleet, events::Audience};

/// Under which the views stand in the store.
const VIEWS: &str = "views";
/// Views at most.
const MOST: usize = 50;
/// Characters of a name at most.
const NAME: usize = 60;
/// Characters of a query at most.
const QUERY: usize = 2000;

impl Fleet {
    /// Returns the saved views in their order.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn views(&self) -> Result<Vec<SavedView>, Error> {
        Ok(self.0.store.setting(VIEWS).await?.unwrap_or_default())
    }

    /// Keeps these views, in the place of those that were kept.
    ///
    /// # Errors
    /// When a view is not of its form, there are more than 50, or the store cannot be written.
    pub async fn set_views(&self, mut views: Vec<SavedView>) -> Result<Vec<SavedView>, Error> {
        check(&mut views)?;
        let _turn = self.0.persistence.choosing.lock().await;
        self.0.store.set_setting(VIEWS, &views).await?;
        let event = Event::ViewsChanged { views: views.clone() };
        self.0.events.publish(event, Audience::Everything);
        Ok(views)
    }
}

fn check(views: &mut [SavedView]) -> Result<(), Error> {
    if views.len() > MOST {
        return Err(Error::Invalid(format!("at most {MOST} views are kept; remove one first")));
    }
    let mut ids = HashSet::new();
    for view in views {
        view.name = view.name.trim().to_owned();
        let Ok(id) = uuid::Uuid::parse_str(&view.id) else {
            return Err(Error::Invalid("the `id` of a view is a UUID".to_owned()));
        };
        view.id = id.to_string();
        if !ids.insert(id) {
            return Err(Error::Invalid(format!("two views have the `id` {id}")));
        }
        let name = &view.name;
        if !(1..=NAME).contains(&name.chars().count()) || name.chars().any(char::is_control) {
            return Err(Error::Invalid(format!(
                "the name of a view has 1 to {NAME} characters, none of them a control character"
            )));
        }
        if view.query.chars().count() > QUERY || view.query.chars().any(char::is_control) {
            return Err(Error::Invalid(format!(
                "the query of a view has at most {QUERY} characters, none of them a control character"
            )));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view(id: &str, name: &str, query: &str) -> SavedView {
        SavedView { id: id.into(), name: name.into(), query: query.into() }
    }

    #[test]
    fn views_that_are_not_of_their_form_are_refused() {
        let id = "6f1c8f0e-0d6a-4a7e-9b7e-2f1d3c4b5a69";
        let mut good = [view(&id.to_uppercase(), " Broken ", "family=broken&q=%E4%B8%AD")];
        check(&mut good).unwrap();
        assert_eq!(good, [view(id, "Broken", "family=broken&q=%E4%B8%AD")]);
        for bad in [
            vec![view("1", "a", "")],
            vec![view(id, "  ", "")],
            vec![view(id, &"x".repeat(61), "")],
            vec![view(id, "a", &"x".repeat(2001))],
            vec![view(id, "a", ""), view(id, "b", "")],
        ] {
            assert!(check(&mut bad.clone()).is_err(), "{bad:?}");
        }
    }
}
