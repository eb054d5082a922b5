//! Whether an app answers, and as it should.

use hfsm_hub::{Rank, Visit};
use hfsm_model::{Detail, ExpectedAnswer, Space};

use crate::{Error, Fleet};

/// The longest path and keyword.
const LONGEST: usize = 200;

impl Fleet {
    /// Visits the app of a Space, with the token of the first account that may act on it.
    pub(crate) async fn visit_app(
        &self,
        space: &Space,
        expected: &ExpectedAnswer,
    ) -> Result<Visit, Error> {
        let id = &space.info.id;
        let gateway = self.gateways(id).into_iter().next();
        let (Some((_, _, gateway)), Some(url)) = (gateway, &space.info.app_url) else {
            return Err(Error::SpaceNotFound(id.clone()));
        };
        // Beside the root, since the root of an app may be a folder of its host.
        let url = match &expected.path {
            Some(path) => format!("{}{path}", url.trim_end_matches('/')),
            None => url.clone(),
        };
        let gateway = gateway.ranked(Rank::Automation);
        Ok(gateway.visit(&url, expected.keyword.as_deref()).await?)
    }
}

/// Tells what is wrong with an answer; `None` when nothing is.
pub(crate) fn wrong_with(visit: &Visit, expected: &ExpectedAnswer) -> Option<Detail> {
    let status = visit.status;
    if !visit.answered_by_app {
        return Some(Detail::HubAnswered { status });
    }
    match expected.status {
        Some(wanted) if wanted != status => {
            return Some(Detail::WrongStatus { status, wanted: Some(wanted) });
        }
        None if status >= 500 => return Some(Detail::WrongStatus { status, wanted: None }),
        Some(_) | None => {}
    }
    let keyword = expected.keyword.as_deref().filter(|_| !visit.has_keyword)?;
    Some(Detail::WordsMissing { status, keyword: keyword.to_owned() })
}

/// Refuses what is no path, no status or no keyword.
pub(crate) fn check_expected(expected: &ExpectedAnswer) -> Result<(), Error> {
    let invalid = |what: &str| Err(Error::Invalid(what.to_owned()));
    let fits = |text: &str| {
        (1..=LONGEST).contains(&text.chars().count()) && !text.chars().any(char::is_control)
    };
    if let Some(path) = &expected.path
        && !(fits(path) && path.starts_with('/') && !path.contains(['#', '\\', ' ']))
    {
        return invalid(
            "`path` begins with `/` and has at most 200 characters, none of them a space, `#` or `\\`",
        );
    }
    if expected.status.is_some_and(|status| !(100..=599).contains(&status)) {
        return invalid("`status` may be 100 to 599, or null");
    }
    if expected.keyword.as_deref().is_some_and(|keyword| !fits(keyword)) {
        return invalid(
            "`keyword` has 1 to 200 characters, none of them a control character, or is null",
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn visit(status: u16, answered_by_app: bool, has_keyword: bool) -> Visit {
        let took = Duration::from_millis(1);
        Visit { status, answered_by_app, preparing: false, has_keyword, took }
    }

    #[test]
    fn an_answer_counts_by_whose_it_is_its_status_and_its_words() {
        let any = ExpectedAnswer::default();
        let strict = ExpectedAnswer {
            status: Some(200),
            keyword: Some("ready".to_owned()),
            ..ExpectedAnswer::default()
        };
        assert_eq!(wrong_with(&visit(404, true, true), &any), None, "many apps have nothing at /");
        assert_eq!(wrong_with(&visit(200, true, true), &strict), None);
        for (visit, expected, word) in [
            (visit(200, false, true), &any, "page of the Hub"),
            (visit(500, true, true), &any, "HTTP 500"),
            (visit(204, true, true), &strict, "not 200"),
            (visit(200, true, false), &strict, "without \"ready\""),
        ] {
            assert!(wrong_with(&visit, expected).unwrap().to_string().contains(word), "{word}");
        }
    }

    #[test]
    fn what_could_be_no_answer_is_not_expected() {
        let path =
            |path: &str| ExpectedAnswer { path: Some(path.to_owned()), ..Default::default() };
        let keyword =
            |word: &str| ExpectedAnswer { keyword: Some(word.to_owned()), ..Default::default() };
        check_expected(&path("/health?full=1")).unwrap();
        check_expected(&keyword("我已就绪")).unwrap();
        let long = "x".repeat(201);
        for bad in [
            path(""),
            path("health"),
            path("/a b"),
            path("/a#b"),
            path("/\\evil.example"),
            path(&format!("/{long}")),
            keyword(""),
            keyword(&long),
            keyword("two\nlines"),
            ExpectedAnswer { status: Some(42), ..Default::default() },
        ] {
            assert!(check_expected(&bad).is_err(), "{bad:?}");
        }
    }
}
