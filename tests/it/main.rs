//! All integration tests, as one program.

mod checkers;
mod language;
mod operations;
