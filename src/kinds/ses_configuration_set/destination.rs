//! Where events of mail go.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::blueprint::text::{Located, Reference};
use crate::map;
use crate::source::{Origin, Span};
use crate::template::Map;

/// Source: SES API v2, `CloudWatchDimensionConfiguration`, `DimensionName`.
pub(in crate::kinds) const DIMENSION_PATTERN: &str = "^[a-zA-Z0-9_:-]+$";

/// Where some events go.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "MailEventDestination")]
pub(super) struct Destination {
    /// The events, in the words of CloudFormation.
    #[schemars(length(min = 1))]
    pub(super) types: Vec<Located<EventType>>,
    /// The `firehose-stream` or `sns-topic` that gets them.
    pub(super) to: Option<Reference>,
    /// The bus of EventBridge that gets them: SES sends only to `default`.
    pub(super) bus: Option<Located<Bus>>,
    /// Counts them in CloudWatch, in the namespace `AWS/SES`: the dimensions of these metrics, and where SES finds
    /// their values.
    #[schemars(extend("propertyNames" = {"pattern": DIMENSION_PATTERN, "maxLength": 256}, "minProperties" = 1))]
    pub(super) metrics: Option<IndexMap<Located<String>, Dimension>>,
    /// Whether they are sent.
    #[serde(default = "super::yes")]
    pub(super) enabled: bool,
}

/// The bus of EventBridge.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Bus {
    /// The bus of the account.
    Default,
}

/// Where SES finds the value of a dimension.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "MailDimension")]
pub(super) struct Dimension {
    /// What of a mail has the value under the name of the dimension.
    pub(super) from: DimensionSource,
    /// The value for mail without one.
    #[schemars(length(min = 1, max = 256))]
    pub(super) default: Located<String>,
}

/// What of a mail has the value of a dimension.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum DimensionSource {
    /// A tag of the mail, also those that SES gives, such as `ses:configuration-set`.
    MessageTag,
    /// A header.
    EmailHeader,
    /// A tag of a link that was clicked.
    LinkTag,
}

impl DimensionSource {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::MessageTag => "messageTag",
            Self::EmailHeader => "emailHeader",
            Self::LinkTag => "linkTag",
        }
    }
}

/// What can become of a mail.
///
/// Source: CloudFormation Template Reference, `AWS::SES::ConfigurationSetEventDestination`, `EventDestination`.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "MailEventType")]
pub(super) enum EventType {
    /// SES took it.
    Send,
    /// SES found malware in it and did not send it.
    Reject,
    /// The server of the recipient refused it for good.
    Bounce,
    /// The recipient called it spam.
    Complaint,
    /// The server of the recipient took it.
    Delivery,
    /// The recipient opened it.
    Open,
    /// The recipient clicked a link.
    Click,
    /// Its template did not fit its data.
    RenderingFailure,
    /// It could not be delivered for now.
    DeliveryDelay,
    /// The recipient changed what lists they are on.
    Subscription,
}

impl EventType {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Send => "send",
            Self::Reject => "reject",
            Self::Bounce => "bounce",
            Self::Complaint => "complaint",
            Self::Delivery => "delivery",
            Self::Open => "open",
            Self::Click => "click",
            Self::RenderingFailure => "renderingFailure",
            Self::DeliveryDelay => "deliveryDelay",
            Self::Subscription => "subscription",
        }
    }

    /// The metric that counts it, where the guide names one.
    ///
    /// Source: SES Developer Guide, "Monitor using event publishing": retrieving event data from CloudWatch.
    pub(super) fn metric(self) -> Option<&'static str> {
        match self {
            Self::Send => Some("Send"),
            Self::Reject => Some("Reject"),
            Self::Bounce => Some("Bounce"),
            Self::Complaint => Some("Complaint"),
            Self::Delivery => Some("Delivery"),
            Self::Open => Some("Open"),
            Self::Click => Some("Click"),
            Self::RenderingFailure | Self::DeliveryDelay | Self::Subscription => None,
        }
    }
}

impl Destination {
    /// Where each of the ways to send is written.
    pub(super) fn ways(&self) -> Vec<Span> {
        let metrics = self.metrics.as_ref().map(|metrics| metrics.keys().next().map_or(Span::START, Located::span));
        [self.to.as_ref().map(Reference::span), self.bus.as_ref().map(Located::span), metrics]
            .into_iter()
            .flatten()
            .collect()
    }

    pub(super) fn dimensions(&self, origin: Origin) -> Option<Vec<Map>> {
        let dimension = |(name, dimension): (&Located<String>, &Dimension)| {
            map!(origin;
                "DefaultDimensionValue" => dimension.default.to_value(origin),
                "DimensionName" => name.to_value(origin),
                "DimensionValueSource" => dimension.from.name(),
            )
        };
        Some(self.metrics.as_ref()?.iter().map(dimension).collect())
    }
}
