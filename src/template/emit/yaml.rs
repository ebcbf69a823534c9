//! YAML as a person would write it: blocks, short tags, and quotes only where a reader needs them.

use super::{attribute_of, scalar};
use crate::template::{Data, Function, Value};

/// The longest key, in bytes, that is written as `key:`. Readers give up on one of over 1024 characters.
const LONGEST_KEY: usize = 1000;

/// The value as a YAML document that ends with one line feed.
pub fn yaml(value: &Value) -> String {
    let mut writer = Writer::default();
    writer.value(value, 0, After::Other);
    writer.finish()
}

#[derive(Default)]
struct Writer<'a> {
    out: String,
    /// The last text that kept its empty lines at the end, and where it was written.
    kept: Option<(usize, &'a str)>,
}

/// What a value is written behind.
#[derive(Clone, Copy, PartialEq, Eq)]
enum After {
    /// The dash of a list, which a list or an object may start behind.
    Dash,
    /// A key, a tag or nothing.
    Other,
}

impl<'a> Writer<'a> {
    /// Writes a value, from the blank before it to the line feed after it.
    ///
    /// What is inside it starts at the column `indent`; only the document as a whole has none.
    fn value(&mut self, value: &'a Value, indent: usize, after: After) {
        match &value.data {
            Data::Null => self.word("null"),
            Data::Bool(value) => self.word(if *value { "true" } else { "false" }),
            Data::Number(number) => self.word(&scalar::number(number)),
            Data::String(text) => self.text(text, indent),
            Data::List(items) if items.is_empty() => self.word("[]"),
            Data::List(items) => {
                self.open(after);
                for item in items {
                    self.lead(indent);
                    self.out.push('-');
                    self.value(item, indent + 2, After::Dash);
                }
            }
            Data::Map(map) if map.is_empty() => self.word("{}"),
            Data::Map(map) => {
                self.open(after);
                for (key, value) in &map.0 {
                    self.entry(&key.text, value, indent);
                }
            }
            Data::Call(function, argument) => self.call(*function, argument, indent, after),
        }
    }

    fn call(&mut self, function: Function, argument: &'a Value, indent: usize, after: After) {
        if !has_short_form(function, argument) {
            self.open(after);
            self.entry(function.name(), argument, indent);
            return;
        }
        self.gap();
        self.out.push('!');
        self.out.push_str(function.tag());
        match attribute_of(argument) {
            Some((resource, attribute)) if function == Function::GetAtt => {
                self.word(&scalar::text(&format!("{resource}.{attribute}")));
            }
            _ => self.value(argument, indent, After::Other),
        }
    }

    fn entry(&mut self, key: &str, value: &'a Value, indent: usize) {
        self.lead(indent);
        let key = scalar::text(key);
        if key.len() > LONGEST_KEY {
            self.out.push('?');
            self.word(&key);
            self.lead(indent);
        } else {
            self.out.push_str(&key);
        }
        self.out.push(':');
        self.value(value, indent + 2, After::Other);
    }

    fn text(&mut self, text: &'a str, indent: usize) {
        // Readers disagree on what the indentation of a block that is the whole document counts from.
        if indent == 0 || !scalar::fits_block(text) {
            return self.word(&scalar::text(text));
        }
        let start = self.out.len();
        let header = scalar::block_header(text);
        self.gap();
        self.out.push('|');
        self.out.push_str(header);
        self.out.push('\n');
        for line in text.strip_suffix('\n').unwrap_or(text).split('\n') {
            if !line.is_empty() {
                self.lead(indent);
                self.out.push_str(line);
            }
            self.out.push('\n');
        }
        if header.ends_with('+') {
            self.kept = Some((start, text));
        }
    }

    /// Ends the line that a list or an object cannot start on.
    fn open(&mut self, after: After) {
        if after == After::Other && !self.at_line_start() {
            self.out.push('\n');
        }
    }

    /// Comes to the column of an entry: on a line of its own, or right behind the dash before it.
    fn lead(&mut self, indent: usize) {
        if self.at_line_start() {
            self.out.extend(std::iter::repeat_n(' ', indent));
        } else {
            self.out.push(' ');
        }
    }

    fn word(&mut self, word: &str) {
        self.gap();
        self.out.push_str(word);
        self.out.push('\n');
    }

    fn gap(&mut self) {
        if !self.at_line_start() {
            self.out.push(' ');
        }
    }

    fn at_line_start(&self) -> bool {
        self.out.is_empty() || self.out.ends_with('\n')
    }

    fn finish(mut self) -> String {
        // Empty lines at the end of a file are the first thing that editors and hooks remove.
        if let Some((start, text)) = self.kept
            && self.out.ends_with("\n\n")
        {
            self.out.truncate(start);
            self.word(&scalar::double_quoted(text));
        }
        self.out
    }
}

/// Whether a function can be written as a tag on its argument.
///
/// A node takes one tag only. A tag makes some readers take whatever is behind it for text, so
/// nothing but text, lists and objects stands there. `Fn::Transform` is known by its long name.
fn has_short_form(function: Function, argument: &Value) -> bool {
    function != Function::Transform
        && !matches!(argument.data, Data::Call(..) | Data::Null | Data::Bool(_) | Data::Number(_))
}
