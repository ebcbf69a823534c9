//! The jq expression of a key.

use std::ops::Range;

use crate::blueprint::text::Located;
use crate::diagnostics::Sink;
use crate::template::jq;

codes! {
    /// The `query` of a key is not an expression of jq 1.6, or gives no text.
    ///
    /// Firehose runs jq 1.6, which lacks what later versions have. The expression stands in parentheses, so everything
    /// but a comment at its end may be in it. A partition key is a text, a number or `true` or `false`; a record for
    /// which the query gives something else goes to the error prefix.
    ///
    /// ```yaml
    /// components:
    ///   archive:
    ///     kind: s3-bucket
    ///   delivery:
    ///     kind: firehose-stream
    ///     to:
    ///       s3: archive
    ///       layout:
    ///         - type: { query: .detail-type }
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
    ///       layout:
    ///         - type: { query: '."detail-type"' }
    /// ```
    ///
    /// Source: jq 1.6 manual; Firehose Developer Guide, "Understand partitioning keys".
    QUERY = Error "invalid-layout-query";
}

/// Checks the query of a key.
pub fn check(query: &Located<String>, sink: &mut Sink) {
    let mut report = |range: Range<usize>, message: String, help: &str| {
        sink.report(&QUERY, query.part(&range), message).help(help);
    };
    match jq::expression(&query.value) {
        Err(mistakes) => {
            for mistake in mistakes {
                report(mistake.range, mistake.message, &mistake.help);
            }
        }
        Ok(program) => {
            for doubt in program.doubts {
                report(doubt.range, doubt.message, &doubt.help);
            }
            let Some(body) = program.body.filter(|body| !body.defines()) else { return };
            let types = body.types();
            if !types.may_be_scalar() {
                let help = "take a text out of it, or write it as one with `tostring` or `join`";
                report(body.range, format!("a partition key that is {}", types.name()), help);
            }
        }
    }
}
