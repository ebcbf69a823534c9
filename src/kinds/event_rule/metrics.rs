//! The metrics of rules.

use super::{DEFAULT_BUS, RULE};
use crate::blueprint::text::Text;
use crate::kinds::standing::Properties;
use crate::kinds::{Component, Metrics, Peers, Place, Scope, Site};
use crate::template::Value;

/// Source: EventBridge User Guide, "Monitoring Amazon EventBridge", with the dimension `RuleName`.
const METRICS: &[&str] = &[
    "DeadLetterInvocations",
    "FailedInvocations",
    "IngestionToInvocationSuccessLatency",
    "IngestiontoInvocationCompleteLatency",
    "IngestiontoInvocationStartLatency",
    "InvocationAttempts",
    "Invocations",
    "InvocationsFailedToBeSentToDlq",
    "InvocationsSentToDlq",
    "MatchedEvents",
    "RetryInvocationAttempts",
    "SuccessfulInvocationAttempts",
    "ThrottledRules",
    "TriggeredRules",
];

/// The metrics of a rule with these dimensions.
pub fn of_rule(dimensions: Vec<(&'static str, Value)>) -> Metrics {
    Metrics { namespace: "AWS/Events", dimensions, names: METRICS.to_vec(), ..Metrics::default() }
}

/// A rule as a raw resource, which has metrics.
#[derive(Debug)]
pub struct Measured {
    bus: Option<Text>,
}

impl Measured {
    /// What has metrics like a rule with these properties.
    pub fn read(properties: &Properties<'_>) -> Box<dyn Component> {
        Box::new(Self { bus: properties.text(&["EventBusName"]).cloned() })
    }
}

impl Component for Measured {
    fn metrics(&self, place: &Place, _peers: &Peers<'_>, scope: &Scope) -> Vec<Metrics> {
        let bus = self.bus.as_ref().filter(|bus| bus.literal().as_deref() != Some(DEFAULT_BUS));
        let bus = bus.map(|bus| ("EventBusName", scope.value(bus)));
        vec![of_rule(bus.into_iter().chain([("RuleName", place.attribute(RULE, "RuleName"))]).collect())]
    }

    fn compose(&self, _site: &mut Site<'_>) {}
}
