//! The runtimes of Lambda that are old.

use super::Context;
use super::known::{choices, text};
use crate::diagnostics::Sink;

codes! {
    /// A runtime gets no more security fixes.
    ///
    /// First no function can be created in it any more, later none can be changed. Which of both holds for a function
    /// depends on when it was created.
    ///
    /// ```yaml
    /// components:
    ///   transform:
    ///     kind: lambda-function
    ///     runtime: python3.9
    ///     source: "def handler(event, context): return event"
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// components:
    ///   transform:
    ///     kind: lambda-function
    ///     runtime: python3.14
    ///     source: "def handler(event, context): return event"
    /// ```
    ///
    /// Source: Lambda Developer Guide, "Lambda runtimes", as of 2026-11.
    DEPRECATED = Warning "deprecated-runtime";
}

/// The runtimes that are deprecated as of 2026-11, and what takes their place.
///
/// Source: Lambda Developer Guide, "Lambda runtimes", as the table of lifecycles of cfn-lint 1.58 has it.
const DEPRECATED_RUNTIMES: &[(&str, &str)] = &[
    ("dotnet6", "dotnet10"),
    ("dotnet8", "dotnet10"),
    ("nodejs16.x", "nodejs24.x"),
    ("nodejs18.x", "nodejs24.x"),
    ("nodejs20.x", "nodejs24.x"),
    ("provided.al2", "provided.al2023"),
    ("python3.8", "python3.14"),
    ("python3.9", "python3.14"),
    ("python3.10", "python3.14"),
    ("ruby3.2", "ruby4.0"),
];

/// The runtimes in which no function can be created any more, and what takes their place.
///
/// Source: as [`DEPRECATED_RUNTIMES`].
const BLOCKED_RUNTIMES: &[(&str, &str)] = &[
    ("dotnetcore1.0", "dotnet10"),
    ("dotnetcore2.0", "dotnet10"),
    ("dotnetcore2.1", "dotnet10"),
    ("dotnetcore3.1", "dotnet10"),
    ("go1.x", "provided.al2023"),
    ("java8", "java25"),
    ("nodejs", "nodejs24.x"),
    ("nodejs10.x", "nodejs24.x"),
    ("nodejs12.x", "nodejs24.x"),
    ("nodejs14.x", "nodejs24.x"),
    ("nodejs4.3", "nodejs24.x"),
    ("nodejs4.3-edge", "nodejs24.x"),
    ("nodejs6.10", "nodejs24.x"),
    ("nodejs8.10", "nodejs24.x"),
    ("provided", "provided.al2023"),
    ("python2.7", "python3.14"),
    ("python3.6", "python3.14"),
    ("python3.7", "python3.14"),
    ("ruby2.5", "ruby4.0"),
    ("ruby2.7", "ruby4.0"),
];

/// Checks the runtimes of all functions.
pub fn check(context: &Context<'_>, sink: &mut Sink) {
    for kind in ["AWS::Lambda::Function", "AWS::Serverless::Function"] {
        for function in context.of_type(kind) {
            let path = format!("Resources/{}/Properties/Runtime", function.id);
            let Some(runtime) = function.properties.get("Runtime") else { continue };
            for choice in choices(runtime) {
                let Some(name) = text(choice) else { continue };
                let among = |table: &[(&str, &'static str)]| {
                    table.iter().find(|(known, _)| *known == name).map(|(_, successor)| *successor)
                };
                let (message, successor) = match (among(BLOCKED_RUNTIMES), among(DEPRECATED_RUNTIMES)) {
                    (Some(successor), _) => (format!("no function can be created in `{name}` any more"), successor),
                    (None, Some(successor)) => (format!("`{name}` gets no more security fixes"), successor),
                    (None, None) => continue,
                };
                context.report_value(sink, &DEPRECATED, choice, &path, message).help(format!("use `{successor}`"));
            }
        }
    }
}
