//! A program as nodes in which every name is resolved.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use super::natives::{Native, native};
use super::value::Val;
use crate::template::jq;
use crate::template::jq::ast::{Entry, Expression, Function, Kind, Part, Pattern};

/// The number of a node.
pub type Id = usize;

/// What a machine does with its input.
#[derive(Clone, Debug)]
pub enum Node {
    Identity,
    Constant(Val),
    /// A text of parts, each put in by a format.
    Text(Arc<str>, Vec<Piece>),
    Array(Option<Id>),
    Object(Vec<(Id, Id)>),
    /// The last of these says whether an error is no result.
    Index(Id, Id, bool),
    Slice(Id, Option<Id>, Option<Id>, bool),
    Each(Id, bool),
    And(Id, Id),
    Or(Id, Id),
    Alternative(Id, Id),
    Native(Native, Vec<Id>),
    Pipe(Id, Id),
    Comma(Id, Id),
    Binding(Id, Arc<Patterns>, Id),
    Reduce(Id, Arc<Patterns>, Id, Id),
    Foreach(Id, Arc<Patterns>, Id, Id, Option<Id>),
    If(Id, Id, Id),
    Try(Id, Option<Id>),
    Label(Id),
    Break(usize),
    /// A definition, and what follows it.
    Define(Id),
    /// A function of the program, by the place of its definition in the environment.
    Call(usize, usize, Vec<Id>),
    /// A function that is defined nowhere in an environment.
    Global(usize, Vec<Id>),
    /// A parameter.
    Closure(usize),
    Variable(usize),
    Path(Id),
    GetPath(Id),
    Range(Id, Id),
    Empty,
    Error(Id),
}

/// A part of a text.
#[derive(Clone, Debug)]
pub enum Piece {
    Characters(Arc<str>),
    Expression(Id),
}

/// Patterns that are tried one after the other, and how many variables they bind together.
#[derive(Clone, Debug)]
pub struct Patterns {
    pub all: Vec<Shape>,
    pub variables: usize,
}

/// What takes a value apart; variables by their number among those of all patterns.
#[derive(Clone, Debug)]
pub enum Shape {
    Variable(usize),
    Array(Vec<Shape>),
    Object(Vec<(Option<usize>, Id, Option<Shape>)>),
}

/// All nodes of a program.
#[derive(Clone, Debug, Default)]
pub struct Code {
    pub nodes: Vec<Node>,
    /// What functions do.
    pub functions: Vec<Id>,
    /// The functions of jq itself that the program uses, by their text.
    globals: BTreeMap<&'static str, usize>,
}

/// A name that is known at one place of a program.
enum Name {
    Value(String),
    Closure(String),
    Function(String, usize, usize),
    Label(String),
}

/// What jq 1.6 defines in its own language: the text of each function, by its name and the number of its parameters. A
/// program uses few of them, so each is read where it is used.
static PRELUDE: LazyLock<BTreeMap<(&str, usize), &'static str>> = LazyLock::new(prelude);

/// The nodes of a program and the first of them.
///
/// # Errors
///
/// What is not run here, in words.
pub fn compile(body: &Expression) -> Result<(Code, Id), String> {
    let mut compiler = Compiler::default();
    let root = compiler.expression(body)?;
    compiler.globals()?;
    Ok((compiler.code, root))
}

/// Each function begins a line with `def`.
fn prelude() -> BTreeMap<(&'static str, usize), &'static str> {
    let text = include_str!("prelude.jq");
    let starts: Vec<usize> = text.match_indices("\ndef ").map(|(at, _)| at + 1).chain([text.len()]).collect();
    let functions = starts.windows(2).map(|ends| {
        let function = &text[ends[0]..ends[1]];
        let head = function["def ".len()..].split(':').next().unwrap_or_default();
        let (name, parameters) = head.split_once('(').unwrap_or((head, ""));
        ((name, parameters.split(';').filter(|parameter| !parameter.is_empty()).count()), function)
    });
    functions.collect()
}

#[derive(Default)]
struct Compiler {
    code: Code,
    scope: Vec<Name>,
    /// The functions of jq itself that are used and not compiled yet, with their numbers.
    wanted: Vec<(&'static str, usize)>,
}

type Compiled<T> = Result<T, String>;

impl Compiler {
    fn add(&mut self, node: Node) -> Id {
        self.code.nodes.push(node);
        self.code.nodes.len() - 1
    }

    /// How far back in the environment a name stands.
    fn place(&self, is: impl Fn(&Name) -> bool) -> Option<usize> {
        self.scope.iter().rev().position(is)
    }

    fn all<'a>(&mut self, expressions: impl IntoIterator<Item = &'a Expression>) -> Compiled<Vec<Id>> {
        expressions.into_iter().map(|expression| self.expression(expression)).collect()
    }

    fn maybe(&mut self, expression: Option<&Expression>) -> Compiled<Option<Id>> {
        expression.map(|expression| self.expression(expression)).transpose()
    }

    // Each part is a function of its own, so that what lies deep needs little of the stack.
    fn expression(&mut self, whole: &Expression) -> Compiled<Id> {
        let node = match &whole.kind {
            Kind::Text(format, parts) => self.text(whole, format.as_deref(), parts),
            Kind::Object(entries) => self.object(entries),
            Kind::Binary(operator, left, right) => self.binary(operator, left, right),
            Kind::Pipe(left, right) => self.pipe(left, right),
            Kind::If(test, then, otherwise) => self.condition(test, then, otherwise),
            Kind::Call(name, arguments) => self.call(name, arguments),
            Kind::Index(..) | Kind::Slice(..) | Kind::Each(_) | Kind::Optional(_) => self.taken(&whole.kind),
            Kind::Binding(..) | Kind::Reduce(..) | Kind::Foreach(..) => self.bound(&whole.kind),
            Kind::Label(..) | Kind::Break(_) | Kind::Definition(..) | Kind::Variable(_) => self.named(&whole.kind),
            other => self.simple(other),
        }?;
        Ok(self.add(node))
    }

    fn pipe(&mut self, left: &Expression, right: &Expression) -> Compiled<Node> {
        Ok(Node::Pipe(self.expression(left)?, self.expression(right)?))
    }

    fn condition(&mut self, test: &Expression, then: &Expression, otherwise: &Expression) -> Compiled<Node> {
        Ok(Node::If(self.expression(test)?, self.expression(then)?, self.expression(otherwise)?))
    }

    fn simple(&mut self, kind: &Kind) -> Compiled<Node> {
        Ok(match kind {
            Kind::Everything => self.call("recurse", &[])?,
            Kind::Number(number) => Node::Constant(Val::Number(*number)),
            Kind::Format(name) => {
                let name = self.add(Node::Constant(Val::text(name)));
                Node::Native(native("format", 1).ok_or("no formats")?, vec![name])
            }
            Kind::Array(items) => Node::Array(self.maybe(items.as_deref())?),
            Kind::Negation(inner) => {
                let inner = self.expression(inner)?;
                let negated = self.add(Node::Native(native("_negate", 0).ok_or("no negation")?, vec![]));
                Node::Pipe(inner, negated)
            }
            Kind::Comma(left, right) => Node::Comma(self.expression(left)?, self.expression(right)?),
            Kind::Try(body, handler) => Node::Try(self.expression(body)?, self.maybe(handler.as_deref())?),
            Kind::Location(line) => {
                let line = i32::try_from(*line).map_err(|_| "a line far away")?;
                let file = (Arc::from("file"), Val::text("<top-level>"));
                let line = (Arc::from("line"), Val::Number(f64::from(line)));
                Node::Constant(Val::object([file, line].into_iter().collect()))
            }
            _ => Node::Identity,
        })
    }

    fn text(&mut self, whole: &Expression, format: Option<&str>, parts: &[Part]) -> Compiled<Node> {
        if let Some(text) = whole.constant() {
            return Ok(Node::Constant(Val::text(text)));
        }
        let mut pieces = Vec::new();
        for part in parts {
            pieces.push(match part {
                Part::Characters(text) => Piece::Characters(Arc::from(text.as_str())),
                Part::Expression(inner) => Piece::Expression(self.expression(inner)?),
            });
        }
        Ok(Node::Text(Arc::from(format.unwrap_or("text")), pieces))
    }

    fn object(&mut self, entries: &[Entry]) -> Compiled<Node> {
        let mut all = Vec::new();
        for entry in entries {
            let key = self.expression(&entry.key)?;
            all.push((key, self.expression(&entry.value)?));
        }
        Ok(Node::Object(all))
    }

    fn taken(&mut self, kind: &Kind) -> Compiled<Node> {
        Ok(match kind {
            Kind::Index(of, key) => Node::Index(self.expression(of)?, self.expression(key)?, false),
            Kind::Slice(of, from, to) => {
                let of = self.expression(of)?;
                Node::Slice(of, self.maybe(from.as_deref())?, self.maybe(to.as_deref())?, false)
            }
            Kind::Each(of) => Node::Each(self.expression(of)?, false),
            Kind::Optional(inner) => match self.taken(&inner.kind)? {
                Node::Index(of, key, _) => Node::Index(of, key, true),
                Node::Slice(of, from, to, _) => Node::Slice(of, from, to, true),
                Node::Each(of, _) => Node::Each(of, true),
                other => other,
            },
            _ => Node::Identity,
        })
    }

    fn bound(&mut self, kind: &Kind) -> Compiled<Node> {
        let before = self.scope.len();
        let node = match kind {
            Kind::Binding(source, patterns, body) => {
                let source = self.expression(source)?;
                let patterns = self.patterns(patterns)?;
                Node::Binding(source, patterns, self.expression(body)?)
            }
            Kind::Reduce(source, patterns, first, step) => {
                let (source, first) = (self.expression(source)?, self.expression(first)?);
                let patterns = self.patterns(patterns)?;
                Node::Reduce(source, patterns, first, self.expression(step)?)
            }
            Kind::Foreach(source, patterns, first, step, result) => {
                let (source, first) = (self.expression(source)?, self.expression(first)?);
                let patterns = self.patterns(patterns)?;
                let step = self.expression(step)?;
                Node::Foreach(source, patterns, first, step, self.maybe(result.as_deref())?)
            }
            _ => Node::Identity,
        };
        self.scope.truncate(before);
        Ok(node)
    }

    fn named(&mut self, kind: &Kind) -> Compiled<Node> {
        let before = self.scope.len();
        let node = match kind {
            Kind::Label(name, body) => {
                self.scope.push(Name::Label(name.clone()));
                Node::Label(self.expression(body)?)
            }
            Kind::Break(label) => {
                let place = self.place(|name| matches!(name, Name::Label(known) if known == label));
                Node::Break(place.ok_or_else(|| format!("no label `${label}`"))?)
            }
            Kind::Definition(function, body) => {
                let number = self.code.functions.len();
                self.code.functions.push(0);
                self.scope.push(Name::Function(function.name.clone(), function.parameters.len(), number));
                self.function(function, number)?;
                Node::Define(self.expression(body)?)
            }
            Kind::Variable(variable) => {
                let place = self.place(|name| matches!(name, Name::Value(known) if known == variable));
                Node::Variable(place.ok_or_else(|| format!("`${variable}` is known only where the program runs"))?)
            }
            _ => Node::Identity,
        };
        self.scope.truncate(before);
        Ok(node)
    }

    fn function(&mut self, function: &Function, number: usize) -> Compiled<()> {
        let before = self.scope.len();
        for (name, _) in &function.parameters {
            self.scope.push(Name::Closure(name.clone()));
        }
        // `$a` is short for a parameter `a` and `a as $a`.
        let values: Vec<&String> =
            function.parameters.iter().filter(|(_, is_value)| *is_value).map(|(name, _)| name).collect();
        let mut sources = Vec::new();
        for value in &values {
            let place = self.place(|name| matches!(name, Name::Closure(known) if known == *value));
            sources.push(self.add(Node::Closure(place.unwrap_or_default())));
            self.scope.push(Name::Value((*value).clone()));
        }
        let mut body = self.expression(&function.body)?;
        for source in sources.into_iter().rev() {
            let patterns = Patterns { all: vec![Shape::Variable(0)], variables: 1 };
            body = self.add(Node::Binding(source, Arc::new(patterns), body));
        }
        self.scope.truncate(before);
        self.code.functions[number] = body;
        Ok(())
    }

    fn binary(&mut self, operator: &str, left: &Expression, right: &Expression) -> Compiled<Node> {
        let update = |own: &mut Self, name: &str| own.call(name, &[left.clone(), right.clone()]);
        let name = match operator {
            "and" => return Ok(Node::And(self.expression(left)?, self.expression(right)?)),
            "or" => return Ok(Node::Or(self.expression(left)?, self.expression(right)?)),
            "//" => return Ok(Node::Alternative(self.expression(left)?, self.expression(right)?)),
            "=" => return update(self, "_assign"),
            "|=" => return update(self, "_modify"),
            "+=" => return update(self, "_add_to"),
            "-=" => return update(self, "_take_from"),
            "*=" => return update(self, "_multiply_by"),
            "/=" => return update(self, "_divide_by"),
            "%=" => return update(self, "_remainder_by"),
            "//=" => return update(self, "_default_to"),
            other => other,
        };
        let native = native(name, 2).ok_or_else(|| format!("no operator `{name}`"))?;
        // jq works this out before it runs, and finds no error.
        if let ("/", Kind::Number(0.0), Kind::Number(0.0)) = (name, &left.kind, &right.kind) {
            return Ok(Node::Constant(Val::Number(f64::NAN)));
        }
        Ok(Node::Native(native, vec![self.expression(left)?, self.expression(right)?]))
    }

    fn call(&mut self, name: &str, arguments: &[Expression]) -> Compiled<Node> {
        let count = arguments.len();
        // These are no functions to the grammar, so no definition hides them.
        match (name, count) {
            ("null", 0) => return Ok(Node::Constant(Val::Null)),
            ("true", 0) => return Ok(Node::Constant(Val::Bool(true))),
            ("false", 0) => return Ok(Node::Constant(Val::Bool(false))),
            _ => {}
        }
        let own = self.place(|known| match known {
            Name::Function(known, parameters, _) => known == name && *parameters == count,
            Name::Closure(known) => known == name && count == 0,
            _ => false,
        });
        if let Some(place) = own {
            return match &self.scope[self.scope.len() - 1 - place] {
                Name::Function(_, _, number) => {
                    let number = *number;
                    Ok(Node::Call(place, number, self.all(arguments)?))
                }
                _ => Ok(Node::Closure(place)),
            };
        }
        if let Some(node) = self.replacement(name, arguments) {
            return Ok(node);
        }
        match (name, arguments) {
            ("empty", []) => return Ok(Node::Empty),
            ("error", [message]) => return Ok(Node::Error(self.expression(message)?)),
            ("path", [inner]) => return Ok(Node::Path(self.expression(inner)?)),
            ("getpath", [path]) => return Ok(Node::GetPath(self.expression(path)?)),
            ("range", [from, to]) => {
                // Both are values: the first is the outer loop.
                let (from, to) = (self.expression(from)?, self.expression(to)?);
                return Ok(Node::Range(from, to));
            }
            _ => {}
        }
        if let Some(native) = native(name, count) {
            return Ok(Node::Native(native, self.all(arguments)?));
        }
        match self.global(name, count) {
            Some(number) => Ok(Node::Global(number, self.all(arguments)?)),
            None => Err(format!("`{name}` of jq 1.6 is not run here")),
        }
    }

    /// The number of a function of jq itself.
    fn global(&mut self, name: &str, count: usize) -> Option<usize> {
        let text = *PRELUDE.get(&(name, count))?;
        let number = *self.code.globals.entry(text).or_insert_with(|| {
            self.wanted.push((text, self.code.functions.len()));
            self.code.functions.push(0);
            self.code.functions.len() - 1
        });
        Some(number)
    }

    /// Compiles the functions of jq itself that are used, and those that these use.
    fn globals(&mut self) -> Compiled<()> {
        while let Some((text, number)) = self.wanted.pop() {
            for function in jq::functions(text).map_err(|mistake| format!("prelude.jq: {mistake:?}"))? {
                self.function(&function, number)?;
            }
        }
        Ok(())
    }

    /// `sub` and `gsub` of texts that are known: what most programs do with them, and much faster than their definition.
    fn replacement(&mut self, name: &str, arguments: &[Expression]) -> Option<Node> {
        let texts: Option<Vec<String>> = arguments.iter().map(Expression::constant).collect();
        let texts = texts?;
        let (pattern, text, flags) = match texts.as_slice() {
            [pattern, text] => (pattern, text, ""),
            [pattern, text, flags] => (pattern, text, flags.as_str()),
            _ => return None,
        };
        let flags = match name {
            "sub" => flags.to_owned(),
            "gsub" => format!("{flags}g"),
            _ => return None,
        };
        let constants = [pattern.as_str(), text.as_str(), flags.as_str()];
        let arguments = constants.map(|text| self.add(Node::Constant(Val::text(text)))).to_vec();
        Some(Node::Native(native("_replaced", 3)?, arguments))
    }

    /// Makes the variables of patterns known.
    fn patterns(&mut self, patterns: &[Pattern]) -> Compiled<Arc<Patterns>> {
        let mut names = Vec::new();
        for pattern in patterns {
            pattern.variables(&mut names);
        }
        let mut unique: Vec<&str> = Vec::new();
        for name in names {
            if !unique.contains(&name) {
                unique.push(name);
            }
        }
        let all: Compiled<Vec<Shape>> = patterns.iter().map(|pattern| self.shape(pattern, &unique)).collect();
        let compiled = Patterns { all: all?, variables: unique.len() };
        self.scope.extend(unique.iter().map(|name| Name::Value((*name).to_owned())));
        Ok(Arc::new(compiled))
    }

    fn shape(&mut self, pattern: &Pattern, names: &[&str]) -> Compiled<Shape> {
        let number = |name: &str| names.iter().position(|known| *known == name).unwrap_or_default();
        Ok(match pattern {
            Pattern::Variable(name) => Shape::Variable(number(name)),
            Pattern::Array(items) => {
                let items: Compiled<Vec<Shape>> = items.iter().map(|item| self.shape(item, names)).collect();
                Shape::Array(items?)
            }
            Pattern::Object(entries) => {
                let mut all = Vec::new();
                for (name, key, inner) in entries {
                    let key = self.expression(key)?;
                    let inner = inner.as_ref().map(|inner| self.shape(inner, names)).transpose()?;
                    all.push((name.as_deref().map(number), key, inner));
                }
                Shape::Object(all)
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_function_of_the_prelude_is_found_and_compiles() {
        let text = include_str!("prelude.jq");
        let functions = jq::functions(text).unwrap();
        assert_eq!(PRELUDE.len(), functions.len());
        for function in functions {
            let mut compiler = Compiler::default();
            let found = compiler.global(&function.name, function.parameters.len());
            assert_eq!(found, Some(0), "{}/{}", function.name, function.parameters.len());
            compiler.globals().unwrap();
        }
    }
}
