//! The one task that writes a SQLite file: it takes all the steps that wait into one transaction.

use std::fmt;
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

struct Job {
    step: Step,
    done: oneshot::Sender<Result<Ruling, StoreError>>,
}

/// How many steps a transaction takes at the most.
const MOST: usize = 256;

impl Writer {
    /// Begins the task. It ends when the writer is dropped, and all that was handed to it is written.
    pub(super) fn begin(connection: SqliteConnection) -> Self {
        let (jobs, waiting) = mpsc::channel(MOST);
        let count = Arc::<Count>::default();
        tokio::spawn(write(connection, waiting, Arc::clone(&count)));
        Self { jobs, count }
    }

    pub(super) fn commits(&self) -> (u64, u64) {
        let of = |count: &AtomicU64| count.load(Ordering::Relaxed);
        (of(&self.count.commits), of(&self.count.steps))
    }

    /// Writes a step. A caller who is dropped meanwhile leaves it written, or not: it was handed over whole.
    pub(super) async fn apply(&self, step: &Step) -> Result<Ruling, StoreError> {
        let (done, told) = oneshot::channel();
        let step = step.clone();
        let gone = || StoreError::new("cannot be written", "its writer has ended");
        self.jobs.send(Job { step, done }).await.map_err(|_| gone())?;
        told.await.map_err(|_| gone())?
    }
}

async fn write(mut connection: SqliteConnection, mut waiting: mpsc::Receiver<Job>, count: Arc<Count>) {
    let mut jobs = Vec::with_capacity(MOST);
    while waiting.recv_many(&mut jobs, MOST).await > 0 {
        let taken = std::mem::take(&mut jobs);
        let steps = taken.iter().map(|job| &job.step);
        match transaction(&mut connection, steps).await {
            Ok(rulings) => {
                count.commits.fetch_add(1, Ordering::Relaxed);
                let many = u64::try_from(taken.len()).unwrap_or(u64::MAX);
                count.steps.fetch_add(many, Ordering::Relaxed);
                for (job, ruling) in taken.into_iter().zip(rulings) {
                    // Whoever does not wait any more is told nothing.
                    let _ = job.done.send(ruling.map_err(Trouble::on("cannot be written")));
                }
            }
            Err(trouble) => {
                let why = trouble.to_string();
                for job in taken {
                    let _ = job.done.send(Err(StoreError::new("cannot be written", why.clone())));
                }
            }
        }
    }
    let _ = connection.close().await;
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
