//! The schema of the language.

use std::fs;
use std::path::Path;

use formwork::kinds::schema;

/// `UPDATE_SCHEMA=1 cargo test` writes the schemas anew.
#[test]
fn the_checked_in_schemas_are_what_the_types_say() {
    for (file, generated, checked_in) in [
        ("blueprint.schema.json", schema::generate(), schema::TEXT),
        ("project.schema.json", schema::generate_project(), schema::PROJECT_TEXT),
    ] {
        let mut text = serde_json::to_string_pretty(&generated).unwrap();
        text.push('\n');
        if std::env::var_os("UPDATE_SCHEMA").is_some() {
            fs::write(Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas").join(file), &text).unwrap();
            continue;
        }
        assert!(text == checked_in, "run `UPDATE_SCHEMA=1 cargo test the_checked_in_schemas` and commit {file}");
    }
}
