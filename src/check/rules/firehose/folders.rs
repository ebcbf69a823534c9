//! The folders of partitions as Hive names them: `key=value/`.

use super::expressions::{Piece, pieces};
use super::layout::{LAYOUT, TEMPLATE, Table};
use crate::check::Context;
use crate::check::block::{Block, HOLE};
use crate::diagnostics::{Sink, closest};

/// The partition keys of a table in small letters; `None` if not all are known.
pub fn keys(input: &Block<'_>) -> Option<Vec<String>> {
    if input.lacks("PartitionKeys") {
        return Some(Vec::new());
    }
    input.items("PartitionKeys")?.iter().map(|key| Some(key.text("Name")?.to_lowercase())).collect()
}

/// Where partitions lie unless a table says something else.
pub fn usual(path: &str, keys: &[String]) -> String {
    keys.iter().fold(path.to_owned(), |all, key| format!("{all}{key}=${{{key}}}/"))
}

/// Checks the names in the folders of a prefix against the keys of a table without a template of its own.
///
/// Source: Amazon Athena User Guide, "Partition your data" and "`MSCK REPAIR TABLE`".
pub fn check(context: &Context<'_>, block: &Block<'_>, table: &Table<'_>, prefix: &str, sink: &mut Sink) {
    let has_template = table.input.blocks("Parameters").iter().any(|parameters| !parameters.lacks(TEMPLATE));
    let Some(below) = prefix.strip_prefix(table.path.as_str()).filter(|_| !has_template) else { return };
    let Some(keys) = keys(&table.input).filter(|keys| !keys.is_empty()) else { return };
    let names = names(below);
    let place = table.input.place("PartitionKeys");
    if let Some(name) = names.iter().find(|name| !keys.contains(name)) {
        let help = match closest(name, keys.iter().map(String::as_str)) {
            Some(key) => format!("did you mean `{key}`?"),
            None => "name the folders and the keys alike".to_owned(),
        };
        block
            .report_part(
                context,
                sink,
                &LAYOUT,
                ("Prefix", &format!("{name}=")),
                format!("the table has no key `{name}`"),
            )
            .also(place, "its partition keys")
            .help(help);
        return;
    }
    let places: Vec<usize> = names.iter().filter_map(|name| keys.iter().position(|key| key == name)).collect();
    if !places.is_sorted() {
        block
            .report(context, sink, &LAYOUT, "Prefix", "folders in another order than the keys of the table")
            .also(place, format!("`{}`", keys.join("`, `")))
            .help("write both in one order");
    }
}

/// The names before `=` in the folders of a prefix.
fn names(prefix: &str) -> Vec<String> {
    let mut text = String::new();
    for piece in pieces(prefix) {
        match piece {
            Piece::Text(part) => text.push_str(part),
            Piece::Expression(_) | Piece::Unclosed => text.push(HOLE),
        }
    }
    let name = |folder: &str| folder.split_once('=').map(|(name, _)| name.to_lowercase());
    text.split('/').filter_map(name).filter(|name| !name.contains(HOLE)).collect()
}

#[cfg(test)]
mod tests {
    use super::names;

    #[test]
    fn names_stand_before_the_equals_sign() {
        assert_eq!(names("Day=!{timestamp:yyyy/MM}/a/!{firehose:random-string}=x/shop=1"), ["day", "shop"]);
    }
}
