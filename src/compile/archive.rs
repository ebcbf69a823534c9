//! Archives in the format ZIP, whose bytes depend on nothing but the files in them.
//!
//! The files are stored as they are, so no version of a compressor changes a byte. Names are sorted; the time is the
//! earliest that the format knows; everyone may read and run every file, which is what Lambda needs.
//!
//! Source: PKWARE, "`.ZIP` File Format Specification" (APPNOTE), 4.3.

use crate::source::checksum::crc32;

/// The most files of an archive that is not in the format ZIP64. See the module.
pub const MAX_FILES: usize = 0xFFFE;

const LOCAL: u32 = 0x0403_4B50;
const CENTRAL: u32 = 0x0201_4B50;
const END: u32 = 0x0605_4B50;

/// 1.0, in which a file is stored.
const VERSION: u16 = 10;
/// Made on Unix, so that the mode means something.
const MADE_BY: u16 = 3 << 8 | VERSION;
/// Names are UTF-8.
const UTF8: u16 = 1 << 11;
const STORED: u16 = 0;
/// Midnight, January 1st 1980.
const TIME: u16 = 0;
const DATE: u16 = 1 << 5 | 1;
/// A regular file with the mode 755.
const MODE: u32 = 0o100_755 << 16;

/// An archive of these files, which are together far smaller than 4 GiB. The names have `/` between their folders.
pub fn pack(files: &[(String, Vec<u8>)]) -> Vec<u8> {
    let mut sorted: Vec<&(String, Vec<u8>)> = files.iter().collect();
    sorted.sort_unstable_by(|a, b| a.0.cmp(&b.0));
    let (mut archive, mut directory) = (Vec::new(), Vec::new());
    for (name, content) in sorted {
        let offset = long(archive.len());
        let mut about = Vec::new();
        for field in [VERSION, UTF8, STORED, TIME, DATE] {
            about.extend(field.to_le_bytes());
        }
        for field in [crc32(content), long(content.len()), long(content.len())] {
            about.extend(field.to_le_bytes());
        }
        about.extend(short(name.len()).to_le_bytes());
        // Neither has extra fields.
        about.extend(0_u16.to_le_bytes());

        archive.extend(LOCAL.to_le_bytes());
        archive.extend(&about);
        archive.extend(name.as_bytes());
        archive.extend(content);

        directory.extend(CENTRAL.to_le_bytes());
        directory.extend(MADE_BY.to_le_bytes());
        directory.extend(&about);
        // No comment, the first disk, no attributes of its content.
        directory.extend([0; 6]);
        directory.extend(MODE.to_le_bytes());
        directory.extend(offset.to_le_bytes());
        directory.extend(name.as_bytes());
    }
    let offset = long(archive.len());
    let size = long(directory.len());
    archive.append(&mut directory);
    archive.extend(END.to_le_bytes());
    // This disk is the first, and has the directory.
    archive.extend([0; 4]);
    for field in [short(files.len()), short(files.len())] {
        archive.extend(field.to_le_bytes());
    }
    for field in [size, offset] {
        archive.extend(field.to_le_bytes());
    }
    archive.extend(0_u16.to_le_bytes());
    archive
}

/// The files of an archive that [`pack`] made.
pub fn unpack(archive: &[u8]) -> Vec<(String, Vec<u8>)> {
    let mut files = Vec::new();
    let mut rest = archive;
    while let Some(after) = rest.strip_prefix(&LOCAL.to_le_bytes()) {
        let number = |at: usize, bytes: usize| {
            let digits = after.get(at..at + bytes)?;
            Some(digits.iter().rev().fold(0_usize, |number, byte| number << 8 | usize::from(*byte)))
        };
        // After five short fields and the checksum: twice the size, the length of the name, no extra fields.
        let (Some(size), Some(length)) = (number(14, 4), number(22, 2)) else { break };
        let (start, end) = (26 + length, 26 + length + size);
        let (Some(name), Some(content), Some(next)) = (after.get(26..start), after.get(start..end), after.get(end..))
        else {
            break;
        };
        files.push((String::from_utf8_lossy(name).into_owned(), content.to_vec()));
        rest = next;
    }
    files
}

fn long(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

fn short(number: usize) -> u16 {
    u16::try_from(number).unwrap_or(u16::MAX)
}

#[cfg(test)]
mod tests {
    use super::{pack, unpack};

    #[test]
    fn the_order_of_the_files_does_not_matter() {
        let file = |name: &str| (name.to_owned(), name.as_bytes().to_vec());
        let there = pack(&[file("a/b.py"), file("index.py")]);
        assert_eq!(there, pack(&[file("index.py"), file("a/b.py")]));
        assert_ne!(there, pack(&[file("a/b.py"), file("index.js")]));
        assert_eq!(pack(&[]).len(), 22);
    }

    #[test]
    fn what_is_packed_is_unpacked() {
        let files = [("a/b.py".to_owned(), b"x".to_vec()), ("index.py".to_owned(), Vec::new())];
        assert_eq!(unpack(&pack(&files)), files);
        assert_eq!(unpack(b"PK\x03\x04"), []);
    }
}
