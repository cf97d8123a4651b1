//! Worlds for routers: providers, processes, an application, and what is held against what.

pub(crate) mod mortal;
pub(crate) mod mutants;
mod pages;
pub(crate) mod ruling;
pub(crate) mod shop;
pub(crate) mod verdict;
pub(crate) mod world;
