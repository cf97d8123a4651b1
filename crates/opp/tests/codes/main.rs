//! The code table, the groups, and what codes prove in context.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail so")]

mod context;
mod table;

use std::collections::BTreeMap;
use std::time::Duration;

use paymux_core::codes::DecidedBy;
use paymux_core::{CodeClass, DeclineReason, RetryAdvice, Side};
use paymux_opp::{CODES, Context, PaymentType, ResultCode, Surface, Verdict, classify, explain};

fn code(text: &str) -> ResultCode {
    text.parse().unwrap()
}
