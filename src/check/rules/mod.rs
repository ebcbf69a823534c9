//! The domain rules: what the services refuse, or take and do otherwise than meant. One file a service.

mod s3;
mod security;

use super::Context;
use crate::diagnostics::{Code, Sink};

/// The codes of the rules, file by file.
pub static CODES: &[&[&Code]] = &[
    s3::CODES,
    security::access::CODES,
    security::advice::CODES,
    security::exposure::CODES,
    security::identity::CODES,
    security::secrets::CODES,
    security::settings::CODES,
];

/// Checks all rules.
pub fn check(context: &Context<'_>, sink: &mut Sink) {
    s3::check(context, sink);
    security::check(context, sink);
}
