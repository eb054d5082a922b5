//! The committed OpenAPI document is the one that the router makes.

use std::{fs, path::Path};

#[test]
fn the_committed_document_is_the_one_that_the_router_makes() {
    let document = hfsm_server::document(hfsm_api::openapi());
    let made = document.to_pretty_json().unwrap() + "\n";
    let committed = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/api/openapi.json");
    if fs::read_to_string(&committed).ok().as_deref() != Some(&made) {
        let made_at = Path::new(env!("CARGO_TARGET_TMPDIR")).join("openapi.json");
        fs::write(&made_at, &made).unwrap();
        panic!(
            "docs/api/openapi.json is out of date: run `cargo xtask openapi` (made: {})",
            made_at.display()
        );
    }
}

#[test]
fn every_operation_says_what_it_is_and_every_answer_what_it_means() {
    let document = serde_json::to_value(hfsm_server::document(hfsm_api::openapi())).unwrap();
    let mut names = std::collections::BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let name = operation["operationId"]
                .as_str()
                .unwrap_or_else(|| panic!("{method} {path} has no name"));
            assert!(names.insert(name.to_owned()), "`{name}` stands twice");
            assert!(operation["summary"].is_string(), "{name} has no summary");
            for (status, answer) in operation["responses"].as_object().unwrap() {
                assert!(
                    !answer["description"].as_str().unwrap_or_default().is_empty(),
                    "{name} {status}"
                );
            }
        }
    }
    assert!(names.len() > 30, "{}", names.len());
}
