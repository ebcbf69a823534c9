//! Files, places in them, and where a value comes from.
//!
//! A place is a byte range in one file; lines and columns exist only when something is shown.
//! This layer reads nothing: text reaches it through [`Sources::add`], bytes through [`Files`].

pub mod checksum;

use std::io;
use std::path::Path;

/// A file of one run, by its position in [`Sources`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileId(u32);

impl FileId {
    /// The position as a number.
    pub fn index(self) -> u32 {
        self.0
    }

    /// The id with this position.
    pub fn from_index(index: u32) -> Self {
        Self(index)
    }
}

/// A byte range `start..end` in one file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// The file that the range is in.
    pub file: FileId,
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

impl Span {
    /// The start of the first file: the place of what stands nowhere else.
    pub const START: Self = Self { file: FileId(0), start: 0, end: 0 };

    /// A range of bytes; positions past 4 GiB are clamped, and such files are refused before.
    pub fn new(file: FileId, start: usize, end: usize) -> Self {
        let clamp = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        Self { file, start: clamp(start), end: clamp(end.max(start)) }
    }

    /// The part of this range from its byte `start` to its byte `end`, never longer than itself.
    #[must_use]
    pub fn slice(self, start: usize, end: usize) -> Self {
        let length = (self.end - self.start) as usize;
        let base = self.start as usize;
        Self::new(self.file, base + start.min(length), base + end.min(length))
    }

    /// The range as `usize`, for slicing text.
    pub fn range(self) -> std::ops::Range<usize> {
        self.start as usize..self.end as usize
    }
}

/// Where a value of a template comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The user wrote the value here.
    Written(Span),
    /// The compiler made the value because of what the user wrote here.
    Derived(Span),
}

impl Origin {
    /// The place to show, whether written or derived.
    pub fn span(self) -> Span {
        match self {
            Self::Written(span) | Self::Derived(span) => span,
        }
    }

    /// The origin of something that the compiler makes up because of this.
    #[must_use]
    pub fn derive(self) -> Self {
        Self::Derived(self.span())
    }

    /// Whether the user wrote the value.
    pub fn is_written(self) -> bool {
        matches!(self, Self::Written(_))
    }
}

/// One file: the name that is shown, and its text.
#[derive(Clone, Debug)]
pub struct Source {
    /// The path as the user would write it, with `/` on every system.
    pub name: String,
    /// The whole text.
    pub text: String,
}

/// A line and a column, both from 1; columns count characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
}

/// The files of one run, in the order in which they were read.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    files: Vec<Source>,
    /// Where the lines of each file begin.
    lines: Vec<Vec<usize>>,
}

impl Sources {
    /// Adds a file and returns its id.
    pub fn add(&mut self, name: impl Into<String>, text: impl Into<String>) -> FileId {
        let id = FileId(u32::try_from(self.files.len()).unwrap_or(u32::MAX));
        let text = text.into();
        self.lines.push(std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect());
        self.files.push(Source { name: name.into(), text });
        id
    }

    /// The file with this id, which must come from this collection.
    pub fn get(&self, id: FileId) -> &Source {
        &self.files[id.0 as usize]
    }

    /// All files, in the order of their ids.
    pub fn iter(&self) -> impl Iterator<Item = &Source> {
        self.files.iter()
    }

    /// The text of a range; empty when the range does not fall on characters.
    pub fn text(&self, span: Span) -> &str {
        self.get(span.file).text.get(span.range()).unwrap_or_default()
    }

    /// Line and column of the byte `offset` of a file.
    pub fn position(&self, file: FileId, offset: u32) -> Position {
        let text = &self.get(file).text;
        let mut offset = (offset as usize).min(text.len());
        while !text.is_char_boundary(offset) {
            offset -= 1;
        }
        let starts = &self.lines[file.0 as usize];
        let line = starts.partition_point(|start| *start <= offset);
        let start = line.checked_sub(1).and_then(|at| starts.get(at)).copied().unwrap_or(0);
        Position { line, column: text[start..offset].chars().count() + 1 }
    }
}

/// Reads files for the compiler: the one door through which it sees a file system.
pub trait Files: Sync {
    /// The bytes of a file.
    fn read(&self, path: &Path) -> io::Result<Vec<u8>>;

    /// The paths of all files below a folder, from that folder and with `/`, sorted. What begins with a dot is left out,
    /// and so is what Python caches.
    fn list(&self, folder: &Path) -> io::Result<Vec<String>>;
}
