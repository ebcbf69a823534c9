//! A template as text: YAML for people, JSON for programs.
//!
//! Both say the same and come out the same every time: order is that of the value, and nothing is
//! looked up, measured or guessed. Origins are not written.

mod json;

pub use json::json;
