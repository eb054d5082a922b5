//! `GET /api/spaces`: the list, its filters, its fields, its pages.

use std::cmp::Reverse;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::{HeaderName, HeaderValue};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

use crate::access::{Access, Caller};
use crate::answer::{self, Answer, Refusal};
use crate::ask::Ask;
use crate::people::People;
use crate::space::Space;
use crate::view::{self, EXPANDABLE, Fields};

const LINK: HeaderName = HeaderName::from_static("link");

/// One page of the Spaces that the caller sees.
pub(crate) async fn spaces(ask: Ask) -> Answer {
    let settings = &ask.hub.settings;
    let fields = fields(&ask)?;
    let limit = match ask.param("limit") {
        Some(limit) => limit
            .parse::<usize>()
            .map_err(|_| Refusal::bad_request("\"limit\" must be a number"))?,
        None => settings.page_size,
    };
    let limit = limit.clamp(1, settings.page_limit);
    let start = match ask.param("cursor") {
        Some(cursor) => {
            read_cursor(cursor).ok_or_else(|| Refusal::bad_request("Invalid cursor"))?
        }
        None => 0,
    };
    let (page, more) = ask.hub.with(|state, _| {
        let mut found: Vec<&Space> =
            state.spaces.iter().filter(|space| wanted(&ask, &state.people, space)).collect();
        sort(&mut found, ask.param("sort"));
        let more = found.len() > start + limit;
        let page: Value = found
            .iter()
            .skip(start)
            .take(limit)
            .map(|space| view::element(space, &fields))
            .collect();
        (page, more)
    });
    let mut response = answer::ok(&page);
    if more && let Ok(link) = HeaderValue::try_from(next_link(&ask, start + limit)) {
        response.headers_mut().insert(LINK, link);
    }
    Ok(response)
}

/// `GET /api/spaces/semantic-search`: what matches, best first.
pub(crate) async fn search(ask: Ask) -> Answer {
    let words = ask.param("q").unwrap_or_default().to_lowercase();
    let include_all = ask.flag("includeNonRunning");
    let hits: Value = ask.hub.with(|state, _| {
        let visible = state.spaces.iter().filter(|space| sees(&ask.caller, &state.people, space));
        let hits = visible.filter(|space| include_all || crate::stage::serves(&space.stage));
        hits.filter_map(|space| {
            let text =
                format!("{} {}", space.id(), space.card.title.as_deref().unwrap_or_default());
            let score =
                words.split_whitespace().filter(|word| text.to_lowercase().contains(word)).count();
            (score > 0).then(|| hit(space, score))
        })
        .collect()
    });
    Ok(answer::ok(&hits))
}

fn hit(space: &Space, score: usize) -> Value {
    json!({
        "id": space.id(), "author": space.owner,
        "title": space.card.title.as_deref().unwrap_or(&space.name),
        "emoji": space.card.emoji, "sdk": space.card.sdk.map(crate::spec::Sdk::word),
        "likes": space.card.likes, "private": view::is_private(space),
        "runtime": view::runtime(space), "semanticRelevancyScore": score as f64 / 4.0,
    })
}

fn fields(ask: &Ask) -> Result<Fields, Refusal> {
    let expanded = expanded(ask)?;
    Ok(match expanded {
        Some(names) => Fields::Only(names),
        None if ask.flag("full") => Fields::Full,
        None => Fields::Card,
    })
}

/// The fields that `expand` asks for; `None` when it asks for none.
pub(crate) fn expanded(ask: &Ask) -> Result<Option<Vec<String>>, Refusal> {
    let mut names: Vec<String> = Vec::new();
    for (_, value) in
        ask.query.iter().filter(|(key, _)| matches!(key.as_str(), "expand" | "expand[]"))
    {
        for name in value.split(',') {
            if !EXPANDABLE.contains(&name) {
                let known = EXPANDABLE.join(", ");
                return Err(Refusal::bad_request(&format!(
                    "Invalid value for \"expand\": {name}. Expected one of: {known}"
                )));
            }
            names.push(name.to_owned());
        }
    }
    Ok((!names.is_empty()).then_some(names))
}

fn wanted(ask: &Ask, people: &People, space: &Space) -> bool {
    let author = ask.param("author").is_none_or(|author| author == space.owner);
    author
        && ask
            .param("search")
            .is_none_or(|text| space.id().to_lowercase().contains(&text.to_lowercase()))
        && ask.query.iter().filter(|(key, _)| key == "filter").all(|(_, tag)| has_tag(space, tag))
        && sees(&ask.caller, people, space)
}

fn has_tag(space: &Space, tag: &str) -> bool {
    tag == "region:us"
        || space.card.sdk.is_some_and(|sdk| sdk.word() == tag)
        || space.card.tags.iter().any(|own| own == tag)
}

fn sees(caller: &Caller, people: &People, space: &Space) -> bool {
    caller.access(people, space).is_ok_and(|access| access >= Access::See)
}

fn sort(spaces: &mut [&Space], by: Option<&str>) {
    match by {
        Some("createdAt") => spaces.sort_by_key(|space| Reverse(space.created_at)),
        Some("lastModified") => spaces.sort_by_key(|space| Reverse(space.last_modified)),
        Some("likes" | "likes30d" | "downloads" | "trendingScore") => {
            spaces.sort_by_key(|space| Reverse(space.card.likes));
        }
        Some("mainSize") => spaces.sort_by_key(|space| Reverse(space.used_storage)),
        Some("id") => spaces.sort_by_key(|space| space.id()),
        Some(_) | None => {}
    }
}

fn next_link(ask: &Ask, offset: usize) -> String {
    let cursor = URL_SAFE_NO_PAD.encode(json!({ "offset": offset }).to_string());
    let mut query = String::new();
    for (key, value) in ask.query.iter().filter(|(key, _)| key != "cursor") {
        let encode = |text| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
        query.push_str(&format!("{}={}&", encode(key), encode(value)));
    }
    format!("<{}/api/spaces?{query}cursor={cursor}>; rel=\"next\"", ask.base)
}

fn read_cursor(cursor: &str) -> Option<usize> {
    let text = URL_SAFE_NO_PAD.decode(cursor).ok()?;
    let value: Value = serde_json::from_slice(&text).ok()?;
    usize::try_from(value.get("offset")?.as_u64()?).ok()
}
