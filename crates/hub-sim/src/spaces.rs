//! One Space: its description, its runtime, its address, and whether a caller gets to it.

use axum::response::Response;
use http::{HeaderName, HeaderValue, StatusCode};
use serde_json::{Value, json};

use crate::access::Access;
use crate::answer::{self, Answer, Refusal};
use crate::ask::Ask;
use crate::clock::iso;
use crate::list;
use crate::passes::{self, Pass};
use crate::space::Space;
use crate::view::{self, Fields};
use crate::{app_hosts, hardware};

/// `GET …/{owner}/{name}`, also with `/revision/{rev}`.
pub(crate) async fn info(ask: Ask) -> Answer {
    let expanded = list::expanded(&ask)?;
    let value = ask.see(|space, _| {
        known_revision(space, ask.part("rev"))?;
        Ok(match expanded {
            Some(names) => view::element(space, &Fields::Only(names)),
            None => view::info(space, &app_hosts::address(&space.subdomain)),
        })
    })??;
    Ok(answer::ok(&value))
}

fn known_revision(space: &Space, revision: &str) -> Result<(), Refusal> {
    let known = matches!(revision, "" | "main" | "HEAD" | "refs/heads/main")
        || space.commits.iter().any(|commit| commit.sha.starts_with(revision));
    if known {
        return Ok(());
    }
    let text = format!("Invalid rev id: {revision}");
    Err(Refusal::coded(StatusCode::NOT_FOUND, "RevisionNotFound", &text))
}

/// `GET …/runtime`
pub(crate) async fn runtime(ask: Ask) -> Answer {
    Ok(answer::ok(&ask.see(|space, _| view::runtime(space))?))
}

/// `GET …/host`
pub(crate) async fn host(ask: Ask) -> Answer {
    let subdomain = ask.see(|space, _| space.subdomain.clone())?;
    Ok(answer::ok(&json!({ "host": app_hosts::address(&subdomain), "subdomain": subdomain })))
}

/// `GET /api/spaces/by-subdomain/{subdomain}`
pub(crate) async fn by_subdomain(ask: Ask) -> Answer {
    let value = ask.hub.with(|state, _| {
        let found = state.position_of_app(ask.part("subdomain"));
        let space = &state.spaces[found.ok_or_else(|| ask.caller.blind())?];
        match ask.caller.access(&state.people, space)? {
            Access::Hidden => Err(ask.caller.blind()),
            Access::See | Access::Manage => {
                Ok(view::info(space, &app_hosts::address(&space.subdomain)))
            }
        }
    })?;
    Ok(answer::ok(&value))
}

/// `GET …/auth-check`: may the caller read?
pub(crate) async fn may_read(ask: Ask) -> Answer {
    ask.see(|_, _| ())?;
    Ok(answer::ok(&json!({})))
}

/// `GET …/auth-check/write`: may the caller write?
pub(crate) async fn may_write(ask: Ask) -> Answer {
    ask.inspect(|_| ())?;
    Ok(answer::ok(&json!({})))
}

/// `GET …/jwt`: a pass for this Space.
pub(crate) async fn jwt(ask: Ask) -> Answer {
    let write = ask.flag("write");
    let (id, access) = ask.see(|space, access| (space.id(), access))?;
    let Some(user) = ask.caller.user() else { return Err(Refusal::sign_in()) };
    if write && access != Access::Manage {
        return Err(ask.caller.powerless());
    }
    let seconds: i64 = ask.param("expires_in").and_then(|text| text.parse().ok()).unwrap_or(86_400);
    if !(1..=86_400).contains(&seconds) {
        return Err(Refusal::bad_request("\"expires_in\" must be between 1 and 86400"));
    }
    let exp = ask.hub.clock.now().timestamp() + seconds;
    let pass = Pass { space: id, sub: user.to_owned(), write, exp };
    let token = passes::issue(ask.hub.settings.seed, &pass);
    Ok(answer::ok(&json!({ "accessToken": format!("Bearer {token}"), "exp": exp, "token": token })))
}

/// `GET …/commits/{rev}`
pub(crate) async fn commits(ask: Ask) -> Answer {
    let limit: usize = ask.param("limit").and_then(|text| text.parse().ok()).unwrap_or(50);
    let page: usize = ask.param("p").and_then(|text| text.parse().ok()).unwrap_or(0);
    let (total, list) = ask.see(|space, _| {
        known_revision(space, ask.part("rev"))?;
        let newest_first = space.commits.iter().rev().skip(page * limit).take(limit);
        let list: Value = newest_first
            .map(|commit| {
                json!({
                    "id": commit.sha, "title": commit.title, "message": "", "date": iso(commit.date),
                    "authors": [{ "user": commit.author, "avatar": "/avatars/0.svg" }],
                })
            })
            .collect();
        Ok((space.commits.len(), list))
    })??;
    let mut response = answer::ok(&list);
    response
        .headers_mut()
        .insert(HeaderName::from_static("x-total-count"), HeaderValue::from(total));
    Ok(response)
}

/// `GET …/tree/{rev}`
pub(crate) async fn tree(ask: Ask) -> Answer {
    let list: Value = ask.see(|space, _| {
        known_revision(space, ask.part("rev"))?;
        let entry =
            |file: &&str| json!({ "type": "file", "oid": space.oid, "size": 1_024, "path": file });
        Ok(view::files(space).iter().map(entry).collect())
    })??;
    Ok(answer::ok(&list))
}

/// `GET /spaces/{id}/raw/{rev}/{file}`: the README; other files are not kept.
pub(crate) async fn raw(ask: Ask) -> Answer {
    let (card, files) = ask.see(|space, _| {
        (view::element(space, &Fields::Only(vec!["cardData".to_owned()])), view::files(space))
    })?;
    let file = ask.part("file");
    if !files.contains(&file) {
        return Err(Refusal::coded(StatusCode::NOT_FOUND, "EntryNotFound", "Entry not found"));
    }
    let mut text = String::new();
    if let (Some(data), "README.md") = (card["cardData"].as_object(), file) {
        let lines: Vec<String> =
            data.iter().map(|(key, value)| format!("{key}: {value}")).collect();
        text = format!("---\n{}\n---\n", lines.join("\n"));
    }
    Ok(answer::text_answer(StatusCode::OK, answer::PLAIN, text))
}

/// `GET /spaces/{id}`: the Space's page, for people.
pub(crate) async fn page(ask: Ask) -> Answer {
    let text = ask.see(|space, _| {
        let title = space.card.title.as_deref().unwrap_or(&space.name);
        format!(
            "<!DOCTYPE html>\n<html><head><meta charset=\"utf-8\"><title>{title}</title></head>\n\
             <body><h1>{} {title}</h1><p>{} is {}.</p><p><a href=\"/app/{}/\">Open the app</a></p>\n\
             <p>This page belongs to a simulated Hub.</p></body></html>\n",
            answer::escape(&space.card.emoji),
            space.id(),
            space.stage,
            space.subdomain,
            title = answer::escape(title),
        )
    })?;
    Ok(answer::text_answer(StatusCode::OK, answer::HTML, text))
}

/// `GET /api/spaces/hardware`
pub(crate) async fn hardware_list() -> Response {
    answer::ok(&hardware::list())
}

/// `GET /api/spaces/templates`
pub(crate) async fn templates() -> Response {
    answer::ok(&json!({ "templates": [
        { "sdk": "docker", "name": "JupyterLab", "repoId": "SpacesExamples/jupyterlab", "preferredPrivate": true },
        { "sdk": "docker", "name": "Streamlit", "repoId": "streamlit/streamlit-template-space", "preferredPrivate": false },
        { "sdk": "gradio", "name": "Chatbot", "repoId": "gradio-templates/chatbot", "preferredPrivate": false },
    ]}))
}

/// `GET /api/spaces/zero-gpu/quota`
pub(crate) async fn zero_gpu_quota(ask: Ask) -> Answer {
    if ask.caller.is_anonymous() {
        return Err(Refusal::sign_in());
    }
    ask.caller.refuse_oauth()?;
    Ok(answer::ok(&json!({
        "base": 300, "current": 112, "resetsAt": iso(ask.hub.clock.now() + chrono::TimeDelta::hours(9)),
        "overquotaUsed": 0, "runs": { "used": 1, "limit": 8, "remaining": 7, "resetsAt": null },
    })))
}
