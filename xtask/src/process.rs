//! Starts programs, and says each before it runs.

use std::{
    io::{self, BufRead as _, BufReader, Write as _},
    path::{Path, PathBuf},
    process::{Command, ExitStatus, Stdio},
};

use anyhow::{Context as _, Result, bail};

/// Runs `command` with its output on the terminal; fails where it does.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    announce(command);
    let status = command.stdin(Stdio::null()).status().with_context(|| not_started(command))?;
    succeed(command, status)
}

/// Runs `command` and gives each line of its standard output to `on_line` as well.
pub(crate) fn run_reading(
    command: &mut Command,
    mut on_line: impl FnMut(&str),
) -> Result<ExitStatus> {
    announce(command);
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| not_started(command))?;
    if let Some(output) = child.stdout.take() {
        let mut output = BufReader::new(output);
        let mut line = Vec::new();
        // Bytes, since a program may print what is no UTF-8.
        while output.read_until(b'\n', &mut line).context("read the program's output")? > 0 {
            io::stdout().write_all(&line).context("write to the terminal")?;
            on_line(&String::from_utf8_lossy(&line));
            line.clear();
        }
    }
    child.wait().with_context(|| format!("wait for `{}`", shown(command)))
}

/// Returns what `command` prints; fails where it does.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let output = bytes(command)?;
    String::from_utf8(output).with_context(|| format!("read what `{}` says", shown(command)))
}

/// Returns what `command` writes, which need not be text; fails where it does.
pub(crate) fn bytes(command: &mut Command) -> Result<Vec<u8>> {
    let output = command.stdin(Stdio::null()).output().with_context(|| not_started(command))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        bail!("`{}` failed ({}): {}", shown(command), output.status, said.trim());
    }
    Ok(output.stdout)
}

/// True where `command` can be started and ends well. Prints nothing.
pub(crate) fn succeeds(command: &mut Command) -> bool {
    let quiet = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    quiet.status().is_ok_and(|status| status.success())
}

/// Gives the terminal to `command`, and returns only where it could not start or failed.
pub(crate) fn hand_over(command: &mut Command) -> Result<()> {
    announce(command);
    #[cfg(unix)]
    {
        use std::os::unix::process::CommandExt as _;
        // The program takes this process's place, so Ctrl-C and its exit code are its own.
        let error = command.exec();
        Err(error).with_context(|| not_started(command))
    }
    #[cfg(not(unix))]
    {
        let status = command.status().with_context(|| not_started(command))?;
        succeed(command, status)
    }
}

/// Returns the first file named `name` in the folders of `PATH`.
pub(crate) fn find_program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        .flat_map(|folder| {
            [
                folder.join(name),
                folder.join(format!("{name}.exe")),
                folder.join(format!("{name}.cmd")),
            ]
        })
        .find(|file| file.is_file())
}

fn announce(command: &Command) {
    println!("$ {}", shown(command));
}

fn succeed(command: &Command, status: ExitStatus) -> Result<()> {
    if !status.success() {
        bail!("`{}` failed ({status})", shown(command));
    }
    Ok(())
}

fn not_started(command: &Command) -> String {
    format!("`{}` could not be started", shown(command))
}

/// Shows `command` as one would type it, with the program's bare name.
fn shown(command: &Command) -> String {
    let program = Path::new(command.get_program());
    let name = program.file_name().unwrap_or(program.as_os_str());
    let mut text = name.to_string_lossy().into_owned();
    for arg in command.get_args() {
        let arg = arg.to_string_lossy();
        text.push(' ');
        if arg.is_empty() || arg.contains(char::is_whitespace) {
            text.push_str(&format!("'{arg}'"));
        } else {
            text.push_str(&arg);
        }
    }
    text
}
