//! The schema of the language.

use std::fs;
use std::path::Path;

use formwork::kinds::schema;

/// `UPDATE_SCHEMA=1 cargo test` writes the schema anew.
#[test]
fn the_checked_in_schema_is_what_the_types_say() {
    let mut text = serde_json::to_string_pretty(&schema::generate()).unwrap();
    text.push('\n');
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas/blueprint.schema.json");
    if std::env::var_os("UPDATE_SCHEMA").is_some() {
        fs::write(&path, &text).unwrap();
        return;
    }
    assert!(text == schema::TEXT, "run `UPDATE_SCHEMA=1 cargo test the_checked_in_schema` and commit the result");
}
