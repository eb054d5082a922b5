//! The command line.

use std::{collections::BTreeMap, ffi::OsString, path::PathBuf, time::Duration};

use clap::{Args, Parser, Subcommand, ValueEnum};
use hfsm_model::SpaceId;
use url::Url;

/// One window over all your Hugging Face Spaces: server and command line.
#[derive(Debug, Parser)]
#[command(name = "hfsm", version, about, after_help = EXIT_CODES, disable_help_subcommand = true)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

impl Cli {
    /// Returns whether arguments that cannot be read ask for JSON.
    pub(crate) fn wants_json(arguments: impl IntoIterator<Item = OsString>) -> bool {
        arguments.into_iter().take_while(|text| text != "--").any(|text| text == "--json")
    }
}

const EXIT_CODES: &str = "Exit codes: 0 done, 1 failed, 2 wrong usage or configuration, 3 not \
found, 4 refused by the Hub (token, permission, quota), 5 the Hub cannot be reached, 6 timed out.";

/// What every command takes.
#[derive(Debug, Args)]
pub(crate) struct Global {
    /// A configuration file (TOML)
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// The folder that holds everything that must survive
    #[arg(long, global = true, value_name = "DIR")]
    data_dir: Option<String>,
    /// The Hub, instead of `https://huggingface.co`
    #[arg(long, global = true, value_name = "URL")]
    endpoint: Option<String>,
    /// What to log to the standard error, such as `info` or `hfsm_core=debug`
    #[arg(long, global = true, value_name = "FILTER")]
    log: Option<String>,
    /// Write JSON for programs
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// When to use colours
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub(crate) color: Colors,
}

/// When to use colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Colors {
    /// On a terminal, unless NO_COLOR is set
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Serve the interface and the API in a browser
    Serve(Serve),
    /// Look around in a simulated Hub, without a token
    Demo(Demo),
    /// The users of the Hub whose Spaces are shown
    #[command(subcommand)]
    Accounts(Accounts),
    /// Read Spaces and act on them
    #[command(subcommand)]
    Spaces(Spaces),
    /// Show what a Space prints
    Logs(Logs),
    /// Show what Spaces use
    Metrics(Metrics),
    /// What is done by itself, and each time it was
    Jobs(Jobs),
    /// Show the hardware that the Hub offers
    Hardware,
    /// Write the OpenAPI document of the server
    Openapi,
    /// Hash a password, for HFSM_PASSWORD_HASH
    HashPassword,
    /// Write completions for a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Listen {
    /// The address to listen on; 0.0.0.0 lets other machines connect
    #[arg(long, value_name = "IP")]
    address: Option<String>,
    /// The port to listen on; 0 takes a free one
    #[arg(long, value_name = "PORT")]
    port: Option<String>,
    /// A further host name under which it is reached; may be repeated
    #[arg(long = "host", value_name = "NAME")]
    hosts: Vec<String>,
    /// Write one line of JSON with the address and the sign-in link first, for programs
    #[arg(long)]
    pub(crate) print_address: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Serve {
    #[command(flatten)]
    pub(crate) listen: Listen,
    /// A PEM file with the certificate chain
    #[arg(long, value_name = "FILE")]
    tls_cert: Option<String>,
    /// A PEM file with the private key
    #[arg(long, value_name = "FILE")]
    tls_key: Option<String>,
    /// The name to sign in with
    #[arg(long, value_name = "NAME")]
    user: Option<String>,
    /// What visitors see who did not sign in: off, public or all
    #[arg(long, value_name = "VIEW")]
    public_view: Option<String>,
    /// Write a one-time sign-in link although a password is set
    #[arg(long)]
    pub(crate) sign_in_link: bool,
    /// Write the configuration with the source of each value, and end
    #[arg(long)]
    pub(crate) print_config: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Demo {
    #[command(flatten)]
    pub(crate) listen: Listen,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Accounts {
    /// List the accounts and whether they work
    List,
    /// Add an account; the token is asked for, or read from the standard input
    Add,
    /// Remove an account that was added here
    Remove {
        /// Its name
        name: String,
    },
    /// Ask the Hub about an account's token
    Check {
        /// Its name; all accounts when left out
        name: Option<String>,
    },
    /// Take over the accounts of the official `hf` tool
    Import {
        /// Their names; all when left out
        names: Vec<String>,
        /// Only say which there are
        #[arg(long)]
        list: bool,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum Spaces {
    /// List the Spaces of every account
    List {
        /// Only of this user or organisation
        #[arg(long)]
        owner: Option<String>,
        /// Only in this stage, such as RUNNING
        #[arg(long)]
        stage: Option<String>,
        /// Only with this text in the name or the title
        #[arg(long, short)]
        query: Option<String>,
    },
    /// Show one Space
    Get {
        /// owner/name
        space: SpaceId,
    },
    /// Restart a Space
    Restart(Act),
    /// Build a Space without caches, then start it
    Rebuild(Act),
    /// Pause a Space until somebody restarts it
    Pause(Act),
    /// Wait until a Space is in a stage, or has settled
    Wait {
        /// owner/name
        space: SpaceId,
        /// The stage to wait for; any that the Space stays in when left out
        #[arg(long)]
        stage: Option<String>,
        /// How long to wait at most
        #[arg(long, default_value = "30m", value_parser = duration)]
        timeout: Duration,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Act {
    /// owner/name
    pub(crate) space: SpaceId,
    /// Return when the Hub has taken it, without waiting for the Space to settle
    #[arg(long)]
    pub(crate) no_wait: bool,
    /// How long to wait at most
    #[arg(long, default_value = "30m", value_parser = duration)]
    pub(crate) timeout: Duration,
}

#[derive(Debug, Args)]
pub(crate) struct Jobs {
    /// A server to ask, with the key in HFSM_API_KEY; the one that runs with the data folder when left out
    #[arg(long, global = true, value_name = "URL")]
    pub(crate) server: Option<Url>,
    #[command(subcommand)]
    pub(crate) command: JobsCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum JobsCommand {
    /// List the jobs
    List,
    /// Show a job as JSON
    Show {
        /// The job, as `hfsm jobs list` names it
        job: String,
    },
    /// Show what was done and what was not, the newest first
    Runs {
        /// Of this job only
        #[arg(long)]
        job: Option<String>,
        /// On this Space only
        #[arg(long)]
        space: Option<SpaceId>,
        /// Only in this state, such as failed
        #[arg(long)]
        state: Option<String>,
        /// So many at most
        #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=1000))]
        limit: u32,
    },
    /// Show which Spaces are kept awake, when each is visited next, and why
    Visits,
    /// Make a job of a plan in JSON, as `POST /api/v1/jobs` takes it
    #[command(alias = "create")]
    Add {
        /// The file; - is the standard input
        plan: PathBuf,
    },
    /// Give a job another plan in JSON
    Edit {
        /// The job
        job: String,
        /// The file; - is the standard input
        plan: PathBuf,
    },
    /// Let a job rest
    Pause {
        /// The job
        job: String,
    },
    /// Let a job go on from the next of its times
    Resume {
        /// The job
        job: String,
    },
    /// Do now what a job does, and wait until it is done
    Run {
        /// The job
        job: String,
        /// Return when it has begun
        #[arg(long)]
        no_wait: bool,
        /// How long to wait at most
        #[arg(long, default_value = "30m", value_parser = duration)]
        timeout: Duration,
    },
    /// Remove a job; its runs stay
    Remove {
        /// The job
        job: String,
    },
    /// Show when a cron expression fires next
    #[command(alias = "next")]
    Preview {
        /// Minute, hour, day of the month, month and day of the week
        expression: String,
        /// The time zone
        #[arg(long, default_value = "UTC")]
        zone: String,
        /// How many times
        #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u8).range(1..=100))]
        count: u8,
    },
    /// Write all jobs, keep-alive rules and auto-heal rules as YAML
    Export,
    /// Take over jobs, keep-alive rules and auto-heal rules from YAML as `export` writes it
    Import(Import),
    /// Take over the schedules of the old application: its data/config.json, or what it answers at
    /// /api/schedule/status
    ImportOld(Import),
}

#[derive(Debug, Args)]
pub(crate) struct Import {
    /// The file; - is the standard input
    pub(crate) file: PathBuf,
    /// Only say what would be done
    #[arg(long)]
    pub(crate) dry_run: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Logs {
    /// owner/name
    pub(crate) space: SpaceId,
    /// Go on with what is printed from now on
    #[arg(long, short)]
    pub(crate) follow: bool,
    /// The log of the build instead of the app's
    #[arg(long)]
    pub(crate) build: bool,
    /// Only the last lines
    #[arg(long, short = 'n', value_name = "LINES")]
    pub(crate) tail: Option<u32>,
    /// With the time of each line
    #[arg(long, short)]
    pub(crate) timestamps: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Metrics {
    /// owner/name; every running Space when left out
    pub(crate) spaces: Vec<SpaceId>,
    /// Go on, a line for each report
    #[arg(long, short)]
    pub(crate) follow: bool,
}

impl Cli {
    /// Returns what the command line sets of the configuration.
    pub(crate) fn settings(&self) -> BTreeMap<&'static str, String> {
        let mut settings = BTreeMap::new();
        let mut set = |key, value: &Option<String>| {
            if let Some(value) = value {
                settings.insert(key, value.clone());
            }
        };
        set("data_dir", &self.global.data_dir);
        set("endpoint", &self.global.endpoint);
        set("log", &self.global.log);
        let listen = match &self.command {
            Command::Serve(serve) => {
                set("tls_cert", &serve.tls_cert);
                set("tls_key", &serve.tls_key);
                set("user", &serve.user);
                set("public_view", &serve.public_view);
                Some(&serve.listen)
            }
            Command::Demo(demo) => Some(&demo.listen),
            _ => None,
        };
        if let Some(listen) = listen {
            set("address", &listen.address);
            set("port", &listen.port);
            let hosts = (!listen.hosts.is_empty()).then(|| listen.hosts.join(","));
            set("hosts", &hosts);
        }
        settings
    }
}

/// Reads a duration such as `90s`, `10m` or `2h`; a bare number is seconds.
fn duration(text: &str) -> Result<Duration, String> {
    let wanted = "a duration is written like 90s, 10m or 2h";
    let (number, unit) = match text.find(|c: char| !c.is_ascii_digit()) {
        Some(at) => text.split_at(at),
        None => (text, "s"),
    };
    let seconds = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3600,
        _ => return Err(wanted.to_owned()),
    };
    let number: u64 = number.parse().map_err(|_| wanted.to_owned())?;
    // Longer than a week is a slip of the hand, and no timer must overflow.
    number
        .checked_mul(seconds)
        .filter(|seconds| (1..=604_800).contains(seconds))
        .map(Duration::from_secs)
        .ok_or_else(|| "a duration is 1s to 168h".to_owned())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn durations_are_read_with_their_unit_and_within_reason() {
        assert_eq!(duration("90"), Ok(Duration::from_secs(90)));
        assert_eq!(duration("10m"), Ok(Duration::from_secs(600)));
        assert_eq!(duration("2h"), Ok(Duration::from_secs(7200)));
        for wrong in ["", "m", "0", "-1s", "1d", "ten", "720000h", "99999999999999999999s", "1.5h"]
        {
            assert!(duration(wrong).is_err(), "{wrong}");
        }
    }
}
