//! What targets take of an event, and what of it may be missing by the contract.

use serde_json::Value as Json;

use super::content::Arrival;
use super::{Known, field};
use crate::contract::way;
use crate::diagnostics::Sink;
use crate::source::Span;
use crate::template::{Map, Value};
use crate::trace::input::Path;
use crate::trace::world::World;

codes! {
    /// A target takes a field that an event may lack by its contract.
    ///
    /// With `InputPath`, such an event is not delivered. In a template, nothing stands where the field was meant to stand
    /// in quotes, and `""` where it was meant to stand without, even for a number or an object.
    ///
    /// ```yaml
    /// components:
    ///   waiting:
    ///     kind: sqs-queue
    ///   placed:
    ///     kind: event-rule
    ///     bus: default
    ///     contract:
    ///       detail: { type: object, properties: { order: { type: object } } }
    ///     pattern: { source: [shop] }
    ///     targets:
    ///       - { to: waiting, input_path: $.detail.order }
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// components:
    ///   waiting:
    ///     kind: sqs-queue
    ///   placed:
    ///     kind: event-rule
    ///     bus: default
    ///     contract:
    ///       detail: { type: object, required: [order], properties: { order: { type: object } } }
    ///     pattern: { source: [shop] }
    ///     targets:
    ///       - { to: waiting, input_path: $.detail.order }
    /// ```
    ///
    /// Source: EventBridge User Guide, "Amazon EventBridge input transformation".
    INPUT = Warning "input-may-be-missing";
}

impl World<'_> {
    /// Checks what the targets of a rule take.
    pub(super) fn check_inputs(&self, arrival: &Arrival, known: &Known<'_>, sink: &mut Sink) {
        let targets = self.resource(&arrival.id).and_then(|rule| rule.properties.get("Targets")?.as_list());
        let mut paths: Vec<(String, Span, bool)> = Vec::new();
        for target in targets.unwrap_or_default().iter().filter_map(Value::as_map) {
            let path = |map: &Map, name: &str| Some((self.resolver.text(map, &[name])?, map.get(name)?.origin.span()));
            paths.extend(path(target, "InputPath").map(|(path, span)| (path, span, true)));
            let variables = target.get("InputTransformer").and_then(|one| one.at(&["InputPathsMap"])?.as_map());
            for (name, _) in variables.iter().flat_map(|map| &map.0) {
                paths.extend(variables.and_then(|map| path(map, &name.text)).map(|(path, span)| (path, span, false)));
            }
        }
        if paths.is_empty() {
            return;
        }
        let events = self.events_of(arrival, known);
        for (text, span, is_whole) in paths {
            let Ok(path) = Path::read(&text) else { continue };
            let Some(steps) = path.steps().filter(|steps| !steps.is_empty()) else { continue };
            if let Some(absent) = field::absent(&arrival.content, &steps) {
                field::report(arrival, &steps, &absent, span, sink);
                continue;
            }
            // Only what the contract says of the whole event can be tried out.
            if !arrival.content.is_whole() || arrival.content.may(&steps).always {
                continue;
            }
            let lacks = |event: &Json| path.find(event).is_none();
            let allowed = events.iter().filter(|event| !lacks(event)).any(|event| {
                let mut variants = arrival.contract.variants(event).into_iter();
                variants.any(|variant| !variant.is_null && lacks(&variant.event))
            });
            if !allowed {
                continue;
            }
            let told = way(&steps);
            let message = format!("an event may lack `{told}`, by {}", arrival.contract.name());
            let help = if is_whole {
                format!("require `{told}` in the contract, or send the whole event: without it nothing is delivered")
            } else {
                format!("require `{told}` in the contract, or take care of an empty text where it stands")
            };
            let report = sink.report(&INPUT, span, message).help(help);
            if let Some(place) = arrival.contract.span() {
                report.also(place, "the contract");
            }
        }
    }
}
