//! Values that are taken apart, and what is done with the variables.

use std::rc::Rc;

use super::{Bound, Choice, Goal, Item, Machine, Slot, State, Step, Task, Then, named, take, wait};
use crate::trace::jq::compile::Shape;
use crate::trace::jq::natives::index;
use crate::trace::jq::value::Val;

impl Machine<'_> {
    /// Takes a value apart by the pattern whose turn it is.
    pub(super) fn bind(&mut self, bound: &Bound) -> Step {
        let Some(pattern) = bound.patterns.all.get(bound.at) else { return Ok(State::Back) };
        if bound.at + 1 < bound.patterns.all.len() {
            self.choices.push(Choice::NextPattern(Rc::new(bound.at(bound.at + 1))));
        }
        let tasks = vec![Task(pattern.clone(), bound.source.val.clone())];
        Self::take_apart(&Rc::new(bound.at(bound.at)), tasks, vec![Val::Null; bound.patterns.variables])
    }

    pub(super) fn take_apart(bound: &Rc<Bound>, mut tasks: Vec<Task>, mut vars: Vec<Val>) -> Step {
        while let Some(Task(shape, val)) = tasks.pop() {
            match shape {
                Shape::Variable(number) => vars[number] = val,
                Shape::Array(items) => {
                    for (at, inner) in items.into_iter().enumerate().rev() {
                        let item = take!(index(&val, &Val::count(at)));
                        tasks.push(Task(inner, item));
                    }
                }
                Shape::Object(mut entries) => {
                    if entries.is_empty() {
                        continue;
                    }
                    let (variable, key, inner) = entries.remove(0);
                    if !entries.is_empty() {
                        tasks.push(Task(Shape::Object(entries), val.clone()));
                    }
                    let input = Item { val: val.clone(), track: None };
                    let scope = bound.scope.clone();
                    let then = Then::BindKey { bound: Rc::clone(bound), tasks, vars, of: val, variable, inner };
                    return Ok(State::Run(key, scope, input, wait(then, bound.rest.clone())?));
                }
            }
        }
        let mut scope = bound.scope.clone();
        for var in vars {
            scope = named(&scope, Slot::Value(var))?;
        }
        let rest = bound.rest.clone();
        Ok(match &*bound.goal {
            Goal::Body(body, input) => State::Run(*body, scope, input.clone(), rest),
            Goal::Reduce(step, cell) => {
                let input = bound.source.with(cell.replace(Val::Null));
                State::Run(*step, scope, input, wait(Then::Store(Rc::clone(cell)), None)?)
            }
            Goal::Foreach(step, result, cell) => {
                let input = bound.source.with(cell.replace(Val::Null));
                let then = Then::Emit { cell: Rc::clone(cell), result: *result, scope: scope.clone() };
                State::Run(*step, scope, input, wait(then, rest)?)
            }
        })
    }
}
