//! How a command is told to end: by Ctrl-C, or by SIGTERM where there are signals, as a supervisor sends it. Both mean the same.

use std::io;

/// Waits to be told to end. What comes from its making on is heard, also between two waits.
#[derive(Debug)]
pub(crate) struct Stop(inner::Stop);

impl Stop {
    /// Begins to listen; from now on neither ends the process by itself.
    pub(crate) fn listen() -> io::Result<Self> {
        inner::Stop::listen().map(Self)
    }

    /// Comes with the next Ctrl-C or SIGTERM. A wait that is dropped loses none.
    pub(crate) async fn told(&mut self) {
        self.0.told().await;
    }
}

/// Comes with Ctrl-C or SIGTERM; never where they cannot be waited for.
pub(crate) async fn told() {
    match Stop::listen() {
        Ok(mut stop) => stop.told().await,
        Err(_) => std::future::pending().await,
    }
}

#[cfg(unix)]
mod inner {
    use std::io;

    use tokio::signal::unix::{Signal, SignalKind, signal};

    #[derive(Debug)]
    pub(super) struct Stop {
        interrupt: Signal,
        terminate: Signal,
    }

    impl Stop {
        pub(super) fn listen() -> io::Result<Self> {
            Ok(Self {
                interrupt: signal(SignalKind::interrupt())?,
                terminate: signal(SignalKind::terminate())?,
            })
        }

        pub(super) async fn told(&mut self) {
            tokio::select! {
                _ = self.interrupt.recv() => {}
                _ = self.terminate.recv() => {}
            }
        }
    }
}

#[cfg(windows)]
mod inner {
    use std::io;

    use tokio::signal::windows::{CtrlC, ctrl_c};

    #[derive(Debug)]
    pub(super) struct Stop(CtrlC);

    impl Stop {
        pub(super) fn listen() -> io::Result<Self> {
            ctrl_c().map(Self)
        }

        pub(super) async fn told(&mut self) {
            let _ = self.0.recv().await;
        }
    }
}
