//! Lists of Spaces, one Space, and its runtime.

use std::sync::Arc;

use bytes::Bytes;
use hfsm_model::{
    Domain, Flavor, Hardware, Replicas, Runtime, SleepTime, SpaceId, SpaceInfo, Stage,
};
use http::{HeaderMap, header::LINK};
use serde_json::Value;
use url::Url;

use crate::{Error, Gateway, HubConfig, app_host, send::Reply, wire};

/// What a list has to tell of each Space.
const EXPAND: [&str; 10] = [
    "author",
    "cardData",
    "createdAt",
    "lastModified",
    "likes",
    "private",
    "runtime",
    "sdk",
    "sha",
    "subdomain",
];
const TAGS: &str = "tags";
const PAGE: &str = "500";
/// More pages than any owner has; a list that goes on for ever ends here.
const MOST_PAGES: usize = 200;

/// A page of a list as it was read last. Lists are asked for every few seconds and seldom differ,
/// and comparing a page with the last one costs far less than reading it.
#[derive(Debug)]
pub(crate) struct Page {
    body: Bytes,
    spaces: Vec<SpaceInfo>,
    /// Elements that cannot be read.
    strange: usize,
}

impl Gateway {
    /// Reads all Spaces of a user or organisation that this token may see, in the Hub's order. An
    /// element that cannot be read is left out with a warning.
    ///
    /// # Errors
    /// When any page fails: half a list would look like Spaces that are gone.
    pub async fn list_spaces(&self, owner: &str) -> Result<Vec<SpaceInfo>, Error> {
        let first = {
            let mut url = self.hub_url("/api/spaces");
            url.query_pairs_mut().append_pair("author", owner).append_pair("limit", PAGE);
            expand(url)
        };
        let last = self.account.lists().get(owner).cloned().unwrap_or_default();
        let (mut pages, mut seen) = (Vec::new(), Vec::new());
        let mut next = Some(first);
        while let Some(url) = next {
            seen.push(url.clone());
            let reply = self.get(url.clone(), None).await?;
            pages.push(match last.get(pages.len()) {
                Some(page) if page.body == reply.body => Arc::clone(page),
                _ => Arc::new(self.page(&reply)?),
            });
            next = match next_page(&url, &reply.headers) {
                Some(next) if next.origin() != url.origin() => {
                    return Err(reply.unexpected("its next page is on another host"));
                }
                Some(next) if seen.contains(&next) || seen.len() >= MOST_PAGES => {
                    return Err(reply.unexpected("its pages have no end"));
                }
                next => next,
            };
        }
        let strange: usize = pages.iter().map(|page| page.strange).sum();
        if strange > 0 {
            tracing::warn!(owner, strange, "left {strange} Spaces out that cannot be read");
        }
        let spaces = pages.iter().flat_map(|page| page.spaces.iter().cloned()).collect();
        self.account.lists().insert(owner.to_owned(), pages);
        Ok(spaces)
    }

    fn page(&self, reply: &Reply) -> Result<Page, Error> {
        let list = reply.json()?;
        let list = list.as_array().ok_or_else(|| reply.unexpected("it is no list of Spaces"))?;
        let read = |element| info(element, self.account.hub.config(), self.has_token());
        let spaces: Vec<_> = list.iter().filter_map(read).collect();
        // Copied, since what was received has room for more than it holds.
        let body = Bytes::copy_from_slice(&reply.body);
        Ok(Page { body, strange: list.len() - spaces.len(), spaces })
    }

    /// Reads one Space. A renamed Space comes back under its new id.
    ///
    /// # Errors
    /// [`Error::SpaceNotFound`] or, without a token, [`Error::SignInNeeded`] when it is not there
    /// or not to be seen.
    pub async fn space(&self, id: &SpaceId) -> Result<SpaceInfo, Error> {
        let reply = self.get(self.space_url(id, ""), Some(id)).await?;
        info(&reply.json()?, self.account.hub.config(), self.has_token())
            .ok_or_else(|| reply.unexpected("it describes no Space"))
    }

    /// Reads what runs for a Space.
    ///
    /// # Errors
    /// As [`Gateway::space`].
    pub async fn runtime(&self, id: &SpaceId) -> Result<Runtime, Error> {
        let reply = self.get(self.space_url(id, "/runtime"), Some(id)).await?;
        runtime(&reply.json()?).ok_or_else(|| reply.unexpected("it names no stage"))
    }
}

fn expand(mut url: Url) -> Url {
    {
        let mut query = url.query_pairs_mut();
        for field in EXPAND.iter().chain([&TAGS]) {
            query.append_pair("expand", field);
        }
    }
    url
}

/// Finds the next page. The Hub at times forgets what was asked for; then it is added again.
fn next_page(url: &Url, headers: &HeaderMap) -> Option<Url> {
    let next = headers
        .get_all(LINK)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(",").map(str::trim))
        .find_map(|link| {
            let (address, parameters) = link.strip_prefix('<')?.split_once('>')?;
            let is_next = parameters.split(';').any(|parameter| {
                let (name, value) = parameter.trim().split_once('=').unwrap_or_default();
                name.trim().eq_ignore_ascii_case("rel")
                    && value.trim_matches(['"', ' ']).split_whitespace().any(|rel| rel == "next")
            });
            is_next.then_some(address)
        })?;
    let mut next = url.join(next).ok()?;
    let has = |url: &Url, wanted: &str| {
        url.query_pairs().any(|(key, _)| key.trim_end_matches("[]") == wanted)
    };
    for key in ["author", "limit"] {
        let value =
            url.query_pairs().find(|(name, _)| name == key).map(|(_, value)| value.into_owned());
        if let Some(value) = value.filter(|_| !has(&next, key)) {
            next.query_pairs_mut().append_pair(key, &value);
        }
    }
    Some(if has(&next, "expand") { next } else { expand(next) })
}

/// Reads a Space from a list or a single answer. `signed_in` decides what a Space without a word
/// on its privacy is: private, unless it was read without a token.
fn info(value: &Value, config: &HubConfig, signed_in: bool) -> Option<SpaceInfo> {
    let id: SpaceId = wire::text(value, "id")?.parse().ok()?;
    let card = value.get("cardData").unwrap_or(&Value::Null);
    let card_or_own = |key: &str| wire::word(card, key).or_else(|| wire::word(value, key));
    let sdk = wire::word(value, "sdk");
    let host = wire::word(value, "host").and_then(|host| Url::parse(&host).ok());
    let subdomain = wire::word(value, "subdomain").or_else(|| app_host::label(host.as_ref()?));
    let is_static = sdk.as_deref() == Some("static");
    let private = wire::boolean(value, "private")
        .or_else(|| wire::word(value, "visibility").map(|word| word != "public"))
        .unwrap_or(signed_in);
    Some(SpaceInfo {
        title: card_or_own("title"),
        emoji: card_or_own("emoji"),
        description: wire::word(card, "short_description"),
        private,
        sha: wire::word(value, "sha"),
        last_modified: wire::time(value, "lastModified"),
        created_at: wire::time(value, "createdAt"),
        likes: wire::count(value, "likes").unwrap_or_default(),
        tags: wire::texts(value, "tags"),
        app_port: wire::count(card, "app_port").and_then(|port| u16::try_from(port).ok()),
        app_url: Some(app_host::url(&config.app_url, &id, subdomain.as_deref(), is_static)),
        hub_url: format!("{}/spaces/{id}", config.endpoint.as_str().trim_end_matches('/')),
        runtime: value.get("runtime").filter(|runtime| runtime.is_object()).map(|value| {
            runtime(value).unwrap_or_else(|| Runtime::of_stage(Stage::new("UNKNOWN")))
        }),
        sdk,
        subdomain,
        id,
    })
}

/// Reads a runtime, of which only the stage has to be there.
pub(crate) fn runtime(value: &Value) -> Option<Runtime> {
    let stage = Stage::new(wire::word(value, "stage")?);
    let null = &Value::Null;
    let part = |key: &str| value.get(key).unwrap_or(null);
    let flavor = |key: &str| wire::word(part("hardware"), key).map(Flavor);
    let replicas = part("replicas");
    Some(Runtime {
        stage,
        error_message: wire::word(value, "errorMessage"),
        hardware: Hardware { current: flavor("current"), requested: flavor("requested") },
        sleep_time: sleep_time(value),
        replicas: Replicas {
            current: wire::count(replicas, "current").and_then(|count| u32::try_from(count).ok()),
            requested: wire::word(replicas, "requested"),
        },
        dev_mode: wire::boolean(value, "devMode").unwrap_or_default(),
        domains: domains(value),
        sha: wire::word(value, "sha"),
    })
}

/// "Never" is absent, null or -1.
pub(crate) fn sleep_time(value: &Value) -> SleepTime {
    SleepTime(wire::count(value, "gcTimeout").filter(|&seconds| seconds > 0))
}

pub(crate) fn domains(value: &Value) -> Vec<Domain> {
    let domain = |value: &Value| {
        Some(Domain {
            domain: wire::word(value, "domain")?,
            stage: wire::word(value, "stage").unwrap_or_default(),
            custom: wire::boolean(value, "isCustom").unwrap_or_default(),
        })
    };
    wire::list(value, "domains").iter().filter_map(domain).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(value: &Value) -> Option<SpaceInfo> {
        info(value, &HubConfig::default(), true)
    }

    #[test]
    fn the_recorded_runtimes_are_read() {
        let building = runtime(&json!({
            "stage": "BUILDING", "hardware": {"current": null, "requested": "cpu-basic"},
            "storage": null, "gcTimeout": 172800, "replicas": {"requested": 1}, "devMode": false,
            "domains": [{"domain": "user-tmp-test-space.hf.space", "stage": "READY"}]
        }))
        .unwrap();
        assert_eq!(building.stage, Stage::BUILDING);
        assert_eq!(building.sleep_time, SleepTime(Some(172_800)));
        assert_eq!(building.replicas.requested.as_deref(), Some("1"));
        let of_a_static = runtime(&json!({
            "stage": "RUNNING", "hardware": {"current": null, "requested": null},
            "storage": null, "replicas": {"requested": 1, "current": 1}
        }))
        .unwrap();
        assert_eq!(of_a_static.sleep_time, SleepTime(None));
        assert_eq!(of_a_static.hardware, Hardware::default());
    }

    #[test]
    fn only_the_stage_has_to_be_right() {
        let strange = runtime(&json!({
            "stage": "FUTURE_STAGE", "hardware": {"current": "h900x8", "requested": 7},
            "gcTimeout": "3600", "replicas": {"current": "2", "requested": "auto"},
            "devMode": "yes", "domains": [null, {"domain": "x"}, 3], "errorMessage": null
        }))
        .unwrap();
        assert_eq!(strange.stage.as_str(), "FUTURE_STAGE");
        assert_eq!(strange.hardware.current, Some(Flavor("h900x8".to_owned())));
        assert_eq!(strange.sleep_time, SleepTime(Some(3600)));
        assert_eq!((strange.replicas.current, strange.domains.len()), (Some(2), 1));
        for never in [json!(-1), json!(null), json!(0)] {
            let runtime = runtime(&json!({"stage": "RUNNING", "gcTimeout": never})).unwrap();
            assert_eq!(runtime.sleep_time, SleepTime(None));
        }
        assert!(runtime(&json!({"hardware": {}})).is_none());
    }

    #[test]
    fn a_space_with_next_to_nothing_is_read_and_one_without_a_name_is_not() {
        let space = read(&json!({"id": "alice/With_Under.score"})).unwrap();
        assert_eq!(space.app_url.unwrap(), "https://alice-with-under-score.hf.space/");
        assert_eq!(space.hub_url, "https://huggingface.co/spaces/alice/With_Under.score");
        assert!(space.private, "what is not said to be public is not shown to everybody");
        assert!(space.runtime.is_none());
        for id in [json!(null), json!("no-slash"), json!("alice/../x"), json!(7)] {
            assert!(read(&json!({"id": id})).is_none(), "{id}");
        }
        let strange =
            json!({"id": "alice/a", "runtime": {"hardware": {}}, "likes": "3", "tags": 5});
        let space = read(&strange).unwrap();
        assert_eq!((space.stage().as_str(), space.likes), ("UNKNOWN", 3));
    }

    #[test]
    fn the_address_of_the_app_is_the_hubs_and_not_a_guess() {
        let url = |value: &Value| read(value).unwrap().app_url.unwrap();
        let own = json!({"id": "alice/a", "subdomain": "alice-a-7"});
        assert_eq!(url(&own), "https://alice-a-7.hf.space/");
        let host = json!({"id": "alice/a", "host": "https://alice-a-9.hf.space"});
        assert_eq!(url(&host), "https://alice-a-9.hf.space/");
        let files = json!({"id": "alice/a", "sdk": "static", "subdomain": "alice-a"});
        assert_eq!(url(&files), "https://alice-a.static.hf.space/");
        let files =
            json!({"id": "alice/a", "sdk": "static", "host": "https://alice-b.static.hf.space"});
        assert_eq!(url(&files), "https://alice-b.static.hf.space/");
    }

    #[test]
    fn the_next_page_is_asked_for_with_all_that_the_first_was() {
        let first = expand(Url::parse("https://hub/api/spaces?author=alice&limit=500").unwrap());
        let mut headers = HeaderMap::new();
        let mut next = |link: &str| {
            headers.insert(LINK, link.parse().unwrap());
            next_page(&first, &headers).map(String::from)
        };
        let whole = format!("{first}&cursor=abc");
        assert_eq!(next(&format!("<{whole}>; rel=\"next\"")), Some(whole.clone()));
        assert_eq!(
            next(&format!("<https://hub/x>; rel=\"prev\", <{whole}>; rel=next")),
            Some(whole)
        );
        let bare = next("</api/spaces?cursor=abc>; rel=\"next\"").unwrap();
        assert!(bare.contains("cursor=abc") && bare.contains("author=alice"), "{bare}");
        assert!(bare.contains("limit=500") && bare.contains("expand=runtime"), "{bare}");
        let bracketed =
            "https://hub/api/spaces?author=alice&limit=500&expand%5B%5D=runtime&cursor=a";
        assert_eq!(next(&format!("<{bracketed}>; rel=\"next\"")).unwrap(), bracketed);
        assert_eq!(next("<https://hub/x>; rel=\"last\""), None);
        assert_eq!(next("nonsense"), None);
    }
}
