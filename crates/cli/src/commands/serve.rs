//! `hfsm serve` and `hfsm demo`.

use hfsm_core::{Fleet, vault::VaultKind};
use hfsm_demo::Demo;
use hfsm_server::{
    ConfiguredPassword, Listener, LocalDoor, ServerConfig, Site, SiteParts, StopSignals,
    has_interface,
};
use secrecy::ExposeSecret;
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::{
    args,
    engine::{self, Engine},
    output::Output,
};

/// Serves the interface and the API until a signal comes.
pub(crate) async fn serve(
    config: ServerConfig,
    args: &args::Serve,
    output: Output,
) -> anyhow::Result<()> {
    let engine = engine::lasting(&config).await?;
    let data = config.data_dir.display().to_string();
    let show = Show {
        title: concat!("HF Space Manager ", env!("CARGO_PKG_VERSION")),
        lasting: true,
        data: format!("{data} (tokens added here: {})", engine.vault),
        link: args.sign_in_link,
        print_address: args.listen.print_address,
        output,
    };
    run(config, engine, show).await
}

/// Serves a simulated Hub's Spaces, so that a newcomer can look around.
pub(crate) async fn demo(
    mut config: ServerConfig,
    args: &args::Demo,
    output: Output,
) -> anyhow::Result<()> {
    config.password = ConfiguredPassword::None;
    config.hf_cli = None;
    let demo = Demo::open().await?;
    let engine = Engine {
        fleet: demo.fleet().clone(),
        hub: demo.hub().clone(),
        vault: VaultKind::Memory.to_string(),
    };
    let show = Show {
        title: concat!(
            "HF Space Manager ",
            env!("CARGO_PKG_VERSION"),
            ", demo: the Hub and all Spaces are simulated"
        ),
        lasting: false,
        data: "nothing is kept".to_owned(),
        link: true,
        print_address: args.listen.print_address,
        output,
    };
    let outcome = run(config, engine, show).await;
    demo.stop();
    outcome
}

struct Show {
    title: &'static str,
    /// Whether there is a data folder.
    lasting: bool,
    data: String,
    /// Whether a sign-in link is written although there is a password.
    link: bool,
    print_address: bool,
    output: Output,
}

async fn run(config: ServerConfig, engine: Engine, show: Show) -> anyhow::Result<()> {
    // From here on a signal ends the program in order.
    let mut signals = StopSignals::listen()?;
    let Engine { fleet, hub, .. } = engine;
    let bound = Listener::bind((config.address, config.port).into(), config.tls.as_ref()).await;
    let listener = match bound {
        Ok(listener) => listener,
        Err(error) => {
            fleet.shutdown().await;
            return Err(error.into());
        }
    };
    let warnings = config.warnings.clone();
    let data = show.lasting.then(|| config.data_dir.clone());
    let parts = SiteParts {
        fleet: fleet.clone(),
        hub,
        api: hfsm_api::router(fleet.clone()),
        document: hfsm_api::openapi(),
    };
    let site = Site::new(config, listener.address(), parts).await?;
    let address = listener.url();
    let link = if show.link || !site.sign_in.has_password() {
        Some(format!("{address}/?code={}", site.sign_in.new_code()?.expose_secret()))
    } else {
        None
    };
    let _door = data.and_then(|data| {
        let door = || LocalDoor::open(&data, &address, &site.sign_in.new_local_key()?);
        door().inspect_err(|error| tracing::warn!(%error, "{error}")).ok()
    });
    show.write(&address, link.as_deref(), &site.sign_in.user(), &fleet)?;
    for warning in warnings {
        tracing::warn!("{warning}");
    }
    fleet.start();

    let stopping = CancellationToken::new();
    let ending = async {
        signals.next().await;
        tracing::info!("stopping; a second signal ends at once");
        stopping.cancel();
        tokio::select! {
            () = fleet.shutdown() => {}
            () = signals.next() => std::process::exit(130),
        }
    };
    tokio::join!(listener.serve(site.router, stopping.clone()), ending);
    Ok(())
}

impl Show {
    fn write(
        &self,
        address: &str,
        link: Option<&str>,
        user: &str,
        fleet: &Fleet,
    ) -> anyhow::Result<()> {
        let output = self.output;
        if self.print_address {
            output.record(&json!({ "address": address, "sign_in": link }))?;
        }
        if output.json {
            return Ok(());
        }
        output.line(self.title)?;
        output.line("")?;
        output.line(format!("  Open      {}", link.unwrap_or(address)))?;
        output.line(match link {
            Some(_) => "            (this link signs in once)".to_owned(),
            None => format!("            (sign in as `{user}`)"),
        })?;
        let accounts = fleet.accounts();
        let names: Vec<_> = accounts.iter().map(|account| account.id.as_str()).collect();
        output.line(format!(
            "  Accounts  {}",
            if names.is_empty() {
                "none yet; the page asks for a token".to_owned()
            } else {
                names.join(", ")
            }
        ))?;
        output.line(format!("  Data      {}", self.data))?;
        if !has_interface() {
            output.line("  Pages     not built; `cargo xtask run` builds them")?;
        }
        output.line("  Stop      Ctrl-C")?;
        output.line("")?;
        Ok(())
    }
}
