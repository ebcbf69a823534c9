//! All integration tests, as one program.
//!
//! Whole files that a change may alter on purpose (templates, pages of the manual) are kept under `snapshots/` as they
//! are, without a header, so that other tools and people can read them. `UPDATE_SNAPSHOTS=1 cargo test` writes them
//! anew and removes those that nothing makes any more; read the difference before it is committed.
//!
//! Expected findings are never kept apart from their blueprint: see [`fixtures`].

mod architecture;
mod blueprints;
mod brackets;
mod checkers;
mod ci;
mod cli;
mod codes;
mod environments;
mod fixes;
mod fixtures;
mod functions;
mod fuzz;
mod kinds_analytics;
mod kinds_delivery;
mod kinds_mail;
mod kinds_quicksight;
mod kinds_streaming;
mod language;
mod manual;
mod memory;
mod operations;
mod properties;
mod redshift;
mod reports;
mod resources;
mod robustness;
mod security;
mod snapshots;
mod templates;
mod trace;
mod traps;
mod values;
mod ways;
