//! The one task that writes a SQLite file: it takes all the steps that wait into one transaction.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use sqlx::sqlite::SqliteConnection;
use sqlx::{Acquire as _, Connection as _};
use tokio::sync::{mpsc, oneshot};

use super::row::Trouble;
use super::{StoreError, sqlite};
use crate::step::{Ruling, Step};

/// Hands steps to the task that writes.
pub(super) struct Writer {
    jobs: mpsc::Sender<Job>,
    count: Arc<Count>,
}

#[derive(Debug, Default)]
struct Count {
    commits: AtomicU64,
    steps: AtomicU64,
}

enum Job {
    Step(Box<Step>, oneshot::Sender<Result<Ruling, StoreError>>),
    Close(oneshot::Sender<()>),
}

/// How many steps a transaction takes at the most.
const MOST: usize = 256;

impl Writer {
    /// Begins the task. It ends when the writer is dropped, and all that was handed to it is written.
    pub(super) fn begin(connection: SqliteConnection, file: File) -> Self {
        let (jobs, waiting) = mpsc::channel(MOST);
        let count = Arc::<Count>::default();
        tokio::spawn(write(connection, file, waiting, Arc::clone(&count)));
        Self { jobs, count }
    }

    pub(super) fn commits(&self) -> (u64, u64) {
        let of = |count: &AtomicU64| count.load(Ordering::Relaxed);
        (of(&self.count.commits), of(&self.count.steps))
    }

    /// Writes a step. A caller who is dropped meanwhile leaves it written, or not: it was handed over whole.
    pub(super) async fn apply(&self, step: &Step) -> Result<Ruling, StoreError> {
        let (done, told) = oneshot::channel();
        let job = Job::Step(Box::new(step.clone()), done);
        let gone = || StoreError::new("cannot be written", "its writer has ended");
        self.jobs.send(job).await.map_err(|_| gone())?;
        told.await.map_err(|_| gone())?
    }

    /// Ends the task after what was handed over before.
    pub(super) async fn close(&self) {
        let (done, told) = oneshot::channel();
        if self.jobs.send(Job::Close(done)).await.is_ok() {
            let _ = told.await;
        }
    }
}

async fn write(mut connection: SqliteConnection, file: File, mut waiting: mpsc::Receiver<Job>, count: Arc<Count>) {
    let mut jobs = Vec::with_capacity(MOST);
    let mut closers = Vec::new();
    while closers.is_empty() && waiting.recv_many(&mut jobs, MOST).await > 0 {
        let (mut steps, mut waiters) = (Vec::new(), Vec::new());
        for job in jobs.drain(..) {
            match job {
                Job::Step(step, done) => {
                    steps.push(step);
                    waiters.push(done);
                }
                Job::Close(done) => closers.push(done),
            }
        }
        if steps.is_empty() {
            continue;
        }
        let written = match file.stands() {
            true => transaction(&mut connection, steps.iter().map(AsRef::as_ref)).await,
            false => Err(Trouble::Moved),
        };
        match written {
            Ok(rulings) => {
                count.commits.fetch_add(1, Ordering::Relaxed);
                let many = u64::try_from(steps.len()).unwrap_or(u64::MAX);
                count.steps.fetch_add(many, Ordering::Relaxed);
                for (done, ruling) in waiters.into_iter().zip(rulings) {
                    // Whoever does not wait any more is told nothing.
                    let _ = done.send(ruling.map_err(Trouble::on("cannot be written")));
                }
            }
            Err(trouble) => {
                let why = trouble.to_string();
                for done in waiters {
                    let _ = done.send(Err(StoreError::new("cannot be written", why.clone())));
                }
            }
        }
    }
    let _ = connection.close().await;
    for done in closers {
        let _ = done.send(());
    }
}

/// The file that was opened, by what the system calls it: where its name leads elsewhere by now, others do not see what is written.
pub(super) struct File {
    path: PathBuf,
    opened: Option<(u64, u64)>,
}

impl File {
    pub(super) fn at(path: PathBuf) -> Self {
        let opened = Self::number(&path);
        Self { path, opened }
    }

    fn stands(&self) -> bool {
        self.opened.is_none() || Self::number(&self.path) == self.opened
    }

    #[cfg(unix)]
    fn number(path: &std::path::Path) -> Option<(u64, u64)> {
        use std::os::unix::fs::MetadataExt as _;
        let there = std::fs::metadata(path).ok()?;
        Some((there.dev(), there.ino()))
    }

    #[cfg(not(unix))]
    fn number(_path: &std::path::Path) -> Option<(u64, u64)> {
        None
    }
}

/// Applies steps in one transaction, each in a savepoint of its own: one that fails takes no other with it.
async fn transaction<'a>(
    connection: &mut SqliteConnection,
    steps: impl Iterator<Item = &'a Step>,
) -> Result<Vec<Result<Ruling, Trouble>>, Trouble> {
    let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
    let mut rulings = Vec::new();
    for step in steps {
        let mut savepoint = transaction.begin().await?;
        let ruling = sqlite::apply(&mut savepoint, step).await;
        match &ruling {
            Ok(_) => savepoint.commit().await?,
            Err(_) => savepoint.rollback().await?,
        }
        rulings.push(ruling);
    }
    transaction.commit().await?;
    Ok(rulings)
}

impl fmt::Debug for Writer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.count, f)
    }
}
