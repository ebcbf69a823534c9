//! What is done with a value that comes.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use super::{Bound, Choice, Goal, Item, Machine, State, Step, Task, Then, Waiting, off_path, take, wait};
use crate::trace::jq::compile::Node;
use crate::trace::jq::natives::{Fault, index};
use crate::trace::jq::value::Val;

impl Machine<'_> {
    /// Hands a value to what waits for it.
    pub(super) fn give(&mut self, item: Item, waiting: &Rc<Waiting>) -> Step {
        let rest = waiting.next.clone();
        Ok(match &waiting.then {
            Then::Run(node, scope) => State::Run(*node, scope.clone(), item, rest),
            Then::Collect(list) => {
                list.borrow_mut().push(item.val);
                State::Back
            }
            Then::Argument { node, scope, input, left, got } => {
                let mut got = got.clone();
                got.push(item.val);
                return self.argument(*node, scope.clone(), input.clone(), *left, got, rest);
            }
            Then::Entry { node, scope, input, at, key, made } => {
                let (scope, input, made) = (scope.clone(), input.clone(), made.clone());
                let Some(key) = key else {
                    let Val::Text(key) = item.val else {
                        let message = format!("Cannot use {} as object key", item.val.shown());
                        return Ok(State::Raise(Val::text(message)));
                    };
                    return self.entry(*node, scope, input, *at, Some(key), made, rest);
                };
                let mut made = made;
                if let Val::Object(object) = &mut made {
                    Arc::make_mut(object).set(Arc::clone(key), item.val);
                }
                return self.entry(*node, scope, input, at + 1, None, made, rest);
            }
            Then::Key { of, scope, input, slice } => {
                let (inner, to, is_optional) = match &self.code.nodes[*of] {
                    Node::Slice(inner, _, to, is_optional) => (inner, to, *is_optional),
                    Node::Index(inner, _, is_optional) => {
                        let take = wait(Then::Take(item.val, *is_optional), rest)?;
                        return Ok(State::Run(*inner, scope.clone(), input.clone(), take));
                    }
                    _ => return Ok(State::Back),
                };
                let (from, end) = match (slice, to) {
                    (None, Some(to)) => {
                        let then =
                            Then::Key { of: *of, scope: scope.clone(), input: input.clone(), slice: Some(item.val) };
                        return Ok(State::Run(*to, scope.clone(), input.aside(), wait(then, rest)?));
                    }
                    (None, None) => (item.val, Val::Null),
                    (Some(from), _) => (from.clone(), item.val),
                };
                let ends = [(Arc::from("start"), from), (Arc::from("end"), end)];
                let key = Val::object(ends.into_iter().collect());
                State::Run(*inner, scope.clone(), input.clone(), wait(Then::Take(key, is_optional), rest)?)
            }
            Then::Take(key, is_optional) => {
                if !item.is_on_path() {
                    return Ok(off_path(&item.val, "access element", key));
                }
                let val = match index(&item.val, key) {
                    Err(Fault::Error(_)) if *is_optional => return Ok(State::Back),
                    result => take!(result),
                };
                let val = self.made(val)?;
                State::Give(item.step(key.clone(), val)?, rest)
            }
            Then::Iterate(is_optional) => {
                if !item.is_on_path() {
                    let message =
                        format!("Invalid path expression near attempt to iterate through {}", item.val.dump());
                    return Ok(State::Raise(Val::text(message)));
                }
                if !matches!(item.val, Val::Array(_) | Val::Object(_)) {
                    if *is_optional {
                        return Ok(State::Back);
                    }
                    let shown = item.val.shown();
                    return Ok(State::Raise(Val::text(format!("Cannot iterate over {shown}"))));
                }
                return self.items(item, 0, rest);
            }
            Then::Logic { is_and, right, scope, input } => {
                let is_true = item.val.is_true();
                match right {
                    Some(right) if is_true == *is_and => {
                        let then =
                            Then::Logic { is_and: *is_and, right: None, scope: scope.clone(), input: input.clone() };
                        State::Run(*right, scope.clone(), input.aside(), wait(then, rest)?)
                    }
                    _ => State::Give(input.with(Val::Bool(is_true)), rest),
                }
            }
            Then::Truthy(found) => {
                if item.val.is_true() {
                    found.set(true);
                    State::Give(item, rest)
                } else {
                    State::Back
                }
            }
            Then::Branch { then, otherwise, scope, input } => {
                let branch = if item.val.is_true() { *then } else { *otherwise };
                State::Run(branch, scope.clone(), input.clone(), rest)
            }
            Then::Bind { patterns, scope, goal } => {
                let bound = Bound {
                    patterns: Arc::clone(patterns),
                    at: 0,
                    scope: scope.clone(),
                    goal: Rc::clone(goal),
                    source: item,
                    rest,
                };
                return self.bind(&bound);
            }
            Then::BindKey { bound, tasks, vars, of, variable, inner } => {
                if !matches!(item.val, Val::Text(_)) {
                    let message = format!("Cannot index {} with {}", of.kind(), item.val.kind());
                    return Ok(State::Raise(Val::text(message)));
                }
                let (mut tasks, mut vars) = (tasks.clone(), vars.clone());
                let val = take!(index(of, &item.val));
                if let Some(variable) = variable {
                    vars[*variable] = val.clone();
                }
                tasks.extend(inner.clone().map(|inner| Task(inner, val)));
                return Self::take_apart(bound, tasks, vars);
            }
            Then::Start { node, scope, input } => {
                let cell = Rc::new(RefCell::new(item.val.clone()));
                match &self.code.nodes[*node] {
                    Node::Reduce(source, patterns, _, step) => {
                        let folded = Choice::Folded(Rc::clone(&cell), item.clone(), rest);
                        self.choices.push(folded);
                        let goal = Rc::new(Goal::Reduce(*step, cell));
                        let then = Then::Bind { patterns: Arc::clone(patterns), scope: scope.clone(), goal };
                        let start = Item { val: input.val.clone(), track: item.track };
                        State::Run(*source, scope.clone(), start, wait(then, None)?)
                    }
                    Node::Foreach(source, patterns, _, step, result) => {
                        let goal = Rc::new(Goal::Foreach(*step, *result, cell));
                        let then = Then::Bind { patterns: Arc::clone(patterns), scope: scope.clone(), goal };
                        let start = Item { val: input.val.clone(), track: item.track };
                        State::Run(*source, scope.clone(), start, wait(then, rest)?)
                    }
                    _ => State::Back,
                }
            }
            Then::Store(cell) => {
                cell.replace(item.val);
                State::Back
            }
            Then::Emit { cell, result, scope } => {
                cell.replace(item.val.clone());
                match result {
                    Some(result) => State::Run(*result, scope.clone(), item, rest),
                    None => State::Give(item, rest),
                }
            }
            Then::EndPath(outer) => {
                if !item.is_on_path() {
                    let message = format!("Invalid path expression with result {}", trimmed(&item.val));
                    return Ok(State::Raise(Val::text(message)));
                }
                let path = item.track.as_ref().map(|track| track.path.clone()).unwrap_or_default();
                State::Give(outer.with(Val::array(path)), rest)
            }
            Then::Fail => State::Raise(item.val),
        })
    }
}

/// The beginning of a value, as errors about paths name it.
fn trimmed(val: &Val) -> String {
    let shown = val.shown();
    shown.split_once(" (").map_or(shown.clone(), |(_, rest)| rest.trim_end_matches(')').to_owned())
}
