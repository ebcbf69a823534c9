//! Objects and lists: what is demanded of their parts and of how many there are.

use std::collections::{BTreeSet, HashMap};

use super::instance::{Entry, Instance, Name, Presence, Shape, canonical, presence};
use super::model::{Additional, Items, Keyword, Properties, Schema};
use super::pattern;
use super::validate::{Path, Run, Verdict, report, report_because};
use super::violation::{Place, Violation, ViolationKind};

/// How many there are, at least and at most.
#[derive(Clone, Copy, Default)]
struct Count {
    least: u64,
    most: u64,
}

impl Count {
    fn of<'a, I: Instance + 'a>(values: impl Iterator<Item = &'a I>) -> Self {
        values.fold(Self::default(), |count, value| match presence(value) {
            Presence::Present => Self { least: count.least + 1, most: count.most + 1 },
            Presence::Maybe => Self { least: count.least, most: count.most + 1 },
            Presence::Absent => count,
        })
    }

    fn at_least(self, limit: u64) -> Verdict {
        verdict(self.least >= limit, self.most < limit)
    }

    fn at_most(self, limit: u64) -> Verdict {
        verdict(self.most <= limit, self.least > limit)
    }
}

fn verdict(valid: bool, invalid: bool) -> Verdict {
    match (valid, invalid) {
        (true, _) => Verdict::Valid,
        (_, true) => Verdict::Invalid,
        _ => Verdict::Unknown,
    }
}

/// Whether a key stands for properties that a macro of CloudFormation puts in its place.
///
/// Source: CloudFormation User Guide, on `Fn::Transform` and `Fn::ForEach`.
fn is_macro(name: &str) -> bool {
    name == "Fn::Transform" || name.starts_with("Fn::ForEach::")
}

/// An object, seen by the names of its properties.
struct Object<'a, I: Instance> {
    entries: &'a [I::Entry],
    /// Whether there may be more than is written.
    open: bool,
}

impl<I: Instance> Object<'_, I> {
    fn has(&self, name: &str) -> Presence {
        let written = self.entries.iter().map(I::entry).find(|entry| entry.name == name);
        match written.map_or(Presence::Absent, |entry| presence(entry.value)) {
            Presence::Absent if self.open => Presence::Maybe,
            presence => presence,
        }
    }

    fn all(&self, names: &[String]) -> Verdict {
        names.iter().fold(Verdict::Valid, |verdict, name| {
            verdict.and(match self.has(name) {
                Presence::Present => Verdict::Valid,
                Presence::Maybe => Verdict::Unknown,
                Presence::Absent => Verdict::Invalid,
            })
        })
    }

    fn count(&self) -> Count {
        let mut count = Count::of(self.entries.iter().map(|entry| I::entry(entry).value));
        if self.open {
            count.most = u64::MAX;
        }
        count
    }
}

impl<'d> Run<'d> {
    /// What a keyword for objects says of one.
    pub fn map<I: Instance>(
        &mut self,
        keyword: &'d Keyword,
        entries: &[I::Entry],
        instance: &I,
        path: &Path<'_>,
        out: &mut Vec<Violation>,
    ) -> Verdict {
        let place = Place::Value(instance.origin());
        let open = self.is_lenient() && entries.iter().any(|entry| is_macro(I::entry(entry).name));
        let object = Object::<I> { entries, open };
        let unless = |verdict: Verdict, out: &mut Vec<Violation>, kind: &dyn Fn() -> ViolationKind| {
            if verdict == Verdict::Invalid { report(out, path, place, kind()) } else { verdict }
        };
        match keyword {
            Keyword::Properties(properties) => self.properties(properties, &object, path, out),
            Keyword::PropertyNames(schema) => self.names(schema, &object, path, out),
            Keyword::Required(names) => names.iter().fold(Verdict::Valid, |verdict, name| {
                let given = object.all(std::slice::from_ref(name));
                verdict.and(unless(given, out, &|| ViolationKind::MissingProperty { name: name.clone() }))
            }),
            Keyword::RequiredXor(names) | Keyword::RequiredOr(names) => {
                let count = |wanted| names.iter().filter(|name| object.has(name) == wanted).count();
                let (present, maybe) = (count(Presence::Present), count(Presence::Maybe));
                let exclusive = matches!(keyword, Keyword::RequiredXor(_));
                if exclusive && present > 1 {
                    return exclude::<I>(object.entries, names, path, out);
                }
                let valid = present > 0 && (maybe == 0 || !exclusive);
                unless(verdict(valid, present + maybe == 0), out, &|| ViolationKind::RequiredOneOf {
                    alternatives: names.iter().map(|name| vec![name.clone()]).collect(),
                })
            }
            Keyword::DependentRequired(lists) | Keyword::DependentExcluded(lists) => {
                let excluded = matches!(keyword, Keyword::DependentExcluded(_));
                let mut verdict = Verdict::Valid;
                for (because, names) in lists {
                    let given = object.has(because);
                    for name in names.iter().filter(|name| *name != because) {
                        let answer = depend(given, object.has(name), excluded);
                        let (name, because) = (name.clone(), because.clone());
                        let entry = object.entries.iter().map(I::entry).find(|entry| entry.name == name);
                        verdict = verdict.and(match entry {
                            Some(entry) if excluded && answer == Verdict::Invalid => {
                                let kind = ViolationKind::DependentExcluded { name, because };
                                report(out, &path.key(entry.name), Place::Key(entry.origin), kind)
                            }
                            _ => unless(answer, out, &|| ViolationKind::DependentRequired {
                                name: name.clone(),
                                because: because.clone(),
                            }),
                        });
                    }
                }
                verdict
            }
            Keyword::DependentSchemas(schemas) => schemas.iter().fold(Verdict::Valid, |verdict, (name, schema)| {
                verdict.and(match object.has(name) {
                    Presence::Present => self.check(schema, instance, path, out),
                    Presence::Maybe => Verdict::Unknown,
                    Presence::Absent => Verdict::Valid,
                })
            }),
            Keyword::MinProperties(limit) => {
                let count = object.count();
                unless(count.at_least(*limit), out, &|| ViolationKind::TooFewProperties {
                    given: count.most,
                    limit: *limit,
                })
            }
            Keyword::MaxProperties(limit) => {
                let count = object.count();
                unless(count.at_most(*limit), out, &|| ViolationKind::TooManyProperties {
                    given: count.least,
                    limit: *limit,
                })
            }
            _ => Verdict::Valid,
        }
    }

    fn properties<I: Instance>(
        &mut self,
        properties: &'d Properties,
        object: &Object<'_, I>,
        path: &Path<'_>,
        out: &mut Vec<Violation>,
    ) -> Verdict {
        let mut verdict = Verdict::Valid;
        for entry in object.entries.iter().map(I::entry) {
            if presence(entry.value) == Presence::Absent || (self.is_lenient() && is_macro(entry.name)) {
                continue;
            }
            let here = path.key(entry.name);
            if self.is_read_only(&here) {
                let kind = ViolationKind::ReadOnly { name: entry.name.to_owned() };
                verdict = verdict.and(report_key(out, &here, &entry, kind));
                continue;
            }
            let mut described = false;
            if let Some(schema) = properties.get(entry.name) {
                described = true;
                if matches!(schema.keywords.as_slice(), [Keyword::Never]) {
                    let kind = ViolationKind::NotAllowed { name: entry.name.to_owned() };
                    verdict = verdict.and(report_key(out, &here, &entry, kind));
                    continue;
                }
                verdict = verdict.and(self.check(schema, entry.value, &here, out));
            }
            for (pattern, schema) in &properties.patterns {
                match pattern::is_match(pattern, entry.name) {
                    Some(true) => verdict = verdict.and(self.check(schema, entry.value, &here, out)),
                    Some(false) => continue,
                    None => verdict = verdict.and(Verdict::Unknown),
                }
                described = true;
            }
            match &properties.additional {
                Additional::Schema(schema) if !described => {
                    verdict = verdict.and(self.check(schema, entry.value, &here, out));
                }
                Additional::Forbidden if !described => {
                    // What must not be given is not suggested either.
                    let known = properties.named.iter().map(|(name, _)| name);
                    let known = known.filter(|name| !self.is_read_only(&path.key(name))).cloned().collect();
                    let kind = ViolationKind::UnknownProperty { name: entry.name.to_owned(), known };
                    verdict = verdict.and(report_key(out, &here, &entry, kind));
                }
                _ => {}
            }
        }
        if object.open { verdict.and(Verdict::Unknown) } else { verdict }
    }

    fn is_read_only(&self, path: &Path<'_>) -> bool {
        self.options.read_only.iter().any(|names| path.is(names))
    }

    fn names<I: Instance>(
        &mut self,
        schema: &'d Schema,
        object: &Object<'_, I>,
        path: &Path<'_>,
        out: &mut Vec<Violation>,
    ) -> Verdict {
        object.entries.iter().map(I::entry).fold(Verdict::Valid, |verdict, entry| {
            if presence(entry.value) == Presence::Absent {
                return verdict;
            }
            let mut found = Vec::new();
            let name = Name { text: entry.name, origin: entry.origin };
            let answer = self.check(schema, &name, &path.key(entry.name), &mut found);
            out.extend(found.into_iter().map(|violation| Violation { place: Place::Key(entry.origin), ..violation }));
            verdict.and(answer)
        })
    }

    /// What a keyword for lists says of one.
    pub fn list<I: Instance>(
        &mut self,
        keyword: &'d Keyword,
        items: &[I],
        instance: &I,
        path: &Path<'_>,
        out: &mut Vec<Violation>,
    ) -> Verdict {
        let place = Place::Value(instance.origin());
        let mut unless = |verdict: Verdict, kind: ViolationKind| {
            if verdict == Verdict::Invalid { report(out, path, place, kind) } else { verdict }
        };
        match keyword {
            Keyword::Items(schemas) => self.items(schemas, items, path, out),
            Keyword::MinItems(limit) => {
                let count = Count::of(items.iter());
                unless(count.at_least(*limit), ViolationKind::TooFewItems { given: count.most, limit: *limit })
            }
            Keyword::Contains(schema) => {
                let answers = items.iter().enumerate().filter(|(_, item)| presence(*item) != Presence::Absent);
                let best = answers.map(|(index, item)| match self.ask(schema, item, &path.index(index)) {
                    Verdict::Valid if presence(item) == Presence::Maybe => Verdict::Unknown,
                    answer => answer,
                });
                match best.min().unwrap_or(Verdict::Invalid) {
                    Verdict::Invalid => {
                        let because = items.first().map(|item| self.facts(schema, item)).unwrap_or_default();
                        report_because(out, path, place, ViolationKind::Lacking, because)
                    }
                    answer => answer,
                }
            }
            Keyword::MaxItems(limit) => {
                let count = Count::of(items.iter());
                unless(count.at_most(*limit), ViolationKind::TooManyItems { given: count.least, limit: *limit })
            }
            Keyword::UniqueItems => differ(items, path, out, I::identity, |first| ViolationKind::NotUnique { first }),
            Keyword::MaxUniqueItems(limit) => {
                let known: BTreeSet<String> = items.iter().filter_map(canonical).collect();
                let unknown = items.iter().filter(|item| canonical(*item).is_none()).count() as u64;
                let least = known.len() as u64;
                let count = Count { least, most: least + unknown };
                unless(count.at_most(*limit), ViolationKind::TooManyItems { given: least, limit: *limit })
            }
            Keyword::UniqueKeys(keys) => {
                let kind = |first| ViolationKind::NotUniqueKey { first, keys: keys.clone() };
                differ(items, path, out, |item| identity(item, keys), kind)
            }
            _ => Verdict::Valid,
        }
    }

    fn items<I: Instance>(
        &mut self,
        schemas: &'d Items,
        items: &[I],
        path: &Path<'_>,
        out: &mut Vec<Violation>,
    ) -> Verdict {
        let mut verdict = Verdict::Valid;
        // Items that are left out move those behind them.
        let (mut position, mut certain) = (0, true);
        for (index, item) in items.iter().enumerate() {
            let presence = presence(item);
            if presence == Presence::Absent {
                continue;
            }
            verdict = verdict.and(match schemas.prefix.get(position) {
                Some(_) if !certain => Verdict::Unknown,
                Some(schema) => self.check(schema, item, &path.index(index), out),
                None => self.check(&schemas.rest, item, &path.index(index), out),
            });
            position += 1;
            certain &= presence == Presence::Present;
        }
        verdict
    }
}

/// Reports a property that should not be there, which may be so only on a condition.
pub(super) fn report_key<I: Instance>(
    out: &mut Vec<Violation>,
    path: &Path<'_>,
    entry: &Entry<'_, I>,
    kind: ViolationKind,
) -> Verdict {
    let certain = report(out, path, Place::Key(entry.origin), kind);
    if presence(entry.value) == Presence::Present { certain } else { Verdict::Unknown }
}

/// Whether two properties may be given as they are, of which the first says something about the second.
fn depend(because: Presence, name: Presence, excluded: bool) -> Verdict {
    let wrong = if excluded { Presence::Present } else { Presence::Absent };
    match (because, name) {
        (Presence::Absent, _) => Verdict::Valid,
        (Presence::Present, name) if name == wrong => Verdict::Invalid,
        (_, Presence::Maybe) => Verdict::Unknown,
        (Presence::Maybe, name) if name == wrong => Verdict::Unknown,
        _ => Verdict::Valid,
    }
}

/// Reports that these properties are given together, at the last of them as they are written.
pub(super) fn exclude<I: Instance>(
    entries: &[I::Entry],
    names: &[String],
    path: &Path<'_>,
    out: &mut Vec<Violation>,
) -> Verdict {
    let given = entries
        .iter()
        .map(I::entry)
        .filter(|entry| presence(entry.value) == Presence::Present && names.iter().any(|name| name == entry.name));
    let given: Vec<Entry<'_, I>> = given.collect();
    let names = given.iter().map(|entry| entry.name.to_owned()).collect();
    match given.last() {
        Some(last) => report(out, &path.key(last.name), Place::Key(last.origin), ViolationKind::Exclusive { names }),
        None => Verdict::Unknown,
    }
}

/// Reports every item whose key is that of an earlier one.
fn differ<I: Instance>(
    items: &[I],
    path: &Path<'_>,
    out: &mut Vec<Violation>,
    key: impl Fn(&I) -> Option<String>,
    kind: impl Fn(usize) -> ViolationKind,
) -> Verdict {
    let mut seen: HashMap<String, usize> = HashMap::new();
    let mut verdict = Verdict::Valid;
    for (index, item) in items.iter().enumerate().filter(|(_, item)| presence(*item) != Presence::Absent) {
        if canonical(item).is_none() {
            verdict = verdict.and(Verdict::Unknown);
        }
        let Some(key) = key(item) else { continue };
        match seen.get(&key) {
            Some(first) => verdict = report(out, &path.index(index), Place::Value(item.origin()), kind(*first)),
            None => {
                seen.insert(key, index);
            }
        }
    }
    verdict
}

/// The values of these keys of an item.
fn identity<I: Instance>(item: &I, keys: &[String]) -> Option<String> {
    let Shape::Map(entries) = item.shape() else { return canonical(item) };
    let values = keys.iter().map(|key| {
        let entry = entries.iter().map(I::entry).find(|entry| entry.name == key);
        entry.map_or(Some("-".to_owned()), |entry| canonical(entry.value))
    });
    Some(values.collect::<Option<Vec<_>>>()?.join(","))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::schema::Leniency::{CloudFormation, Strict};
    use crate::schema::testing::{either, no_value, origin, outcome, said, value, wrong};
    use crate::schema::{Outcome, Verdict};
    use crate::template;

    fn list(items: Vec<template::Value>) -> template::Value {
        template::Value::new(origin(), template::Data::List(items))
    }

    fn maybe() -> template::Value {
        either(value(&json!("x")), no_value())
    }

    fn decided(schema: &Value, instance: &template::Value) -> Verdict {
        let Outcome { verdict, violations } = outcome(schema, instance, CloudFormation);
        assert_eq!(verdict == Verdict::Invalid, !violations.is_empty());
        verdict
    }

    #[test]
    fn items_that_may_be_left_out_leave_the_length_open() {
        let two = list(vec![value(&json!("a")), maybe(), no_value()]);
        assert_eq!(decided(&json!({"minItems": 1}), &two), Verdict::Valid);
        assert_eq!(decided(&json!({"minItems": 2}), &two), Verdict::Unknown);
        assert_eq!(decided(&json!({"minItems": 3}), &two), Verdict::Invalid);
        assert_eq!(decided(&json!({"maxItems": 1}), &two), Verdict::Unknown);
        assert_eq!(decided(&json!({"maxItems": 0}), &two), Verdict::Invalid);
    }

    #[test]
    fn a_property_that_is_left_out_is_missing() {
        let instance = |value| {
            let entry = (template::Key { text: "A".to_owned(), origin: origin() }, value);
            template::Value::new(origin(), template::Data::Map(template::Map(vec![entry])))
        };
        let schema = json!({"required": ["A"]});
        assert_eq!(decided(&schema, &instance(no_value())), Verdict::Invalid);
        assert_eq!(decided(&schema, &instance(maybe())), Verdict::Unknown);
        assert_eq!(decided(&schema, &instance(value(&json!("x")))), Verdict::Valid);
        let closed = json!({"additionalProperties": false});
        assert_eq!(decided(&closed, &instance(no_value())), Verdict::Valid);
        assert_eq!(said(&outcome(&closed, &instance(maybe()), CloudFormation)), ["/A: unknown property `A`"]);
    }

    #[test]
    fn a_macro_may_bring_what_is_missing() {
        let schema = json!({"required": ["A"], "additionalProperties": false, "properties": {"A": {}}});
        let instance = json!({"Fn::Transform": {"Name": "AWS::Include"}, "B": 1});
        assert_eq!(wrong(&schema, &instance, CloudFormation), ["/B: unknown property `B`"]);
        assert_eq!(wrong(&schema, &instance, Strict).len(), 3);
        let alone = value(&json!({"Fn::Rain::Embed": "file"}));
        assert_eq!(decided(&schema, &alone), Verdict::Unknown);
    }

    #[test]
    fn the_same_item_is_set_against_its_first() {
        let schema = json!({"uniqueItems": true});
        assert_eq!(
            wrong(&schema, &json!([{"a": 1, "b": 2}, "x", {"b": 2, "a": 1.0}]), Strict),
            ["/2: the same as item 0 of a list without repetition"]
        );
        let unknown = list(vec![template::Value::reference(origin(), "A"), value(&json!("x"))]);
        assert_eq!(decided(&schema, &unknown), Verdict::Unknown);
    }

    #[test]
    fn items_that_agree_in_their_keys_are_not_unique() {
        let schema = json!({"uniqueKeys": ["Key"]});
        let instance = json!([{"Key": "a", "Value": "1"}, {"Key": "b"}, {"Key": "a", "Value": "2"}]);
        assert_eq!(wrong(&schema, &instance, Strict), ["/2: the same `Key` as item 0, which must differ"]);
    }

    #[test]
    fn properties_can_need_and_exclude_one_another() {
        let schema = json!({"requiredXor": ["A", "B"]});
        assert_eq!(wrong(&schema, &json!({}), Strict), [": none of `A`, `B` given"]);
        assert_eq!(
            wrong(&schema, &json!({"A": 1, "B": 1}), Strict),
            ["/B: `A` and `B` given, which exclude each other"]
        );
        let schema = json!({"requiredOr": ["A", "B"]});
        assert_eq!(wrong(&schema, &json!({"C": 1}), Strict), [": none of `A`, `B` given"]);
        assert!(wrong(&schema, &json!({"A": 1, "B": 1}), Strict).is_empty());
        let schema = json!({"dependentRequired": {"A": ["B", "A"]}});
        assert_eq!(wrong(&schema, &json!({"A": 1}), Strict), [": `A` given without `B`"]);
        let schema = json!({"dependentExcluded": {"A": ["B", "A"]}});
        assert_eq!(wrong(&schema, &json!({"A": 1, "B": 1}), Strict), ["/B: `B` given together with `A`"]);
    }

    #[test]
    fn names_can_have_a_schema_too() {
        let schema = json!({"propertyNames": {"pattern": "^[a-z]+$"}, "patternProperties": {"^x": {"type": "string"}}});
        assert_eq!(
            wrong(&schema, &json!({"A": 1, "xa": 2}), Strict),
            ["/A: `A` does not match `^[a-z]+$`", "/xa: number given, text expected"]
        );
    }
}
