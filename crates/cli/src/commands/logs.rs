//! `hfsm logs`

use hfsm_model::{LogKind, LogLine, LogUpdate};
use hfsm_server::ServerConfig;

use crate::{
    args::Logs,
    engine,
    output::{Output, without_escapes},
};

/// Shows what a Space prints.
pub(crate) async fn logs(config: &ServerConfig, args: &Logs, output: Output) -> anyhow::Result<()> {
    let engine = engine::for_a_command(config).await?;
    engine.find(&args.space).await?;
    let kind = if args.build { LogKind::Build } else { LogKind::Run };
    if !args.follow {
        for line in engine.fleet.log_now(&args.space, kind, args.tail).await? {
            write(output, &line, args.timestamps)?;
        }
        return Ok(());
    }
    let mut reader = engine.fleet.read_log(&args.space, kind, args.tail)?;
    let mut written: Option<LogLine> = None;
    while let Some(update) = reader.next().await {
        match update {
            LogUpdate::Lines(lines) => {
                // After a reset the Hub's replay begins anew: go on behind what was written.
                let behind = written
                    .as_ref()
                    .and_then(|last| lines.iter().rposition(|line| line == last))
                    .map_or(0, |at| at + 1);
                for line in &lines[behind..] {
                    write(output, line, args.timestamps)?;
                }
                written = lines.last().cloned().or(written);
            }
            LogUpdate::Waiting { reason } => output.note(format!("waiting for the log: {reason}")),
            LogUpdate::Reset | LogUpdate::Connected => {}
        }
    }
    Ok(())
}

fn write(output: Output, line: &LogLine, timestamps: bool) -> anyhow::Result<()> {
    if output.json {
        return Ok(output.record(line)?);
    }
    // Colours are the app's own; on a terminal that wants them they may stay.
    let text = if output.colors { colors_only(&line.text) } else { without_escapes(&line.text) };
    match line.at.filter(|_| timestamps) {
        Some(at) => output.line(format!("{} {text}", at.format("%Y-%m-%dT%H:%M:%S%.3fZ")))?,
        None => output.line(text)?,
    }
    Ok(())
}

/// Keeps the escapes that set colours, and removes all others.
fn colors_only(text: &str) -> String {
    let mut kept = String::with_capacity(text.len() + 4);
    let mut rest = text;
    let mut colored = false;
    while let Some(at) = rest.find("\u{1b}[") {
        kept.push_str(&without_escapes(&rest[..at]));
        let sequence = &rest[at + 2..];
        let end =
            sequence.find(|c: char| !(c.is_ascii_digit() || c == ';')).unwrap_or(sequence.len());
        if sequence[end..].starts_with('m') {
            kept.push_str(&rest[at..at + 2 + end + 1]);
            colored = true;
            rest = &sequence[end + 1..];
        } else {
            // Another sequence: its parameters and its last character go.
            let last = sequence[end..].chars().next().map_or(0, char::len_utf8);
            rest = &sequence[end + last..];
        }
    }
    kept.push_str(&without_escapes(rest));
    if colored {
        kept.push_str("\u{1b}[0m");
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colors_stay_and_everything_else_goes() {
        assert_eq!(colors_only("\u{1b}[31mred\u{1b}[2K\rx"), "\u{1b}[31mredx\u{1b}[0m");
        assert_eq!(colors_only("plain"), "plain");
        assert_eq!(colors_only("\u{1b}[1;3"), "");
        assert_eq!(colors_only("\u{1b}]0;t\u{7}a"), "a");
    }
}
