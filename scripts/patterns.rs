//! Says for each regular expression of a JSON list on the standard input which engine it needs.
//!
//! `scripts/update-schemas` asks it, so that the schemas hold no pattern that formwork cannot match.

use std::collections::BTreeMap;
use std::io::{self, Write};

use formwork::schema::pattern::{Engine, engine};

fn main() -> io::Result<()> {
    let patterns: Vec<String> = serde_json::from_reader(io::stdin().lock())?;
    let answers: BTreeMap<String, Option<&str>> = patterns
        .into_iter()
        .map(|pattern| {
            let name = engine(&pattern).map(|engine| match engine {
                Engine::Linear => "linear",
                Engine::Backtracking => "backtracking",
            });
            (pattern, name)
        })
        .collect();
    serde_json::to_writer(io::stdout().lock(), &answers)?;
    io::stdout().flush()
}
