//! Intrinsic functions: what each takes, and where each may stand.

use super::{Context, formats, structure};
use crate::diagnostics::{Sink, closest};
use crate::source::Span;
use crate::template::{Data, Function, Key, Map, Value};

codes! {
    /// An intrinsic function is given what it cannot take.
    ///
    /// ```yaml
    /// Resources:
    ///   Archive:
    ///     Type: AWS::S3::Bucket
    ///     Properties:
    ///       BucketName: !Join [archive, "1"]
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// Resources:
    ///   Archive:
    ///     Type: AWS::S3::Bucket
    ///     Properties:
    ///       BucketName: !Join ["-", [archive, "1"]]
    /// ```
    ///
    /// Source: CloudFormation User Guide, "Intrinsic function reference".
    ARGUMENT = Error "function-argument";

    /// A function stands where CloudFormation does not evaluate it.
    ///
    /// Parameters and mappings are constants, and so are the type, the dependencies and the condition of a resource.
    /// `Fn::And`, `Fn::Equals`, `Fn::Not` and `Fn::Or` decide conditions, and stand nowhere else.
    ///
    /// ```yaml
    /// Parameters:
    ///   Name:
    ///     Type: String
    ///     Default: !Sub "${AWS::StackName}-archive"
    /// Resources:
    ///   Archive:
    ///     Type: AWS::S3::Bucket
    ///     Properties: { BucketName: !Ref Name }
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// Resources:
    ///   Archive:
    ///     Type: AWS::S3::Bucket
    ///     Properties: { BucketName: !Sub "${AWS::StackName}-archive" }
    /// ```
    ///
    /// Source: CloudFormation User Guide, "Intrinsic function reference" and "Condition functions".
    MISPLACED = Error "function-not-allowed";

    /// A function does not exist, or needs a transform that the template does not name.
    ///
    /// `Fn::Length`, `Fn::ToJsonString` and `Fn::ForEach` belong to the transform `AWS::LanguageExtensions`.
    ///
    /// ```yaml
    /// Resources:
    ///   Archive:
    ///     Type: AWS::S3::Bucket
    ///     Properties:
    ///       BucketName: { "Fn::Concat": [archive, "1"] }
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// Resources:
    ///   Archive:
    ///     Type: AWS::S3::Bucket
    ///     Properties:
    ///       BucketName: { "Fn::Join": ["", [archive, "1"]] }
    /// ```
    ///
    /// Source: CloudFormation User Guide, "Intrinsic function reference" and "`AWS::LanguageExtensions` transform".
    UNKNOWN = Error "unknown-function";
}

/// The transform of the functions that came later.
pub const LANGUAGE_EXTENSIONS: &str = "AWS::LanguageExtensions";

/// The most conditions that `Fn::And` and `Fn::Or` take, and the fewest.
///
/// Source: CloudFormation User Guide, "Condition functions".
const MOST_CONDITIONS: usize = 10;
const FEWEST_CONDITIONS: usize = 2;

/// Where a value stands, as far as it decides which functions may be there.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Area {
    /// No function at all.
    Constant,
    /// The value decides a condition.
    Condition,
    /// A value of a resource or an output.
    Value,
    /// Not looked into.
    Free,
}

/// Checks all functions of a template that was written by hand.
pub fn check<'a>(context: &'a Context<'a>, sink: &'a mut Sink) {
    let Some(written) = &context.template.written else { return };
    let Some(sections) = written.as_map() else { return };
    let mut run = Run { context, extended: is_extended(context), open: context.is_open, sink };
    for (key, section) in &sections.0 {
        if let (Some(map), "Conditions" | "Outputs" | "Resources") = (section.as_map(), key.text.as_str()) {
            run.loops(map, Area::Value, &key.text);
        }
        match key.text.as_str() {
            "Parameters" | "Mappings" | "Description" | "AWSTemplateFormatVersion" => {
                run.walk(section, Area::Constant, &key.text);
            }
            "Conditions" => run.conditions(section),
            "Rules" | "Transform" | "Globals" | "Hooks" => run.walk(section, Area::Free, &key.text),
            "Resources" => run.resources(section),
            "Outputs" => run.outputs(section),
            _ => {}
        }
    }
}

fn is_extended(context: &Context<'_>) -> bool {
    context.is_open || context.template.transforms.iter().any(|name| name == LANGUAGE_EXTENSIONS)
}

/// How the names of loops begin.
const LOOP: &str = "Fn::ForEach::";

struct Run<'a> {
    context: &'a Context<'a>,
    /// Whether the functions of the language extensions exist.
    extended: bool,
    /// Whether a macro may replace what nobody else knows.
    open: bool,
    sink: &'a mut Sink,
}

impl Run<'_> {
    fn conditions(&mut self, section: &Value) {
        for (key, condition) in section.as_map().map_or(&[][..], |map| &map.0) {
            let path = format!("Conditions/{}", key.text);
            match &condition.data {
                Data::Call(function, _) if decides(*function) => {}
                Data::Null => {}
                _ if key.text.starts_with("Fn::") || self.open => {}
                _ => {
                    let message = format!("condition `{}` is not decided by a condition function", key.text);
                    self.sink
                        .report(&ARGUMENT, key.origin.span(), message)
                        .path(path.as_str())
                        .help("write `!Equals`, `!And`, `!Or`, `!Not` or `!Condition`");
                }
            }
            self.walk(condition, Area::Condition, &path);
        }
    }

    fn resources(&mut self, section: &Value) {
        for (key, resource) in section.as_map().map_or(&[][..], |map| &map.0) {
            for (attribute, value) in resource.as_map().map_or(&[][..], |map| &map.0) {
                let path = format!("Resources/{}/{}", key.text, attribute.text);
                let area = match attribute.text.as_str() {
                    "Type" | "Condition" | "DependsOn" => Area::Constant,
                    // With the language extensions the policies may be decided by parameters.
                    "DeletionPolicy" | "UpdateReplacePolicy" if !self.extended => Area::Constant,
                    _ => Area::Value,
                };
                self.objects(attribute, value, &path);
                self.walk(value, area, &path);
            }
        }
    }

    /// Reports a function that gives text or a list in the place of an object.
    fn objects(&mut self, attribute: &Key, value: &Value, path: &str) {
        let wanted = ["CreationPolicy", "Metadata", "Properties", "UpdatePolicy"].contains(&attribute.text.as_str());
        let Data::Call(function, _) = &value.data else { return };
        // With the language extensions or a macro more may give objects.
        let gives = matches!(function, Function::If | Function::Transform | Function::FindInMap | Function::Select);
        if wanted && !gives && !self.extended {
            let message = format!("`{}` where an object is needed", function.name());
            self.sink
                .report(&MISPLACED, self.context.first_line(value.origin.span()), message)
                .path(path)
                .help(format!("write what is in `{}`", attribute.text));
        }
    }

    fn outputs(&mut self, section: &Value) {
        for (key, output) in section.as_map().map_or(&[][..], |map| &map.0) {
            for (attribute, value) in output.as_map().map_or(&[][..], |map| &map.0) {
                let constant = matches!(attribute.text.as_str(), "Condition" | "Description");
                let area = if constant { Area::Constant } else { Area::Value };
                self.walk(value, area, &format!("Outputs/{}/{}", key.text, attribute.text));
            }
        }
    }

    fn walk(&mut self, value: &Value, area: Area, path: &str) {
        match &value.data {
            Data::List(items) => {
                for (index, item) in items.iter().enumerate() {
                    self.walk(item, area, &format!("{path}/{index}"));
                }
            }
            Data::Map(map) => {
                if let [(key, _)] = map.0.as_slice() {
                    self.unknown(key, area, path);
                }
                self.loops(map, area, path);
                for (key, value) in &map.0 {
                    self.walk(value, area, &format!("{path}/{}", key.text));
                }
            }
            Data::Call(function, argument) => self.call(*function, value, argument, area, path),
            Data::Null | Data::Bool(_) | Data::Number(_) | Data::String(_) => {}
        }
    }

    /// Reports loops that nothing goes over.
    fn loops(&mut self, map: &Map, area: Area, path: &str) {
        let template = self.context.template;
        let extended = template.transforms.iter().any(|name| name == LANGUAGE_EXTENSIONS);
        if extended || area == Area::Free || structure::has_unknown_macro(template) {
            return;
        }
        for key in map.0.iter().map(|(key, _)| key).filter(|key| key.text.starts_with(LOOP)) {
            self.sink
                .report(&UNKNOWN, key.origin.span(), "`Fn::ForEach` needs a transform")
                .path(format!("{path}/{}", key.text))
                .help(format!("add `Transform: {LANGUAGE_EXTENSIONS}`"));
        }
    }

    /// Reports a name that looks like a function and is none.
    fn unknown(&mut self, key: &Key, area: Area, path: &str) {
        let named = key.text.starts_with("Fn::") && !key.text.starts_with(LOOP);
        if !named || self.open || area == Area::Free {
            return;
        }
        let known = Function::ALL.iter().map(|(_, name, _)| *name);
        self.sink
            .report(&UNKNOWN, key.origin.span(), format!("there is no function `{}`", key.text))
            .path(path)
            .help(closest(&key.text, known.clone()).map_or_else(
                || "write a function of CloudFormation, or name the macro that replaces it in `Transform`".to_owned(),
                |name| format!("did you mean `{name}`?"),
            ))
            .meant(&key.text, known);
    }

    fn call(&mut self, function: Function, value: &Value, argument: &Value, area: Area, path: &str) {
        let span = value.origin.span();
        let path = format!("{path}/{}", function.name());
        if !self.stands(function, area, span, &path) {
            return;
        }
        if matches!(function, Function::Length | Function::ToJsonString) && !self.extended {
            self.sink
                .report(&UNKNOWN, span, format!("`{}` needs a transform", function.name()))
                .path(path.as_str())
                .help(format!("add `Transform: {LANGUAGE_EXTENSIONS}`"));
        }
        let typed = |()| self.types(function, argument);
        if let Err(Problem { at, message }) = arguments(function, argument, self.extended).and_then(typed) {
            let whole = std::ptr::eq(at, argument);
            // The long form has the name inside of its place.
            let short = self.context.text_of(span).starts_with('!');
            let at = match (whole, short) {
                (true, true) => span,
                (true, false) => self.context.narrow(span, function.name()),
                (false, _) => self.context.handle(at.origin.span()),
            };
            let span = self.context.first_line(at);
            self.sink
                .report(&ARGUMENT, span, format!("`{}` {message}", function.name()))
                .path(path.as_str())
                .help(format!("write {}", form(function)));
            return;
        }
        let inner = match function {
            Function::And | Function::Or | Function::Not | Function::Equals => Area::Condition,
            Function::Transform => Area::Free,
            _ if area == Area::Condition => Area::Condition,
            _ => area,
        };
        self.walk(argument, inner, &path);
    }

    /// Whether the references in an argument give a list where one is taken, and a single value where not.
    fn types<'v>(&self, function: Function, argument: &'v Value) -> Result<(), Problem<'v>> {
        let (texts, lists) = taken(function, argument);
        // With the language extensions all of a list may be compared or put into a text.
        let texts = if self.extended { Vec::new() } else { texts };
        let gives = |value: &Value| formats::gives_list(self.context, value);
        if let Some(wrong) = texts.into_iter().find(|value| gives(value) == Some(true)) {
            return problem(wrong, "takes a text, a reference that gives a list is given");
        }
        match lists.into_iter().find(|value| gives(value) == Some(false)) {
            Some(wrong) => problem(wrong, "takes a list, a reference that gives a single value is given"),
            None => Ok(()),
        }
    }

    /// Whether a function may stand here, which is said if not.
    fn stands(&mut self, function: Function, area: Area, span: Span, path: &str) -> bool {
        let message = match area {
            Area::Constant if function != Function::Transform => {
                format!("`{}` in a place that takes no functions", function.name())
            }
            Area::Value if decides(function) => {
                format!("`{}` decides conditions and gives no value", function.name())
            }
            _ => return true,
        };
        let help = match area {
            Area::Value => "move it to `Conditions`, and choose by it with `!If`",
            _ => "write the value itself",
        };
        self.sink.report(&MISPLACED, span, message).path(path).help(help);
        false
    }
}

/// Whether a function decides a condition.
fn decides(function: Function) -> bool {
    matches!(function, Function::And | Function::Condition | Function::Equals | Function::Not | Function::Or)
}

/// The parts of an argument that are texts, and those that are lists.
fn taken(function: Function, argument: &Value) -> (Vec<&Value>, Vec<&Value>) {
    let parts = argument.as_list().unwrap_or_default();
    match (function, parts) {
        (Function::Base64 | Function::ImportValue, _) => (vec![argument], Vec::new()),
        (Function::Equals, _) => (parts.iter().collect(), Vec::new()),
        (Function::Join, [_, values]) => (values.as_list().unwrap_or_default().iter().collect(), vec![values]),
        (Function::Length, _) => (Vec::new(), vec![argument]),
        (Function::Select, [index, values]) => (vec![index], vec![values]),
        (Function::Split, [_, source]) => (vec![source], Vec::new()),
        (Function::Sub, [_, variables]) => {
            (variables.as_map().map_or(Vec::new(), |map| map.0.iter().map(|(_, value)| value).collect()), Vec::new())
        }
        _ => (Vec::new(), Vec::new()),
    }
}

/// What is wrong with an argument, and with which part of it.
struct Problem<'a> {
    at: &'a Value,
    message: String,
}

/// How the argument of a function is written.
fn form(function: Function) -> &'static str {
    match function {
        Function::Ref => "the logical id of a resource or the name of a parameter",
        Function::Condition => "the name of a condition",
        Function::And | Function::Or => "a list of two to ten conditions",
        Function::Base64 => "a text or a function that gives one",
        Function::Cidr => "`[block, count, bits]`",
        Function::Equals => "a list of two values",
        Function::FindInMap => "`[map, key, key]`",
        Function::GetAtt => "`[resource, attribute]` or `resource.attribute`",
        Function::GetAzs => "a region, or an empty text for that of the stack",
        Function::GetStackOutput => "an object with the name of the stack and of the output",
        Function::If => "`[condition, value, value]`",
        Function::ImportValue => "the name of an export",
        Function::Join => "`[delimiter, [values]]`",
        Function::Length => "a list",
        Function::Not => "a list of one condition",
        Function::Select => "`[index, [values]]`",
        Function::Split => "`[delimiter, text]`",
        Function::Sub => "a text, or `[text, {names: values}]`",
        Function::ToJsonString => "an object or a list",
        Function::Transform => "`{Name: macro, Parameters: {}}`",
    }
}

fn problem(at: &Value, message: impl Into<String>) -> Result<(), Problem<'_>> {
    Err(Problem { at, message: message.into() })
}

/// The items of a list with so many.
fn items(argument: &Value, fewest: usize, most: usize) -> Result<&[Value], Problem<'_>> {
    let Some(items) = argument.as_list() else {
        return Err(Problem { at: argument, message: format!("takes a list, {} given", what(argument)) });
    };
    if items.len() < fewest || items.len() > most {
        let wanted = if fewest == most { fewest.to_string() } else { format!("{fewest} to {most}") };
        let message = format!("takes {wanted} items, {} given", items.len());
        return Err(Problem { at: argument, message });
    }
    Ok(items)
}

fn what(value: &Value) -> &'static str {
    match &value.data {
        Data::Null => "nothing",
        Data::Bool(_) => "a boolean",
        Data::Number(_) => "a number",
        Data::String(_) => "a text",
        Data::List(_) => "a list",
        Data::Map(_) => "an object",
        Data::Call(..) => "a function",
    }
}

fn is_scalar(value: &Value) -> bool {
    matches!(value.data, Data::Bool(_) | Data::Number(_) | Data::String(_))
}

/// Whether a macro or another tool replaces a value.
fn is_replaced(value: &Value) -> bool {
    matches!(&value.data, Data::Map(map) if matches!(map.0.as_slice(), [(key, _)] if key.text.starts_with("Fn::")))
}

/// A text, or a function that may give one.
fn text(value: &Value) -> Result<(), Problem<'_>> {
    match &value.data {
        Data::Call(Function::Split | Function::GetAzs | Function::Cidr, _) | Data::List(_) | Data::Map(_)
            if !is_replaced(value) =>
        {
            problem(value, format!("takes a text, {} given", what(value)))
        }
        Data::Call(function, _) if decides(*function) => problem(value, "takes a text, a condition given"),
        _ => Ok(()),
    }
}

/// A list, or a function that may give one.
fn list(value: &Value) -> Result<(), Problem<'_>> {
    match &value.data {
        Data::Call(Function::Sub | Function::Join | Function::Base64 | Function::ToJsonString, _) => {
            problem(value, "takes a list, a function that gives a text is given")
        }
        Data::List(_) | Data::Call(..) => Ok(()),
        _ if is_replaced(value) => Ok(()),
        _ => problem(value, format!("takes a list, {} given", what(value))),
    }
}

fn name(value: &Value) -> Result<(), Problem<'_>> {
    if value.as_str().is_some() { Ok(()) } else { problem(value, format!("takes a name, {} given", what(value))) }
}

fn condition(value: &Value) -> Result<(), Problem<'_>> {
    match &value.data {
        Data::Call(function, _) if decides(*function) => Ok(()),
        Data::Map(_) => problem(value, "takes conditions, an object given"),
        Data::Call(..) => problem(value, "takes conditions, another function given"),
        _ => problem(value, format!("takes conditions, {} given", what(value))),
    }
}

/// Source: CloudFormation User Guide, "Intrinsic function reference", the page of each function.
fn arguments(function: Function, argument: &Value, extended: bool) -> Result<(), Problem<'_>> {
    if matches!(argument.data, Data::Null) {
        // That is said for the whole template.
        return Ok(());
    }
    match function {
        Function::Ref if extended => text(argument),
        Function::Ref | Function::Condition => name(argument),
        Function::And | Function::Or => {
            items(argument, FEWEST_CONDITIONS, MOST_CONDITIONS)?.iter().try_for_each(condition)
        }
        Function::Not => items(argument, 1, 1)?.iter().try_for_each(condition),
        Function::Equals => {
            let both = items(argument, 2, 2)?;
            if extended { Ok(()) } else { both.iter().try_for_each(text) }
        }
        Function::GetAzs => match argument.as_str() {
            Some(given) if !given.is_empty() && !is_region(given) => {
                problem(argument, format!("takes a region, `{given}` given"))
            }
            _ => text(argument),
        },
        Function::Base64 | Function::ImportValue => text(argument),
        Function::Cidr => match items(argument, 2, 3)? {
            [block, rest @ ..] => {
                text(block)?;
                rest.iter().try_for_each(text)
            }
            [] => Ok(()),
        },
        Function::FindInMap => find_in_map(argument, extended),
        Function::GetAtt => match &argument.data {
            Data::List(parts) => match parts.as_slice() {
                [id, rest @ ..] if !rest.is_empty() => {
                    if !extended {
                        name(id)?;
                    }
                    rest.iter().try_for_each(text)
                }
                _ => problem(argument, format!("takes a resource and an attribute, {} given", parts.len())),
            },
            Data::String(given) => {
                problem(argument, format!("takes a resource and an attribute, only `{given}` given"))
            }
            _ => problem(argument, format!("takes a resource and an attribute, {} given", what(argument))),
        },
        Function::If => match items(argument, 3, 3)? {
            [condition, ..] => name(condition),
            [] => Ok(()),
        },
        Function::Join => match items(argument, 2, 2)? {
            [delimiter, values] => {
                if !extended && !is_scalar(delimiter) {
                    return problem(delimiter, format!("takes a text as delimiter, {} given", what(delimiter)));
                }
                list(values)?;
                values.as_list().unwrap_or_default().iter().try_for_each(|value| {
                    // An object among the values may be what a transform of another tool replaces.
                    if matches!(value.data, Data::Null) { Ok(()) } else { text(value) }
                })
            }
            _ => Ok(()),
        },
        Function::GetStackOutput => Ok(()),
        Function::Length => list(argument),
        Function::Select => match items(argument, 2, 2)? {
            [index, values] => {
                let whole = |text: &str| text.parse::<usize>().is_ok();
                let fits = match &index.data {
                    Data::Number(number) => number.as_u64().is_some(),
                    Data::String(text) => whole(text),
                    Data::Call(..) => true,
                    _ => false,
                };
                if !fits {
                    return problem(index, "takes a whole number from 0 on as index");
                }
                list(values)?;
                let position = match &index.data {
                    Data::Number(number) => number.as_u64(),
                    Data::String(text) => text.parse().ok(),
                    _ => None,
                };
                match (position.and_then(|at| usize::try_from(at).ok()), values.as_list()) {
                    (Some(at), Some(values)) if at >= values.len() => {
                        problem(index, format!("takes item {at} of a list of {}", values.len()))
                    }
                    _ => Ok(()),
                }
            }
            _ => Ok(()),
        },
        Function::Split => match items(argument, 2, 2)? {
            [delimiter, source] => {
                if !extended && delimiter.as_str().is_none() {
                    return problem(delimiter, format!("takes a text as delimiter, {} given", what(delimiter)));
                }
                text(source)
            }
            _ => Ok(()),
        },
        Function::Sub => substitution(argument),
        Function::ToJsonString => match &argument.data {
            Data::Map(_) | Data::List(_) | Data::Call(..) => Ok(()),
            _ => problem(argument, format!("takes an object or a list, {} given", what(argument))),
        },
        Function::Transform => {
            let is_macro = |value: &Value| value.at(&["Name"]).is_some_and(|name| name.as_str().is_some());
            // Several macros are a list.
            let all = argument.as_list().unwrap_or(std::slice::from_ref(argument));
            if all.iter().all(is_macro) {
                Ok(())
            } else {
                problem(argument, "takes an object with the `Name` of a macro")
            }
        }
    }
}

/// Whether a text has the form of the name of a region, as `eu-west-1`.
///
/// Source: AWS Global Infrastructure, "AWS Regions".
fn is_region(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let [words @ .., number] = parts.as_slice() else { return false };
    let word = |word: &&str| !word.is_empty() && word.bytes().all(|letter| letter.is_ascii_lowercase());
    words.len() >= 2 && words.iter().all(word) && !number.is_empty() && number.bytes().all(|one| one.is_ascii_digit())
}

fn find_in_map(argument: &Value, extended: bool) -> Result<(), Problem<'_>> {
    let parts = items(argument, 3, 4)?;
    if let Some(default) = parts.get(3).filter(|_| !extended) {
        return problem(default, format!("takes a default only with `Transform: {LANGUAGE_EXTENSIONS}`"));
    }
    if let Some(default) = parts.get(3)
        && default.as_map().is_none_or(|map| map.get("DefaultValue").is_none())
    {
        return problem(default, "takes an object with `DefaultValue` as its fourth item");
    }
    for part in parts.iter().take(3) {
        match &part.data {
            Data::Call(Function::Ref | Function::FindInMap, _) => {}
            Data::Call(..) if extended => {}
            Data::Call(function, _) => {
                let message = format!("takes texts, `Ref` and `Fn::FindInMap`, but not `{}`", function.name());
                return problem(part, message);
            }
            _ => text(part)?,
        }
    }
    Ok(())
}

fn substitution(argument: &Value) -> Result<(), Problem<'_>> {
    match &argument.data {
        Data::String(_) => Ok(()),
        Data::List(parts) => match parts.as_slice() {
            [template, variables] => {
                name(template)?;
                let Some(variables) = variables.as_map() else {
                    return problem(variables, format!("takes an object of names, {} given", what(variables)));
                };
                variables.0.iter().try_for_each(|(_, value)| text(value))
            }
            _ => problem(argument, format!("takes a text and an object of names, {} items given", parts.len())),
        },
        _ => problem(argument, format!("takes a text, {} given", what(argument))),
    }
}
