//! Conditions of a template: what they can be together, and what may be missing when they are not met.

use std::collections::{BTreeMap, BTreeSet};

use super::Context;
use super::known::constant;
use super::uses::{self, Named};
use crate::diagnostics::Sink;
use crate::template::{Data, Function, Template, Value};

codes! {
    /// Something refers to a resource that does not exist under some condition.
    ///
    /// When the condition of the resource is not met and that of whoever refers to it is, CloudFormation refuses the
    /// template: the reference cannot be resolved.
    ///
    /// ```yaml
    /// Parameters:
    ///   Keep: { Type: String, AllowedValues: ["yes", "no"] }
    /// Conditions:
    ///   Kept: !Equals [!Ref Keep, "yes"]
    /// Resources:
    ///   Archive:
    ///     Type: AWS::S3::Bucket
    ///     Condition: Kept
    /// Outputs:
    ///   Name: { Value: !Ref Archive }
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// Parameters:
    ///   Keep: { Type: String, AllowedValues: ["yes", "no"] }
    /// Conditions:
    ///   Kept: !Equals [!Ref Keep, "yes"]
    /// Resources:
    ///   Archive:
    ///     Type: AWS::S3::Bucket
    ///     Condition: Kept
    /// Outputs:
    ///   Name: { Value: !Ref Archive, Condition: Kept }
    /// ```
    ///
    /// Source: CloudFormation User Guide, "CloudFormation template Conditions syntax".
    MISSING = Warning "may-not-exist";

    /// A condition or a choice is always decided in the same way.
    ///
    /// ```yaml
    /// Conditions:
    ///   Never: !Equals [a, b]
    /// Resources:
    ///   Archive:
    ///     Type: AWS::S3::Bucket
    ///     Condition: Never
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// Resources:
    ///   Archive:
    ///     Type: AWS::S3::Bucket
    /// ```
    CONSTANT = Warning "constant-condition";

    /// The name of a condition has other signs than letters and digits.
    ///
    /// Names in templates are alphanumeric. CloudFormation takes some others in conditions today, as hyphens, but does
    /// not say so, and other tools refuse them.
    ///
    /// ```yaml
    /// Parameters:
    ///   Stage: { Type: String }
    /// Conditions:
    ///   Is-Prod: !Equals [!Ref Stage, prod]
    /// Resources:
    ///   Jobs:
    ///     Type: AWS::SQS::Queue
    ///     Condition: Is-Prod
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// Parameters:
    ///   Stage: { Type: String }
    /// Conditions:
    ///   IsProd: !Equals [!Ref Stage, prod]
    /// Resources:
    ///   Jobs:
    ///     Type: AWS::SQS::Queue
    ///     Condition: IsProd
    /// ```
    ///
    /// Source: CloudFormation User Guide, "CloudFormation template Conditions syntax", logical ids.
    NAME = Warning "unusual-condition-name";
}

/// Combinations beyond these are not tried out: what would need more is not checked.
const MOST_COMBINATIONS: usize = 4096;

/// So many answers are kept, of all conditions together.
const MOST_ANSWERS: usize = 4_000_000;
/// So many conditions may name each other in a row.
const LONGEST_CHAIN: usize = 200;

/// All that conditions compare, and how every combination of its values decides each condition.
pub struct Solver<'a> {
    template: &'a Template,
    /// What is compared, each with the values that make a difference; the last stands for all others if `other`.
    variables: Vec<Variable>,
    /// Where a variable is in a combination, by its text.
    index: BTreeMap<String, usize>,
    combinations: usize,
    tables: BTreeMap<&'a str, Table>,
}

struct Variable {
    values: Vec<String>,
    /// Whether it can be none of the values.
    other: bool,
}

impl Variable {
    fn size(&self) -> usize {
        self.values.len() + usize::from(self.other)
    }
}

/// A condition that must be met, or not.
pub type Assumption<'a> = (&'a str, bool);

/// How each combination decides a condition; `None` if that cannot be known.
type Table = Vec<Option<bool>>;

impl<'a> Solver<'a> {
    /// Reads all conditions; `None` if there are too many combinations.
    pub fn new(template: &'a Template) -> Option<Self> {
        let mut solver =
            Self { template, variables: Vec::new(), index: BTreeMap::new(), combinations: 1, tables: BTreeMap::new() };
        for (_, condition) in &template.conditions.0 {
            let mut comparisons = Vec::new();
            condition.walk(&mut |part| {
                if let Data::Call(Function::Equals, argument) = &part.data {
                    comparisons.push(argument.as_ref());
                }
            });
            for comparison in comparisons {
                solver.declare(comparison);
            }
        }
        for variable in &solver.variables {
            solver.combinations = solver.combinations.checked_mul(variable.size().max(1))?;
            if solver.combinations > MOST_COMBINATIONS {
                return None;
            }
        }
        if solver.combinations.saturating_mul(template.conditions.0.len()) > MOST_ANSWERS {
            return None;
        }
        for (key, condition) in &template.conditions.0 {
            solver.decide_named(&key.text, condition, &mut BTreeSet::new());
        }
        Some(solver)
    }

    fn declare(&mut self, comparison: &Value) {
        let Some((name, value)) = compared(comparison) else { return };
        let at = *self.index.entry(name.clone()).or_insert_with(|| {
            self.variables.push(variable(self.template, &name));
            self.variables.len() - 1
        });
        if let Some(variable) = self.variables.get_mut(at)
            && variable.other
            && !variable.values.contains(&value)
        {
            variable.values.push(value);
        }
    }

    /// Whether some combination meets all assumptions.
    pub fn is_possible(&self, assumptions: &[Assumption<'_>]) -> bool {
        let tables: Vec<(&Table, bool)> =
            assumptions.iter().filter_map(|(name, wanted)| Some((self.tables.get(name)?, *wanted))).collect();
        (0..self.combinations).any(|combination| {
            let held = |table: &Table| table.get(combination).copied().flatten();
            tables.iter().all(|(table, wanted)| held(table).is_none_or(|held| held == *wanted))
        })
    }

    /// Fills in the table of a condition, after those of the conditions that it names. `open` are those that name it:
    /// what is named in a circle is not known.
    fn decide_named(&mut self, name: &'a str, condition: &'a Value, open: &mut BTreeSet<&'a str>) -> Table {
        if let Some(known) = self.tables.get(name) {
            return known.clone();
        }
        if open.len() > LONGEST_CHAIN || !open.insert(name) {
            return self.unknown();
        }
        let table = self.decide(condition, open);
        open.remove(name);
        self.tables.insert(name, table.clone());
        table
    }

    fn unknown(&self) -> Table {
        vec![None; self.combinations]
    }

    fn decide(&mut self, condition: &'a Value, open: &mut BTreeSet<&'a str>) -> Table {
        let Data::Call(function, argument) = &condition.data else { return self.unknown() };
        let parts = argument.as_list().unwrap_or_default();
        match function {
            Function::Condition => {
                match argument.as_str().and_then(|name| Some((name, self.template.conditions.get(name)?))) {
                    Some((name, condition)) => self.decide_named(name, condition, open),
                    None => self.unknown(),
                }
            }
            Function::Not => match parts.first() {
                Some(part) => self.decide(part, open).into_iter().map(|held| held.map(|held| !held)).collect(),
                None => self.unknown(),
            },
            Function::And | Function::Or => {
                let all = *function == Function::And;
                let start = vec![Some(all); self.combinations];
                parts.iter().fold(start, |table, part| {
                    let other = self.decide(part, open);
                    table.into_iter().zip(other).map(|(one, other)| together(one, other, all)).collect()
                })
            }
            Function::Equals => self.equal(argument).unwrap_or_else(|| self.unknown()),
            _ => self.unknown(),
        }
    }

    fn equal(&self, comparison: &Value) -> Option<Table> {
        if let [one, other] = comparison.as_list()?
            && let (Some(one), Some(other)) = (constant(one), constant(other))
        {
            return Some(vec![Some(one == other); self.combinations]);
        }
        let (name, value) = compared(comparison)?;
        let at = *self.index.get(&name)?;
        let before: usize = self.variables.iter().take(at).map(|variable| variable.size().max(1)).product();
        let variable = self.variables.get(at)?;
        let held = |combination: usize| {
            let chosen = (combination / before) % variable.size().max(1);
            Some(variable.values.get(chosen).is_some_and(|chosen| *chosen == value))
        };
        Some((0..self.combinations).map(held).collect())
    }
}

/// Whether both are met, or (if not `all`) one of them.
fn together(one: Option<bool>, other: Option<bool>, all: bool) -> Option<bool> {
    match (one, other) {
        (Some(decisive), _) | (_, Some(decisive)) if decisive != all => Some(decisive),
        (Some(_), Some(_)) => Some(all),
        _ => None,
    }
}

/// The values that a parameter can have.
fn variable(template: &Template, name: &str) -> Variable {
    let parameter = template.parameters.get(name).and_then(Value::as_map);
    let allowed = parameter.and_then(|parameter| parameter.get("AllowedValues")).and_then(Value::as_list);
    match allowed.map(|allowed| allowed.iter().map(constant).collect::<Option<Vec<_>>>()) {
        Some(Some(values)) if !values.is_empty() => Variable { values, other: false },
        _ => Variable { values: Vec::new(), other: true },
    }
}

/// What a comparison compares with a constant. Two things that are not known are one thing, which is so or not.
fn compared(comparison: &Value) -> Option<(String, String)> {
    let [one, other] = comparison.as_list()? else { return None };
    match (constant(one), constant(other)) {
        (Some(_), Some(_)) => None,
        (None, Some(value)) => Some((text_of(one), value)),
        (Some(value), None) => Some((text_of(other), value)),
        (None, None) => Some((format!("{}={}", text_of(one), text_of(other)), "true".to_owned())),
    }
}

/// A text that is the same for the same value; the name alone for a reference.
fn text_of(value: &Value) -> String {
    match &value.data {
        Data::Call(Function::Ref, argument) => argument.as_str().unwrap_or_default().to_owned(),
        Data::Call(function, argument) => format!("{}({})", function.name(), text_of(argument)),
        Data::List(items) => items.iter().map(text_of).collect::<Vec<_>>().join(","),
        Data::Map(map) => {
            map.0.iter().map(|(key, value)| format!("{}:{}", key.text, text_of(value))).collect::<Vec<_>>().join(",")
        }
        _ => format!("{:?}", constant(value)),
    }
}

/// Checks what conditions leave out.
pub fn check(context: &Context<'_>, sink: &mut Sink) {
    let template = context.template;
    if template.conditions.0.is_empty() || context.is_open {
        return;
    }
    for (key, _) in &template.conditions.0 {
        let usual = key.text.bytes().all(|letter| letter.is_ascii_alphanumeric()) || key.text.starts_with("Fn::");
        if !usual {
            let plain: String = key.text.chars().filter(char::is_ascii_alphanumeric).collect();
            sink.report(&NAME, key.origin.span(), format!("`{}` as the name of a condition", key.text))
                .path(format!("Conditions/{}", key.text))
                .help(format!("write `{plain}`, letters and digits alone"));
        }
    }
    let Some(solver) = Solver::new(template) else { return };
    for (key, condition) in &template.conditions.0 {
        // What is not decided here can be both.
        let (can_be, can_fail) = (solver.is_possible(&[(&key.text, true)]), solver.is_possible(&[(&key.text, false)]));
        let is_known = matches!(&condition.data, Data::Call(..));
        if is_known && can_be != can_fail {
            let word = if can_be { "always" } else { "never" };
            sink.report(&CONSTANT, key.origin.span(), format!("condition `{}` is {word} met", key.text))
                .path(format!("Conditions/{}", key.text))
                .help("remove it, or compare with what can differ");
        }
    }
    let resources = template.resources.iter().flat_map(|resource| {
        let mut all = uses::of_resource(context, resource);
        all.extend(uses::dependencies(resource));
        all
    });
    for one in resources.chain(uses::of_section(context, "Outputs", &template.outputs)) {
        let (Named::Id(id) | Named::Attribute(id, _)) = one.name else { continue };
        let Some(condition) = context.resources.get(id).and_then(|resource| resource.condition.as_deref()) else {
            continue;
        };
        let mut assumptions = one.under.clone();
        if !solver.is_possible(&assumptions) {
            continue;
        }
        assumptions.push((condition, false));
        if template.conditions.get(condition).is_some() && solver.is_possible(&assumptions) {
            let help = if one.path.ends_with("/DependsOn") {
                "give this the same condition, or refer to it with `!If` in the metadata instead".to_owned()
            } else {
                format!("give this the same condition, or choose with `!If [{condition}, …, !Ref AWS::NoValue]`")
            };
            sink.report(&MISSING, one.whole, format!("`{id}` does not exist when condition `{condition}` is not met"))
                .path(one.path.as_str())
                .help(help);
        }
    }
}
