//! A delivery stream as a raw resource.

use super::{SOURCED, STREAM, metrics, puts_records, take_records};
use crate::kinds::standing::Properties;
use crate::kinds::{Component, Grant, Metrics, Peers, Place, Request, Scope, Site};
use crate::source::Span;
use crate::template::Value;

/// What others need of a stream whose properties are written out.
#[derive(Debug)]
pub struct Fed {
    /// The property that names its source, if it takes records from nowhere else.
    source: Option<Span>,
    /// The metrics of its destination, if it is one that `firehose-stream` has.
    destination: Option<&'static metrics::Group>,
}

/// The properties that give a stream its records. Source: CloudFormation User Guide,
/// `AWS::KinesisFirehose::DeliveryStream`.
const SOURCES: &[&str] = &["DatabaseSourceConfiguration", "KinesisStreamSourceConfiguration", "MSKSourceConfiguration"];

impl Fed {
    /// What grants like a stream with these properties.
    pub fn read(properties: &Properties<'_>) -> Box<dyn Component> {
        let destination = [
            ("ExtendedS3DestinationConfiguration", &metrics::S3),
            ("S3DestinationConfiguration", &metrics::S3),
            ("HttpEndpointDestinationConfiguration", &metrics::HTTP),
        ];
        Box::new(Self {
            source: SOURCES.iter().find_map(|name| properties.get(&[name])).map(|tree| tree.span),
            destination: destination.into_iter().find(|(name, _)| properties.has(name)).map(|(_, group)| group),
        })
    }
}

impl Component for Fed {
    fn metrics(&self, place: &Place, _peers: &Peers<'_>, _scope: &Scope) -> Vec<Metrics> {
        vec![Metrics {
            part: None,
            namespace: "AWS/Firehose",
            dimensions: vec![("DeliveryStreamName", place.reference(STREAM))],
            names: metrics::ALL.iter().flat_map(|group| group.names).copied().collect(),
            others: Vec::new(),
            aliases: self.destination.map(metrics::of_destination).unwrap_or_default(),
            // Which of them it has, and those of other destinations, depends on settings that are not looked at.
            open: true,
        }]
    }

    fn accept(&self, request: &Request<'_>, place: &Place, scope: &Scope) -> Grant {
        let origin = request.origin;
        match request.access {
            access if puts_records(access) => {
                if let Some(source) = self.source {
                    scope
                        .sink()
                        .report(&SOURCED, origin.span(), format!("`{}` takes records only from its source", place.name))
                        .also(source, "its source")
                        .help("name the source here instead");
                }
                take_records(request, place)
            }
            _ => Grant { address: Some(Value { origin, ..place.attribute(STREAM, "Arn") }), ..Grant::default() },
        }
    }

    fn compose(&self, _site: &mut Site<'_>) {}
}
