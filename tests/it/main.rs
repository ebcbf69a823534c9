//! All integration tests, as one program.

mod language;
mod operations;
