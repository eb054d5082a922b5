//! Which crate may use which: the table of `docs/ARCHITECTURE.md`, checked over cargo's metadata.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

use crate::{process, settings::Settings};

const DESKTOP: &str = "hf-space-manager";

/// What each crate of the workspace may use of the others. The programs and the server name the
/// Hub's client and the store, since they put the engine together from them.
const GRAPH: &[(&str, &[&str])] = &[
    ("hfsm-model", &[]),
    ("hfsm-hub", &["hfsm-model"]),
    ("hfsm-store", &["hfsm-model"]),
    ("hfsm-core", &["hfsm-model", "hfsm-hub", "hfsm-store"]),
    ("hfsm-api", &["hfsm-model", "hfsm-core"]),
    ("hfsm-server", &["hfsm-model", "hfsm-hub", "hfsm-store", "hfsm-core", "hfsm-api"]),
    (
        "hfsm",
        &[
            "hfsm-model",
            "hfsm-hub",
            "hfsm-store",
            "hfsm-core",
            "hfsm-api",
            "hfsm-server",
            "hfsm-demo",
        ],
    ),
    (
        DESKTOP,
        &[
            "hfsm-model",
            "hfsm-hub",
            "hfsm-store",
            "hfsm-core",
            "hfsm-api",
            "hfsm-server",
            "hfsm-demo",
        ],
    ),
    ("hfsm-hub-sim", &[]),
    ("hfsm-demo", &["hfsm-model", "hfsm-hub", "hfsm-store", "hfsm-core", "hfsm-hub-sim"]),
    ("hfsm-bench", &["hfsm-model", "hfsm-hub", "hfsm-core", "hfsm-hub-sim"]),
    ("xtask", &[]),
];

/// Crates from outside that only some of ours may use.
const RESERVED: &[Reserved] = &[
    Reserved {
        names: &["tauri"],
        owners: &[DESKTOP],
        why: "only the desktop program has a window",
    },
    Reserved {
        names: &["reqwest"],
        owners: &["hfsm-hub"],
        why: "every request goes through the Hub client's gateway",
    },
    Reserved {
        names: &["sea-orm", "sqlx", "rusqlite", "sea-query-sqlx"],
        owners: &["hfsm-store"],
        why: "SQL is the store's",
    },
    Reserved {
        names: &["axum", "tower-http"],
        owners: &["hfsm-api", "hfsm-server", "hfsm", DESKTOP, "hfsm-hub-sim"],
        why: "the core knows no web framework",
    },
];

/// Libraries that a program without a window must not need, by the start of their names.
const WINDOW_LIBRARIES: [&str; 6] = ["gtk", "gdk", "webkit2gtk", "wry", "tao", "tauri"];

/// TLS is rustls with ring: these would bring a second one, or a C library.
const OTHER_TLS: [&str; 3] = ["aws-lc-rs", "native-tls", "openssl-sys"];

struct Reserved {
    /// The crates, and with each the ones whose names go on with a hyphen.
    names: &'static [&'static str],
    owners: &'static [&'static str],
    why: &'static str,
}

/// Fails with every broken rule of the workspace.
pub(crate) fn check(settings: &Settings) -> Result<()> {
    let metadata = process::output(&mut settings.cargo(&[
        "metadata",
        "--format-version=1",
        "--no-default-features",
        "--filter-platform=x86_64-unknown-linux-gnu",
    ]))?;
    let metadata = serde_json::from_str(&metadata).context("read cargo's metadata")?;
    let mut broken = broken_by_manifests(&metadata);
    broken.extend(broken_by_the_tree(&metadata));
    if !broken.is_empty() {
        bail!("{}", broken.join("\n"));
    }
    Ok(())
}

/// Looks at what the workspace's manifests name.
fn broken_by_manifests(metadata: &Value) -> Vec<String> {
    let members = names(metadata, "workspace_members");
    let mut broken = Vec::new();
    for package in list(&metadata["packages"]).filter(|p| members.contains_key(text(&p["id"]))) {
        let name = text(&package["name"]);
        let Some((_, may_use)) = GRAPH.iter().find(|(member, _)| *member == name) else {
            broken.push(format!("{name}: is not in the table of crates (xtask/src/rules.rs)"));
            continue;
        };
        for dependency in list(&package["dependencies"]) {
            // Tests may use what they like.
            if dependency["kind"] == "dev" {
                continue;
            }
            let used = text(&dependency["name"]);
            if GRAPH.iter().any(|(member, _)| *member == used) && !may_use.contains(&used) {
                broken.push(format!("{name} uses {used}: the crates above may use the ones below"));
            }
            for rule in RESERVED.iter().filter(|rule| rule.covers(used)) {
                if !rule.owners.contains(&name) {
                    broken.push(format!("{name} uses {used}: {}", rule.why));
                }
            }
        }
    }
    broken
}

/// Looks at everything that a build without the desktop program brings in.
fn broken_by_the_tree(metadata: &Value) -> Vec<String> {
    let names = names(metadata, "packages");
    let edges: BTreeMap<&str, Vec<&str>> = list(&metadata["resolve"]["nodes"])
        .map(|node| (text(&node["id"]), list(&node["dependencies"]).map(text).collect()))
        .collect();
    let mut to_visit: Vec<&str> = list(&metadata["workspace_members"]).map(text).collect();
    let mut seen = BTreeSet::new();
    while let Some(id) = to_visit.pop() {
        if seen.insert(id) {
            to_visit.extend(edges.get(id).into_iter().flatten());
        }
    }
    let mut broken = Vec::new();
    for name in seen.iter().filter_map(|id| names.get(id)) {
        if WINDOW_LIBRARIES.iter().any(|library| is_or_extends(name, library)) {
            broken.push(format!("{name} is built without the desktop program: it needs no window"));
        }
        if OTHER_TLS.contains(name) {
            broken.push(format!("{name} is in the tree: TLS is rustls with ring"));
        }
    }
    broken
}

impl Reserved {
    fn covers(&self, dependency: &str) -> bool {
        self.names.iter().any(|name| is_or_extends(dependency, name))
    }
}

/// True for `tauri` and `tauri-build` where the name is `tauri`.
fn is_or_extends(dependency: &str, name: &str) -> bool {
    let rest = dependency.strip_prefix(name);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
}

/// Returns the names of `packages` or `workspace_members` by id.
fn names<'a>(metadata: &'a Value, which: &str) -> BTreeMap<&'a str, &'a str> {
    let members: BTreeSet<&str> = list(&metadata["workspace_members"]).map(text).collect();
    list(&metadata["packages"])
        .map(|package| (text(&package["id"]), text(&package["name"])))
        .filter(|(id, _)| which == "packages" || members.contains(id))
        .collect()
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_workspace_keeps_its_rules() {
        if let Err(broken) = check(&Settings::from_environment()) {
            panic!("{broken}");
        }
    }

    #[test]
    fn a_crate_below_may_not_use_one_above() {
        let broken = broken_by_manifests(&manifest("hfsm-hub", "hfsm-core", None));
        assert_eq!(broken, ["hfsm-hub uses hfsm-core: the crates above may use the ones below"]);
        assert!(broken_by_manifests(&manifest("hfsm-core", "hfsm-hub", None)).is_empty());
    }

    #[test]
    fn a_reserved_crate_and_its_family_have_one_owner() {
        for (member, used) in [
            ("hfsm-core", "axum"),
            ("hfsm-core", "sea-orm"),
            ("hfsm-server", "reqwest"),
            ("hfsm-server", "tauri"),
            ("hfsm", "tauri-plugin-notification"),
            ("hfsm-core", "sea-orm-migration"),
            ("hfsm-bench", "reqwest"),
        ] {
            assert_eq!(broken_by_manifests(&manifest(member, used, None)).len(), 1, "{member}");
        }
        for (member, used) in
            [(DESKTOP, "tauri"), ("hfsm-hub", "reqwest"), ("hfsm-store", "sea-orm-migration")]
        {
            assert!(broken_by_manifests(&manifest(member, used, None)).is_empty(), "{member}");
        }
    }

    #[test]
    fn tests_may_use_what_they_like() {
        assert!(broken_by_manifests(&manifest("hfsm-core", "axum", Some("dev"))).is_empty());
        assert!(!broken_by_manifests(&manifest("hfsm-core", "axum", Some("build"))).is_empty());
    }

    #[test]
    fn a_new_crate_must_be_put_into_the_table() {
        let broken = broken_by_manifests(&manifest("hfsm-extra", "serde", None));
        assert_eq!(broken.len(), 1);
        assert!(broken[0].contains("hfsm-extra"), "{broken:?}");
    }

    #[test]
    fn a_window_library_is_found_however_deep_it_is() {
        let broken = broken_by_the_tree(&tree(&["hfsm", "tray", "gtk-sys"]));
        assert_eq!(broken.len(), 1);
        assert!(broken[0].starts_with("gtk-sys "), "{broken:?}");
        assert!(broken_by_the_tree(&tree(&["hfsm", "taocp", "ring"])).is_empty());
    }

    #[test]
    fn a_second_tls_is_found() {
        assert_eq!(broken_by_the_tree(&tree(&["hfsm", "rustls", "aws-lc-rs"])).len(), 1);
    }

    fn manifest(member: &str, used: &str, kind: Option<&str>) -> Value {
        json!({
            "workspace_members": ["it"],
            "packages": [{
                "id": "it",
                "name": member,
                "dependencies": [{ "name": used, "kind": kind }],
            }],
        })
    }

    /// A workspace of the first name, where each uses the next.
    fn tree(chain: &[&str]) -> Value {
        let packages: Vec<Value> =
            chain.iter().map(|name| json!({ "id": name, "name": name })).collect();
        let nodes: Vec<Value> = chain
            .iter()
            .enumerate()
            .map(|(index, name)| {
                json!({ "id": name, "dependencies": chain.get(index + 1..index + 2) })
            })
            .collect();
        json!({
            "workspace_members": [chain[0]],
            "packages": packages,
            "resolve": { "nodes": nodes },
        })
    }
}
