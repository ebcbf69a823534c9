//! `{{ }}`: expressions that are evaluated when formwork runs.
//!
//! They are found inside of scalars after YAML is parsed, so a value can never change the structure of the file. A
//! scalar that is nothing but one expression takes the type of its value; otherwise the value becomes text. What an
//! expression gives is not evaluated again.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::ops::Range;

use minijinja::value::{Value, ValueKind};
use minijinja::{Environment, ErrorKind, UndefinedBehavior};

use crate::diagnostics::{Sink, closest};
use crate::source::{Sources, Span};
use crate::syntax::{Data, Entry, Key, Node, Piece, Scalar, Style};

codes! {
    /// An expression in `{{ }}` cannot be evaluated.
    ///
    /// Expressions are evaluated when formwork runs, over the values of `let`. The syntax is that of minijinja.
    ///
    /// ```yaml
    /// let:
    ///   days: 30
    /// components:
    ///   archive:
    ///     kind: s3-bucket
    ///     expire_after_days: "{{ days * }}"
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// let:
    ///   days: 30
    /// components:
    ///   archive:
    ///     kind: s3-bucket
    ///     expire_after_days: "{{ days * 2 }}"
    /// ```
    EXPRESSION = Error "invalid-expression";

    /// An expression in `{{ }}` uses a name that `let` does not give.
    ///
    /// A value of `let` sees the values above it. What is known only at deployment, such as a parameter, is reached
    /// by `${ }`.
    ///
    /// ```yaml
    /// let:
    ///   days: 30
    /// components:
    ///   archive:
    ///     kind: s3-bucket
    ///     expire_after_days: "{{ dais }}"
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// let:
    ///   days: 30
    /// components:
    ///   archive:
    ///     kind: s3-bucket
    ///     expire_after_days: "{{ days }}"
    /// ```
    UNKNOWN_NAME = Error "unknown-name";

    /// A `{{` has no `}}` after it.
    ///
    /// ```yaml
    /// let:
    ///   team: data
    /// components:
    ///   archive:
    ///     kind: s3-bucket
    ///     name: "{{ team }-archive"
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// let:
    ///   team: data
    /// components:
    ///   archive:
    ///     kind: s3-bucket
    ///     name: "{{ team }}-archive"
    /// ```
    UNCLOSED = Error "unclosed-expression";
}

/// Steps that one expression may take: enough for any text, too few to hold up a run.
const FUEL: u64 = 100_000;

/// Bytes of text that one expression may give.
const MAX_TEXT: usize = 1 << 20;

/// The names that expressions may use, and the engine that evaluates them.
#[derive(Clone)]
pub struct Scope {
    environment: Environment<'static>,
    names: BTreeMap<String, Value>,
    /// Names whose own expressions could not be evaluated: what uses them is not reported again.
    failed: HashSet<String>,
}

impl Default for Scope {
    fn default() -> Self {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_fuel(Some(FUEL));
        Self { environment, names: BTreeMap::new(), failed: HashSet::new() }
    }
}

impl Scope {
    /// Gives a name to the value of an evaluated node, or notes that it has none.
    pub fn bind(&mut self, name: &str, node: &Node, failed: bool) {
        if failed {
            self.failed.insert(name.to_owned());
        }
        self.names.insert(name.to_owned(), to_value(node));
    }

    /// Gives a name to a text.
    pub fn bind_text(&mut self, name: &str, text: &str) {
        self.names.insert(name.to_owned(), Value::from(text));
    }

    /// Gives `each.key`, `each.value` and `each.index` to the instance of a component.
    pub fn bind_each(&mut self, key: &Key, value: &Node, index: usize) {
        let each = BTreeMap::from([
            ("key".to_owned(), Value::from(key.text.as_str())),
            ("value".to_owned(), to_value(value)),
            ("index".to_owned(), Value::from(index)),
        ]);
        self.names.insert("each".to_owned(), Value::from(each));
    }

    /// The node with every expression replaced by its value.
    pub fn evaluate(&self, node: Node, sources: &Sources, sink: &mut Sink) -> Node {
        let data = match node.data {
            Data::String(scalar) if scalar.text.contains("{{") => {
                return self.scalar(Node { data: Data::Null, ..node }, scalar, sources, sink);
            }
            Data::List(items) => Data::List(items.into_iter().map(|item| self.evaluate(item, sources, sink)).collect()),
            Data::Map(entries) => Data::Map(
                entries
                    .into_iter()
                    .map(|entry| Entry { key: entry.key, value: self.evaluate(entry.value, sources, sink) })
                    .collect(),
            ),
            other => other,
        };
        Node { data, ..node }
    }

    fn scalar(&self, node: Node, scalar: Scalar, sources: &Sources, sink: &mut Sink) -> Node {
        let source = &sources.get(node.span.file).text;
        let place = |range: Range<usize>| scalar.place(node.span, source, range);
        let mut text = String::new();
        let mut pieces: Vec<Piece> = Vec::new();
        let mut add = |part: &str, span: Span, exact: bool| {
            if !part.is_empty() {
                pieces.push(Piece { range: text.len()..text.len() + part.len(), span, exact });
                text.push_str(part);
            }
        };
        let mut at = 0;
        while let Some(found) = scalar.text[at..].find("{{") {
            let open = at + found;
            literal(&scalar, at..open, &place, &mut add);
            let Some(length) = expression_length(&scalar.text[open + 2..]) else {
                sink.report(&UNCLOSED, place(open..open + 2), "`{{` without `}}`")
                    .help("close the expression with `}}`");
                return Node { data: Data::String(scalar), ..node };
            };
            let inner = open + 2..open + 2 + length;
            at = inner.end + 2;
            let value = self.value(&scalar.text, inner, &place, sink);
            match value {
                None => add(&scalar.text[open..at], place(open..at), false),
                Some(value) if open == 0 && at == scalar.text.len() => {
                    return to_node(&value, node.span).unwrap_or(Node { data: Data::Null, ..node });
                }
                Some(value) => add(&value.to_string(), place(open..at), false),
            }
        }
        literal(&scalar, at..scalar.text.len(), &place, &mut add);
        Node { data: Data::String(Scalar { text, style: scalar.style, pieces }), ..node }
    }

    fn value(
        &self,
        text: &str,
        inner: Range<usize>,
        place: &dyn Fn(Range<usize>) -> Span,
        sink: &mut Sink,
    ) -> Option<Value> {
        let expression = &text[inner.clone()];
        let compiled = self.environment.compile_expression(expression);
        if let Ok(compiled) = &compiled {
            let names = compiled.undeclared_variables(false);
            if names.iter().any(|name| self.failed.contains(name))
                || self.report_unknown(names, text, &inner, place, sink)
            {
                return None;
            }
        }
        let result = compiled.and_then(|compiled| compiled.eval(&self.names)).and_then(|value| {
            let size = value.as_str().map_or(0, str::len);
            if size > MAX_TEXT {
                let message = format!("text of {size} bytes, at most {MAX_TEXT} are allowed");
                return Err(minijinja::Error::new(ErrorKind::InvalidOperation, message));
            }
            Ok(value)
        });
        let error = match result {
            Ok(value) if !value.is_undefined() => return Some(value),
            Ok(_) => None,
            Err(error) => Some(error),
        };
        // The engine may point into the middle of a character.
        let boundary = |at: usize, step: fn(usize) -> usize| {
            let mut at = (inner.start + at).min(inner.end);
            while !text.is_char_boundary(at) {
                at = step(at);
            }
            at
        };
        let range = error
            .as_ref()
            .and_then(minijinja::Error::range)
            .map_or(inner.clone(), |range| boundary(range.start, |at| at - 1)..boundary(range.end, |at| at + 1));
        let message = match &error {
            Some(error) => error.detail().map_or_else(|| error.kind().to_string(), str::to_owned),
            None => "it has no value".to_owned(),
        };
        sink.report(&EXPRESSION, place(range), format!("cannot evaluate this: {message}"))
            .help("`{{ }}` holds an expression of minijinja over the values of `let`");
        None
    }

    /// Reports the names of an expression that nothing gives; says whether there are any.
    fn report_unknown(
        &self,
        names: HashSet<String>,
        text: &str,
        inner: &Range<usize>,
        place: &dyn Fn(Range<usize>) -> Span,
        sink: &mut Sink,
    ) -> bool {
        let built_in = |name: &str| self.environment.globals().any(|(global, _)| global == name);
        let unknown: BTreeSet<String> =
            names.into_iter().filter(|name| !self.names.contains_key(name) && !built_in(name)).collect();
        for name in &unknown {
            let known = self.names.keys().map(String::as_str);
            let help = match closest(name, known.clone()) {
                Some(name) => format!("did you mean `{name}`?"),
                None if self.names.is_empty() => format!("add `{name}` to `let`, above what uses it"),
                None => format!("known here: {}", crate::diagnostics::alternatives(known.clone())),
            };
            let at = inner.start + word(&text[inner.clone()], name).unwrap_or_default();
            sink.report(&UNKNOWN_NAME, place(at..at + name.len()), format!("unknown name `{name}`"))
                .help(help)
                .meant(name, known);
        }
        !unknown.is_empty()
    }
}

/// Where a name stands in an expression, and not as a part of another or as an attribute.
fn word(expression: &str, name: &str) -> Option<usize> {
    let is_part = |c: char| c.is_alphanumeric() || c == '_' || c == '.';
    expression.match_indices(name).map(|(at, _)| at).find(|at| {
        let (before, after) = (&expression[..*at], &expression[at + name.len()..]);
        !before.ends_with(is_part) && !after.starts_with(|c: char| c.is_alphanumeric() || c == '_')
    })
}

/// Adds a part of a scalar as it is, byte for byte where the source says the same.
fn literal(
    scalar: &Scalar,
    range: Range<usize>,
    place: &dyn Fn(Range<usize>) -> Span,
    add: &mut dyn FnMut(&str, Span, bool),
) {
    let part = &scalar.text[range.clone()];
    let span = place(range);
    let exact = (span.end - span.start) as usize == part.len()
        && matches!(scalar.style, Style::Plain | Style::Single | Style::Double);
    add(part, span, exact);
}

/// The length of an expression up to its `}}`, which may not be part of a string or a map in it.
fn expression_length(text: &str) -> Option<usize> {
    let mut quote = None;
    let mut depth = 0_usize;
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate() {
        match (quote, byte) {
            _ if escaped => escaped = false,
            (Some(_), b'\\') => escaped = true,
            (Some(open), _) if byte == open => quote = None,
            (None, b'"' | b'\'') => quote = Some(byte),
            (None, b'{') => depth += 1,
            (None, b'}') if depth > 0 => depth -= 1,
            (None, b'}') if text.as_bytes().get(at + 1) == Some(&b'}') => return Some(at),
            _ => {}
        }
    }
    None
}

fn to_value(node: &Node) -> Value {
    match &node.data {
        Data::Null => Value::from(()),
        Data::Bool(value) => Value::from(*value),
        Data::Number(number) => match (number.as_i64(), number.as_u64(), number.as_f64()) {
            (Some(number), ..) => Value::from(number),
            (None, Some(number), _) => Value::from(number),
            (None, None, number) => Value::from(number.unwrap_or_default()),
        },
        Data::String(scalar) => Value::from(scalar.text.as_str()),
        Data::List(items) => items.iter().map(to_value).collect(),
        Data::Map(entries) => {
            Value::from_pairs(entries.iter().map(|entry| (entry.key.text.clone(), to_value(&entry.value))))
        }
    }
}

/// A value of an expression as a node, every part of it at the place of the expression.
fn to_node(value: &Value, span: Span) -> Option<Node> {
    let data = match value.kind() {
        ValueKind::Undefined | ValueKind::None => Data::Null,
        ValueKind::Bool => Data::Bool(value.is_true()),
        ValueKind::Number => match serde_json::to_value(value).ok()? {
            serde_json::Value::Number(number) => Data::Number(number),
            _ => Data::Null,
        },
        ValueKind::Map => {
            let mut entries = Vec::new();
            for key in value.try_iter().ok()? {
                let item = value.get_item(&key).ok()?;
                entries.push(Entry { key: Key { text: key.to_string(), span }, value: to_node(&item, span)? });
            }
            Data::Map(entries)
        }
        ValueKind::Seq | ValueKind::Iterable => {
            Data::List(value.try_iter().ok()?.map(|item| to_node(&item, span)).collect::<Option<_>>()?)
        }
        _ => {
            let text = value.to_string();
            let pieces = vec![Piece { range: 0..text.len(), span, exact: false }];
            Data::String(Scalar { text, style: Style::Plain, pieces })
        }
    };
    Some(Node { span, tag: None, data })
}
