//! A person's own labels of Spaces.

use std::{collections::HashSet, sync::Arc};

use hfsm_model::{Activity, ActivityKind, Actor, Detail, Outcome, Space, SpaceId};

use crate::{Error, Fleet};

/// Labels of one Space at most.
const LABELS: usize = 20;
/// Characters of a label at most.
const LENGTH: usize = 40;

impl Fleet {
    /// Gives a Space these labels, in the place of those it has. They are kept in their order, each
    /// once in whatever letter case.
    ///
    /// # Errors
    /// When no account sees the Space, a label is empty, too long or has control characters, there
    /// are more than 20, or the store cannot be written.
    pub async fn set_labels(
        &self,
        id: &SpaceId,
        labels: Vec<String>,
        actor: Actor,
    ) -> Result<Arc<Space>, Error> {
        let labels = in_order(labels)?;
        let id = self.space(id)?.info.id.clone();
        let _turn = self.0.persistence.choosing.lock().await;
        self.0.store.set_labels(&id, &labels).await?;
        let details = Detail::Labels { labels: labels.clone() };
        let changes = self.0.inventory.set_labels(&id, labels);
        self.publish_changes(changes).await;
        self.record(Activity {
            id: 0,
            at: self.0.clock.now(),
            actor,
            kind: ActivityKind::ChangeSetting,
            space: Some(id.clone()),
            account: None,
            outcome: Outcome::Done,
            message: Some(details.to_string()),
            details: Some(details),
            request_id: None,
        })
        .await;
        self.space(&id)
    }
}

fn in_order(labels: Vec<String>) -> Result<Vec<String>, Error> {
    let mut kept: Vec<String> = Vec::with_capacity(labels.len());
    let mut seen = HashSet::new();
    for label in labels {
        let label = label.trim();
        if !(1..=LENGTH).contains(&label.chars().count()) || label.chars().any(char::is_control) {
            return Err(Error::Invalid(format!(
                "a label has 1 to {LENGTH} characters, none of them a control character"
            )));
        }
        if seen.insert(label.to_lowercase()) {
            kept.push(label.to_owned());
        }
    }
    if kept.len() > LABELS {
        return Err(Error::Invalid(format!("a Space has at most {LABELS} labels")));
    }
    kept.sort_by_cached_key(|label| label.to_lowercase());
    Ok(kept)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ordered(labels: &[&str]) -> Option<Vec<String>> {
        in_order(labels.iter().map(|&label| label.to_owned()).collect()).ok()
    }

    #[test]
    fn labels_are_kept_once_in_their_order_as_they_were_written() {
        let kept = ordered(&[" prod ", "Beta", "PROD", "alpha", "测试"]).unwrap();
        assert_eq!(kept, ["alpha", "Beta", "prod", "测试"]);
        assert_eq!(ordered(&[]).unwrap(), Vec::<String>::new());
    }

    #[test]
    fn labels_that_cannot_be_shown_are_refused() {
        let (long, many) = ("x".repeat(41), vec!["same"; 30]);
        for bad in ["", "  ", "two\nlines", &long] {
            assert!(ordered(&[bad]).is_none(), "{bad:?}");
        }
        assert_eq!(ordered(&many).unwrap().len(), 1);
        let many: Vec<String> = (0..21).map(|n| n.to_string()).collect();
        assert!(in_order(many).is_err());
    }
}
