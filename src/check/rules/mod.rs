//! The domain rules: what the services refuse, or take and do otherwise than meant. One file a service.

mod alarms;
mod athena;
mod catalog;
mod cloudfront;
mod connect;
mod dynamodb;
mod ec2;
mod elasticache;
mod event_source;
mod events;
mod firehose;
mod glue;
mod iot;
mod kinesis;
mod log_names;
mod logs;
mod nested;
mod networks;
mod partition;
mod pipelines;
mod quicksight;
mod redshift;
mod removal;
mod roles;
mod route53;
mod s3;
mod schedule;
mod security;
mod ses;
mod states;
mod targets;

use super::Context;
use crate::diagnostics::{Code, Sink};

/// The codes of the rules, file by file.
pub static CODES: &[&[&Code]] = &[
    alarms::CODES,
    athena::CODES,
    catalog::CODES,
    cloudfront::CODES,
    connect::CODES,
    dynamodb::CODES,
    ec2::CODES,
    elasticache::CODES,
    event_source::CODES,
    events::CODES,
    events::pattern::CODES,
    events::target::CODES,
    firehose::CODES,
    firehose::buffering::CODES,
    firehose::conversion::CODES,
    firehose::credentials::CODES,
    firehose::destinations::CODES,
    firehose::layout::CODES,
    firehose::logging::CODES,
    firehose::newline::CODES,
    firehose::notes::CODES,
    firehose::partitioning::CODES,
    firehose::prefix::CODES,
    firehose::processors::CODES,
    firehose::query::CODES,
    firehose::readable::CODES,
    glue::CODES,
    glue::crawler::CODES,
    glue::projection::CODES,
    glue::view::CODES,
    iot::CODES,
    kinesis::CODES,
    log_names::CODES,
    logs::CODES,
    nested::CODES,
    networks::CODES,
    partition::CODES,
    pipelines::CODES,
    quicksight::CODES,
    redshift::CODES,
    removal::CODES,
    roles::CODES,
    route53::CODES,
    s3::CODES,
    schedule::CODES,
    security::access::CODES,
    security::advice::CODES,
    security::exposure::CODES,
    security::identity::CODES,
    security::secrets::CODES,
    security::settings::CODES,
    ses::CODES,
    states::CODES,
    targets::CODES,
];

/// Checks all rules.
pub fn check(context: &Context<'_>, sink: &mut Sink) {
    alarms::check(context, sink);
    athena::check(context, sink);
    catalog::check(context, sink);
    cloudfront::check(context, sink);
    connect::check(context, sink);
    dynamodb::check(context, sink);
    ec2::check(context, sink);
    elasticache::check(context, sink);
    event_source::check(context, sink);
    events::check(context, sink);
    firehose::check(context, sink);
    glue::check(context, sink);
    iot::check(context, sink);
    kinesis::check(context, sink);
    log_names::check(context, sink);
    logs::check(context, sink);
    nested::check(context, sink);
    networks::check(context, sink);
    pipelines::check(context, sink);
    quicksight::check(context, sink);
    redshift::check(context, sink);
    removal::check(context, sink);
    roles::check(context, sink);
    // A policy in which something else is wrong is not compared with what is needed.
    partition::check(context, sink);
    route53::check(context, sink);
    s3::check(context, sink);
    schedule::check(context, sink);
    security::check(context, sink);
    ses::check(context, sink);
    states::check(context, sink);
    targets::check(context, sink);
}
