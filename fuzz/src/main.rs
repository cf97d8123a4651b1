//! Drives the targets on a stable compiler: what is known to be right, and the files of the corpus, as they are; then both changed, by a seed.

use std::any::Any;
use std::collections::HashSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use paymux_fuzz::{Mutator, TARGETS, Target};

const USAGE: &str = "\
usage: paymux-fuzz [--seconds N] [--seed N] [--target NAME] [--input FILE] [--write-seeds]

  --seconds N    how long, all targets together; 20 unless set
  --seed N       what decides the changes; by the clock unless set
  --target NAME  this one alone
  --input FILE   hands this file to the target and ends
  --write-seeds  writes what is known to be right to fuzz/corpus and ends";

#[derive(Default)]
struct Arguments {
    seconds: Option<u64>,
    seed: Option<u64>,
    target: Option<String>,
    input: Option<PathBuf>,
    write_seeds: bool,
}

fn arguments() -> Option<Arguments> {
    let mut given = Arguments::default();
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        match word.as_str() {
            "--seconds" => given.seconds = Some(words.next()?.parse().ok()?),
            "--seed" => given.seed = Some(words.next()?.parse().ok()?),
            "--target" => given.target = Some(words.next()?),
            "--input" => given.input = Some(words.next()?.into()),
            "--write-seeds" => given.write_seeds = true,
            _ => return None,
        }
    }
    Some(given)
}

fn corpus(target: &Target) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(target.name)
}

/// The files of the corpus; there may be none.
fn files(target: &Target) -> Vec<Vec<u8>> {
    let entries = std::fs::read_dir(corpus(target)).into_iter().flatten().flatten();
    let mut paths: Vec<_> = entries.map(|entry| entry.path()).collect();
    paths.sort();
    paths.iter().filter_map(|path| std::fs::read(path).ok()).collect()
}

fn write_seeds(target: &Target) -> std::io::Result<usize> {
    let folder = corpus(target);
    std::fs::create_dir_all(&folder)?;
    let seeds = (target.seeds)();
    for (number, seed) in seeds.iter().enumerate() {
        std::fs::write(folder.join(format!("seed-{number:02}")), seed)?;
    }
    Ok(seeds.len())
}

/// What came of an input; `Err` with what is wrong.
fn attempt(target: &Target, data: &[u8]) -> Result<u64, String> {
    catch_unwind(AssertUnwindSafe(|| (target.run)(data))).map_err(|panic| words(panic.as_ref()))
}

fn words(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
    text.unwrap_or("it panicked").to_owned()
}

/// Drives a target. How many inputs there were, and how many different things came of them; or the input that shows what is wrong.
fn drive(target: &Target, time: Duration, seed: u64) -> Result<(u64, usize), (Vec<u8>, String)> {
    let end = Instant::now() + time;
    let mut pool: Vec<_> = (target.seeds)();
    pool.extend(files(target));
    let mut seen = HashSet::new();
    let mut count = 0_u64;
    for input in &pool {
        seen.insert(attempt(target, input).map_err(|why| (input.clone(), why))?);
        count += 1;
    }
    let mut mutator = Mutator::new(seed);
    while Instant::now() < end {
        let (input, other) = (mutator.pick(&pool), mutator.pick(&pool));
        let changed = mutator.change(input, other);
        count += 1;
        match attempt(target, &changed) {
            Ok(what) => {
                // What leads to something new may lead further.
                if seen.len() < 4096 && seen.insert(what) {
                    pool.push(changed);
                }
            }
            Err(why) => return Err((changed, why)),
        }
    }
    Ok((count, seen.len()))
}

fn keep(target: &Target, data: &[u8]) -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("artifacts")
        .join(target.name);
    let path = folder.join(format!("crash-{}", std::process::id()));
    let written = std::fs::create_dir_all(&folder).and_then(|()| std::fs::write(&path, data));
    if let Err(error) = written {
        eprintln!("{}: {error}", path.display());
    }
    path
}

fn main() -> ExitCode {
    let Some(given) = arguments() else {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    };
    let wanted = |target: &&Target| given.target.as_ref().is_none_or(|name| name == target.name);
    let targets: Vec<_> = TARGETS.iter().filter(wanted).collect();
    if targets.is_empty() {
        eprintln!(
            "there is no such target; there are {}",
            TARGETS.map(|target| target.name).join(", ")
        );
        return ExitCode::from(2);
    }
    if let Some(path) = &given.input {
        let Ok(data) = std::fs::read(path) else {
            eprintln!("{} cannot be read", path.display());
            return ExitCode::from(2);
        };
        for target in targets {
            println!("{}: {:?}", target.name, (target.run)(&data));
        }
        return ExitCode::SUCCESS;
    }
    let clock = std::time::UNIX_EPOCH
        .elapsed()
        .map_or(0, |time| u64::from(time.subsec_nanos()));
    let seed = given.seed.unwrap_or(clock);
    let share = u32::try_from(targets.len()).unwrap_or(1);
    let time = Duration::from_secs(given.seconds.unwrap_or(20)) / share;
    println!("seed {seed}");
    let mut failed = false;
    for target in targets {
        if given.write_seeds {
            match write_seeds(target) {
                Ok(count) => println!("{}: {count} seeds", target.name),
                Err(error) => {
                    eprintln!("{}: {error}", target.name);
                    failed = true;
                }
            }
            continue;
        }
        match drive(target, time, seed) {
            Ok((count, kinds)) => println!("{:18} {count:>9} inputs, {kinds:>4} different ends", target.name),
            Err((data, why)) => {
                let path = keep(target, &data);
                println!(
                    "{}: {why}\n  --target {} --input {}",
                    target.name,
                    target.name,
                    path.display()
                );
                failed = true;
            }
        }
    }
    ExitCode::from(u8::from(failed))
}
