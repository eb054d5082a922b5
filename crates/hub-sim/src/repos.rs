//! Making, renaming, copying and deleting Spaces, and their settings.

use bytes::Bytes;
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::access::Caller;
use crate::answer::{self, Answer, Refusal, parse};
use crate::ask::Ask;
use crate::people::{Plan, Role, TokenKind};
use crate::space::{At, Entry, Space};
use crate::spec::{Sdk, SpaceSpec, Visibility};
use crate::stages::Slot;
use crate::state::State;
use crate::{hardware, stage};

#[derive(Deserialize)]
struct Create {
    #[serde(rename = "type")]
    kind: Option<String>,
    name: String,
    organization: Option<String>,
    sdk: Option<String>,
    #[serde(flatten)]
    wishes: Wishes,
}

/// What a new Space and a copy have in common.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wishes {
    private: Option<bool>,
    visibility: Option<String>,
    hardware: Option<String>,
    sleep_time_seconds: Option<i64>,
    #[serde(default)]
    secrets: Vec<KeyValue>,
    #[serde(default)]
    variables: Vec<KeyValue>,
}

#[derive(Deserialize)]
struct KeyValue {
    key: String,
    #[serde(default)]
    value: String,
    description: Option<String>,
}

/// `POST /api/repos/create`
pub(crate) async fn create(ask: Ask, body: Bytes) -> Answer {
    let wanted: Create = parse(&body)?;
    if wanted.kind.as_deref() != Some("space") {
        return Err(Refusal::bad_request(
            "This Hub is simulated: it only knows repositories of type \"space\"",
        ));
    }
    let sdk = wanted.sdk.as_deref().and_then(Sdk::parse);
    let sdk =
        sdk.ok_or_else(|| Refusal::bad_request("\"sdk\" must be one of [gradio, docker, static]"))?;
    let answer = ask.hub.change(|state, at| {
        let user = signed_in(&ask)?;
        let owner = wanted.organization.as_deref().unwrap_or(&user).to_owned();
        let free = paid_plan(state, &owner).is_none();
        if sdk != Sdk::Static
            && free
            && wanted.wishes.hardware.as_deref().is_none_or(|h| h == "cpu-basic")
        {
            let text =
                "Upgrade to PRO, Team or Enterprise to host Gradio or Docker Spaces on CPU Basic";
            may_create(&ask, state, &owner)?;
            return Err(Refusal::new(StatusCode::PAYMENT_REQUIRED, text));
        }
        let card = wanted
            .wishes
            .card(SpaceSpec::default().sdk(sdk).created_by(&user).empty_if_code(sdk))?;
        add(&ask, state, at, (&owner, &wanted.name), card, &wanted.wishes)
    })?;
    Ok(answer::ok(&answer))
}

#[derive(Deserialize)]
struct Duplicate {
    repository: String,
    #[serde(flatten)]
    wishes: Wishes,
}

/// `POST …/duplicate`: everything but the secrets is copied.
pub(crate) async fn duplicate(ask: Ask, body: Bytes) -> Answer {
    let wanted: Duplicate = parse(&body)?;
    let (owner, name) = split(&wanted.repository)?;
    let answer = ask.hub.change(|state, at| {
        let user = signed_in(&ask)?;
        let (index, _) = state.find(&ask.caller, &ask.path, ask.id())?;
        let source = &state.spaces[index];
        let mut card = source.card.clone().created_by(&user).stage(stage::BUILDING);
        card.secrets.clear();
        card.error_message = None;
        let card = wanted.wishes.card(card)?;
        add(&ask, state, at, (owner, name), card, &wanted.wishes)
    })?;
    Ok(answer::ok(&json!({ "url": answer["url"] })))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Move {
    from_repo: String,
    to_repo: String,
}

/// `POST /api/repos/move`: the old name leads to the new one afterwards.
pub(crate) async fn rename(ask: Ask, body: Bytes) -> Answer {
    let wanted: Move = parse(&body)?;
    let (from, to) = (split(&wanted.from_repo)?, split(&wanted.to_repo)?);
    ask.hub.change(|state, _| {
        let index = state.find_managed(&ask.caller, &ask.path, from)?;
        may_create(&ask, state, to.0)?;
        if state.position(&wanted.to_repo).is_some() {
            return Err(exists(&ask, &wanted.to_repo));
        }
        valid_name(to.1)?;
        state.rename(index, to.0, to.1);
        Ok(())
    })?;
    Ok(answer::ok(&json!({})))
}

#[derive(Deserialize)]
struct Delete {
    name: String,
    organization: Option<String>,
}

/// `DELETE /api/repos/delete`
pub(crate) async fn delete(ask: Ask, body: Bytes) -> Answer {
    let wanted: Delete = parse(&body)?;
    ask.hub.change(|state, _| {
        let user = signed_in(&ask)?;
        // A full name in `name` is taken as well, as old clients send it.
        let (owner, name) = match wanted.name.split_once('/') {
            Some(pair) => pair,
            None => (wanted.organization.as_deref().unwrap_or(&user), wanted.name.as_str()),
        };
        let index = state.find_managed(&ask.caller, &ask.path, (owner, name))?;
        state.remove(index);
        Ok(())
    })?;
    Ok(answer::text_answer(StatusCode::OK, answer::PLAIN, "OK".to_owned()))
}

#[derive(Deserialize)]
struct Settings {
    visibility: Option<String>,
    private: Option<bool>,
    #[serde(flatten)]
    others: serde_json::Map<String, Value>,
}

/// `PUT …/settings`
pub(crate) async fn settings(ask: Ask, body: Bytes) -> Answer {
    let wanted: Settings = parse(&body)?;
    let visibility = visibility(wanted.visibility.as_deref(), wanted.private)?;
    let value = ask.manage(|state, index, _| {
        let owner = state.spaces[index].owner.clone();
        if visibility == Some(Visibility::Protected) && paid_plan(state, &owner).is_none() {
            return Err(Refusal::forbidden("Protected Spaces are only available for PRO users and Team or Enterprise organizations"));
        }
        let space = &mut state.spaces[index];
        space.card.visibility = visibility.unwrap_or(space.card.visibility);
        space.changed();
        let mut value = wanted.others;
        value.insert("visibility".to_owned(), json!(space.card.visibility.word()));
        value.insert("private".to_owned(), json!(crate::view::is_private(space)));
        Ok(Value::Object(value))
    })?;
    Ok(answer::ok(&value))
}

impl Wishes {
    fn card(&self, mut card: SpaceSpec) -> Result<SpaceSpec, Refusal> {
        if let Some(visibility) = visibility(self.visibility.as_deref(), self.private)? {
            card.visibility = visibility;
        }
        if let Some(flavor) = &self.hardware {
            let known = hardware::known(flavor);
            let known = known.ok_or_else(|| {
                Refusal::bad_request(&format!("Invalid hardware flavor: {flavor}"))
            })?;
            card = card.hardware(known.name);
        }
        if let (Some(seconds), true) = (self.sleep_time_seconds, card.hardware != "cpu-basic") {
            card.gc_timeout = u64::try_from(seconds).ok().filter(|seconds| *seconds > 0);
        }
        Ok(card)
    }
}

impl SpaceSpec {
    /// A new Space without files has nothing to run yet; a static one is up at once.
    fn empty_if_code(self, sdk: Sdk) -> Self {
        if sdk == Sdk::Static { self.running() } else { self.stage(stage::NO_APP_FILE) }
    }
}

fn add(
    ask: &Ask,
    state: &mut State,
    at: At<'_>,
    (owner, name): (&str, &str),
    card: SpaceSpec,
    wishes: &Wishes,
) -> Result<Value, Refusal> {
    may_create(ask, state, owner)?;
    valid_name(name)?;
    let id = format!("{owner}/{name}");
    if state.position(&id).is_some() {
        return Err(exists(ask, &id));
    }
    let mut space = Space::new(&id, card, at);
    let entry = |wish: &KeyValue| {
        let description = wish.description.clone();
        (wish.key.clone(), Entry { value: wish.value.clone(), description, updated_at: at.date() })
    };
    space.created_at = at.date();
    space.last_modified = at.date();
    space.secrets.extend(wishes.secrets.iter().map(entry));
    space.variables.extend(wishes.variables.iter().map(entry));
    let space = state.add(space);
    let (oid, url) = (space.oid.clone(), format!("{}/spaces/{id}", ask.base));
    let index = state.spaces.len() - 1;
    if let (Slot::Taken { .. }, true) =
        (state.slot(index), stage::occupies(&state.spaces[index].stage))
    {
        let slot = state.slot(index);
        state.spaces[index].pause();
        state.spaces[index].restart(at, false, slot);
    }
    Ok(json!({ "url": url, "name": id, "id": oid }))
}

fn signed_in(ask: &Ask) -> Result<String, Refusal> {
    ask.caller.user().map(str::to_owned).ok_or_else(Refusal::sign_in)
}

fn may_create(ask: &Ask, state: &State, owner: &str) -> Result<(), Refusal> {
    let Caller::Token(token) = &ask.caller else { return Err(Refusal::sign_in()) };
    let own = owner == token.user;
    let role = state.people.org(owner).and_then(|org| org.role_of(&token.user));
    let writes = matches!(token.kind, TokenKind::Write | TokenKind::God | TokenKind::OAuth)
        || matches!(&token.kind, TokenKind::FineGrained(scopes) if scopes.iter().any(|scope| scope.permissions.iter().any(|p| p == "repo.write")));
    let member = matches!(role, Some(Role::Admin | Role::Write | Role::Contributor));
    if writes && (own || member) && !token.restricted.contains_key(owner) {
        return Ok(());
    }
    Err(Refusal::forbidden(&format!(
        "You don't have the rights to create a space under the namespace \"{owner}\""
    )))
}

fn paid_plan(state: &State, owner: &str) -> Option<Plan> {
    let plan = match state.people.org(owner) {
        Some(org) => org.plan,
        None => state.people.user(owner).map(|user| user.plan),
    };
    plan.filter(|plan| *plan != Plan::Free)
}

fn visibility(word: Option<&str>, private: Option<bool>) -> Result<Option<Visibility>, Refusal> {
    match (word, private) {
        (Some(_), Some(_)) => {
            Err(Refusal::bad_request("Only one of \"private\" and \"visibility\" can be set"))
        }
        (Some(word), None) => {
            let visibility = Visibility::parse(word);
            visibility.map(Some).ok_or_else(|| {
                Refusal::bad_request("\"visibility\" must be one of [public, private, protected]")
            })
        }
        (None, Some(private)) => {
            Ok(Some(if private { Visibility::Private } else { Visibility::Public }))
        }
        (None, None) => Ok(None),
    }
}

fn exists(ask: &Ask, id: &str) -> Refusal {
    Refusal::conflict("You already created this space repo", &format!("{}/spaces/{id}", ask.base))
}

fn split(id: &str) -> Result<(&str, &str), Refusal> {
    id.split_once('/')
        .ok_or_else(|| Refusal::bad_request("A repository is named as namespace/name"))
}

fn valid_name(name: &str) -> Result<(), Refusal> {
    let good = !name.is_empty()
        && name.len() <= 96
        && !name.starts_with(['-', '.'])
        && !name.ends_with(['-', '.'])
        && !name.contains("--")
        && !name.contains("..")
        && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'));
    if good { Ok(()) } else { Err(Refusal::bad_request("Invalid repo name")) }
}
