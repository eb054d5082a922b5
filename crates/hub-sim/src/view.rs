//! What the Hub's API shows of a Space.

use serde_json::{Map, Value, json};

use crate::clock::iso;
use crate::space::{Entry, Space};
use crate::stage;

/// Fields that may be asked for with `expand`.
pub(crate) const EXPANDABLE: &[&str] = &[
    "author",
    "cardData",
    "createdAt",
    "datasets",
    "disabled",
    "gitalyUid",
    "lastModified",
    "likes",
    "models",
    "private",
    "region",
    "resourceGroup",
    "runtime",
    "sdk",
    "sha",
    "siblings",
    "subdomain",
    "tags",
    "trendingScore",
    "usedStorage",
    "xetEnabled",
];

const CARD: &[&str] = &["author", "createdAt", "likes", "private", "sdk", "tags", "trendingScore"];
const FULL: &[&str] = &[
    "author",
    "cardData",
    "createdAt",
    "datasets",
    "lastModified",
    "likes",
    "models",
    "private",
    "sdk",
    "sha",
    "siblings",
    "subdomain",
    "tags",
    "trendingScore",
];
const INFO: &[&str] = &[
    "author",
    "sha",
    "lastModified",
    "private",
    "disabled",
    "subdomain",
    "tags",
    "likes",
    "sdk",
    "createdAt",
    "cardData",
    "siblings",
    "models",
    "datasets",
    "usedStorage",
    "runtime",
];

/// Which fields of a Space an answer has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Fields {
    /// The short card of a list.
    Card,
    /// A list with `full=true`.
    Full,
    /// Exactly what was asked for.
    Only(Vec<String>),
}

/// An element of a list.
pub(crate) fn element(space: &Space, fields: &Fields) -> Value {
    match fields {
        Fields::Card => object(space, CARD.iter().copied()),
        Fields::Full => object(space, FULL.iter().copied()),
        Fields::Only(names) => object(space, names.iter().map(String::as_str)),
    }
}

/// The whole description of a Space; `host` is the address of its app.
pub(crate) fn info(space: &Space, host: &str) -> Value {
    let mut value = object(space, INFO.iter().copied());
    value["gated"] = json!(false);
    value["host"] = json!(host);
    value["visibility"] = json!(space.card.visibility.word());
    value
}

fn object<'a>(space: &Space, fields: impl Iterator<Item = &'a str>) -> Value {
    let mut map = Map::new();
    map.insert("_id".to_owned(), json!(space.oid));
    map.insert("id".to_owned(), json!(space.id()));
    for name in fields {
        if let Some(value) = field(space, name) {
            map.insert(name.to_owned(), value);
        }
    }
    Value::Object(map)
}

fn field(space: &Space, name: &str) -> Option<Value> {
    let card = &space.card;
    Some(match name {
        "author" => json!(space.owner),
        "cardData" => card_data(space)?,
        "createdAt" => json!(iso(space.created_at)),
        "datasets" | "models" => json!([]),
        "disabled" => json!(card.disabled),
        "gitalyUid" => json!(space.oid),
        "lastModified" => json!(iso(space.last_modified)),
        "likes" => json!(card.likes),
        "private" => json!(is_private(space)),
        "region" => json!("us"),
        "resourceGroup" => match &card.resource_group {
            Some((id, name)) => json!({ "id": id, "name": name }),
            None => Value::Null,
        },
        "runtime" if card.without_runtime => return None,
        "runtime" => runtime(space),
        "sdk" => json!(card.sdk?.word()),
        "sha" => json!(space.head()),
        "siblings" => siblings(space),
        "subdomain" => json!(space.subdomain),
        "tags" => tags(space),
        "trendingScore" => json!(card.likes / 7),
        "usedStorage" => json!(space.used_storage),
        "xetEnabled" => json!(true),
        _ => return None,
    })
}

/// Whether the source of a Space is hidden from the public.
pub(crate) fn is_private(space: &Space) -> bool {
    space.card.visibility != crate::spec::Visibility::Public
}

/// The names of a Space's files.
pub(crate) fn files(space: &Space) -> Vec<&'static str> {
    use crate::spec::Sdk;
    let mut files = vec![".gitattributes", "README.md"];
    match space.card.sdk {
        Some(Sdk::Static) => files.push("index.html"),
        Some(Sdk::Docker) => files.extend(["Dockerfile", "main.py", "requirements.txt"]),
        Some(Sdk::Gradio | Sdk::Streamlit) => files.extend(["app.py", "requirements.txt"]),
        None => files.truncate(1),
    }
    files
}

fn siblings(space: &Space) -> Value {
    files(space).iter().map(|file| json!({ "rfilename": file })).collect()
}

fn tags(space: &Space) -> Value {
    let sdk = space.card.sdk.iter().map(|sdk| sdk.word().to_owned());
    sdk.chain(space.card.tags.iter().cloned()).chain(["region:us".to_owned()]).collect()
}

fn card_data(space: &Space) -> Option<Value> {
    let card = &space.card;
    let sdk = card.sdk?;
    let mut data = json!({
        "title": card.title.as_deref().unwrap_or(&space.name),
        "emoji": card.emoji,
        "colorFrom": card.colors.0,
        "colorTo": card.colors.1,
        "sdk": sdk.word(),
        "pinned": false,
    });
    if sdk == crate::spec::Sdk::Gradio {
        data["sdk_version"] = json!("6.1.0");
        data["app_file"] = json!("app.py");
    }
    if let Some(text) = &card.short_description {
        data["short_description"] = json!(text);
    }
    Some(data)
}

/// The runtime object.
pub(crate) fn runtime(space: &Space) -> Value {
    let card = &space.card;
    if space.is_static() {
        return json!({
            "stage": space.stage,
            "hardware": { "current": null, "requested": null },
            "storage": null,
            "replicas": { "requested": 1, "current": 1 },
        });
    }
    let serving = space.replicas.iter().filter(|replica| replica.leaves_at.is_none()).count();
    let mut replicas = json!({ "requested": card.replicas });
    if stage::serves(&space.stage) {
        replicas["current"] = json!(serving);
    }
    let mut domains =
        vec![json!({ "domain": format!("{}.hf.space", space.subdomain), "stage": "READY" })];
    if let Some(domain) = &card.custom_domain {
        domains.push(json!({ "domain": domain, "stage": "READY", "isCustom": true }));
    }
    let mut runtime = json!({
        "stage": space.stage,
        "hardware": { "current": space.hardware_now, "requested": card.hardware },
        "storage": null,
        "gcTimeout": card.gc_timeout,
        "replicas": replicas,
        "devMode": card.dev_mode,
        "domains": domains,
    });
    if let Some(message) = &space.error_message {
        runtime["errorMessage"] = json!(message);
    }
    if let Some(sha) = &space.running_sha {
        runtime["sha"] = json!(sha);
    }
    if !space.volumes.is_empty() {
        runtime["volumes"] = json!(space.volumes);
    }
    runtime
}

/// The map of secrets (without values) or of variables (with them).
pub(crate) fn entries<'a>(
    entries: impl Iterator<Item = (&'a String, &'a Entry)>,
    values: bool,
) -> Value {
    let mut map = Map::new();
    for (key, entry) in entries {
        let mut value = json!({ "key": key });
        if values {
            value["value"] = json!(entry.value);
        }
        if let Some(description) = &entry.description {
            value["description"] = json!(description);
        }
        value["updatedAt"] = json!(iso(entry.updated_at));
        map.insert(key.clone(), value);
    }
    Value::Object(map)
}
