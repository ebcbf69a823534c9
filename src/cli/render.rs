//! `formwork render`

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::input::{self, Finished};
use super::{Exit, Streams, check};
use crate::compile::Format;
use crate::template::{MAX_INLINE_BYTES, MAX_RESOURCES};

/// Compile blueprints to CloudFormation templates
#[derive(Debug, clap::Args)]
#[command(
    long_about = "Compile blueprints to CloudFormation templates.\n\nEach blueprint under PATH becomes one file, \
                  `<name>.template.yaml` or `.json`. Nothing is written for a blueprint with errors, and files are \
                  replaced as a whole or not at all.\n\nFunctions whose source does not stand in the template are packed into \
                  archives beside it, `<name>.functions/`. Each is shown with the command that uploads it, before the \
                  template is deployed."
)]
pub struct Arguments {
    /// Blueprints, or folders with blueprints in them
    #[arg(value_name = "PATH", default_value = "blueprints")]
    paths: Vec<PathBuf>,
    /// An environment of `formwork.yaml`; its templates have a folder of their own
    #[arg(long, value_name = "NAME")]
    env: Option<String>,
    /// Folder for the templates, `templates` unless `formwork.yaml` names another; `-` prints the template of one
    /// blueprint
    #[arg(short, long, value_name = "DIR")]
    output: Option<PathBuf>,
    /// How templates are written
    #[arg(long, value_enum, default_value = "yaml")]
    format: FormatArgument,
    /// Write nothing, and fail if a file would change
    #[arg(long)]
    check: bool,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum FormatArgument {
    /// YAML with short tags
    Yaml,
    /// JSON
    Json,
}

impl FormatArgument {
    fn format(self) -> (Format, &'static str) {
        match self {
            Self::Yaml => (Format::Yaml, "yaml"),
            Self::Json => (Format::Json, "json"),
        }
    }
}

/// Runs the command.
pub fn run(arguments: &Arguments, streams: &mut Streams<'_>) -> io::Result<Exit> {
    let Some(settings) = input::settings(arguments.env.as_deref(), streams)? else { return Ok(Exit::CouldNotRun) };
    let folder = output(arguments, &settings);
    let all = |paths: Vec<PathBuf>| {
        input::compile_all(&paths, &settings.workspace, Some(arguments.format.format().0), &input::Disk)
    };
    let compiled = match input::find(&arguments.paths, input::Search::Blueprints).and_then(all) {
        Ok(compiled) => compiled,
        Err(unusable) => return unusable.report(streams),
    };
    let found = check::show(&compiled, streams)?;
    for one in compiled.iter().filter(|one| one.is_module) {
        writeln!(streams.err, "{}  (a module, rendered where it is used)", one.name.as_deref().unwrap_or_default())?;
    }
    let rendered: Vec<Rendered<'_>> = compiled.iter().filter_map(Rendered::new).collect();
    if same_names(&rendered, streams)? {
        return Ok(Exit::Found);
    }
    let exit = if folder == Path::new("-") {
        print(&compiled, streams)?
    } else if arguments.check {
        compare(arguments, &folder, &rendered, streams)?
    } else {
        write(arguments, &folder, &rendered, streams)?
    };
    Ok(found.and(exit))
}

/// A template that is to be written.
struct Rendered<'a> {
    name: &'a str,
    text: &'a str,
    from: &'a Finished,
}

impl<'a> Rendered<'a> {
    fn new(from: &'a Finished) -> Option<Self> {
        Some(Self { name: from.name.as_deref()?, text: from.text.as_deref()?, from })
    }

    /// What is written for it: the template last, so that it never names an archive that is not there.
    fn files(&self, folder: &Path, arguments: &Arguments) -> Vec<(PathBuf, &'a [u8])> {
        let archives = self.from.archives.iter().map(|one| (folder.join(&one.key), one.bytes.as_slice()));
        archives.chain([(file_name(folder, self.name, arguments), self.text.as_bytes())]).collect()
    }
}

/// The folder for the templates: what the command line says, or else the settings.
fn output(arguments: &Arguments, settings: &input::Settings) -> PathBuf {
    if let Some(output) = &arguments.output {
        return output.clone();
    }
    let project = settings.workspace.project.output.as_ref().map_or("templates", |output| output.value.as_str());
    let folder = settings.folder.join(project);
    match &arguments.env {
        Some(environment) => folder.join(environment),
        None => folder,
    }
}

fn file_name(folder: &Path, name: &str, arguments: &Arguments) -> PathBuf {
    folder.join(format!("{name}.template.{}", arguments.format.format().1))
}

/// Two blueprints of one name would overwrite each other's template.
fn same_names(rendered: &[Rendered<'_>], streams: &mut Streams<'_>) -> io::Result<bool> {
    let mut seen: BTreeMap<&str, &Finished> = BTreeMap::new();
    for one in rendered {
        if let Some(first) = seen.insert(one.name, one.from) {
            writeln!(
                streams.err,
                "error: two blueprints are named `{}`: {} and {}\nhelp: change `blueprint:` in one of them",
                one.name, first.shown, one.from.shown
            )?;
            return Ok(true);
        }
    }
    Ok(false)
}

fn print(compiled: &[Finished], streams: &mut Streams<'_>) -> io::Result<Exit> {
    let [one] = compiled else {
        writeln!(
            streams.err,
            "error: `-o -` prints one template, and there are {} blueprints\nhelp: name one of them",
            compiled.len()
        )?;
        return Ok(Exit::CouldNotRun);
    };
    if let Some(text) = &one.text {
        streams.out.write_all(text.as_bytes())?;
        if !one.archives.is_empty() {
            writeln!(
                streams.err,
                "note: the archives of its functions are not written with `-o -`\nhelp: `-o DIR` writes them, and tells where they go"
            )?;
        }
    }
    Ok(Exit::Fine)
}

fn compare(
    arguments: &Arguments,
    folder: &Path,
    rendered: &[Rendered<'_>],
    streams: &mut Streams<'_>,
) -> io::Result<Exit> {
    let mut exit = Exit::Fine;
    for one in rendered {
        for (path, bytes) in one.files(folder, arguments) {
            let problem = match fs::read(&path) {
                Ok(old) if old == bytes => continue,
                Ok(_) => "would change".to_owned(),
                Err(error) if error.kind() == io::ErrorKind::NotFound => "would be new".to_owned(),
                Err(error) => {
                    writeln!(streams.err, "error: cannot read {}: {}", input::shown(&path), input::describe(&error))?;
                    return Ok(Exit::CouldNotRun);
                }
            };
            writeln!(streams.err, "{} {problem}", input::shown(&path))?;
            exit = Exit::Found;
        }
    }
    Ok(exit)
}

fn write(
    arguments: &Arguments,
    folder: &Path,
    rendered: &[Rendered<'_>],
    streams: &mut Streams<'_>,
) -> io::Result<Exit> {
    for one in rendered {
        for (path, bytes) in one.files(folder, arguments) {
            if let Err(error) = replace(&path, bytes) {
                writeln!(streams.err, "error: cannot write {}: {}", input::shown(&path), input::describe(&error))?;
                return Ok(Exit::CouldNotRun);
            }
        }
        let path = file_name(folder, one.name, arguments);
        writeln!(streams.err, "{}  {}", input::shown(&path), budget(one.from.resources, one.text.len()))?;
        for archive in &one.from.archives {
            let from = shell_word(&input::shown(&folder.join(&archive.key)));
            writeln!(streams.err, "  first: aws s3 cp {from} \"s3://{}/{}\"", archive.bucket, archive.key)?;
        }
    }
    Ok(Exit::Fine)
}

/// A path as a shell takes it.
fn shell_word(path: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || "/._-+:@".contains(c);
    if path.chars().all(is_plain) { path.to_owned() } else { format!("'{}'", path.replace('\'', "'\\''")) }
}

/// How much of CloudFormation's limits a template takes.
fn budget(count: usize, bytes: usize) -> String {
    let size = if bytes <= MAX_INLINE_BYTES {
        format!("{bytes} of {MAX_INLINE_BYTES} bytes")
    } else {
        format!("{bytes} bytes, to be deployed from S3")
    };
    format!("({count} of {MAX_RESOURCES} resources, {size})")
}

/// Replaces a file as a whole: whoever reads it sees the old text or the new one, and a failure leaves the old one.
pub fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    // A file that says the same already is left alone, so that its time stays true.
    if fs::read(path).is_ok_and(|old| old == bytes) {
        return Ok(());
    }
    let mut builder = tempfile::Builder::new();
    builder.prefix(".formwork-").suffix(".tmp");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        builder.permissions(fs::Permissions::from_mode(0o666));
    }
    let mut file = builder.tempfile_in(folder)?;
    file.write_all(bytes)?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}
