//! Findings in the XML of `JUnit`, which GitLab, Jenkins and others show as tests.
//!
//! A file is a suite. Viewers show one failure of a test, so each finding that fails the run is a test of its own, and
//! a file without one is a test that passed. Findings that fail nothing stand in `system-out`.
//!
//! Source: the schema of Jenkins' xUnit plugin (`junit-10.xsd`); GitLab Docs, "Unit test reports".

use std::fmt::Write as _;

use super::{Checked, Diagnostic, Severity};
use crate::source::Sources;

/// The whole report. Findings that are at least as grave as `fail_on` are failures.
pub fn report(checked: &[Checked<'_>], fail_on: Severity) -> String {
    let mut suites = String::new();
    let (mut tests, mut failures) = (0, 0);
    for one in checked {
        let (failing, other): (Vec<&Diagnostic>, Vec<&Diagnostic>) =
            one.diagnostics.iter().partition(|diagnostic| diagnostic.severity <= fail_on);
        let count = failing.len().max(1);
        let name = attribute(one.name);
        let _ = writeln!(
            suites,
            "  <testsuite name=\"{name}\" tests=\"{count}\" failures=\"{}\" errors=\"0\" skipped=\"0\">",
            failing.len()
        );
        for diagnostic in &failing {
            suites.push_str(&failure(diagnostic, one, &name));
        }
        if failing.is_empty() {
            let _ = writeln!(suites, "    <testcase classname=\"{name}\" name=\"check\" file=\"{name}\"/>");
        }
        if !other.is_empty() {
            let text: Vec<String> = other.iter().map(|diagnostic| full(diagnostic, one.sources)).collect();
            let _ = writeln!(suites, "    <system-out>{}</system-out>", content(&text.join("\n")));
        }
        suites.push_str("  </testsuite>\n");
        tests += count;
        failures += failing.len();
    }
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <testsuites name=\"formwork\" tests=\"{tests}\" failures=\"{failures}\" errors=\"0\">\n{suites}</testsuites>\n"
    )
}

/// Tests that were run together.
#[derive(Clone, Debug)]
pub struct Suite {
    /// The file that they stand in.
    pub name: String,
    /// Their names, and why they failed.
    pub cases: Vec<(String, Option<String>)>,
}

/// A report of tests.
pub fn tests(suites: &[Suite]) -> String {
    let mut made = String::new();
    let (mut tests, mut failures) = (0, 0);
    for suite in suites {
        let name = attribute(&suite.name);
        let failed = suite.cases.iter().filter(|(_, failure)| failure.is_some()).count();
        let count = suite.cases.len();
        let _ = writeln!(
            made,
            "  <testsuite name=\"{name}\" tests=\"{count}\" failures=\"{failed}\" errors=\"0\" skipped=\"0\">"
        );
        for (case, failure) in &suite.cases {
            let start = format!("    <testcase classname=\"{name}\" name=\"{}\" file=\"{name}\"", attribute(case));
            let _ = match failure {
                None => writeln!(made, "{start}/>"),
                Some(text) => {
                    let first = attribute(text.lines().next().unwrap_or_default());
                    let text = content(text);
                    writeln!(made, "{start}>\n      <failure message=\"{first}\">{text}</failure>\n    </testcase>")
                }
            };
        }
        made.push_str("  </testsuite>\n");
        tests += count;
        failures += failed;
    }
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <testsuites name=\"formwork\" tests=\"{tests}\" failures=\"{failures}\" errors=\"0\">\n{made}</testsuites>\n"
    )
}

fn failure(diagnostic: &Diagnostic, checked: &Checked<'_>, class: &str) -> String {
    let file = checked.sources.get(diagnostic.span.file).name.as_str();
    let start = checked.sources.position(diagnostic.span.file, diagnostic.span.start);
    format!(
        "    <testcase classname=\"{class}\" name=\"{}\" file=\"{}\">\n\
         \x20     <failure type=\"{}\" message=\"{}\">{}</failure>\n    </testcase>\n",
        attribute(&format!("{} at {file}:{}:{}", diagnostic.code.name, start.line, start.column)),
        attribute(file),
        attribute(diagnostic.code.name),
        attribute(&diagnostic.message),
        content(&full(diagnostic, checked.sources)),
    )
}

/// Place, finding and help.
fn full(diagnostic: &Diagnostic, sources: &Sources) -> String {
    let start = sources.position(diagnostic.span.file, diagnostic.span.start);
    let file = &sources.get(diagnostic.span.file).name;
    let (level, code) = (diagnostic.severity.name(), diagnostic.code.name);
    let mut text = format!("{file}:{}:{}: {level}[{code}]: {}", start.line, start.column, diagnostic.message);
    if let Some(path) = &diagnostic.path {
        let _ = write!(text, "\nin the template at {path}");
    }
    if let Some(help) = &diagnostic.help {
        let _ = write!(text, "\nhelp: {help}");
    }
    text
}

/// Text between tags. What XML cannot hold, even escaped, becomes the replacement character.
///
/// Source: XML 1.0, section 2.2, "Char".
fn content(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '\t' | '\n' => escaped.push(character),
            // Readers turn a plain one into a line feed.
            '\r' => escaped.push_str("&#13;"),
            '\0'..' ' | '\u{FFFE}' | '\u{FFFF}' => escaped.push(char::REPLACEMENT_CHARACTER),
            _ => escaped.push(character),
        }
    }
    escaped
}

/// The value of an attribute, in which readers turn plain white space into blanks.
fn attribute(text: &str) -> String {
    content(text).replace('"', "&quot;").replace('\t', "&#9;").replace('\n', "&#10;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_xml_cannot_hold_is_replaced() {
        assert_eq!(content("a<b>&\"\t\n\r\u{1}\u{1b}\u{FFFF}é"), "a&lt;b&gt;&amp;\"\t\n&#13;\u{FFFD}\u{FFFD}\u{FFFD}é");
        assert_eq!(attribute("\"a\"\t\n"), "&quot;a&quot;&#9;&#10;");
    }
}
