//! Schemas, and whether a value satisfies one.

pub mod model;
pub mod pattern;
pub mod read;
