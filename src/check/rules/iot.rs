//! Rules of AWS IoT: their statements.

use std::ops::Range;

use crate::check::Context;
use crate::check::known::{Part, parts, text, within};
use crate::diagnostics::{Code, Sink};
use crate::template::iot_sql::{self, Expression, Item, Statement};
use crate::template::{Data, Function, Value};

codes! {
    /// The statement of a rule is not in the SQL of AWS IoT.
    ///
    /// The SQL of AWS IoT looks like that of databases, but has functions and a `FROM` of its own: after it stands one
    /// topic filter in quotes. A rule with another statement is refused.
    ///
    /// Of a statement that a parameter gives, the default is looked at. What follows a part that only the deployment
    /// gives is not.
    ///
    /// ```yaml
    /// Resources:
    ///   Readings:
    ///     Type: AWS::IoT::TopicRule
    ///     Properties:
    ///       TopicRulePayload:
    ///         AwsIotSqlVersion: "2016-03-23"
    ///         Sql: SELECT * FROM plant/+/readings
    ///         Actions: []
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// Resources:
    ///   Readings:
    ///     Type: AWS::IoT::TopicRule
    ///     Properties:
    ///       TopicRulePayload:
    ///         AwsIotSqlVersion: "2016-03-23"
    ///         Sql: SELECT * FROM 'plant/+/readings'
    ///         Actions: []
    /// ```
    ///
    /// Source: AWS IoT Developer Guide, "AWS IoT SQL reference".
    STATEMENT = Error "invalid-iot-sql";

    /// A statement of AWS IoT asks for a level that no topic of its filter has.
    ///
    /// `topic(3)` is the third level of the topic. Where the filter ends before it, the function gives nothing, and the
    /// field is left out of every message.
    ///
    /// ```yaml
    /// Resources:
    ///   Readings:
    ///     Type: AWS::IoT::TopicRule
    ///     Properties:
    ///       TopicRulePayload:
    ///         AwsIotSqlVersion: "2016-03-23"
    ///         Sql: SELECT *, topic(3) AS device FROM 'plant/+'
    ///         Actions: []
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// Resources:
    ///   Readings:
    ///     Type: AWS::IoT::TopicRule
    ///     Properties:
    ///       TopicRulePayload:
    ///         AwsIotSqlVersion: "2016-03-23"
    ///         Sql: SELECT *, topic(2) AS device FROM 'plant/+'
    ///         Actions: []
    /// ```
    ///
    /// Source: AWS IoT Developer Guide, "Functions", `topic(Decimal)`.
    LEVEL = Warning "missing-topic-level";

    /// A statement of AWS IoT, or a part of it, is not checked.
    ///
    /// It may well be right: queries inside of queries are not looked into, nor is what only the deployment gives, nor
    /// functions that are newer than this program.
    ///
    /// ```yaml
    /// Resources:
    ///   Readings:
    ///     Type: AWS::IoT::TopicRule
    ///     Properties:
    ///       TopicRulePayload:
    ///         AwsIotSqlVersion: "2016-03-23"
    ///         Sql: SELECT (SELECT v FROM values WHERE n = 'speed') AS speed FROM 'plant/+'
    ///         Actions: []
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// Resources:
    ///   Readings:
    ///     Type: AWS::IoT::TopicRule
    ///     Properties:
    ///       TopicRulePayload:
    ///         AwsIotSqlVersion: "2016-03-23"
    ///         Sql: SELECT values FROM 'plant/+'
    ///         Actions: []
    /// ```
    UNCHECKED = Info "unchecked-iot-sql";
}

/// The versions of the language that are read. A rule without one has the first; the second only adds to it.
///
/// Source: AWS IoT Developer Guide, "AWS IoT SQL versions".
const VERSIONS: &[&str] = &["2015-10-08", "2016-03-23"];

/// What a part that only the deployment gives is read as: a name, or text inside of quotes.
const HOLE: &str = "hole_";

/// Checks rules of AWS IoT.
pub fn check(context: &Context<'_>, sink: &mut Sink) {
    for rule in context.of_type("AWS::IoT::TopicRule") {
        let properties = format!("Resources/{}/Properties", rule.id);
        let versions = within(&rule.properties, &["TopicRulePayload", "AwsIotSqlVersion"], &properties);
        let is_read = versions
            .iter()
            .all(|(_, version)| text(version).is_some_and(|version| VERSIONS.contains(&version.as_str())));
        for (path, value) in within(&rule.properties, &["TopicRulePayload", "Sql"], &properties) {
            let (path, value) = default(context, value).unwrap_or((path, value));
            let Some(sql) = Sql::of(context, value, path) else { continue };
            if is_read {
                sql.check(sink);
            } else {
                sql.unchecked(sink, &(0..0), "the version of the language is another");
            }
        }
    }
}

/// The default of the parameter that a value is, with its path.
fn default<'a>(context: &Context<'a>, value: &Value) -> Option<(String, &'a Value)> {
    let Data::Call(Function::Ref, argument) = &value.data else { return None };
    let name = argument.as_str()?;
    let default = context.template.parameters.get(name)?.as_map()?.get("Default")?;
    Some((format!("Parameters/{name}/Default"), default))
}

/// A statement and where it stands.
struct Sql<'a, 'b> {
    context: &'b Context<'a>,
    value: &'b Value,
    path: String,
    text: String,
    /// Where the first part is that only the deployment gives.
    first_hole: usize,
}

impl<'a, 'b> Sql<'a, 'b> {
    fn of(context: &'b Context<'a>, value: &'b Value, path: String) -> Option<Self> {
        let mut text = String::new();
        let mut first_hole = None;
        for part in parts(value)? {
            match part {
                Part::Text(literal) => text.push_str(&literal),
                Part::Unknown => {
                    first_hole.get_or_insert(text.len());
                    text.push_str(HOLE);
                }
            }
        }
        let first_hole = first_hole.unwrap_or(usize::MAX);
        Some(Self { context, value, path, text, first_hole })
    }

    fn check(&self, sink: &mut Sink) {
        match iot_sql::parse(&self.text) {
            Ok(statement) => self.check_statement(&statement, sink),
            Err(mistake) if mistake.range.end > self.first_hole => {
                self.unchecked(sink, &mistake.range, "what stands here only the deployment shows");
            }
            Err(mistake) if mistake.is_certain => {
                self.report(sink, &STATEMENT, &mistake.range, mistake.message, &mistake.help);
            }
            Err(mistake) => self.unchecked(sink, &mistake.range, &mistake.message),
        }
    }

    fn check_statement(&self, statement: &Statement, sink: &mut Sink) {
        let levels = statement.topic.as_ref().and_then(|(topic, range)| {
            let is_open = range.end > self.first_hole || topic.split('/').any(|level| level == "#");
            (!is_open).then(|| topic.split('/').count())
        });
        let items = statement.items.iter().filter_map(|item| match item {
            Item::Field(expression, _) => Some(expression),
            Item::All => None,
        });
        let all = statement.variables.iter().map(|(_, value)| value).chain(items).chain(&statement.condition);
        for expression in all {
            expression.walk(&mut |part| match part {
                Expression::Nested(range) => self.unchecked(sink, range, "a query inside of another"),
                Expression::Call(function, arguments, range) if function.name == "topic" => {
                    let Some(Expression::Literal(level)) = arguments.first() else { return };
                    let Some((level, levels)) = level.as_u64().zip(levels) else { return };
                    if level > levels as u64 {
                        let message = format!("level {level} of a topic that has {levels}");
                        let help = format!("write `topic(1)` to `topic({levels})`, or a longer filter after `FROM`");
                        self.report(sink, &LEVEL, range, message, &help);
                    }
                }
                _ => {}
            });
        }
    }

    fn unchecked(&self, sink: &mut Sink, range: &Range<usize>, reason: &str) {
        let message = format!("this statement is not checked: {reason}");
        self.report(sink, &UNCHECKED, range, message, "try it with a message of a device");
    }

    fn report(&self, sink: &mut Sink, code: &'static Code, range: &Range<usize>, message: String, help: &str) {
        let span = self.context.written(self.value.origin.span(), &self.text, range);
        sink.report(code, span, message).path(self.path.as_str()).help(help);
    }
}
