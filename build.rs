//! Packs what is derived from public packages: the provider schemas into one blob and its index, so that the program
//! decodes only what it is asked for, and the actions of IAM and the types of instances into compressed texts.

use std::env;
use std::error::Error;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

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
    fs::write(out.join("actions.zlib"), actions(Path::new("schemas/iam/actions.json"))?)?;
    fs::write(out.join("instances.zlib"), instances(Path::new("schemas/instances.json"))?)?;
    Ok(())
}

/// The level of compression that takes longest and gives least.
const BEST: u8 = 9;

/// The actions of IAM: a line for each service, with its name and its actions after it, all compressed.
fn actions(path: &Path) -> Result<Vec<u8>, Box<dyn Error>> {
    println!("cargo::rerun-if-changed={}", path.display());
    let services: serde_json::Map<String, Value> = serde_json::from_str(&fs::read_to_string(path)?)?;
    let mut text = String::new();
    for (service, actions) in &services {
        text.push_str(service);
        for action in actions.as_array().into_iter().flatten().filter_map(Value::as_str) {
            text.push(' ');
            text.push_str(action);
        }
        text.push('\n');
    }
    Ok(miniz_oxide::deflate::compress_to_vec_zlib(text.as_bytes(), BEST))
}

/// The types of instances: the same JSON without its blanks, compressed.
fn instances(path: &Path) -> Result<Vec<u8>, Box<dyn Error>> {
    println!("cargo::rerun-if-changed={}", path.display());
    let json: Value = serde_json::from_str(&fs::read_to_string(path)?)?;
    Ok(miniz_oxide::deflate::compress_to_vec_zlib(json.to_string().as_bytes(), BEST))
}
