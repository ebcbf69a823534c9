//! What values are taken apart by.

use super::{Parsed, Parser};
use crate::template::jq::ast::{Expression, Pattern};

impl Parser<'_> {
    pub(super) fn patterns(&mut self) -> Parsed<Vec<Pattern>> {
        self.advance()?;
        let mut patterns = vec![self.pattern()?];
        while self.takes("?//")? {
            patterns.push(self.pattern()?);
        }
        Ok(patterns)
    }

    pub(super) fn pattern(&mut self) -> Parsed<Pattern> {
        const HELP: &str = "write `$name`, `[$first, $second]` or `{field: $name}`";
        self.deeper()?;
        let found = if self.is_sign("$") {
            Pattern::Variable(self.variable(HELP)?)
        } else if self.takes("[")? {
            let mut items = vec![self.pattern()?];
            while self.takes(",")? {
                items.push(self.pattern()?);
            }
            self.sign("]", HELP)?;
            Pattern::Array(items)
        } else if self.takes("{")? {
            let mut entries = vec![self.pattern_entry(HELP)?];
            while self.takes(",")? {
                entries.push(self.pattern_entry(HELP)?);
            }
            self.sign("}", HELP)?;
            Pattern::Object(entries)
        } else {
            return Err(self.wanted("a pattern", HELP));
        };
        self.depth -= 1;
        Ok(found)
    }

    pub(super) fn pattern_entry(&mut self, help: &str) -> Parsed<(Option<String>, Expression, Option<Pattern>)> {
        if self.is_sign("$") {
            let start = self.range.start;
            let name = self.variable(help)?;
            let key = Self::text_of(start..self.end, &name)?;
            let inner = if self.takes(":")? { Some(self.pattern()?) } else { None };
            return Ok((Some(name), key, inner));
        }
        let Some(key) = self.key()? else { return Err(self.wanted("a key", help)) };
        self.sign(":", help)?;
        Ok((None, key, Some(self.pattern()?)))
    }
}
