//! The domain rules: what the services refuse, or take and do otherwise than meant. One file a service.

mod alarms;
mod firehose;
mod kinesis;
mod logs;
mod partition;
mod roles;
mod s3;
mod security;
mod targets;

use super::Context;
use crate::diagnostics::{Code, Sink};

/// The codes of the rules, file by file.
pub static CODES: &[&[&Code]] = &[
    alarms::CODES,
    firehose::CODES,
    firehose::buffering::CODES,
    firehose::conversion::CODES,
    firehose::credentials::CODES,
    firehose::destinations::CODES,
    firehose::layout::CODES,
    firehose::logging::CODES,
    firehose::newline::CODES,
    firehose::partitioning::CODES,
    firehose::prefix::CODES,
    firehose::processors::CODES,
    kinesis::CODES,
    logs::CODES,
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
    alarms::check(context, sink);
    firehose::check(context, sink);
    kinesis::check(context, sink);
    logs::check(context, sink);
    partition::check(context, sink);
    roles::check(context, sink);
    s3::check(context, sink);
    security::check(context, sink);
    targets::check(context, sink);
}
