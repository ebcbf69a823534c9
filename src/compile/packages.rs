//! The files beside a blueprint that are packed into archives: code that does not stand in the template.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::{MISSING_FILE, Run, archive, reason};
use crate::blueprint::text::Located;
use crate::compose::Placed;
use crate::diagnostics::Sink;
use crate::kinds::{Package, Scope};
use crate::source::{Files, Span};
use crate::template::{Data, Function};

codes! {
    /// What a function consists of is larger than Lambda takes.
    ///
    /// All files together have at most 250 MB, the layers of the function included. That they are packed makes no
    /// difference: the limit is for what Lambda unpacks. The smaller limit of 50 MB is for archives that are sent with a
    /// request, and not for those in a bucket.
    ///
    /// ```yaml file=functions/totals/index.py*262144001
    /// parameters:
    ///   CodeBucket: { type: string, description: Bucket of the archives. }
    /// components:
    ///   totals:
    ///     kind: lambda-function
    ///     runtime: python3.14
    ///     handler: index.handler
    ///     source: { folder: functions/totals }
    ///     source_bucket: ${CodeBucket}
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml file=functions/totals/index.py
    /// parameters:
    ///   CodeBucket: { type: string, description: Bucket of the archives. }
    /// components:
    ///   totals:
    ///     kind: lambda-function
    ///     runtime: python3.14
    ///     handler: index.handler
    ///     source: { folder: functions/totals }
    ///     source_bucket: ${CodeBucket}
    /// ```
    ///
    /// Source: Lambda Developer Guide, "Lambda quotas", deployment package.
    TOO_LARGE = Error "archive-too-large";
}

/// Bytes of all files of a function. Source: Lambda Developer Guide, "Lambda quotas", deployment package.
const MAX_BYTES: usize = 262_144_000;

/// Digits of the digest in the name of an archive: enough that no two archives of a function ever share them.
const DIGITS: usize = 16;

/// An archive that a template refers to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Archive {
    /// Its key in the bucket, with `/` between folders: also its place beside the template. It follows from its
    /// content, so that CloudFormation notices when that changes.
    pub key: String,
    /// The bucket as a shell takes it: its name, or a variable that is called as the parameter is.
    pub bucket: String,
    /// What is in it.
    pub bytes: Vec<u8>,
}

impl Archive {
    /// The files in it.
    pub fn files(&self) -> Vec<(String, Vec<u8>)> {
        archive::unpack(&self.bytes)
    }
}

/// Archives by the full names of their components.
pub type Archives = BTreeMap<String, Archive>;

impl Run {
    /// Packs what components ask to be packed. What they are without their bucket is filled in by [`name_buckets`].
    pub(super) fn pack(
        &mut self,
        blueprint: &str,
        placed: &[Placed],
        folders: &[PathBuf],
        files: &dyn Files,
    ) -> Archives {
        let mut archives = Archives::new();
        for one in placed {
            let Some(package) = one.component.package() else { continue };
            let Some(folder) = folders.get(one.frame).filter(|_| self.check_inside(package.path)) else { continue };
            let Some(content) = self.read_package(&package, &folder.join(&package.path.value), files) else { continue };
            let bytes = archive::pack(&content);
            let digest = Sha256::digest(&bytes).iter().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"));
            let key = format!("{blueprint}.functions/{}-{}.zip", one.place.name, &digest[..DIGITS]);
            archives.insert(one.place.name.clone(), Archive { key, bucket: String::new(), bytes });
        }
        archives
    }

    /// The files of a package, by their names in the archive.
    fn read_package(
        &mut self,
        package: &Package<'_>,
        path: &Path,
        files: &dyn Files,
    ) -> Option<Vec<(String, Vec<u8>)>> {
        let unreadable = |run: &mut Self, what: &str, error: &io::Error| {
            run.sink
                .report(&MISSING_FILE, package.path.span(), format!("cannot read `{what}`: {}", reason(error)))
                .help("paths start at the folder of the blueprint");
        };
        let names = match &package.module {
            Some(module) => vec![(module.clone(), path.to_owned())],
            None => match files.list(path) {
                Ok(names) => names.into_iter().map(|name| (name.clone(), path.join(name))).collect(),
                Err(error) => {
                    unreadable(self, &package.path.value, &error);
                    return None;
                }
            },
        };
        if names.is_empty() {
            self.sink
                .report(&MISSING_FILE, package.path.span(), format!("there is no file in `{}`", package.path.value))
                .help("put the code of the function into this folder");
            return None;
        }
        if names.len() > archive::MAX_FILES {
            let message = format!("{} files, at most {} fit in an archive", names.len(), archive::MAX_FILES);
            self.sink
                .report(&TOO_LARGE, package.path.span(), message)
                .help("leave out what the function does not need");
            return None;
        }
        let mut content = Vec::new();
        let mut size = 0;
        for (name, path) in names {
            match files.read(&path) {
                Ok(bytes) => {
                    size += bytes.len();
                    content.push((name, bytes));
                }
                Err(error) if package.module.is_some() => {
                    unreadable(self, &package.path.value, &error);
                    return None;
                }
                Err(error) => {
                    unreadable(self, &format!("{}/{name}", package.path.value), &error);
                    return None;
                }
            }
            if size > MAX_BYTES {
                let message = format!("more than {MAX_BYTES} bytes in `{}`", package.path.value);
                self.sink
                    .report(&TOO_LARGE, package.path.span(), message)
                    .help(format!("leave out what the function does not need: it may have {MAX_BYTES} bytes"));
                return None;
            }
        }
        Some(content)
    }

    /// Whether a path stays in the folder of the blueprint; one that does not is reported.
    pub(super) fn check_inside(&mut self, path: &Located<String>) -> bool {
        let fits = is_inside(&path.value);
        if !fits {
            report_outside(&path.value, path.span(), &mut self.sink);
        }
        fits
    }
}

/// Whether a path stays in the folder that it starts at.
pub fn is_inside(path: &str) -> bool {
    use std::path::Component;
    let inside = |part| matches!(part, Component::Normal(_) | Component::CurDir);
    !path.is_empty() && Path::new(path).components().all(inside)
}

/// Reports a path that leaves the folder of the blueprint.
pub fn report_outside(path: &str, span: Span, sink: &mut Sink) {
    sink.report(&super::OUTSIDE, span, format!("`{path}` is outside of the blueprint's folder"))
        .help("copy it into the folder of the blueprint, and name it from there");
}

/// Says for each archive in which bucket its function looks for it.
pub fn name_buckets(archives: &mut Archives, placed: &[Placed], scope: &Scope) {
    for one in placed {
        let Some(archive) = archives.get_mut(&one.place.name) else { continue };
        let Some(package) = one.component.package() else { continue };
        archive.bucket = match scope.at(one.frame).value(package.bucket).data {
            Data::String(name) => name,
            Data::Call(Function::Ref, name) => format!("${}", name.as_str().unwrap_or("BUCKET")),
            _ => "$BUCKET".to_owned(),
        };
    }
}
