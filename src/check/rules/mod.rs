//! The domain rules: what the services refuse, or take and do otherwise than meant. One file a service.

mod partition;
mod roles;
mod s3;
mod security;
mod targets;

use super::Context;
use crate::diagnostics::{Code, Sink};

/// The codes of the rules, file by file.
pub static CODES: &[&[&Code]] = &[
    partition::CODES,
    roles::CODES,
    s3::CODES,
    security::access::CODES,
    security::advice::CODES,
    security::exposure::CODES,
    security::identity::CODES,
    security::secrets::CODES,
    security::settings::CODES,
    targets::CODES,
];

/// Checks all rules.
pub fn check(context: &Context<'_>, sink: &mut Sink) {
    partition::check(context, sink);
    roles::check(context, sink);
    s3::check(context, sink);
    security::check(context, sink);
    targets::check(context, sink);
}
