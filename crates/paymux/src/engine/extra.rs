//! The wire for what a provider offers beyond the common operations.

use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use paymux_core::{Call, Error, Lost, Memo, Reply, Token, Wire};

use super::{EngineWire, Gateway};

/// The wire for a provider's extras, of [`Gateway::open`]. Each call has the gateway's time limit; calls that move money are refused.
#[derive(Debug)]
pub struct ExtraWire {
    gateway: Gateway,
}

impl ExtraWire {
    pub(crate) const fn new(gateway: Gateway) -> Self {
        Self { gateway }
    }

    fn inner(&self) -> EngineWire {
        EngineWire::for_extra(&self.gateway.shared)
    }
}

#[async_trait]
impl Wire for ExtraWire {
    async fn send(&self, call: Call) -> Result<Reply, Lost> {
        self.inner().send(call).await
    }

    async fn wait(&self, time: Duration) -> bool {
        self.inner().wait(time).await
    }

    async fn note(&self, _: Memo) -> Result<(), Error> {
        Ok(())
    }

    async fn token(&self) -> Result<Token, Error> {
        self.inner().token().await
    }

    fn now(&self) -> Timestamp {
        self.gateway.shared.clock.now()
    }
}
