#![doc = include_str!("../README.md")]
//!
//! ## Where to begin
//!
//! - [`PaymentGateway`] is what an application holds; [`Adapter`] is what an author writes, over one door, the [`Wire`].
//! - An [`Operation`] comes to an [`Answer`] or an [`Error`]; a decline is an answer, and an error says what it may have done ([`Fate`]).
//! - A [`Call`] says how it may be repeated where it is built; what becomes of one without an answer is [`Lost`].
//! - Every provider's codes are put into one [`vocabulary`].
//! - [`script`] plays a provider for an adapter's tests, without a runtime.

#![warn(clippy::exhaustive_enums, clippy::exhaustive_structs)]

mod answer;
pub mod apart;
mod capability;
mod card;
pub mod codes;
mod completion;
mod config;
pub mod decimal;
mod delivery;
mod error;
mod event;
mod fields;
mod gateway;
pub mod hmac;
mod key;
mod leg;
mod money;
pub mod networks;
mod operation;
mod order;
mod payment;
mod payment_ref;
mod payment_state;
mod raw;
mod reference;
pub mod request;
mod scale;
pub mod script;
mod scrub;
mod transition;
mod unresolved;
mod visible;
pub mod vocabulary;
mod wire;

pub use answer::{Answer, Decline, NextAction, Outcome};
pub use async_trait::async_trait;
pub use capability::{Ability, AskAfterwards, Capabilities, Duplicates, Webhooks};
pub use card::{Card, CardError};
pub use completion::Completion;
pub use config::{AdapterConfig, Key, KeyKind, Problem};
pub use delivery::{Delivery, WebhookError};
pub use error::{Error, ErrorKind, Fate};
pub use event::{Event, Provenance, Verified};
pub use fields::Field;
pub use gateway::{Adapter, BoxFuture, MethodQuery, Mode, PaymentGateway, PaymentMethod};
pub use key::idempotency_key;
pub use leg::{Leg, LegOutcome, LegWhy};
pub use money::{Currency, Money, MoneyError, currency, exponent};
pub use operation::{Capture, Charge, Checkout, Inquiry, Operation, OperationKind, Payout, Refund, Transfer, Void};
pub use order::{
    Address, Agreement, Authentication, Browser, Customer, Initiator, LineItem, Source, SourceKind, ThreeDs, Urls,
};
pub use payment::{Entry, EntryKind, EntryOutcome, MethodSummary, Payment};
pub use payment_ref::{Account, PaymentRef, PaymentRefError};
pub use payment_state::PaymentState;
pub use raw::RawReply;
pub use reference::{Reference, ReferenceError, ReferenceRule};
pub use scale::{Scale, Scales};
pub use scrub::scrub;
pub use transition::Transition;
pub use unresolved::Unresolved;
pub use visible::visible;
pub use vocabulary::{CodeClass, DeclineReason, RetryAdvice, Side};
pub use wire::{Attempt, Call, Lost, Memo, Replay, Reply, Token, Tokens, Wire};
