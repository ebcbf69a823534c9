//! Amazon Route 53.

use crate::check::Context;
use crate::check::known::{text, within};
use crate::diagnostics::Sink;
use crate::template::{Map, Resource, Value};

codes! {
    /// A record is not in the hosted zone that it is put into, or the name of the zone does not end with a dot.
    ///
    /// Route 53 refuses records whose names do not end with that of the zone, and CloudFormation takes the name of a
    /// zone only with the dot of the root.
    ///
    /// ```yaml
    /// Resources:
    ///   Shop:
    ///     Type: AWS::Route53::RecordSet
    ///     Properties:
    ///       HostedZoneName: example.com.
    ///       Name: shop.example.org
    ///       Type: A
    ///       TTL: "300"
    ///       ResourceRecords: [192.0.2.1]
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// Resources:
    ///   Shop:
    ///     Type: AWS::Route53::RecordSet
    ///     Properties:
    ///       HostedZoneName: example.com.
    ///       Name: shop.example.com
    ///       Type: A
    ///       TTL: "300"
    ///       ResourceRecords: [192.0.2.1]
    /// ```
    ///
    /// Source: CloudFormation Template Reference, `AWS::Route53::RecordSet`, `HostedZoneName` and `Name`.
    ZONE = Error "record-outside-of-zone";

    /// A record for mail does not say a preference and the name of a host.
    ///
    /// Each value is a number from 0 to 65535, the lowest of which is asked first, a blank, and the name of a mail server.
    ///
    /// ```yaml
    /// Resources:
    ///   Mail:
    ///     Type: AWS::Route53::RecordSet
    ///     Properties:
    ///       HostedZoneName: example.com.
    ///       Name: example.com
    ///       Type: MX
    ///       TTL: "300"
    ///       ResourceRecords: [mail.example.com]
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// Resources:
    ///   Mail:
    ///     Type: AWS::Route53::RecordSet
    ///     Properties:
    ///       HostedZoneName: example.com.
    ///       Name: example.com
    ///       Type: MX
    ///       TTL: "300"
    ///       ResourceRecords: [10 mail.example.com]
    /// ```
    ///
    /// Source: Route 53 Developer Guide, "Supported DNS record types", MX.
    MAIL = Error "malformed-mail-record";
}

/// Checks records, alone and in groups.
pub fn check(context: &Context<'_>, sink: &mut Sink) {
    for record in context.of_type("AWS::Route53::RecordSet") {
        check_record(context, &start(record), &record.properties, &record.properties, sink);
    }
    for group in context.of_type("AWS::Route53::RecordSetGroup") {
        for (path, record) in within(&group.properties, &["RecordSets", "*"], &start(group)) {
            let Some(record) = record.as_map() else { continue };
            // A record of a group may name its own zone.
            let zone = if record.get("HostedZoneName").is_some() { record } else { &group.properties };
            check_record(context, &path, record, zone, sink);
        }
    }
}

fn start(resource: &Resource) -> String {
    format!("Resources/{}/Properties", resource.id)
}

fn check_record(context: &Context<'_>, path: &str, record: &Map, zone: &Map, sink: &mut Sink) {
    let known = |(path, value): (String, &'_ Value)| Some((path, value.origin.span(), text(value)?));
    let zones: Vec<_> = within(zone, &["HostedZoneName"], path).into_iter().filter_map(known).collect();
    for (path, span, zone) in &zones {
        if !zone.ends_with('.') && !zone.is_empty() {
            context
                .report_at(sink, &ZONE, *span, None, path, format!("`{zone}` does not end with a dot"))
                .help(format!("write `{zone}.`"));
        }
    }
    let kinds: Vec<Option<String>> = within(record, &["Type"], path).into_iter().map(|(_, kind)| text(kind)).collect();
    if let [Some(kind)] = kinds.as_slice()
        && kind == "MX"
    {
        for (path, span, value) in within(record, &["ResourceRecords", "*"], path).into_iter().filter_map(known) {
            if !is_mail(&value) {
                context
                    .report_at(sink, &MAIL, span, None, &path, format!("`{value}` in a record for mail"))
                    .help("write a number from 0 to 65535 and a name, as `10 mail.example.com`");
            }
        }
    }
    let rooted = |name: &str| format!("{}.", name.trim_end_matches('.').to_ascii_lowercase());
    for (path, span, name) in within(record, &["Name"], path).into_iter().filter_map(known) {
        let inside = |zone: &str| {
            let (name, zone) = (rooted(&name), rooted(zone));
            name == zone || name.ends_with(&format!(".{zone}"))
        };
        // Conditions that choose a zone may choose the name that fits.
        if !zones.is_empty() && !zones.iter().any(|(.., zone)| inside(zone)) {
            let zone = &zones[0].2;
            context
                .report_at(sink, &ZONE, span, None, &path, format!("`{name}` is not in the zone `{zone}`"))
                .help("write a name that ends with that of the zone, or name another zone");
        }
    }
}

/// Whether a text is a preference and the name of a host.
fn is_mail(value: &str) -> bool {
    let mut parts = value.split_whitespace();
    let preference = parts.next().is_some_and(|number| number.parse::<u16>().is_ok());
    preference && parts.next().is_some() && parts.next().is_none()
}
