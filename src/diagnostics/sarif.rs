//! Findings in SARIF, which code scanning and editors read.
//!
//! Source: OASIS, "Static Analysis Results Interchange Format (SARIF) Version 2.1.0".

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::{Value as Json, json};
use sha2::{Digest, Sha256};

use super::{Checked, Code, Diagnostic, Severity};
use crate::source::{Sources, Span};

/// Where the schema of the format is.
const SCHEMA: &str = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// The name of the fingerprint; another way of making it needs another number.
const FINGERPRINT: &str = "formwork/v1";

/// The log of one run.
pub fn log(checked: &[Checked<'_>]) -> Json {
    let mut run = Run::default();
    // Files without findings were looked at, too.
    for one in checked {
        run.artifact(one.name);
    }
    let results: Vec<Json> = checked
        .iter()
        .flat_map(|one| one.diagnostics.iter().map(move |diagnostic| (diagnostic, one.sources)))
        .map(|(diagnostic, sources)| run.result(diagnostic, sources))
        .collect();
    let artifacts: Vec<Json> = run.artifacts.iter().map(|uri| json!({"location": {"uri": uri}})).collect();
    json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "formwork",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": run.rules.iter().map(|code| rule(code)).collect::<Vec<Json>>(),
            }},
            "columnKind": "unicodeCodePoints",
            "artifacts": artifacts,
            "results": results,
        }],
    })
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "note",
    }
}

/// A code with its page. The first paragraph says what it means.
fn rule(code: &Code) -> Json {
    let page = code.text();
    let short = page.split("\n\n").next().unwrap_or_default().replace('\n', " ");
    json!({
        "id": code.name,
        "shortDescription": {"text": short},
        "help": {"text": page, "markdown": page},
        "defaultConfiguration": {"level": level(code.severity)},
    })
}

/// What the parts of a log refer to by position.
#[derive(Default)]
struct Run {
    rules: Vec<&'static Code>,
    artifacts: Vec<String>,
    /// How often each fingerprint was given to a finding of a file.
    seen: BTreeMap<(usize, String), usize>,
}

impl Run {
    fn artifact(&mut self, name: &str) -> usize {
        let uri = uri(name);
        self.artifacts.iter().position(|known| *known == uri).unwrap_or_else(|| {
            self.artifacts.push(uri);
            self.artifacts.len() - 1
        })
    }

    fn rule(&mut self, code: &'static Code) -> usize {
        self.rules.iter().position(|known| known.name == code.name).unwrap_or_else(|| {
            self.rules.push(code);
            self.rules.len() - 1
        })
    }

    fn artifact_location(&mut self, span: Span, sources: &Sources) -> Json {
        let index = self.artifact(&sources.get(span.file).name);
        json!({"uri": self.artifacts[index], "index": index})
    }

    fn physical(&mut self, span: Span, sources: &Sources) -> Json {
        json!({"artifactLocation": self.artifact_location(span, sources), "region": region(span, sources)})
    }

    fn result(&mut self, diagnostic: &Diagnostic, sources: &Sources) -> Json {
        let mut message = diagnostic.message.clone();
        if let Some(help) = &diagnostic.help {
            let _ = write!(message, "\nhelp: {help}");
        }
        let mut location = json!({"physicalLocation": self.physical(diagnostic.span, sources)});
        if let Some(path) = &diagnostic.path {
            location["logicalLocations"] = json!([{"fullyQualifiedName": path}]);
        }
        let mut result = json!({
            "ruleId": diagnostic.code.name,
            "ruleIndex": self.rule(diagnostic.code),
            "level": level(diagnostic.severity),
            "message": {"text": message},
            "locations": [location],
            "partialFingerprints": {FINGERPRINT: self.fingerprint(diagnostic, sources)},
        });
        if !diagnostic.related.is_empty() {
            let related = diagnostic.related.iter().enumerate().map(|(id, related)| {
                let place = self.physical(related.span, sources);
                json!({"id": id, "message": {"text": related.message}, "physicalLocation": place})
            });
            result["relatedLocations"] = related.collect();
        }
        if let Some(fix) = &diagnostic.fix {
            let changes = fix.edits.iter().map(|edit| {
                json!({
                    "artifactLocation": self.artifact_location(edit.span, sources),
                    "replacements": [{
                        "deletedRegion": region(edit.span, sources),
                        "insertedContent": {"text": edit.text},
                    }],
                })
            });
            let changes: Vec<Json> = changes.collect();
            result["fixes"] = json!([{"description": {"text": fix.title}, "artifactChanges": changes}]);
        }
        result
    }

    /// What stays the same when lines move: the code, the text at the place, its line without indentation, and the path
    /// in the template. Findings that agree in all of it are counted.
    fn fingerprint(&mut self, diagnostic: &Diagnostic, sources: &Sources) -> String {
        let text = &sources.get(diagnostic.span.file).text;
        let start = sources.position(diagnostic.span.file, diagnostic.span.start).line;
        let line = text.split('\n').nth(start - 1).unwrap_or_default().trim();
        let path = diagnostic.path.as_deref().unwrap_or_default();
        let mut hash = Sha256::new();
        for part in [diagnostic.code.name, sources.text(diagnostic.span), line, path] {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        let hex = hash.finalize().iter().take(8).fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"));
        let file = self.artifact(&sources.get(diagnostic.span.file).name);
        let count = self.seen.entry((file, hex.clone())).or_default();
        *count += 1;
        format!("{hex}:{count}")
    }
}

fn region(span: Span, sources: &Sources) -> Json {
    let (start, end) = (sources.position(span.file, span.start), sources.position(span.file, span.end));
    json!({"startLine": start.line, "startColumn": start.column, "endLine": end.line, "endColumn": end.column})
}

/// The name of a file as a reference to a resource: relative, or `file:` where the path begins at a root.
///
/// Source: RFC 3986, sections 2.1 and 4.2; RFC 8089.
fn uri(name: &str) -> String {
    let encoded = name.bytes().fold(String::with_capacity(name.len()), |mut all, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~/!$&'()*+,;=@".contains(&byte) {
            all.push(char::from(byte));
        } else {
            let _ = write!(all, "%{byte:02X}");
        }
        all
    });
    let drive =
        |text: &str| text.as_bytes().first().is_some_and(u8::is_ascii_alphabetic) && text[1..].starts_with(":/");
    if name.starts_with("//") {
        // A share: what follows the slashes is the host.
        format!("file:{encoded}")
    } else if name.starts_with('/') {
        format!("file://{encoded}")
    } else if drive(name) {
        format!("file:///{}", encoded.replacen("%3A", ":", 1))
    } else {
        encoded
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_files_are_references() {
        for (name, expected) in [
            ("blueprints/a/blueprint.yaml", "blueprints/a/blueprint.yaml"),
            ("../a b/100%.yaml", "../a%20b/100%25.yaml"),
            ("größe:#?.yaml", "gr%C3%B6%C3%9Fe%3A%23%3F.yaml"),
            ("/top/a b.yaml", "file:///top/a%20b.yaml"),
            ("C:/a.yaml", "file:///C:/a.yaml"),
            ("//host/a.yaml", "file://host/a.yaml"),
            ("é", "%C3%A9"),
            ("", ""),
        ] {
            assert_eq!(uri(name), expected);
        }
    }
}
