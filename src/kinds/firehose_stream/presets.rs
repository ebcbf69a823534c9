//! What the vendors of HTTP endpoints expect, each with the addresses of its regions.

use schemars::JsonSchema;
use serde::Deserialize;

/// Whose endpoint it is.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub enum Vendor {
    /// Coralogix, in the regions `eu1`, `eu2`, `us1`, `us2`, `us3`, `ap1`, `ap2` and `ap3`.
    Coralogix,
    /// Logs of Datadog, on the sites `us1`, `us3`, `us5`, `eu1`, `ap1`, `ap2` and `us1-fed`.
    Datadog,
    /// Dynatrace, in the regions `global`, `us` and `eu`; the attribute `dt-url` names the environment.
    Dynatrace,
    /// Any other, with its `url`.
    Generic,
    /// Logs of New Relic, in the regions `us` and `eu`.
    NewRelic,
    /// Metrics of New Relic, in the regions `us` and `eu`.
    NewRelicMetrics,
    /// Logs of Sumo Logic; the `url` of the source has its token in it.
    SumoLogicLogs,
    /// Metrics of Sumo Logic; the `url` of the source has its token in it.
    SumoLogicMetrics,
}

/// Where the token of an endpoint is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Token {
    /// In a secret, which Firehose reads.
    Secret,
    /// In a secret, or there is none.
    Optional,
    /// In the URL.
    Url,
}

/// What a vendor expects.
#[derive(Debug)]
pub struct Preset {
    /// As it calls itself.
    pub name: &'static str,
    /// Its regions, each with its URL; none where each customer has one of their own.
    pub regions: &'static [(&'static str, &'static str)],
    /// MiB of a request, at most.
    pub size_mib: u32,
    /// Seconds for which records are gathered.
    pub interval_seconds: u32,
    /// Seconds for which a request is tried again.
    pub retry_seconds: u32,
    /// Attributes that are sent unless they are written otherwise.
    pub attributes: &'static [(&'static str, &'static str)],
    /// Attributes without which nothing arrives, each with an example.
    pub required: &'static [(&'static str, &'static str)],
    /// Where its token is.
    pub token: Token,
}

/// Source: Coralogix documentation, "Coralogix endpoints" and the vendor's CloudFormation template for Firehose, as of
/// 2026-11; its default retry and buffer.
static CORALOGIX: Preset = Preset {
    name: "Coralogix",
    regions: &[
        ("ap1", "https://ingress.ap1.coralogix.com/aws/firehose"),
        ("ap2", "https://ingress.ap2.coralogix.com/aws/firehose"),
        ("ap3", "https://ingress.ap3.coralogix.com/aws/firehose"),
        ("eu1", "https://ingress.eu1.coralogix.com/aws/firehose"),
        ("eu2", "https://ingress.eu2.coralogix.com/aws/firehose"),
        ("us1", "https://ingress.us1.coralogix.com/aws/firehose"),
        ("us2", "https://ingress.us2.coralogix.com/aws/firehose"),
        ("us3", "https://ingress.us3.coralogix.com/aws/firehose"),
    ],
    size_mib: 1,
    interval_seconds: 60,
    retry_seconds: 300,
    attributes: &[],
    required: &[],
    token: Token::Secret,
};

/// Source: Datadog documentation, "Send AWS Services Logs with the Datadog Amazon Data Firehose Destination" and the
/// names of its sites; CloudWatch User Guide, "Quick partner setup", for the buffer and the retry.
static DATADOG: Preset = Preset {
    name: "Datadog",
    regions: &[
        ("ap1", "https://aws-kinesis-http-intake.logs.ap1.datadoghq.com/v1/input"),
        ("ap2", "https://aws-kinesis-http-intake.logs.ap2.datadoghq.com/v1/input"),
        ("eu1", "https://aws-kinesis-http-intake.logs.datadoghq.eu/v1/input"),
        ("us1", "https://aws-kinesis-http-intake.logs.datadoghq.com/v1/input"),
        ("us1-fed", "https://aws-kinesis-http-intake.logs.ddog-gov.com/v1/input"),
        ("us3", "https://aws-kinesis-http-intake.logs.us3.datadoghq.com/v1/input"),
        ("us5", "https://aws-kinesis-http-intake.logs.us5.datadoghq.com/v1/input"),
    ],
    size_mib: 4,
    interval_seconds: 60,
    retry_seconds: 60,
    attributes: &[],
    required: &[],
    token: Token::Secret,
};

/// Source: Dynatrace documentation, "Amazon CloudWatch Metric Streams", as of 2026-11.
static DYNATRACE: Preset = Preset {
    name: "Dynatrace",
    regions: &[
        ("eu", "https://eu.aws.cloud.dynatrace.com"),
        ("global", "https://aws.cloud.dynatrace.com"),
        ("us", "https://us.aws.cloud.dynatrace.com"),
    ],
    size_mib: 3,
    interval_seconds: 60,
    retry_seconds: 900,
    attributes: &[("require-valid-certificate", "true")],
    required: &[("dt-url", "https://abc12345.live.dynatrace.com")],
    token: Token::Secret,
};

/// Source: Firehose API, `HttpEndpointBufferingHints` and `HttpEndpointRetryOptions`, the defaults.
static GENERIC: Preset = Preset {
    name: "HTTP endpoint",
    regions: &[],
    size_mib: 5,
    interval_seconds: 300,
    retry_seconds: 300,
    attributes: &[],
    required: &[],
    token: Token::Optional,
};

/// Source: New Relic documentation, "Stream logs using Amazon Data Firehose"; CloudWatch User Guide, "Quick partner
/// setup", for the buffer and the retry.
static NEW_RELIC: Preset = Preset {
    name: "New Relic",
    regions: &[
        ("eu", "https://aws-api.eu.newrelic.com/firehose/v1"),
        ("us", "https://aws-api.newrelic.com/firehose/v1"),
    ],
    size_mib: 1,
    interval_seconds: 60,
    retry_seconds: 60,
    attributes: &[],
    required: &[],
    token: Token::Secret,
};

/// Source: New Relic documentation, "Amazon CloudWatch Metric Streams integration".
static NEW_RELIC_METRICS: Preset = Preset {
    regions: &[
        ("eu", "https://aws-api.eu01.nr-data.net/cloudwatch-metrics/v1"),
        ("us", "https://aws-api.newrelic.com/cloudwatch-metrics/v1"),
    ],
    ..NEW_RELIC
};

/// Source: Sumo Logic documentation, "AWS Kinesis Firehose for Logs Source": 5 MiB for the least delay.
static SUMO_LOGIC_LOGS: Preset = Preset {
    name: "Sumo Logic",
    regions: &[],
    size_mib: 5,
    interval_seconds: 60,
    retry_seconds: 60,
    attributes: &[],
    required: &[],
    token: Token::Url,
};

/// Source: Sumo Logic documentation, "AWS Kinesis Firehose for Metrics Source": 1 MiB for the least delay.
static SUMO_LOGIC_METRICS: Preset = Preset { size_mib: 1, ..SUMO_LOGIC_LOGS };

impl Vendor {
    /// What the vendor expects.
    pub fn preset(self) -> &'static Preset {
        match self {
            Self::Coralogix => &CORALOGIX,
            Self::Datadog => &DATADOG,
            Self::Dynatrace => &DYNATRACE,
            Self::Generic => &GENERIC,
            Self::NewRelic => &NEW_RELIC,
            Self::NewRelicMetrics => &NEW_RELIC_METRICS,
            Self::SumoLogicLogs => &SUMO_LOGIC_LOGS,
            Self::SumoLogicMetrics => &SUMO_LOGIC_METRICS,
        }
    }
}
