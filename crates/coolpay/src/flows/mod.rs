//! Operation → calls → answer.
//!
//! `charge` and `recurring` take money in, `standing` judges payments that exist already, `follow_up` captures, voids and refunds them, `payout`
//! sends money out; `ask` and `resolve` only ask. `make` makes what moves no money, `build` writes the bodies, `act` sends one operation and
//! finds out what it came to, `close` closes a page, `claims` keeps two attempts apart, and `calls` reads and looks up.

mod act;
mod ask;
mod build;
pub(crate) mod calls;
mod charge;
mod claims;
mod close;
mod follow_up;
pub(crate) mod make;
mod payout;
mod recurring;
mod resolve;
mod standing;

pub(crate) use claims::Claims;
pub(crate) use standing::Want;
