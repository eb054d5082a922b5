//! What changes a Space's runtime. Each answers with the runtime as it is right after.

use bytes::Bytes;
use http::StatusCode;
use serde::Deserialize;
use serde_json::Value;

use crate::answer::{self, Answer, Refusal, parse};
use crate::ask::Ask;
use crate::space::{At, Space};
use crate::stages::Slot;
use crate::state::State;
use crate::{hardware, stage, view};

const NO_SLOT: &str = "You've reached your cpu-basic quota limit, please upgrade your account, or pause your previous Spaces to restart this one";
const NO_PAYMENT: &str = "You must add a payment method to your account to upgrade your space's hardware. Visit your billing settings to add one: https://huggingface.co/settings/billing";

/// `POST …/restart[?factory=true]`
pub(crate) async fn restart(ask: Ask) -> Answer {
    ask.caller.refuse_oauth()?;
    let factory = ask.flag("factory");
    act(&ask, |state, index, at| {
        let slot = state.slot(index);
        let space = &mut state.spaces[index];
        if space.card.abusive {
            let text = "503 – Something went wrong when restarting this Space.";
            return Err(Refusal::page(StatusCode::SERVICE_UNAVAILABLE, text));
        }
        if space.stage == stage::PAUSED && slot != Slot::Free {
            return Err(Refusal::forbidden(NO_SLOT));
        }
        space.restart(at, factory, slot);
        Ok(())
    })
}

/// `POST …/pause`
pub(crate) async fn pause(ask: Ask) -> Answer {
    act(&ask, |state, index, _| {
        state.spaces[index].pause();
        Ok(())
    })
}

#[derive(Deserialize)]
struct SleepTime {
    seconds: i64,
}

/// `POST …/sleeptime`; free hardware keeps its 48 hours whatever is asked for.
pub(crate) async fn sleep_time(ask: Ask, body: Bytes) -> Answer {
    ask.caller.refuse_oauth()?;
    let SleepTime { seconds } = parse(&body)?;
    let timeout = timeout(seconds)?;
    act(&ask, |state, index, at| {
        let space = &mut state.spaces[index];
        if space.card.hardware != "cpu-basic" {
            space.card.gc_timeout = timeout;
            space.last_visit = at.instant;
            space.expect_idleness(at);
        }
        space.changed();
        Ok(())
    })
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Hardware {
    flavor: String,
    sleep_time_seconds: Option<i64>,
}

/// `POST …/hardware`
pub(crate) async fn hardware(ask: Ask, body: Bytes) -> Answer {
    ask.caller.refuse_oauth()?;
    let wanted: Hardware = parse(&body)?;
    let flavor = hardware::known(&wanted.flavor).ok_or_else(|| {
        Refusal::bad_request(&format!("Invalid hardware flavor: {}", wanted.flavor))
    })?;
    let timeout = wanted.sleep_time_seconds.map(timeout).transpose()?;
    act(&ask, |state, index, at| {
        if flavor.cost > 0 && !state.people.can_pay(&state.spaces[index].owner) {
            return Err(Refusal::forbidden(NO_PAYMENT));
        }
        let space = &mut state.spaces[index];
        space.card = space.card.clone().hardware(flavor.name);
        if flavor.cost == 0 {
            space.card.gc_timeout = Some(172_800);
        }
        if let Some(timeout) = timeout.filter(|_| flavor.name != "cpu-basic") {
            space.card.gc_timeout = timeout;
        }
        space.take_up_settings(at);
        Ok(())
    })
}

#[derive(Deserialize)]
struct DevMode {
    enabled: bool,
}

/// `POST …/dev-mode`; switching it on needs a plan.
pub(crate) async fn dev_mode(ask: Ask, body: Bytes) -> Answer {
    let DevMode { enabled } = parse(&body)?;
    act(&ask, |state, index, at| {
        if enabled && !has_plan(state, &state.spaces[index].owner) {
            return Err(Refusal::forbidden(
                "Dev Mode is only available for PRO users and Team or Enterprise organizations",
            ));
        }
        let space = &mut state.spaces[index];
        if space.card.dev_mode != enabled {
            space.card.dev_mode = enabled;
            space.take_up_settings(at);
        }
        Ok(())
    })
}

#[derive(Deserialize)]
struct Replicas {
    replicas: u32,
}

/// `POST …/replicas`; for paid hardware.
pub(crate) async fn replicas(ask: Ask, body: Bytes) -> Answer {
    let Replicas { replicas } = parse(&body)?;
    if !(1..=10).contains(&replicas) {
        return Err(Refusal::bad_request("\"replicas\" must be between 1 and 10"));
    }
    act(&ask, |state, index, at| {
        let space = &mut state.spaces[index];
        if hardware::find(&space.card.hardware).cost == 0 && replicas > 1 {
            return Err(Refusal::forbidden("Replicas are only available on paid hardware"));
        }
        space.card.replicas = replicas;
        space.take_up_settings(at);
        Ok(())
    })
}

#[derive(Deserialize)]
struct Volumes {
    volumes: Vec<Value>,
}

/// `PUT …/volumes`: the whole set at once.
pub(crate) async fn set_volumes(ask: Ask, body: Bytes) -> Answer {
    let Volumes { volumes } = parse(&body)?;
    let mountable = |volume: &Value| {
        let path = volume["mountPath"].as_str().unwrap_or_default();
        let kind = volume["type"].as_str().unwrap_or_default();
        path.starts_with('/') && matches!(kind, "bucket" | "model" | "dataset" | "space")
    };
    if volumes.is_empty() || !volumes.iter().all(mountable) {
        return Err(Refusal::bad_request(
            "\"volumes\" needs at least one volume, each with a type, a source and a mountPath that starts with /",
        ));
    }
    act(&ask, |state, index, at| {
        state.spaces[index].volumes = volumes;
        state.spaces[index].take_up_settings(at);
        Ok(())
    })
}

/// `DELETE …/volumes`
pub(crate) async fn delete_volumes(ask: Ask) -> Answer {
    act(&ask, |state, index, at| {
        let space = &mut state.spaces[index];
        if space.volumes.is_empty() {
            return Err(Refusal::bad_request("This Space has no volumes"));
        }
        space.volumes.clear();
        space.take_up_settings(at);
        Ok(())
    })
}

/// Does something to a Space that can run, and answers with its runtime.
fn act(ask: &Ask, action: impl FnOnce(&mut State, usize, At<'_>) -> Result<(), Refusal>) -> Answer {
    let runtime = ask.manage(|state, index, at| {
        refuse_static(&state.spaces[index])?;
        action(state, index, at)?;
        Ok(view::runtime(&state.spaces[index]))
    })?;
    Ok(answer::ok(&runtime))
}

fn refuse_static(space: &Space) -> Result<(), Refusal> {
    if space.is_static() {
        return Err(Refusal::bad_request("This action is not available for static Spaces"));
    }
    Ok(())
}

/// Seconds until sleep as the API takes them: above 0, or -1 for never.
fn timeout(seconds: i64) -> Result<Option<u64>, Refusal> {
    match seconds {
        -1 => Ok(None),
        1.. => Ok(Some(seconds.unsigned_abs())),
        _ => Err(Refusal::bad_request(
            "Sleep time must be a positive number of seconds, or -1 for never",
        )),
    }
}

fn has_plan(state: &State, owner: &str) -> bool {
    let org = state.people.org(owner).map(|org| org.plan.is_some());
    let user =
        || state.people.user(owner).is_some_and(|user| user.plan != crate::people::Plan::Free);
    org.unwrap_or_else(user)
}
