//! Findings that are known and accepted where they are, with a reason.

use crate::diagnostics::{Code, Severity, Sink, closest};
use crate::source::Span;

codes! {
    /// An acknowledgement in `allow` matches no finding.
    ///
    /// What it was written for is gone, so it would hide the next one.
    ///
    /// ```yaml
    /// components:
    ///   archive:
    ///     kind: s3-bucket
    ///     allow:
    ///       - { code: no-previous-versions, reason: The bucket had no versions before. }
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// components:
    ///   archive:
    ///     kind: s3-bucket
    /// ```
    UNMATCHED_ALLOW = Warning "unmatched-allow";

    /// An acknowledgement in `allow` names a finding that does not exist, or one that cannot be acknowledged.
    ///
    /// Only warnings can be acknowledged: an error is a template that does not deploy or does not work.
    ///
    /// ```yaml
    /// components:
    ///   archive:
    ///     kind: s3-bucket
    ///     allow:
    ///       - { code: unknown-property, reason: It is needed. }
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// components:
    ///   archive:
    ///     kind: s3-bucket
    /// ```
    NOT_ALLOWABLE = Error "not-allowable";
}

/// An acknowledgement.
pub(super) struct Allowed<'a> {
    /// The name of the finding.
    pub name: &'a str,
    /// Where the name stands.
    pub span: Span,
    /// Where the finding is accepted.
    pub area: Span,
    /// Whether errors can be accepted: what formwork refuses in a template that it did not make may be newer than it.
    pub errors: bool,
}

/// Takes out what is acknowledged, and reports acknowledgements of nothing.
pub(super) fn acknowledge<'a>(
    allowed: impl Iterator<Item = Allowed<'a>>,
    known_codes: &[&'static Code],
    sink: &mut Sink,
) {
    for Allowed { name, span, area, errors } in allowed {
        let Some(code) = known_codes.iter().find(|code| code.name == name) else {
            let names = known_codes.iter().map(|code| code.name);
            let help = closest(name, names.clone()).map_or_else(
                || "`formwork explain` lists all findings".to_owned(),
                |name| format!("did you mean `{name}`?"),
            );
            sink.report(&NOT_ALLOWABLE, span, format!("no finding `{name}`")).help(help).meant(name, names);
            continue;
        };
        if code.severity == Severity::Error && !errors {
            sink.report(&NOT_ALLOWABLE, span, format!("`{name}` is an error, which cannot be acknowledged"))
                .help("mend it, and remove this acknowledgement");
            continue;
        }
        let mut matched = false;
        sink.retain(|diagnostic| {
            let here = diagnostic.code.name == name && contains(area, diagnostic.span);
            matched |= here;
            !here
        });
        if !matched {
            sink.report(&UNMATCHED_ALLOW, span, format!("there is no `{name}` here"))
                .help("remove this acknowledgement");
        }
    }
}

fn contains(outer: Span, inner: Span) -> bool {
    outer.file == inner.file && outer.start <= inner.start && inner.end <= outer.end
}
