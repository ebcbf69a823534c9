//! `formwork new`

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::{Exit, Streams, input, library, render};
use crate::blueprint::NAME_PATTERN;
use crate::diagnostics::closest;

/// Start a blueprint from one of the reference library
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Name of the new blueprint, in kebab case
    name: String,
    /// The architecture to start from; `formwork list` shows them
    #[arg(long, value_name = "ARCHITECTURE")]
    from: String,
    /// Folder in which the blueprint gets its own
    #[arg(long, value_name = "DIR", default_value = "blueprints")]
    into: PathBuf,
}

/// Runs the command.
pub fn run(arguments: &Arguments, streams: &mut Streams<'_>) -> io::Result<Exit> {
    let name = arguments.name.as_str();
    if !regex_lite::Regex::new(NAME_PATTERN).is_ok_and(|pattern| pattern.is_match(name)) {
        writeln!(
            streams.err,
            "error: `{name}` is not a name in kebab case\nhelp: write small letters, digits and single hyphens, for example `order-archive`"
        )?;
        return Ok(Exit::CouldNotRun);
    }
    let all = library::architectures();
    let Some(architecture) = all.iter().find(|one| one.name == arguments.from) else {
        let help = closest(&arguments.from, all.iter().map(|one| one.name))
            .map_or_else(|| "`formwork list` shows all of them".to_owned(), |name| format!("did you mean `{name}`?"));
        writeln!(streams.err, "error: no architecture `{}`\nhelp: {help}", arguments.from)?;
        return Ok(Exit::CouldNotRun);
    };
    let folder = arguments.into.join(name);
    if folder.exists() {
        writeln!(streams.err, "error: {} exists already", input::shown(&folder))?;
        return Ok(Exit::CouldNotRun);
    }
    if let Err(error) = create(&folder, name, architecture) {
        writeln!(streams.err, "error: cannot write {}: {}", input::shown(&folder), input::describe(&error))?;
        return Ok(Exit::CouldNotRun);
    }
    let shown = input::shown(&folder);
    writeln!(streams.err, "{shown} is made from {}; next: formwork render {shown}", architecture.name)?;
    Ok(Exit::Fine)
}

/// Writes all files or none: they are made in a folder beside it, which then takes the name.
fn create(folder: &Path, name: &str, architecture: &library::Architecture) -> io::Result<()> {
    let parent = folder.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(parent)?;
    let staging = tempfile::Builder::new().prefix(".formwork-").tempdir_in(parent)?;
    for (path, content) in &architecture.files {
        let content = match *path {
            "blueprint.yaml" => {
                let (old, new) = (format!("blueprint: {}", architecture.name), format!("blueprint: {name}"));
                String::from_utf8_lossy(content).replacen(&old, &new, 1).into_bytes()
            }
            // Names that follow from the blueprint's are written with hyphens or, in the catalog, without. Sample events
            // name what the stack makes.
            path if path == "README.md" || path.starts_with("events/") => String::from_utf8_lossy(content)
                .replace(architecture.name, name)
                .replace(&architecture.name.replace('-', "_"), &name.replace('-', "_"))
                .into_bytes(),
            _ => content.to_vec(),
        };
        render::replace(&staging.path().join(path), &content)?;
    }
    fs::rename(staging.keep(), folder)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        fs::set_permissions(folder, fs::Permissions::from_mode(0o755))?;
    }
    Ok(())
}
