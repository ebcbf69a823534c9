//! The targets of rules: what is sent to them, and how.

use serde_json::Value as Json;

use super::pattern::reason;
use crate::check::Context;
use crate::check::known::{Given, Part, boolean, choices, given, is_fifo_arn, parts, text, text_with_holes};
use crate::diagnostics::{Sink, closest};
use crate::template::event_pattern::HOLE;
use crate::template::services::EVENT_VARIABLES;
use crate::template::{Map, Resource, Value};

codes! {
    /// A target says in more than one way what it is sent.
    ///
    /// EventBridge takes one of `Input`, `InputPath` and `InputTransformer`.
    ///
    /// ```yaml
    /// Resources:
    ///   Changes:
    ///     Type: AWS::Events::Rule
    ///     Properties:
    ///       EventPattern: { source: [aws.ssm] }
    ///       Targets:
    ///         - Id: Queue
    ///           Arn: arn:aws:sqs:eu-west-1:111122223333:changes
    ///           InputPath: $.detail
    ///           Input: '{"note": "changed"}'
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// Resources:
    ///   Changes:
    ///     Type: AWS::Events::Rule
    ///     Properties:
    ///       EventPattern: { source: [aws.ssm] }
    ///       Targets:
    ///         - Id: Queue
    ///           Arn: arn:aws:sqs:eu-west-1:111122223333:changes
    ///           InputPath: $.detail
    /// ```
    ///
    /// Source: EventBridge API, `PutTargets`.
    SEVERAL = Error "exclusive-inputs";

    /// What a target is sent is not what EventBridge takes.
    ///
    /// `Input` is JSON. An input template in braces is JSON in which a variable stands for a value, in quotes or not,
    /// but not for a key. Paths start with `$`, and their names do not start with `AWS.`.
    ///
    /// ```yaml
    /// Resources:
    ///   Changes:
    ///     Type: AWS::Events::Rule
    ///     Properties:
    ///       EventPattern: { source: [aws.ssm] }
    ///       Targets:
    ///         - Id: Queue
    ///           Arn: arn:aws:sqs:eu-west-1:111122223333:changes
    ///           InputTransformer:
    ///             InputPathsMap: { name: $.detail.name }
    ///             InputTemplate: '{"changed": <name>, }'
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// Resources:
    ///   Changes:
    ///     Type: AWS::Events::Rule
    ///     Properties:
    ///       EventPattern: { source: [aws.ssm] }
    ///       Targets:
    ///         - Id: Queue
    ///           Arn: arn:aws:sqs:eu-west-1:111122223333:changes
    ///           InputTransformer:
    ///             InputPathsMap: { name: $.detail.name }
    ///             InputTemplate: '{"changed": <name>}'
    /// ```
    ///
    /// Source: EventBridge API, `PutTargets`, `Target` and `InputTransformer`.
    INPUT = Error "invalid-target-input";

    /// An input template has a variable that stands for nothing, or a path that no variable uses.
    ///
    /// ```yaml
    /// Resources:
    ///   Changes:
    ///     Type: AWS::Events::Rule
    ///     Properties:
    ///       EventPattern: { source: [aws.ssm] }
    ///       Targets:
    ///         - Id: Queue
    ///           Arn: arn:aws:sqs:eu-west-1:111122223333:changes
    ///           InputTransformer:
    ///             InputPathsMap: { parameter: $.detail.name }
    ///             InputTemplate: '{"changed": <paramter>}'
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// Resources:
    ///   Changes:
    ///     Type: AWS::Events::Rule
    ///     Properties:
    ///       EventPattern: { source: [aws.ssm] }
    ///       Targets:
    ///         - Id: Queue
    ///           Arn: arn:aws:sqs:eu-west-1:111122223333:changes
    ///           InputTransformer:
    ///             InputPathsMap: { parameter: $.detail.name }
    ///             InputTemplate: '{"changed": <parameter>}'
    /// ```
    ///
    /// Source: EventBridge User Guide, "Amazon EventBridge input transformation".
    VARIABLE = Warning "input-variable-mismatch";

    /// The text of an input template has a quote that is not closed.
    ///
    /// A template that is a text stands in quotes, each line in quotes of its own. Without the last one the rule cannot
    /// send anything.
    ///
    /// ```yaml
    /// Resources:
    ///   Changes:
    ///     Type: AWS::Events::Rule
    ///     Properties:
    ///       EventPattern: { source: [aws.ssm] }
    ///       Targets:
    ///         - Id: Queue
    ///           Arn: arn:aws:sqs:eu-west-1:111122223333:changes
    ///           InputTransformer: { InputPathsMap: { what: $.detail-type }, InputTemplate: '"It says <what>.' }
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// Resources:
    ///   Changes:
    ///     Type: AWS::Events::Rule
    ///     Properties:
    ///       EventPattern: { source: [aws.ssm] }
    ///       Targets:
    ///         - Id: Queue
    ///           Arn: arn:aws:sqs:eu-west-1:111122223333:changes
    ///           InputTransformer: { InputPathsMap: { what: $.detail-type }, InputTemplate: '"It says <what>."' }
    /// ```
    ///
    /// Source: EventBridge User Guide, "Amazon EventBridge input transformation".
    QUOTE = Warning "unclosed-input-text";

    /// An input template sends `<aws.events.event>`, which is the event without its `detail`.
    ///
    /// `<aws.events.event.json>` is the whole event.
    ///
    /// ```yaml
    /// Resources:
    ///   Changes:
    ///     Type: AWS::Events::Rule
    ///     Properties:
    ///       EventPattern: { source: [aws.ssm] }
    ///       Targets:
    ///         - Id: Queue
    ///           Arn: arn:aws:sqs:eu-west-1:111122223333:changes
    ///           InputTransformer: { InputTemplate: '{"event": <aws.events.event>}' }
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// Resources:
    ///   Changes:
    ///     Type: AWS::Events::Rule
    ///     Properties:
    ///       EventPattern: { source: [aws.ssm] }
    ///       Targets:
    ///         - Id: Queue
    ///           Arn: arn:aws:sqs:eu-west-1:111122223333:changes
    ///           InputTransformer: { InputTemplate: '{"event": <aws.events.event.json>}' }
    /// ```
    ///
    /// Source: EventBridge User Guide, "Amazon EventBridge input transformation", predefined variables.
    WITHOUT_DETAIL = Warning "event-without-detail";

    /// A FIFO queue cannot take what a rule sends.
    ///
    /// A message of a FIFO queue belongs to a group, which the target names, and has a deduplication id, which the queue
    /// makes from the content.
    ///
    /// ```yaml
    /// Resources:
    ///   Work:
    ///     Type: AWS::SQS::Queue
    ///     Properties: { FifoQueue: true, ContentBasedDeduplication: true }
    ///   Policy:
    ///     Type: AWS::SQS::QueuePolicy
    ///     Properties:
    ///       Queues: [!Ref Work]
    ///       PolicyDocument:
    ///         Version: "2012-10-17"
    ///         Statement:
    ///           Effect: Allow
    ///           Principal: { Service: events.amazonaws.com }
    ///           Action: sqs:SendMessage
    ///           Resource: !GetAtt Work.Arn
    ///           Condition: { ArnEquals: { aws:SourceArn: !GetAtt Changes.Arn } }
    ///   Changes:
    ///     Type: AWS::Events::Rule
    ///     Properties:
    ///       EventPattern: { source: [aws.ssm] }
    ///       Targets:
    ///         - { Id: Work, Arn: !GetAtt Work.Arn }
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// Resources:
    ///   Work:
    ///     Type: AWS::SQS::Queue
    ///     Properties: { FifoQueue: true, ContentBasedDeduplication: true }
    ///   Policy:
    ///     Type: AWS::SQS::QueuePolicy
    ///     Properties:
    ///       Queues: [!Ref Work]
    ///       PolicyDocument:
    ///         Version: "2012-10-17"
    ///         Statement:
    ///           Effect: Allow
    ///           Principal: { Service: events.amazonaws.com }
    ///           Action: sqs:SendMessage
    ///           Resource: !GetAtt Work.Arn
    ///           Condition: { ArnEquals: { aws:SourceArn: !GetAtt Changes.Arn } }
    ///   Changes:
    ///     Type: AWS::Events::Rule
    ///     Properties:
    ///       EventPattern: { source: [aws.ssm] }
    ///       Targets:
    ///         - { Id: Work, Arn: !GetAtt Work.Arn, SqsParameters: { MessageGroupId: changes } }
    /// ```
    ///
    /// Source: EventBridge API, `Target`, `SqsParameters`.
    FIFO = Error "unusable-fifo-target";

    /// A bus of another account is sent something else than the event.
    ///
    /// EventBridge takes no `Input`, `InputPath` and `InputTransformer` for such a target.
    ///
    /// ```yaml
    /// Resources:
    ///   Changes:
    ///     Type: AWS::Events::Rule
    ///     Properties:
    ///       EventPattern: { source: [aws.ssm] }
    ///       Targets:
    ///         - Id: Central
    ///           Arn: arn:aws:events:eu-west-1:111122223333:event-bus/central
    ///           RoleArn: arn:aws:iam::444455556666:role/forward
    ///           InputPath: $.detail
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// Resources:
    ///   Changes:
    ///     Type: AWS::Events::Rule
    ///     Properties:
    ///       EventPattern: { source: [aws.ssm] }
    ///       Targets:
    ///         - Id: Central
    ///           Arn: arn:aws:events:eu-west-1:111122223333:event-bus/central
    ///           RoleArn: arn:aws:iam::444455556666:role/forward
    /// ```
    ///
    /// Source: EventBridge API, `PutTargets`.
    OTHER_ACCOUNT = Warning "input-to-other-account";

    /// Two targets of a rule have one id.
    ///
    /// The id tells the targets of a rule apart; a second one replaces the first.
    ///
    /// ```yaml
    /// Resources:
    ///   Changes:
    ///     Type: AWS::Events::Rule
    ///     Properties:
    ///       EventPattern: { source: [aws.ssm] }
    ///       Targets:
    ///         - { Id: Queue, Arn: "arn:aws:sqs:eu-west-1:111122223333:changes" }
    ///         - { Id: Queue, Arn: "arn:aws:sqs:eu-west-1:111122223333:audit" }
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// Resources:
    ///   Changes:
    ///     Type: AWS::Events::Rule
    ///     Properties:
    ///       EventPattern: { source: [aws.ssm] }
    ///       Targets:
    ///         - { Id: Changes, Arn: "arn:aws:sqs:eu-west-1:111122223333:changes" }
    ///         - { Id: Audit, Arn: "arn:aws:sqs:eu-west-1:111122223333:audit" }
    /// ```
    ///
    /// Source: EventBridge API, `Target`, `Id`.
    ID = Error "repeated-target-id";
}

/// The ways to say what a target is sent.
const INPUTS: &[&str] = &["Input", "InputPath", "InputTransformer"];

/// Source: EventBridge API, `InputTransformer`, `InputPathsMap`.
const MOST_PATHS: usize = 100;

/// Digits of the id of an account.
const ACCOUNT_DIGITS: usize = 12;

/// Stands for a variable inside of a text while a template is read.
const VARIABLE_MARK: char = '\u{E000}';

/// Checks the targets of a rule.
pub fn check(context: &Context<'_>, rule: &Resource, sink: &mut Sink) {
    let targets = rule.properties.get("Targets").and_then(Value::as_list).unwrap_or_default();
    let mut ids: Vec<(String, &Value)> = Vec::new();
    for (index, item) in targets.iter().enumerate() {
        let index = index.to_string();
        let conditional = item.as_map().is_none();
        for map in choices(item).into_iter().filter_map(Value::as_map) {
            let target = Target { context, rule, map, index: &index };
            target.check_inputs(sink);
            target.check_transformer(sink);
            target.check_queue(sink);
            target.check_bus(sink);
            let id = map.get("Id").and_then(|id| Some((text(id)?, id)));
            let Some((id, value)) = id.filter(|_| !conditional) else { continue };
            if let Some((_, first)) = ids.iter().find(|(known, _)| *known == id) {
                context
                    .report_value(sink, &ID, value, &target.path("Id"), format!("`{id}` is the id of another target"))
                    .also(first.origin.span(), "here")
                    .help("give each target an id of its own");
            }
            ids.push((id, value));
        }
    }
}

struct Target<'c, 'a> {
    context: &'c Context<'a>,
    rule: &'c Resource,
    map: &'c Map,
    index: &'c str,
}

impl Target<'_, '_> {
    fn path(&self, inside: &str) -> String {
        format!("Resources/{}/Properties/Targets/{}/{inside}", self.rule.id, self.index)
    }

    fn check_inputs(&self, sink: &mut Sink) {
        let all: Vec<&str> = INPUTS.iter().copied().filter(|name| given(self.map, name) == Given::Yes).collect();
        if let [first, second, ..] = all.as_slice() {
            let path = ["Targets", self.index, second];
            let message = format!("`{second}` beside `{first}`");
            self.context
                .report(sink, &SEVERAL, self.rule, &path, message)
                .help(format!("keep either `{first}` or `{second}`"));
        }
        for value in self.map.get("Input").into_iter().flat_map(choices) {
            let problem = text_with_holes(value).and_then(|text| json_problem(&text));
            if let Some(problem) = problem {
                self.context
                    .report_value(sink, &INPUT, value, &self.path("Input"), format!("`Input` is not JSON: {problem}"))
                    .help("write JSON; a text stands in quotes of its own: '\"text\"'");
            }
        }
        for value in self.map.get("InputPath").into_iter().flat_map(choices) {
            self.check_path(value, "InputPath", sink);
        }
    }

    fn check_path(&self, value: &Value, inside: &str, sink: &mut Sink) {
        if let Some([Part::Text(text), ..]) = parts(value).as_deref()
            && !text.starts_with('$')
        {
            self.context
                .report_value(sink, &INPUT, value, &self.path(inside), "a path starts with `$`, the whole event")
                .help(format!("write `$.{}`", text.trim_start_matches('.')));
        }
    }

    fn check_transformer(&self, sink: &mut Sink) {
        for transformer in self.map.get("InputTransformer").into_iter().flat_map(choices).filter_map(Value::as_map) {
            let empty = Map::default();
            let paths = match transformer.get("InputPathsMap") {
                None => &empty,
                Some(value) => match value.as_map() {
                    Some(paths) => paths,
                    None => continue,
                },
            };
            if paths.0.len() > MOST_PATHS {
                let path = ["Targets", self.index, "InputTransformer", "InputPathsMap"];
                let message = format!("{} paths, at most {MOST_PATHS}", paths.0.len());
                self.context
                    .report(sink, &INPUT, self.rule, &path, message)
                    .help("take whole objects out of the event, with `<name>` for each");
            }
            for (key, value) in &paths.0 {
                let inside = format!("InputTransformer/InputPathsMap/{}", key.text);
                if key.text.to_ascii_lowercase().starts_with("aws.") {
                    self.context
                        .report_at(
                            sink,
                            &INPUT,
                            key.origin.span(),
                            None,
                            &self.path(&inside),
                            "names that start with `aws.` are those of EventBridge",
                        )
                        .help("give the path another name");
                }
                self.check_path(value, &inside, sink);
            }
            for template in transformer.get("InputTemplate").into_iter().flat_map(choices) {
                if let Some(text) = text_with_holes(template) {
                    self.check_template(template, &text, paths, sink);
                }
            }
        }
    }

    fn check_template(&self, template: &Value, text: &str, paths: &Map, sink: &mut Sink) {
        let path = self.path("InputTransformer/InputTemplate");
        let span = template.origin.span();
        let known = || paths.0.iter().map(|(key, _)| key.text.as_str());
        let is_known = |name: &&str| known().any(|key| key == *name) || EVENT_VARIABLES.contains(name);
        let unclosed = unclosed(text).filter(is_known);
        let mut used = variables(text);
        used.extend(unclosed);
        let mut unknown = false;
        for name in &used {
            if is_known(name) {
                continue;
            }
            unknown = true;
            let help = closest(name, known().chain(EVENT_VARIABLES.iter().copied())).map_or_else(
                || format!("add `{name}` to `InputPathsMap`"),
                |close| format!("did you mean `<{close}>`?"),
            );
            self.context
                .report_at(
                    sink,
                    &VARIABLE,
                    span,
                    Some(&format!("<{name}>")),
                    &path,
                    format!("`<{name}>` stands for nothing"),
                )
                .help(help);
        }
        if !unknown && !text.contains(HOLE) {
            for (key, _) in &paths.0 {
                if !used.contains(&key.text.as_str()) && !key.text.starts_with("Fn::") {
                    let path = self.path(&format!("InputTransformer/InputPathsMap/{}", key.text));
                    self.context
                        .report_at(
                            sink,
                            &VARIABLE,
                            key.origin.span(),
                            None,
                            &path,
                            format!("`{}` is used nowhere in the template", key.text),
                        )
                        .help(format!("write `<{}>` in `InputTemplate`, or remove the path", key.text));
                }
            }
        }
        if used.contains(&"aws.events.event") {
            self.context
                .report_at(
                    sink,
                    &WITHOUT_DETAIL,
                    span,
                    Some("<aws.events.event>"),
                    &path,
                    "`<aws.events.event>` has no `detail`",
                )
                .help("write `<aws.events.event.json>` for the whole event");
        }
        if let Some(name) = unclosed {
            let word = format!("<{name}");
            self.context
                .report_at(sink, &VARIABLE, span, Some(&word), &path, format!("`{word}` without `>`"))
                .help(format!("write `<{name}>`"));
            return;
        }
        if text.trim_start().starts_with('"') && !text.contains(HOLE) && quotes(text) % 2 == 1 {
            self.context
                .report_at(sink, &QUOTE, span, None, &path, "a quote that is not closed")
                .help("write each text in quotes of its own, and a quote inside of it as `\\\"`");
        }
        if text.trim_start().starts_with('{')
            && (text.trim_end().ends_with('}') || !text.trim_end().ends_with(HOLE))
            && let Some(problem) = json_problem(text)
        {
            self.context
                .report_at(sink, &INPUT, span, None, &path, format!("the input template is not JSON: {problem}"))
                .help("write JSON, with a variable for a value or inside of a text");
        }
    }

    /// The queue of the template that the target is, if it is one.
    fn check_queue(&self, sink: &mut Sink) {
        let Some(arn) = self.map.get("Arn") else { return };
        let queue = self.context.target(arn).filter(|queue| queue.kind == "AWS::SQS::Queue");
        let is_fifo = match queue {
            Some(queue) => queue.properties.get("FifoQueue").and_then(boolean) == Some(true),
            None => is_fifo_arn(arn),
        };
        if !is_fifo {
            return;
        }
        if given(self.map, "SqsParameters") == Given::No {
            self.context
                .report_value(sink, &FIFO, arn, &self.path("Arn"), "a FIFO queue as target without a message group")
                .help("add `SqsParameters: { MessageGroupId: … }`");
        }
        let Some(queue) = queue else { return };
        let by_content = queue.properties.get("ContentBasedDeduplication");
        if by_content.is_none_or(|value| boolean(value) == Some(false)) {
            self.context
                .report_value(sink, &FIFO, arn, &self.path("Arn"), format!("`{}` makes no deduplication ids", queue.id))
                .also(queue.origin.span(), "the queue")
                .help("add `ContentBasedDeduplication: true` to the queue");
        }
    }

    fn check_bus(&self, sink: &mut Sink) {
        let Some(arn) = self.map.get("Arn").and_then(text) else { return };
        let fields: Vec<&str> = arn.split(':').collect();
        let [_, _, "events", _, account, bus] = fields.as_slice() else { return };
        let elsewhere = account.len() == ACCOUNT_DIGITS && account.bytes().all(|digit| digit.is_ascii_digit());
        if !elsewhere || !bus.starts_with("event-bus/") {
            return;
        }
        if let Some(input) = INPUTS.iter().find(|name| given(self.map, name) == Given::Yes) {
            let path = ["Targets", self.index, input];
            self.context
                .report(sink, &OTHER_ACCOUNT, self.rule, &path, format!("`{input}` for a bus of account {account}"))
                .help("send the whole event, and change it by a rule on the other bus");
        }
    }
}

/// The names in `<…>` of a template, each once.
fn variables(text: &str) -> Vec<&str> {
    let named = |name: &str| {
        !name.is_empty() && name.chars().all(|letter| letter.is_ascii_alphanumeric() || "_-.".contains(letter))
    };
    let mut found = Vec::new();
    let mut rest = text;
    while let Some((_, after)) = rest.split_once('<') {
        rest = after;
        if let Some((name, _)) = after.split_once('>')
            && named(name)
            && !found.contains(&name)
        {
            found.push(name);
        }
    }
    found
}

/// The name in the first `<…` that is not closed.
fn unclosed(text: &str) -> Option<&str> {
    let is_inside = |letter: char| letter.is_ascii_alphanumeric() || "_-.".contains(letter);
    text.match_indices('<').find_map(|(at, _)| {
        let rest = &text[at + 1..];
        let (name, after) = rest.split_at(rest.find(|letter| !is_inside(letter)).unwrap_or(rest.len()));
        (!name.is_empty() && !after.starts_with('>')).then_some(name)
    })
}

/// How many quotes a text has that are not escaped.
fn quotes(text: &str) -> usize {
    let mut escaped = false;
    text.chars()
        .filter(|letter| {
            let counts = *letter == '"' && !escaped;
            escaped = *letter == '\\' && !escaped;
            counts
        })
        .count()
}

/// What keeps a text from being JSON, where variables and what is known at deployment stand for any value. Nothing if
/// that depends on what is known at deployment.
fn json_problem(text: &str) -> Option<String> {
    let mut filled = String::with_capacity(text.len());
    let mut rest = text;
    let (mut quoted, mut escaped) = (false, false);
    while let Some(letter) = rest.chars().next() {
        rest = &rest[letter.len_utf8()..];
        if letter == HOLE && !quoted {
            return None;
        }
        if letter == '<'
            && let Some((name, after)) = rest.split_once('>')
            && !name.is_empty()
            && name.chars().all(|letter| letter.is_ascii_alphanumeric() || "_-.".contains(letter))
        {
            rest = after;
            escaped = false;
            if quoted {
                filled.push(VARIABLE_MARK);
            } else {
                filled.push_str("null");
            }
            continue;
        }
        quoted ^= letter == '"' && !escaped;
        escaped = quoted && letter == '\\' && !escaped;
        filled.push(letter);
    }
    for json in serde_json::Deserializer::from_str(&filled).into_iter::<Json>() {
        match json {
            Err(error) => return Some(reason(&error)),
            Ok(json) if has_marked_key(&json) => return Some("a variable stands for a key".to_owned()),
            Ok(_) => {}
        }
    }
    None
}

fn has_marked_key(json: &Json) -> bool {
    match json {
        Json::Object(entries) => {
            entries.iter().any(|(key, value)| key.contains(VARIABLE_MARK) || has_marked_key(value))
        }
        Json::Array(items) => items.iter().any(has_marked_key),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::{json_problem, quotes, unclosed, variables};

    #[test]
    fn variables_are_names_in_angles() {
        assert_eq!(variables("<a> <b-1.c> < x> <a> a<b <>"), ["a", "b-1.c"]);
        assert_eq!(variables("1 < 2 <d>"), ["d"]);
    }

    #[test]
    fn what_is_not_closed_is_found() {
        assert_eq!(unclosed("{\"a\": <a>, \"b\": <b}"), Some("b"));
        assert_eq!(unclosed("1 < 2 <d>"), None);
        assert_eq!(quotes(r#""a \"b\" c""#), 2);
    }

    #[test]
    fn a_template_is_json_with_variables_for_values() {
        for text in ["{\"a\": <b>}", "{\"a\": \"is <b> \\\"<c>\\\"\"}", "{\"a\": [<b>, 1]}\n{\"c\": 2}", "\"<a>\"", ""]
        {
            assert_eq!(json_problem(text), None, "{text}");
        }
        for text in ["{\"a\": <b>,}", "{<a>: 1}", "{\"<a>\": 1}", "{\"a\": \"<b>}", "{a: 1}"] {
            assert!(json_problem(text).is_some(), "{text}");
        }
    }
}
