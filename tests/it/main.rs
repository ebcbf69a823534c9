//! All integration tests, as one program.

mod kinds_streaming;
mod language;
