//! Prefixes written out, with the expressions of Firehose in them.

use crate::blueprint::text::Located;
use crate::diagnostics::Sink;

codes! {
    /// An error prefix does not say which kind of error it is, or uses what is not known of a record that failed.
    ///
    /// With any `!{…}` in it an error prefix must have `!{firehose:error-output-type}`, and it cannot have partition
    /// keys: a record that failed may have none.
    ///
    /// ```yaml
    /// components:
    ///   archive:
    ///     kind: s3-bucket
    ///   delivery:
    ///     kind: firehose-stream
    ///     to:
    ///       s3: archive
    ///       error_prefix: "errors/!{timestamp:yyyy}/"
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
    ///       error_prefix: "errors/!{firehose:error-output-type}/!{timestamp:yyyy}/"
    /// ```
    ///
    /// Source: Firehose Developer Guide, "Understand custom prefixes for Amazon S3 objects".
    ERRORS = Error "invalid-error-prefix";

    /// A prefix has an expression that Firehose does not know, or that is not closed.
    ///
    /// It knows `!{timestamp:…}`, `!{firehose:random-string}`, `!{partitionKeyFromQuery:…}` and, in error prefixes,
    /// `!{firehose:error-output-type}`.
    ///
    /// ```yaml
    /// components:
    ///   archive:
    ///     kind: s3-bucket
    ///   delivery:
    ///     kind: firehose-stream
    ///     to:
    ///       s3: archive
    ///       prefix: "data/!{time:yyyy}/"
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
    ///       prefix: "data/!{timestamp:yyyy}/"
    /// ```
    ///
    /// Source: Firehose Developer Guide, "Understand custom prefixes for Amazon S3 objects".
    PREFIX = Error "invalid-prefix-expression";
}

const ERROR_TYPE: &str = "!{firehose:error-output-type}";

/// The prefix of what failed, unless another is written.
pub const ERROR_PREFIX: &str = "errors/!{firehose:error-output-type}/!{timestamp:yyyy-MM-dd}/";

/// [`ERROR_PREFIX`] as a default of a field.
pub fn error_prefix() -> Located<String> {
    Located::nowhere(ERROR_PREFIX.to_owned())
}

/// The part of a prefix that is the same for all objects.
pub fn head(prefix: &str) -> String {
    prefix.split("!{").next().unwrap_or_default().to_owned()
}

/// Checks the expressions of a prefix; `keys` says whether partition keys are allowed in it.
pub fn check_prefix(prefix: &Located<String>, keys: bool, sink: &mut Sink) {
    let Some(span) = prefix.place() else { return };
    for rest in prefix.value.split("!{").skip(1) {
        let Some((expression, _)) = rest.split_once('}') else {
            sink.report(&PREFIX, span, "`!{` without `}`").help("close the expression with `}`");
            continue;
        };
        let known = match expression.split_once(':') {
            Some(("timestamp", pattern)) => !pattern.is_empty(),
            Some(("partitionKeyFromQuery", name)) => keys && !name.is_empty(),
            Some(("firehose", "random-string")) => true,
            Some(("firehose", "error-output-type")) => !keys,
            _ => false,
        };
        // Both of these have their own code in error prefixes.
        if !known && (keys || !expression.starts_with("partitionKeyFrom")) {
            let help = if keys {
                "use `!{timestamp:yyyy-MM-dd}`, `!{partitionKeyFromQuery:name}` or `!{firehose:random-string}`"
            } else {
                "use `!{firehose:error-output-type}`, `!{timestamp:yyyy-MM-dd}` or `!{firehose:random-string}`"
            };
            sink.report(&PREFIX, span, format!("no expression `!{{{expression}}}` here")).help(help);
        }
    }
}

/// Checks the prefix of what failed.
pub fn check_error_prefix(prefix: &Located<String>, sink: &mut Sink) {
    let Some(span) = prefix.place() else { return };
    check_prefix(prefix, false, sink);
    let text = &prefix.value;
    if text.contains("!{partitionKeyFrom") {
        sink.report(&ERRORS, span, "an error prefix cannot have partition keys")
            .help("a record that failed may have none; leave them out");
    } else if text.contains("!{") && !text.contains(ERROR_TYPE) {
        sink.report(&ERRORS, span, format!("an error prefix with expressions must have `{ERROR_TYPE}`"))
            .help(format!("write for example `{ERROR_PREFIX}`"));
    }
}
