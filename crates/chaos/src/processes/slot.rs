//! One worker after the other in one place: each is started, dealt orders, and killed.

use std::collections::BTreeSet;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::process::{ChildStdin, ChildStdout, Command};
use tokio::time::Instant;

use super::moment::Moment;
use super::run::{Hall, RunError};
use super::talk::{Heard, Told};

/// A worker's process. It is killed when this is dropped.
#[derive(Debug)]
pub struct Child {
    child: tokio::process::Child,
    orders: Option<ChildStdin>,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Child {
    /// Starts a worker, and tells it what to do.
    ///
    /// # Errors
    /// It cannot be started.
    pub async fn start(mut command: Command, told: &Told) -> std::io::Result<Self> {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let gone = || std::io::Error::other("a worker without pipes");
        let orders = child.stdin.take().ok_or_else(gone)?;
        let lines = BufReader::new(child.stdout.take().ok_or_else(gone)?).lines();
        let mut worker = Self {
            child,
            orders: Some(orders),
            lines,
        };
        let line = serde_json::to_string(told).map_err(std::io::Error::other)?;
        worker.write(&line).await;
        Ok(worker)
    }

    /// Writes it a line; one that is dead does not read it.
    pub async fn write(&mut self, line: &str) {
        if let Some(orders) = &mut self.orders {
            let _ = orders.write_all(format!("{line}\n").as_bytes()).await;
        }
    }

    /// Deals it no more, so that it ends when it has done what it has.
    pub fn close(&mut self) {
        self.orders = None;
    }

    /// What it says next; `None` when it is gone and all was heard.
    pub async fn hear(&mut self) -> Option<Heard> {
        while let Some(line) = self.lines.next_line().await.ok()? {
            if let Some(heard) = Heard::read(&line) {
                return Some(heard);
            }
        }
        None
    }

    /// Its number.
    #[must_use]
    pub fn id(&self) -> Option<u32> {
        self.child.id()
    }

    /// Kills it, and waits until it is gone.
    ///
    /// # Errors
    /// It cannot be waited for.
    pub async fn kill(&mut self) -> std::io::Result<()> {
        self.child.kill().await
    }

    /// Stops it, or lets it go on.
    ///
    /// # Errors
    /// It is gone.
    pub fn stop(&self, stop: bool) -> std::io::Result<()> {
        signal(self.id(), if stop { Signal::STOP } else { Signal::CONT })
    }

    async fn wait(&mut self) -> bool {
        self.child.wait().await.is_ok_and(|status| status.success())
    }
}

/// Sends a signal to a process that was started here.
///
/// # Errors
/// It is gone.
pub fn signal(process: Option<u32>, signal: Signal) -> std::io::Result<()> {
    let pid = process.and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
    let pid = pid.ok_or_else(|| std::io::Error::other("the process is gone"))?;
    Ok(kill_process(pid, signal)?)
}

/// How many orders a worker has at once.
const HAND: usize = 8;
/// A worker that comes to nothing at which it could be killed, since its orders are held by the leases of earlier ones, is killed after this time.
const LAST: Duration = Duration::from_millis(600);
/// For so long workers may fail to get ready, as while their database is away.
const MUTE: Duration = Duration::from_secs(30);
/// The pause before another one is tried.
const PAUSE: Duration = Duration::from_millis(100);

/// One place, until the run is over.
pub(super) struct Slot {
    hall: Arc<Hall>,
    number: usize,
    rng: fastrand::Rng,
    /// The orders that are begun and not ended.
    hand: Vec<u64>,
}

/// What is known of one process.
#[derive(Default)]
struct Life {
    ready: bool,
    sends: u32,
    told: u32,
    /// The references whose money calls are under way.
    open: BTreeSet<String>,
    /// When it is to die.
    deadline: Option<Instant>,
    /// When it is to die at the latest.
    last: Option<Instant>,
    stops: bool,
}

impl Slot {
    pub(super) fn new(hall: Arc<Hall>, number: usize, rng: fastrand::Rng) -> Self {
        Self {
            hall,
            number,
            rng,
            hand: Vec::new(),
        }
    }

    pub(super) async fn keep(mut self) -> Result<(), RunError> {
        let mut heard = Instant::now();
        while !self.hand.is_empty() || !self.hall.is_over(self.number) {
            let ready = self.live().await?;
            if ready {
                heard = Instant::now();
            } else if heard.elapsed() > MUTE {
                return Err(RunError::Other(
                    "workers end before they are ready; see what they wrote".to_owned(),
                ));
            } else {
                tokio::time::sleep(PAUSE).await;
            }
        }
        Ok(())
    }

    /// The life of one process. Whether it was killed, or got ready.
    async fn live(&mut self) -> Result<bool, RunError> {
        let moment = self.hall.moment(&mut self.rng);
        let mut child = Child::start(self.hall.command(), self.hall.told()).await?;
        self.hall.started();
        let mut life = Life::default();
        match moment {
            Moment::After(time) => life.deadline = Some(Instant::now() + time),
            Moment::Never => {}
            _ => life.last = Some(Instant::now() + LAST),
        }
        for number in &self.hand {
            child.write(&number.to_string()).await;
        }
        loop {
            self.fill(&mut child).await;
            let deadline = life
                .deadline
                .unwrap_or_else(|| Instant::now() + Duration::from_secs(3600));
            tokio::select! {
                heard = child.hear() => match heard {
                    Some(heard) => self.heard(heard, &mut life, moment),
                    None => {
                        let fine = child.wait().await;
                        return Ok(fine && life.ready);
                    }
                },
                () = tokio::time::sleep_until(deadline) => {
                    if life.stops {
                        self.stop(&child, &mut life).await?;
                    } else {
                        self.kill(child, life).await?;
                        return Ok(true);
                    }
                }
                () = tokio::time::sleep(Duration::from_millis(20)) => {}
            }
            if self.hand.is_empty() && self.hall.is_over(self.number) {
                child.close();
            }
        }
    }

    async fn fill(&mut self, child: &mut Child) {
        while self.hand.len() < HAND
            && let Some(number) = self.hall.deal(self.number, &mut self.rng)
        {
            if !self.hand.contains(&number) {
                self.hand.push(number);
                child.write(&number.to_string()).await;
            }
        }
    }

    fn heard(&mut self, heard: Heard, life: &mut Life, moment: Moment) {
        match heard {
            Heard::Ready => life.ready = true,
            Heard::Sends(reference) => {
                life.sends += 1;
                life.open.insert(reference);
            }
            Heard::Told(reference) => {
                life.told += 1;
                life.open.remove(&reference);
            }
            Heard::Page(gateway, payment) => self.hall.visit(&gateway, &payment),
            Heard::Left(number, ended) => {
                self.hand.retain(|one| *one != number);
                self.hall.left(number, ended);
            }
        }
        if life.deadline.is_some() {
            return;
        }
        let wait = match moment {
            Moment::Sends(count, wait) if life.sends >= count => wait,
            Moment::Told(count, wait) if life.told >= count => wait,
            Moment::Stopped(count, wait) if life.sends >= count => {
                life.stops = true;
                wait
            }
            _ => return,
        };
        life.deadline = Some(Instant::now() + wait);
    }

    /// Stops it for longer than its leases last, lets it go on, and kills it some time later.
    async fn stop(&mut self, child: &Child, life: &mut Life) -> Result<(), RunError> {
        child.stop(true)?;
        let past = Duration::from_millis(self.hall.told().lease_ms) + self.hall.told().settings().skew;
        tokio::time::sleep(past + Duration::from_millis(300)).await;
        child.stop(false)?;
        self.hall.stopped(!life.open.is_empty());
        life.stops = false;
        life.deadline = Some(Instant::now() + Duration::from_millis(self.rng.u64(0..400)));
        Ok(())
    }

    async fn kill(&mut self, mut child: Child, mut life: Life) -> Result<(), RunError> {
        child.kill().await?;
        // What it said before it died tells what it was at.
        while let Some(heard) = child.hear().await {
            self.heard(heard, &mut life, Moment::Never);
        }
        self.hall.killed(life.ready, life.open);
        Ok(())
    }
}
