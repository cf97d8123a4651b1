//! One connection, made when it is needed, and anew after it broke.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use paymux::{Error, ErrorKind};
use redis::aio::{ConnectionLike as _, MultiplexedConnection};
use redis::{AsyncConnectionConfig, Client, Cmd, FromRedisValue, RedisError};
use tokio::sync::Mutex;

/// How long Redis may take to be connected to, and for an answer. It is less than the engine's limit, so that it is noticed here that a connection
/// hangs, and it is not used again.
const ANSWER: Duration = Duration::from_millis(400);

/// Tells connections apart.
static NUMBER: AtomicU64 = AtomicU64::new(0);

pub(crate) struct Link {
    client: Client,
    current: Mutex<Option<(u64, MultiplexedConnection)>>,
}

/// Whether a command may be made again on a new connection, after one that was perhaps closed long ago.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Again {
    Yes,
    No,
}

impl Link {
    pub(crate) fn new(client: Client) -> Self {
        Self {
            client,
            current: Mutex::new(None),
        }
    }

    /// The answer to a command.
    pub(crate) async fn ask<T: FromRedisValue>(&self, command: &Cmd, again: Again) -> Result<T, Error> {
        let mut failure = match self.once(command).await {
            Ok(answer) => return Ok(answer),
            Err(failure) => failure,
        };
        if again == Again::Yes && failure.is_unrecoverable_error() && !failure.is_timeout() {
            match self.once(command).await {
                Ok(answer) => return Ok(answer),
                Err(second) => failure = second,
            }
        }
        Err(said(&failure))
    }

    async fn once<T: FromRedisValue>(&self, command: &Cmd) -> Result<T, RedisError> {
        let (number, mut connection) = self.connection().await?;
        match connection.req_packed_command(command).await {
            Ok(value) => Ok(redis::from_redis_value(value)?),
            Err(error) => {
                // Whatever it is, also that this one only reads: the next one may be to another server.
                let mut current = self.current.lock().await;
                if current.as_ref().is_some_and(|(current, _)| *current == number) {
                    *current = None;
                }
                Err(error)
            }
        }
    }

    async fn connection(&self) -> Result<(u64, MultiplexedConnection), RedisError> {
        let mut current = self.current.lock().await;
        if let Some(current) = current.as_ref() {
            return Ok(current.clone());
        }
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(ANSWER))
            .set_response_timeout(Some(ANSWER));
        let connection = self
            .client
            .get_multiplexed_async_connection_with_config(&config)
            .await?;
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        *current = Some((number, connection.clone()));
        Ok((number, connection))
    }
}

/// What Redis, or the way to it, says. No command's arguments are in it.
pub(crate) fn said(error: &RedisError) -> Error {
    let what = match error.code() {
        Some(code) => format!("{} ({code})", error.category()),
        None => error.category().to_owned(),
    };
    Error::new(ErrorKind::Network, format!("Redis: {what}"))
}
