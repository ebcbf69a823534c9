//! What a file says when formwork has evaluated all that is known when it runs: values of `let`, inputs of a module,
//! repetition by `for_each`.

use super::evaluate::Scope;
use super::project::Settings;
use super::{entry, text};
use crate::diagnostics::Sink;
use crate::source::{Sources, Span};
use crate::syntax::{Data, Entry, Key, Node, Piece, Scalar, Style};

codes! {
    /// `for_each` is not a list or a map that is known when formwork runs.
    ///
    /// Repetition makes components, so what is repeated over cannot wait for the deployment: parameters cannot be used,
    /// values of `let` can.
    ///
    /// ```yaml
    /// components:
    ///   archive:
    ///     kind: s3-bucket
    ///     for_each: 3
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// components:
    ///   archive:
    ///     kind: s3-bucket
    ///     for_each: [orders, customers]
    /// ```
    FOR_EACH = Error "invalid-for-each";

    /// An item of `for_each` gives no name, or one that is taken.
    ///
    /// The name of an instance is the name of the component, `-` and the key of the map or the item of the list, which
    /// is in kebab case. For items that are not names, use a map.
    ///
    /// ```yaml
    /// components:
    ///   archive:
    ///     kind: s3-bucket
    ///     for_each: [EU, US]
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// components:
    ///   archive:
    ///     kind: s3-bucket
    ///     for_each: { eu: EU, us: US }
    /// ```
    INSTANCE = Error "unnamed-instance";
}

/// Instances that one component may be repeated to: as many as a template can hold resources.
const MAX_INSTANCES: usize = 500;

/// Values that whoever uses a blueprint as a module gives to its parameters, as far as they are known.
pub type Inputs = [(String, Node)];

/// A component that is repeated: its name, and the names of its instances in order.
pub type Repeated = (Key, Vec<String>);

/// The file with everything evaluated, and what was repeated.
pub fn expand(
    mut root: Node,
    inputs: &Inputs,
    settings: &Settings,
    sources: &Sources,
    sink: &mut Sink,
) -> (Node, Vec<Repeated>) {
    super::refuse_tags(&root, sink);
    let mut repeated = Vec::new();
    let blueprint = super::string(&root, "blueprint").unwrap_or_default();
    let Data::Map(entries) = &mut root.data else { return (root, repeated) };
    let mut scope = Scope::default();
    scope.bind_text("blueprint", &blueprint);
    if let Some(environment) = &settings.environment {
        scope.bind_text("env", environment);
    }
    for (name, value) in inputs {
        scope.bind(name, value, false);
    }
    if let Some(bindings) = entries.iter_mut().find(|entry| entry.key.text == "let")
        && let Data::Map(bindings) = &mut bindings.value.data
    {
        for binding in bindings {
            let mut value = std::mem::replace(&mut binding.value, super::null(binding.key.span));
            if let Some(set) = settings.bindings.iter().find(|set| set.key.text == binding.key.text) {
                value = set.value.clone();
            }
            let before = sink.diagnostics().len();
            binding.value = scope.evaluate(value, sources, sink);
            let failed = sink.diagnostics().len() > before;
            scope.bind(&binding.key.text, &binding.value, failed);
        }
    }
    for entry in entries.iter_mut().filter(|entry| entry.key.text != "let") {
        let value = std::mem::replace(&mut entry.value, super::null(entry.key.span));
        entry.value = match value.data {
            Data::Map(components) if entry.key.text == "components" => {
                let mut all = Vec::new();
                for mut component in components {
                    settings.complete(&mut component.value);
                    repeat(component, &scope, (settings, sources), &mut all, &mut repeated, sink);
                }
                spread(&mut all, &repeated);
                Node { data: Data::Map(all), ..value }
            }
            _ => scope.evaluate(value, sources, sink),
        };
    }
    if !inputs.is_empty() {
        for entry in entries.iter_mut().filter(|entry| entry.key.text != "parameters") {
            substitute(&mut entry.value, inputs);
        }
    }
    (root, repeated)
}

/// Adds the instances of a component, or the component itself.
fn repeat(
    component: Entry,
    scope: &Scope,
    (settings, sources): (&Settings, &Sources),
    all: &mut Vec<Entry>,
    repeated: &mut Vec<Repeated>,
    sink: &mut Sink,
) {
    let Entry { key, mut value } = component;
    let each = match &mut value.data {
        Data::Map(fields) => fields.iter().position(|field| field.key.text == "for_each").map(|at| fields.remove(at)),
        _ => None,
    };
    let Some(each) = each else {
        let mut scope = scope.clone();
        scope.bind_text("component", &format!("{}{}", settings.prefix, key.text));
        let value = scope.evaluate(value, sources, sink);
        all.push(Entry { key, value });
        return;
    };
    let over = scope.evaluate(each.value, sources, sink);
    let items: Vec<(Key, Node)> = match over.data {
        Data::Map(entries) => entries.into_iter().map(|entry| (entry.key, entry.value)).collect(),
        Data::List(items) => items.into_iter().map(|item| (item_key(&item), item)).collect(),
        _ => {
            sink.report(&FOR_EACH, over.span, "`for_each` takes a list or a map that is known when formwork runs")
                .help("write `[one, two]`, `{ one: 1, two: 2 }`, or a value of `let` such as `{{ teams }}`");
            repeated.push((key, Vec::new()));
            return;
        }
    };
    if items.len() > MAX_INSTANCES {
        let message = format!("{} instances, at most {MAX_INSTANCES} are possible", items.len());
        sink.report(&FOR_EACH, over.span, message).help("divide the blueprint into several");
        repeated.push((key, Vec::new()));
        return;
    }
    let mut names: Vec<String> = Vec::new();
    for (index, (item, node)) in items.into_iter().enumerate() {
        let name = format!("{}-{}", key.text, item.text);
        let valid = regex_lite::Regex::new(super::NAME_PATTERN).is_ok_and(|pattern| pattern.is_match(&item.text));
        if !valid || names.contains(&name) {
            let message = match &item.text {
                text if text.is_empty() => "this item gives no name to its instance".to_owned(),
                text if valid => format!("there is an instance `{text}` already"),
                text => format!("`{text}` cannot be part of the name of a component"),
            };
            sink.report(&INSTANCE, item.span, message)
                .help("write a map whose keys are small letters, digits and single hyphens: `{ eu: …, us: … }`");
            continue;
        }
        let mut scope = scope.clone();
        scope.bind_each(&item, &node, index);
        scope.bind_text("component", &format!("{}{name}", settings.prefix));
        let fields = scope.evaluate(value.clone(), sources, sink);
        all.push(Entry { key: Key { text: name.clone(), span: key.span }, value: fields });
        names.push(name);
    }
    repeated.push((key, names));
}

/// The name that an item of a list gives.
fn item_key(item: &Node) -> Key {
    let text = match &item.data {
        Data::String(scalar) => scalar.text.clone(),
        Data::Number(number) => number.to_string(),
        _ => String::new(),
    };
    Key { text, span: item.span }
}

/// Puts all instances where a list names them together, as `queue.*`.
fn spread(components: &mut [Entry], repeated: &[Repeated]) {
    fn walk(node: &mut Node, repeated: &[Repeated]) {
        match &mut node.data {
            Data::List(items) => {
                let old = std::mem::take(items);
                for mut item in old {
                    let names = match &item.data {
                        Data::String(scalar) => scalar
                            .text
                            .strip_suffix(".*")
                            .and_then(|name| repeated.iter().find(|(key, _)| key.text == name).map(|(_, names)| names)),
                        _ => None,
                    };
                    if let Some(names) = names {
                        items.extend(names.iter().map(|name| text_node(name, item.span)));
                    } else {
                        walk(&mut item, repeated);
                        items.push(item);
                    }
                }
            }
            Data::Map(entries) => entries.iter_mut().for_each(|entry| walk(&mut entry.value, repeated)),
            Data::Null | Data::Bool(_) | Data::Number(_) | Data::String(_) => {}
        }
    }
    for component in components {
        walk(&mut component.value, repeated);
    }
}

fn text_node(text: &str, span: Span) -> Node {
    let pieces = vec![Piece { range: 0..text.len(), span, exact: false }];
    Node { span, tag: None, data: Data::String(Scalar { text: text.to_owned(), style: Style::Plain, pieces }) }
}

/// Puts the value of an input where a scalar is nothing but `${Input}`, so that it can stand in any field.
fn substitute(node: &mut Node, inputs: &Inputs) {
    match &mut node.data {
        Data::String(scalar) if text::is_deferred(&scalar.text) => {
            let name = &scalar.text[2..scalar.text.len() - 1];
            if let Some((_, value)) = inputs.iter().find(|(known, _)| known == name) {
                *node = value.clone();
            }
        }
        Data::List(items) => items.iter_mut().for_each(|item| substitute(item, inputs)),
        Data::Map(entries) => entries.iter_mut().for_each(|entry| substitute(&mut entry.value, inputs)),
        Data::Null | Data::Bool(_) | Data::Number(_) | Data::String(_) => {}
    }
}

/// Whether a value is known when formwork runs: no text in it waits for the deployment.
pub fn is_known(node: &Node) -> bool {
    match &node.data {
        Data::String(scalar) => !scalar.text.contains("${"),
        Data::List(items) => items.iter().all(is_known),
        Data::Map(entries) => entries.iter().all(|entry| is_known(&entry.value)),
        Data::Null | Data::Bool(_) | Data::Number(_) => true,
    }
}

/// The field of a component, if it is a map.
pub fn field<'a>(component: &'a Node, name: &str) -> Option<&'a Node> {
    entry(component, name).map(|entry| &entry.value)
}
