//! The world that other people's clients are held against: small, with one Space for each case.

use std::time::Duration;

use crate::load::Load;
use crate::people::{Entity, Plan, Role, Scope, TokenKind};
use crate::spec::Sdk;
use crate::world::WorldBuilder;

impl WorldBuilder {
    /// Two users, an organisation, every kind of token, and Spaces in every kind of state.
    #[must_use]
    pub fn conformance(self) -> Self {
        let scopes = vec![
            Scope::new(Entity::User("alice".to_owned()), &["repo.content.read"]),
            Scope::new(
                Entity::Space("alice/demo".to_owned()),
                &["repo.content.read", "repo.write"],
            ),
        ];
        let mut builder = self
            .user_with("alice", |user| user.full_name("Alice A.").plan(Plan::Pro))
            .token("hf_alice_write", TokenKind::Write)
            .token("hf_alice_read", TokenKind::Read)
            .token("hf_alice_fine", TokenKind::FineGrained(scopes))
            .token("hf_oauth_alice", TokenKind::OAuth)
            .token("hf_alice_expired", TokenKind::Expired)
            .token_kept_out("hf_alice_revoked", TokenKind::Write, &[("acme", "token-revoked")])
            .user_with("bob", |user| user.without_payment_method())
            .token("hf_bob_write", TokenKind::Write)
            .user_with("tight", |user| user.api_quota(3))
            .token("hf_tight_write", TokenKind::Write)
            .org("acme", |org| {
                let org = org.full_name("Acme").plan(Plan::Team).cpu_basic_limit(1);
                org.member("alice", Role::Admin).member("bob", Role::Read)
            });
        builder = builder
            .space("alice/demo", |space| {
                let space = space.title("A demo").emoji("👋").load(Load::web(12.0)).likes(3);
                space
                    .secret("API_KEY")
                    .variable("MODEL_REPO_ID", "alice/model")
                    .log("listening on :7860")
            })
            .space("alice/gradio", |space| {
                space.sdk(Sdk::Gradio).hardware("t4-small").load(Load::model(15.0))
            })
            .space("alice/two", |space| {
                space.hardware("cpu-upgrade").replicas(2).load(Load::web(9.0))
            })
            .space("alice/asleep", |space| space.sdk(Sdk::Gradio).sleeping())
            .space("alice/paused", |space| space.paused())
            .space("alice/secret-lab", |space| space.private().load(Load::batch()))
            .space("alice/site", |space| space.statics())
            .space("alice/broken", |space| space.stage(crate::stage::RUNTIME_ERROR))
            .space("alice/unbuildable", |space| {
                space.stage(crate::stage::BUILD_ERROR).life(crate::spec::Life::FailsToBuild)
            })
            .space("alice/empty", |space| space.empty())
            .space("alice/flagged", |space| space.abusive())
            .space("alice/disabled", |space| space.disabled())
            .space("acme/app", |space| space.load(Load::web(10.0)).up_for(Duration::from_secs(60)))
            .space("acme/second", |space| space.paused())
            .space("acme/hidden", |space| space.private().sleeping())
            .space("bob/thing", |space| space.talks());
        for number in 0..7 {
            builder = builder.space(&format!("bob/page-{number}"), |space| space.sleeping());
        }
        builder
    }
}
