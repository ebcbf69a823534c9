//! What runs a program: one step at a time, with what is to come and what else may be tried kept in lists, so that no
//! program uses up the stack, and none runs for ever.

mod bind;
mod give;

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;

use indexmap::IndexMap;

use crate::trace::jq::compile::{Code, Id, Node, Patterns, Piece, Shape};
use crate::trace::jq::formats::format;
use crate::trace::jq::natives::Fault;
use crate::trace::jq::paths;
use crate::trace::jq::value::{MAX_DEPTH, Val};

/// Steps of one run. A program for partition keys takes some hundred.
const MAX_STEPS: u64 = 2_000_000;

/// How much may be waiting for a result at one time, and how deep environments may be.
const MAX_WAITING: u32 = 2_000;

/// How many other ways may be open at one time.
const MAX_CHOICES: usize = 100_000;

/// How many results a run may have.
const MAX_RESULTS: usize = 100_000;

/// What is known by name: the last first.
type Scope = Option<Rc<Named>>;

struct Named {
    slot: Slot,
    outer: Scope,
    depth: u32,
}

#[derive(Clone)]
enum Slot {
    Value(Val),
    Closure(Id, Scope),
    Function,
    Label(u64),
}

/// A value, and how it was reached while paths are followed.
#[derive(Clone)]
struct Item {
    val: Val,
    track: Option<Rc<Track>>,
}

/// A path, and the value that is there.
struct Track {
    path: Vec<Val>,
    at: Val,
}

/// What waits for a value.
type Rest = Option<Rc<Waiting>>;

struct Waiting {
    then: Then,
    next: Rest,
    depth: u32,
}

/// What is done with a value that comes.
enum Then {
    /// It is the input of a node.
    Run(Id, Scope),
    /// It is an item of a list.
    Collect(Rc<RefCell<Vec<Val>>>),
    /// It is one of several values from which another is made; the last comes first.
    Argument { node: Id, scope: Scope, input: Item, left: usize, got: Vec<Val> },
    /// It is a key, or the value of one.
    Entry { node: Id, scope: Scope, input: Item, at: usize, key: Option<Arc<str>>, made: Val },
    /// It is the key of what is taken of a node.
    Key { of: Id, scope: Scope, input: Item, slice: Option<Val> },
    /// It is taken apart by a key, or by a slice; whether an error is no result.
    Take(Val, bool),
    /// What is in it comes one by one.
    Iterate(bool),
    /// It is the first operand of `and` or `or`.
    Logic { is_and: bool, right: Option<Id>, scope: Scope, input: Item },
    /// It is the result of `//` if it is true.
    Truthy(Rc<Cell<bool>>),
    /// It is a test.
    Branch { then: Id, otherwise: Id, scope: Scope, input: Item },
    /// It is taken apart.
    Bind { patterns: Arc<Patterns>, scope: Scope, goal: Rc<Goal> },
    /// It is a key by which a value is taken apart.
    BindKey {
        bound: Rc<Bound>,
        tasks: Vec<Task>,
        vars: Vec<Val>,
        of: Val,
        variable: Option<usize>,
        inner: Option<Shape>,
    },
    /// It is where a fold begins.
    Start { node: Id, scope: Scope, input: Item },
    /// It is where a fold stands.
    Store(Rc<RefCell<Val>>),
    /// It is where `foreach` stands, and its result after one more node.
    Emit { cell: Rc<RefCell<Val>>, result: Option<Id>, scope: Scope },
    /// It ends a path that is asked for; what was followed before goes on.
    EndPath(Item),
    /// It is a message.
    Fail,
}

/// What is done when variables are bound.
enum Goal {
    Body(Id, Item),
    Reduce(Id, Rc<RefCell<Val>>),
    Foreach(Id, Option<Id>, Rc<RefCell<Val>>),
}

/// What taking a value apart needs to know.
struct Bound {
    patterns: Arc<Patterns>,
    /// Which pattern is tried.
    at: usize,
    scope: Scope,
    goal: Rc<Goal>,
    source: Item,
    rest: Rest,
}

/// A value that is to be taken apart.
#[derive(Clone)]
struct Task(Shape, Val);

/// Another way to go on.
enum Choice {
    Run(Id, Scope, Item, Rest),
    /// The items of a value from one on.
    Items(Item, usize, Rest),
    /// Numbers.
    Numbers(f64, f64, Item, Rest),
    /// Where errors are caught.
    Catch(Option<(Id, Scope)>, Item, Rest),
    /// Where a label is left.
    Label(u64),
    /// The list is complete.
    Collected(Rc<RefCell<Vec<Val>>>, Item, Rest),
    /// Nothing true came.
    Otherwise(Rc<Cell<bool>>, Id, Scope, Item, Rest),
    /// The fold is complete.
    Folded(Rc<RefCell<Val>>, Item, Rest),
    /// The next pattern, if an error comes.
    NextPattern(Rc<Bound>),
}

enum State {
    Run(Id, Scope, Item, Rest),
    Give(Item, Rest),
    Back,
    Raise(Val),
    Break(u64),
}

/// How a run ends without results.
#[derive(Debug)]
pub enum Stop {
    /// An error of jq, with its value.
    Error(Val),
    /// What is not decided here.
    NotRun(String),
}

pub struct Machine<'a> {
    code: &'a Code,
    choices: Vec<Choice>,
    steps: u64,
    labels: u64,
}

type Step = Result<State, Stop>;

fn stop(reason: &str) -> Stop {
    Stop::NotRun(reason.to_owned())
}

impl From<Fault> for Step {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Error(message) => Ok(State::Raise(Val::text(message))),
            Fault::NotRun(reason) => Err(Stop::NotRun(reason)),
        }
    }
}

/// The result of a function of the language, or the state that its failure leads to.
macro_rules! take {
    ($result:expr) => {
        match $result {
            Ok(value) => value,
            Err(fault) => return Step::from(fault),
        }
    };
}

use take;

fn named(scope: &Scope, slot: Slot) -> Result<Scope, Stop> {
    let inner = match &slot {
        Slot::Closure(_, Some(scope)) => scope.depth,
        _ => 0,
    };
    let depth = scope.as_ref().map_or(0, |scope| scope.depth).max(inner) + 1;
    if depth > MAX_WAITING {
        return Err(stop("functions call each other too deep"));
    }
    Ok(Some(Rc::new(Named { slot, outer: scope.clone(), depth })))
}

/// What stands some places back.
fn back(scope: &Scope, places: usize) -> &Scope {
    let mut at = scope;
    for _ in 0..places {
        match at {
            Some(named) => at = &named.outer,
            None => break,
        }
    }
    at
}

fn wait(then: Then, next: Rest) -> Result<Rest, Stop> {
    let depth = next.as_ref().map_or(0, |next| next.depth) + 1;
    if depth > MAX_WAITING {
        return Err(stop("the program calls itself too deep"));
    }
    Ok(Some(Rc::new(Waiting { then, next, depth })))
}

impl Item {
    /// Another value at the same place, as jq sees it: whether it is the one that is there is asked when it matters.
    fn with(&self, val: Val) -> Self {
        Self { val, track: self.track.clone() }
    }

    /// The value without its path, for what is worked out on the side.
    fn aside(&self) -> Self {
        Self { val: self.val.clone(), track: None }
    }

    /// What lies one step further.
    fn step(&self, key: Val, val: Val) -> Result<Self, Stop> {
        let Some(track) = &self.track else { return Ok(Self { val, track: None }) };
        if track.path.len() > MAX_DEPTH as usize {
            return Err(stop("a path is too long"));
        }
        let mut path = track.path.clone();
        path.push(key);
        Ok(Self { track: Some(Rc::new(Track { path, at: val.clone() })), val })
    }

    fn is_on_path(&self) -> bool {
        self.track.as_ref().is_none_or(|track| track.at.is_identical(&self.val))
    }
}

impl<'a> Machine<'a> {
    pub fn new(code: &'a Code) -> Self {
        Self { code, choices: Vec::new(), steps: 0, labels: 0 }
    }

    /// All results of a node for an input.
    pub fn run(&mut self, root: Id, input: Val) -> Result<Vec<Val>, Stop> {
        let mut results = Vec::new();
        let mut state = State::Run(root, None, Item { val: input, track: None }, None);
        loop {
            self.steps += 1;
            if self.steps > MAX_STEPS {
                return Err(stop("the program runs too long"));
            }
            if self.choices.len() > MAX_CHOICES {
                return Err(stop("the program keeps too much"));
            }
            state = match state {
                State::Run(node, scope, input, rest) => self.node(node, scope, input, rest)?,
                State::Give(item, None) => {
                    if results.len() >= MAX_RESULTS {
                        return Err(stop("the program gives too many results"));
                    }
                    results.push(item.val);
                    State::Back
                }
                State::Give(item, Some(waiting)) => self.give(item, &waiting)?,
                State::Back => match self.choices.pop() {
                    Some(choice) => self.choose(choice)?,
                    None => return Ok(results),
                },
                State::Raise(value) => self.raise(value)?,
                State::Break(label) => loop {
                    match self.choices.pop() {
                        Some(Choice::Label(known)) if known == label => break State::Back,
                        Some(_) => {}
                        None => return Err(Stop::Error(Val::text("break"))),
                    }
                },
            };
        }
    }

    /// Counts the work of making a value.
    fn made(&mut self, val: Val) -> Result<Val, Stop> {
        const MOST: usize = 16_000_000;
        let size = match &val {
            Val::Text(text) => text.len() / 64,
            Val::Array(array) => array.items.len() / 4,
            Val::Object(object) => object.entries.len() / 2,
            _ => 0,
        };
        self.steps += size as u64;
        if size > MOST / 64 {
            return Err(stop("a value is too large"));
        }
        if val.depth() > MAX_DEPTH {
            return Err(stop("a value is too deep"));
        }
        Ok(val)
    }

    fn raise(&mut self, value: Val) -> Step {
        // jq takes an error without a message for no result.
        if matches!(value, Val::Null) {
            return Ok(State::Back);
        }
        loop {
            match self.choices.pop() {
                Some(Choice::Catch(Some((handler, scope)), item, rest)) => {
                    return Ok(State::Run(handler, scope, Item { val: value, track: item.track }, rest));
                }
                Some(Choice::Catch(None, ..)) => return Ok(State::Back),
                Some(Choice::NextPattern(bound)) => return self.bind(&bound),
                Some(_) => {}
                None => return Err(Stop::Error(value)),
            }
        }
    }

    fn choose(&mut self, choice: Choice) -> Step {
        Ok(match choice {
            Choice::Run(node, scope, item, rest) => State::Run(node, scope, item, rest),
            Choice::Items(of, at, rest) => return self.items(of, at, rest),
            Choice::Numbers(from, to, item, rest) => {
                if from >= to {
                    return Ok(State::Back);
                }
                let number = item.with(Val::Number(from));
                self.choices.push(Choice::Numbers(from + 1.0, to, item, rest.clone()));
                State::Give(number, rest)
            }
            Choice::Catch(..) | Choice::Label(_) | Choice::NextPattern(_) => State::Back,
            Choice::Collected(list, item, rest) => {
                let list = self.made(Val::array(list.take()))?;
                State::Give(item.with(list), rest)
            }
            Choice::Otherwise(found, node, scope, item, rest) => {
                if found.get() {
                    State::Back
                } else {
                    State::Run(node, scope, item, rest)
                }
            }
            Choice::Folded(cell, item, rest) => State::Give(item.with(cell.replace(Val::Null)), rest),
        })
    }

    /// The items of a value from one on.
    fn items(&mut self, of: Item, at: usize, rest: Rest) -> Step {
        let (key, val, is_last) = match &of.val {
            Val::Array(array) => match array.items.get(at) {
                Some(val) => (Val::count(at), val.clone(), at + 1 == array.items.len()),
                None => return Ok(State::Back),
            },
            Val::Object(object) => match object.entries.get_index(at) {
                Some((key, val)) => (Val::Text(Arc::clone(key)), val.clone(), at + 1 == object.entries.len()),
                None => return Ok(State::Back),
            },
            _ => return Ok(State::Back),
        };
        let item = of.step(key, val)?;
        if !is_last {
            self.choices.push(Choice::Items(of, at + 1, rest.clone()));
        }
        Ok(State::Give(item, rest))
    }

    fn node(&mut self, id: Id, scope: Scope, input: Item, rest: Rest) -> Step {
        let code = self.code;
        Ok(match &code.nodes[id] {
            Node::Identity => State::Give(input, rest),
            Node::Constant(val) => State::Give(input.with(val.clone()), rest),
            Node::Text(_, pieces) => {
                let count = pieces.iter().filter(|piece| matches!(piece, Piece::Expression(_))).count();
                return self.arguments(id, scope, input, count, rest);
            }
            Node::Native(_, arguments) => return self.arguments(id, scope, input, arguments.len(), rest),
            // The first bound is the outer loop, so it comes first.
            Node::Range(..) => return self.arguments(id, scope, input, 2, rest),
            Node::GetPath(_) => return self.arguments(id, scope, input, 1, rest),
            Node::Array(None) => State::Give(input.with(Val::array(Vec::new())), rest),
            Node::Array(Some(items)) => {
                let list = Rc::new(RefCell::new(Vec::new()));
                let aside = input.aside();
                self.choices.push(Choice::Collected(Rc::clone(&list), input, rest));
                State::Run(*items, scope, aside, wait(Then::Collect(list), None)?)
            }
            Node::Object(_) => {
                return self.entry(id, scope, input, 0, None, Val::object(IndexMap::new()), rest);
            }
            Node::Index(_, key, _) => {
                let aside = input.aside();
                let then = Then::Key { of: id, scope: scope.clone(), input, slice: None };
                State::Run(*key, scope, aside, wait(then, rest)?)
            }
            Node::Slice(_, from, to, _) => {
                let aside = input.aside();
                let slice = if from.is_some() { None } else { Some(Val::Null) };
                let then = Then::Key { of: id, scope: scope.clone(), input, slice };
                match from.or(*to) {
                    Some(end) => State::Run(end, scope, aside, wait(then, rest)?),
                    None => State::Back,
                }
            }
            Node::Each(of, is_optional) => State::Run(*of, scope, input, wait(Then::Iterate(*is_optional), rest)?),
            Node::And(left, right) | Node::Or(left, right) => {
                let is_and = matches!(&code.nodes[id], Node::And(..));
                let aside = input.aside();
                let then = Then::Logic { is_and, right: Some(*right), scope: scope.clone(), input };
                State::Run(*left, scope, aside, wait(then, rest)?)
            }
            Node::Alternative(left, right) => {
                let found = Rc::new(Cell::new(false));
                let other = Choice::Otherwise(Rc::clone(&found), *right, scope.clone(), input.clone(), rest.clone());
                self.choices.push(other);
                State::Run(*left, scope, input, wait(Then::Truthy(found), rest)?)
            }
            Node::Pipe(left, right) => {
                let then = wait(Then::Run(*right, scope.clone()), rest)?;
                State::Run(*left, scope, input, then)
            }
            Node::Comma(left, right) => {
                self.choices.push(Choice::Run(*right, scope.clone(), input.clone(), rest.clone()));
                State::Run(*left, scope, input, rest)
            }
            Node::Binding(source, patterns, body) => {
                let aside = input.aside();
                let goal = Rc::new(Goal::Body(*body, input));
                let then = Then::Bind { patterns: Arc::clone(patterns), scope: scope.clone(), goal };
                State::Run(*source, scope, aside, wait(then, rest)?)
            }
            Node::Reduce(_, _, first, _) | Node::Foreach(_, _, first, _, _) => {
                let then = Then::Start { node: id, scope: scope.clone(), input: input.clone() };
                State::Run(*first, scope, input, wait(then, rest)?)
            }
            Node::If(test, then, otherwise) => {
                let aside = input.aside();
                let branch = Then::Branch { then: *then, otherwise: *otherwise, scope: scope.clone(), input };
                State::Run(*test, scope, aside, wait(branch, rest)?)
            }
            Node::Try(body, handler) => {
                let handler = handler.map(|handler| (handler, scope.clone()));
                self.choices.push(Choice::Catch(handler, input.clone(), rest.clone()));
                State::Run(*body, scope, input, rest)
            }
            Node::Label(body) => {
                self.labels += 1;
                self.choices.push(Choice::Label(self.labels));
                State::Run(*body, named(&scope, Slot::Label(self.labels))?, input, rest)
            }
            Node::Break(place) => match back(&scope, *place) {
                Some(found) => match found.slot {
                    Slot::Label(label) => State::Break(label),
                    _ => return Err(stop("a label that is none")),
                },
                None => return Err(stop("a label that is none")),
            },
            Node::Define(body) => State::Run(*body, named(&scope, Slot::Function)?, input, rest),
            Node::Call(place, function, arguments) => {
                let inner = Self::enter(code, back(&scope, *place).clone(), &scope, arguments)?;
                State::Run(code.functions[*function], inner, input, rest)
            }
            Node::Global(function, arguments) => {
                let inner = Self::enter(code, None, &scope, arguments)?;
                State::Run(code.functions[*function], inner, input, rest)
            }
            Node::Closure(place) => match back(&scope, *place).as_ref().map(|found| &found.slot) {
                Some(Slot::Closure(body, inner)) => State::Run(*body, inner.clone(), input, rest),
                _ => return Err(stop("a parameter that is none")),
            },
            Node::Variable(place) => match back(&scope, *place).as_ref().map(|found| &found.slot) {
                Some(Slot::Value(val)) => State::Give(input.with(val.clone()), rest),
                _ => return Err(stop("a variable that is none")),
            },
            Node::Path(inner) => {
                let track = Track { path: Vec::new(), at: input.val.clone() };
                let start = Item { val: input.val.clone(), track: Some(Rc::new(track)) };
                State::Run(*inner, scope, start, wait(Then::EndPath(input), rest)?)
            }
            Node::Empty => State::Back,
            Node::Error(message) => {
                let aside = input.aside();
                State::Run(*message, scope, aside, wait(Then::Fail, rest)?)
            }
        })
    }

    /// The environment of a function that is called.
    fn enter(code: &Code, mut inner: Scope, scope: &Scope, arguments: &[Id]) -> Result<Scope, Stop> {
        for argument in arguments {
            let slot = match &code.nodes[*argument] {
                // A parameter that is handed on is the same closure, however often.
                Node::Closure(place) => match back(scope, *place) {
                    Some(found) => found.slot.clone(),
                    None => return Err(stop("a parameter that is none")),
                },
                _ => Slot::Closure(*argument, scope.clone()),
            };
            inner = named(&inner, slot)?;
        }
        Ok(inner)
    }

    /// Runs what gives the arguments of a node, then the node.
    fn arguments(&mut self, node: Id, scope: Scope, input: Item, count: usize, rest: Rest) -> Step {
        self.argument(node, scope, input, count, Vec::new(), rest)
    }

    fn argument(&mut self, node: Id, scope: Scope, input: Item, left: usize, got: Vec<Val>, rest: Rest) -> Step {
        let (mut left, mut got) = (left, got);
        // What is constant is there at once.
        while let (Node::Native(_, arguments), Some(next)) = (&self.code.nodes[node], left.checked_sub(1)) {
            let Node::Constant(val) = &self.code.nodes[arguments[next]] else { break };
            got.push(val.clone());
            left = next;
        }
        let Some(next) = left.checked_sub(1) else { return self.apply(node, &input, got, rest) };
        let expression = match &self.code.nodes[node] {
            Node::Native(_, arguments) => arguments[next],
            Node::GetPath(path) => *path,
            Node::Range(from, to) => {
                if left == 2 {
                    *from
                } else {
                    *to
                }
            }
            Node::Text(_, pieces) => {
                let mut expressions = pieces.iter().filter_map(|piece| match piece {
                    Piece::Expression(id) => Some(*id),
                    Piece::Characters(_) => None,
                });
                match expressions.nth(next) {
                    Some(id) => id,
                    None => return Ok(State::Back),
                }
            }
            _ => return Ok(State::Back),
        };
        let aside = input.aside();
        let then = Then::Argument { node, scope: scope.clone(), input, left: next, got };
        Ok(State::Run(expression, scope, aside, wait(then, rest)?))
    }

    /// Applies a node to its arguments, of which the last came first.
    fn apply(&mut self, node: Id, input: &Item, mut got: Vec<Val>, rest: Rest) -> Step {
        got.reverse();
        let val = match &self.code.nodes[node] {
            Node::Native(native, _) => take!(native(&input.val, &got)),
            Node::Range(..) => {
                let (Some(Val::Number(to)), Some(Val::Number(from))) = (got.first(), got.get(1)) else {
                    return Ok(State::Raise(Val::text("Range bounds must be numeric")));
                };
                self.choices.push(Choice::Numbers(*from, *to, input.clone(), rest));
                return Ok(State::Back);
            }
            Node::GetPath(_) => {
                let Some(path) = got.first() else { return Ok(State::Back) };
                if !input.is_on_path() {
                    return Ok(off_path(&input.val, "getpath", path));
                }
                let val = take!(paths::get(&input.val, path));
                let Some(track) = &input.track else { return Ok(State::Give(input.with(val), rest)) };
                let Val::Array(steps) = path else { return Ok(State::Back) };
                let mut path = track.path.clone();
                path.extend(steps.items.iter().cloned());
                let track = Track { path, at: val.clone() };
                return Ok(State::Give(Item { val, track: Some(Rc::new(track)) }, rest));
            }
            Node::Text(name, pieces) => {
                let mut values = got.iter();
                let mut text = String::new();
                for piece in pieces {
                    match piece {
                        Piece::Characters(characters) => text.push_str(characters),
                        Piece::Expression(_) => {
                            let value = values.next().unwrap_or(&Val::Null);
                            text.push_str(&take!(format(name, value)));
                        }
                    }
                }
                Val::text(text)
            }
            _ => return Ok(State::Back),
        };
        let val = self.made(val)?;
        Ok(State::Give(input.with(val), rest))
    }

    /// Runs the next key or value of an object.
    #[expect(clippy::too_many_arguments, reason = "they are what a waiting entry keeps")]
    fn entry(
        &mut self,
        node: Id,
        scope: Scope,
        input: Item,
        at: usize,
        key: Option<Arc<str>>,
        made: Val,
        rest: Rest,
    ) -> Step {
        let Node::Object(entries) = &self.code.nodes[node] else { return Ok(State::Back) };
        let Some((of_key, of_value)) = entries.get(at) else {
            let made = self.made(made)?;
            return Ok(State::Give(input.with(made), rest));
        };
        let expression = if key.is_none() { *of_key } else { *of_value };
        let aside = input.aside();
        let then = Then::Entry { node, scope: scope.clone(), input, at, key, made };
        Ok(State::Run(expression, scope, aside, wait(then, rest)?))
    }
}

impl Bound {
    fn at(&self, at: usize) -> Self {
        Self {
            patterns: Arc::clone(&self.patterns),
            at,
            scope: self.scope.clone(),
            goal: Rc::clone(&self.goal),
            source: self.source.clone(),
            rest: self.rest.clone(),
        }
    }
}

fn off_path(val: &Val, what: &str, key: &Val) -> State {
    let message = format!("Invalid path expression near attempt to {what} {} of {}", key.dump(), val.dump());
    State::Raise(Val::text(message))
}
