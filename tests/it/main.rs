//! All integration tests, as one program.

mod kinds_delivery;
mod kinds_streaming;
mod language;
