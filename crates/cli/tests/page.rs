//! The page about the command line: its commands are typed, its exit codes are those that there are, and no command is missing.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test may fail so")]

mod common;

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

use common::{Bench, paymux};
use paymux_cli::Exit;

const PAGE: &str = include_str!("../../../docs/command-line.md");

/// The lines of the blocks for a shell.
fn lines() -> Vec<&'static str> {
    let blocks = PAGE.split("```sh\n").skip(1);
    blocks
        .flat_map(|rest| rest.split("```").next().unwrap().lines())
        .collect()
}

/// The exit code that a line says it has.
fn expected(line: &str) -> &str {
    let said = line.split_once("# exits ").map(|(_, said)| &said[..1]);
    // What exits so only if something is wrong is no promise.
    said.filter(|_| !line.contains("exits 1 if")).unwrap_or("0")
}

#[tokio::test(flavor = "multi_thread")]
async fn every_command_works_as_it_is_typed() {
    let bench = Bench::start().await;
    let folder = tempfile::tempdir().unwrap();
    std::fs::copy(&bench.config, folder.path().join("paymux.toml")).unwrap();
    let mut script = String::new();
    let mut typed = 0;
    for line in lines() {
        // What installs, and what runs until it is told to end, is not for this.
        if line.starts_with("cargo ") || line.starts_with("paymux simulate") {
            continue;
        }
        typed += 1;
        let code = expected(line);
        writeln!(
            script,
            "{line}\ncode=$?; [ $code = {code} ] || {{ echo \"line {typed}: $code, not {code}\" >&2; exit 1; }}"
        )
        .unwrap();
    }
    assert!(typed > 20, "{typed}");
    let binaries = Path::new(env!("CARGO_BIN_EXE_paymux")).parent().unwrap();
    let path = format!("{}:{}", binaries.display(), std::env::var("PATH").unwrap());
    let mut shell = Command::new("sh");
    shell.args(["-c", &script]).current_dir(folder.path()).env("PATH", path);
    shell.env_remove("PAYMUX_CONFIG").env_remove("PAYMUX_JOURNAL");
    let output = tokio::task::spawn_blocking(move || shell.output())
        .await
        .unwrap()
        .unwrap();
    assert!(
        output.status.success(),
        "{}\n{script}",
        String::from_utf8_lossy(&output.stderr)
    );
}

#[test]
fn every_command_is_on_the_page() {
    let help = paymux(&["--help"]).out;
    let listed = help.split("Commands:\n").nth(1).unwrap().split("\n\n").next().unwrap();
    let names: Vec<_> = listed
        .lines()
        .map(|line| line.split_whitespace().next().unwrap())
        .collect();
    assert!(names.len() > 15, "{names:?}");
    let table = PAGE.split("## Commands").nth(1).unwrap().split("\n## ").next().unwrap();
    for name in names.into_iter().filter(|name| *name != "help") {
        let (alone, first) = (format!("`{name}`"), format!("`{name} "));
        assert!(table.contains(&alone) || table.contains(&first), "{name}");
    }
}

#[test]
fn every_exit_code_is_on_the_page() {
    let table = PAGE
        .split("## Exit codes")
        .nth(1)
        .unwrap()
        .split("\n## ")
        .next()
        .unwrap();
    let said = table
        .lines()
        .filter_map(|line| line.strip_prefix("| ")?.split(' ').next()?.parse::<u8>().ok());
    let all = [
        Exit::Done,
        Exit::Failed,
        Exit::Bad,
        Exit::Declined,
        Exit::Open,
        Exit::Unknown,
    ];
    assert_eq!(said.collect::<Vec<_>>(), all.map(Exit::code));
}
