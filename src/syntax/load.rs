//! The door for bytes: decodes a file and refuses what no reader further in could handle.

use crate::diagnostics::Sink;
use crate::source::{FileId, Sources, Span};

/// The largest file that is read, in bytes: four times the largest template that CloudFormation takes (1 MB).
pub const MAX_FILE_BYTES: usize = 4 * 1024 * 1024;

codes! {
    /// The file is larger than formwork reads.
    ///
    /// CloudFormation takes templates of at most 1 MB, so a file of this size is not what it was taken for, and
    /// reading it would only cost memory. A factor after `*` repeats the byte before it.
    ///
    /// ```hex
    /// 23 20*4194304 0a
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// blueprint: example
    /// version: 1.0.0
    /// components:
    ///   archive:
    ///     kind: s3-bucket
    /// ```
    ///
    /// Source: CloudFormation quotas, "Template body size".
    FILE_TOO_LARGE = Error "file-too-large";

    /// The file is not text in UTF-8.
    ///
    /// Every place in a finding and every character of the template depends on the encoding, so it is not guessed.
    ///
    /// ```hex
    /// 62 6c 75 65 70 72 69 6e 74 3a 20 63 61 66 e9 0a
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// blueprint: example
    /// version: 1.0.0
    /// title: Café
    /// components:
    ///   archive:
    ///     kind: s3-bucket
    /// ```
    ///
    /// Source: YAML 1.2.2, section 5.2.
    NOT_UTF8 = Error "not-utf8";

    /// The file contains a control character.
    ///
    /// YAML and JSON allow only tab and line breaks; others come from broken copies or hide text from a reviewer.
    ///
    /// ```hex
    /// 62 6c 75 65 70 72 69 6e 74 3a 20 65 78 00 61 6d 70 6c 65 0a
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// blueprint: example
    /// version: 1.0.0
    /// title: "written as an escape: \u0007"
    /// components:
    ///   archive:
    ///     kind: s3-bucket
    /// ```
    ///
    /// Source: YAML 1.2.2, section 5.1.
    CONTROL_CHARACTER = Error "control-character";
}

/// Decodes the bytes of a file and adds it to `sources`; `None` when the text is not fit for reading.
///
/// The file is added in any case, so that a finding can show its place.
pub fn load(name: &str, bytes: Vec<u8>, sources: &mut Sources, sink: &mut Sink) -> Option<FileId> {
    if bytes.len() > MAX_FILE_BYTES {
        let file = sources.add(name, "");
        let message = format!("file of {} bytes, at most {MAX_FILE_BYTES} are read", bytes.len());
        sink.report(&FILE_TOO_LARGE, Span::new(file, 0, 0), message)
            .help("check that the path names a blueprint or a template, and split what is really that large");
        return None;
    }
    if let Some((encoding, text)) = utf16(&bytes) {
        let end = text.chars().next().map_or(0, char::len_utf8);
        let file = sources.add(name, text);
        sink.report(&NOT_UTF8, Span::new(file, 0, end), format!("the file is {encoding}, UTF-8 is expected"))
            .help("save it as UTF-8; PowerShell's `>` writes UTF-16, `Out-File -Encoding utf8` does not");
        return None;
    }
    let bytes = match bytes.strip_prefix(b"\xEF\xBB\xBF") {
        Some(rest) => rest.to_vec(),
        None => bytes,
    };
    let text = match String::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => {
            // The text before the first wrong byte is valid, so its length is the same in the lossy text.
            let at = error.utf8_error().valid_up_to();
            let byte = error.as_bytes().get(at).copied().unwrap_or_default();
            let file = sources.add(name, String::from_utf8_lossy(error.as_bytes()));
            let span = Span::new(file, at, at + char::REPLACEMENT_CHARACTER.len_utf8());
            let report = sink.report(&NOT_UTF8, span, format!("byte 0x{byte:02X} at offset {at} is not UTF-8"));
            let latin = char::from(byte);
            if latin.is_alphanumeric() {
                report.help(format!("save the file as UTF-8; in Latin-1 this byte is `{latin}`"));
            } else {
                report.help("save the file as UTF-8");
            }
            return None;
        }
    };
    let mut wrong = text.char_indices().filter(|(_, character)| !is_allowed(*character));
    let Some((at, character)) = wrong.next() else { return Some(sources.add(name, text)) };
    let more = wrong.count();
    let file = sources.add(name, text);
    report_control_character(Span::new(file, at, at + character.len_utf8()), character, more, sink);
    None
}

/// Reports a character that no text file may contain, and how many others there are.
pub(super) fn report_control_character(span: Span, character: char, more: usize, sink: &mut Sink) {
    let mut message = format!("control character U+{:04X}", u32::from(character));
    if more > 0 {
        message = format!("{message}, and {more} more");
    }
    sink.report(&CONTROL_CHARACTER, span, message).help(if character == '\0' {
        "this is not a text file, or a copy of one went wrong"
    } else {
        "delete it; where the value needs it, write it as an escape in double quotes"
    });
}

/// Whether YAML's `c-printable` contains the character.
pub(super) fn is_allowed(character: char) -> bool {
    match character {
        '\t' | '\n' | '\r' | '\u{85}' => true,
        '\u{FEFF}' | '\u{FFFE}' | '\u{FFFF}' => false,
        _ => !character.is_control(),
    }
}

/// The text of a file in UTF-16 with the name of its encoding, told by its mark or by a zero beside the first letter.
fn utf16(bytes: &[u8]) -> Option<(&'static str, String)> {
    let unit: fn([u8; 2]) -> u16;
    let name;
    match *bytes {
        [0xFF, 0xFE, ..] | [1..=0x7F, 0, ..] => (name, unit) = ("UTF-16 (little endian)", u16::from_le_bytes),
        [0xFE, 0xFF, ..] | [0, 1..=0x7F, ..] => (name, unit) = ("UTF-16 (big endian)", u16::from_be_bytes),
        _ => return None,
    }
    // One zero byte inside a text is a control character and not an encoding.
    if bytes[0] < 0x80 && bytes.chunks(2).filter(|pair| pair.contains(&0)).count() * 4 < bytes.len() {
        return None;
    }
    let units: Vec<u16> = bytes.chunks_exact(2).map(|pair| unit([pair[0], pair[1]])).collect();
    let text = String::from_utf16_lossy(&units);
    Some((name, text.trim_start_matches('\u{FEFF}').to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn loaded(bytes: &[u8]) -> (Sources, Sink, Option<FileId>) {
        let (mut sources, mut sink) = (Sources::default(), Sink::default());
        let file = load("a.yaml", bytes.to_vec(), &mut sources, &mut sink);
        (sources, sink, file)
    }

    #[test]
    fn a_byte_order_mark_is_not_part_of_the_text() {
        let (sources, sink, file) = loaded(b"\xEF\xBB\xBFa: 1\n");
        assert_eq!(sources.get(file.unwrap()).text, "a: 1\n");
        assert!(sink.diagnostics().is_empty());
    }

    #[test]
    fn the_first_wrong_byte_is_shown_where_it_is() {
        let (sources, sink, file) = loaded(b"\xEF\xBB\xBFa: caf\xE9 \xFF\n");
        assert!(file.is_none());
        let [found] = sink.diagnostics() else { panic!("{sink:?}") };
        assert_eq!(found.code.name, "not-utf8");
        assert_eq!(sources.text(found.span), "\u{FFFD}");
        assert_eq!(found.span.start, 6);
        assert!(found.help.as_deref().unwrap().contains('é'));
    }

    #[test]
    fn utf16_is_called_by_its_name() {
        for (text, name) in [
            (&b"\xFF\xFEa\0:\0"[..], "little"),
            (b"\xFE\xFF\0a\0:", "big"),
            (b"a\0:\0 \0b\0", "little"),
            (b"\0a\0:", "big"),
        ] {
            let (sources, sink, _) = loaded(text);
            let [found] = sink.diagnostics() else { panic!("{sink:?}") };
            assert!(found.message.contains(name), "{}", found.message);
            assert_eq!(sources.text(found.span), "a");
        }
    }

    #[test]
    fn control_characters_are_counted_and_the_first_is_shown() {
        let (_, sink, file) = loaded(b"ab\x01c\x02\n");
        assert!(file.is_none());
        let [found] = sink.diagnostics() else { panic!("{sink:?}") };
        assert_eq!((found.span.start, found.span.end), (2, 3));
        assert_eq!(found.message, "control character U+0001, and 1 more");
    }

    #[test]
    fn the_largest_allowed_file_is_read() {
        assert!(loaded(&vec![b' '; MAX_FILE_BYTES]).2.is_some());
        assert!(loaded(&vec![b' '; MAX_FILE_BYTES + 1]).2.is_none());
    }
}
