//! Packs what the program looks things up in, so that it reads only what it is asked for: the provider schemas and the
//! actions of IAM each into one blob with an index, the types of instances into a compressed text, and the schema of the
//! language as the compiler reads it.

use std::collections::BTreeMap;
use std::env;
use std::error::Error;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

#[path = "src/schema"]
#[allow(dead_code, reason = "reading and writing share the model, and each uses its half")]
mod schema {
    pub mod model;
    pub mod read;
}

fn main() -> Result<(), Box<dyn Error>> {
    let folder = Path::new("schemas/provider");
    // A folder is as new as its newest file.
    println!("cargo::rerun-if-changed=blueprints");
    println!("cargo::rerun-if-changed={}", folder.display());
    println!("cargo::rerun-if-changed=src/schema/model.rs");
    println!("cargo::rerun-if-changed=src/schema/read.rs");

    let mut files: Vec<PathBuf> =
        fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<Result<_, std::io::Error>>()?;
    files.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
    let mut types: Vec<(String, Value)> = Vec::new();
    for path in files {
        let text = fs::read_to_string(&path)?;
        let members: serde_json::Map<String, Value> =
            serde_json::from_str(&text).map_err(|error| format!("{}: {error}", path.display()))?;
        types.extend(members);
    }
    types.sort_by(|(a, _), (b, _)| a.cmp(b));

    let mut blob = Vec::new();
    let mut index = String::from("&[\n");
    for (name, value) in &types {
        let resource = schema::read::resource(value).map_err(|problem| format!("{name}: {problem}"))?;
        let start = blob.len();
        blob.extend(postcard::to_stdvec(&resource)?);
        writeln!(index, "    ({name:?}, {start}, {}),", blob.len())?;
    }
    index.push(']');

    let out = PathBuf::from(env::var("OUT_DIR")?);
    fs::write(out.join("provider.postcard"), blob)?;
    fs::write(out.join("provider_index.rs"), index)?;
    let (actions, index) = actions(Path::new("schemas/iam/actions.json"))?;
    fs::write(out.join("actions.txt"), actions)?;
    fs::write(out.join("actions_index.rs"), index)?;
    fs::write(out.join("language.postcard"), language(Path::new("schemas/blueprint.schema.json"))?)?;
    fs::write(out.join("instances.zlib"), instances(Path::new("schemas/instances.json"))?)?;
    Ok(())
}

/// The actions of IAM, each service's with blanks between them, and the name, start and end of each service.
fn actions(path: &Path) -> Result<(String, String), Box<dyn Error>> {
    println!("cargo::rerun-if-changed={}", path.display());
    let services: BTreeMap<String, Vec<String>> = serde_json::from_str(&fs::read_to_string(path)?)?;
    let (mut text, mut index) = (String::new(), String::from("&[\n"));
    for (service, actions) in &services {
        let start = text.len();
        text.push_str(&actions.join(" "));
        writeln!(index, "    ({service:?}, {start}, {}),", text.len())?;
    }
    index.push(']');
    Ok((text, index))
}

/// The schema that the compiler validates with: the one that editors see, without the expressions that are evaluated
/// by then. While the file is wrong, as it may be between two versions, there is an empty one, so that a test can write
/// it anew.
fn language(path: &Path) -> Result<Vec<u8>, Box<dyn Error>> {
    fn evaluated(schema: &mut Value) {
        schema::read::drop_branch(schema, &json!({"$ref": "#/$defs/Expression"}));
        schema::read::children(schema).for_each(evaluated);
    }
    println!("cargo::rerun-if-changed={}", path.display());
    let read = || -> Result<_, Box<dyn Error>> {
        let mut schema: Value = serde_json::from_str(&fs::read_to_string(path)?)?;
        evaluated(&mut schema);
        Ok(schema::read::document(&schema)?)
    };
    let document = read().unwrap_or_else(|problem| {
        println!("cargo::warning={}: {problem}", path.display());
        schema::model::Document::default()
    });
    Ok(postcard::to_stdvec(&document)?)
}

/// The types of instances: the same JSON without its blanks, compressed.
fn instances(path: &Path) -> Result<Vec<u8>, Box<dyn Error>> {
    println!("cargo::rerun-if-changed={}", path.display());
    let json: Value = serde_json::from_str(&fs::read_to_string(path)?)?;
    // The level that takes longest and gives least.
    Ok(miniz_oxide::deflate::compress_to_vec_zlib(json.to_string().as_bytes(), 9))
}
