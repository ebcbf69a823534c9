//! Parameters of a template: their types, and whether defaults keep to their own limits.

use super::Context;
use super::known::{constant, number};
use crate::diagnostics::{Sink, closest};
use crate::schema::pattern;
use crate::template::{Map, Value};

codes! {
    /// A parameter is of a type that CloudFormation does not have.
    ///
    /// ```yaml
    /// Parameters:
    ///   Name: { Type: Text }
    /// Resources:
    ///   Archive:
    ///     Type: AWS::S3::Bucket
    ///     Properties: { BucketName: !Ref Name }
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// Parameters:
    ///   Name: { Type: String }
    /// Resources:
    ///   Archive:
    ///     Type: AWS::S3::Bucket
    ///     Properties: { BucketName: !Ref Name }
    /// ```
    ///
    /// Source: CloudFormation User Guide, "CloudFormation-supplied parameter types".
    TYPE = Error "undefined-parameter-type";

    /// The default of a parameter is not allowed by its own limits.
    ///
    /// CloudFormation refuses the template, also where another value is given.
    ///
    /// ```yaml
    /// Parameters:
    ///   Days: { Type: Number, Default: 0, MinValue: 1 }
    /// Resources:
    ///   Logs:
    ///     Type: AWS::SQS::Queue
    ///     Properties: { DelaySeconds: !Ref Days }
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// Parameters:
    ///   Days: { Type: Number, Default: 1, MinValue: 1 }
    /// Resources:
    ///   Logs:
    ///     Type: AWS::SQS::Queue
    ///     Properties: { DelaySeconds: !Ref Days }
    /// ```
    ///
    /// Source: CloudFormation User Guide, "CloudFormation template Parameters syntax".
    DEFAULT = Error "default-outside-limits";

    /// A limit of a parameter means nothing for its type.
    ///
    /// Lengths and patterns are for texts and lists, smallest and greatest values for numbers.
    ///
    /// ```yaml
    /// Parameters:
    ///   Days: { Type: Number, MinLength: 1 }
    /// Resources:
    ///   Logs:
    ///     Type: AWS::SQS::Queue
    ///     Properties: { DelaySeconds: !Ref Days }
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// Parameters:
    ///   Days: { Type: Number, MinValue: 1 }
    /// Resources:
    ///   Logs:
    ///     Type: AWS::SQS::Queue
    ///     Properties: { DelaySeconds: !Ref Days }
    /// ```
    ///
    /// Source: CloudFormation User Guide, "CloudFormation template Parameters syntax".
    LIMIT = Warning "limit-without-effect";

    /// Two things of a template have one name.
    ///
    /// `Ref` could mean either, so CloudFormation takes a name once among parameters and resources.
    ///
    /// ```yaml
    /// Parameters:
    ///   Archive: { Type: String }
    /// Resources:
    ///   Archive:
    ///     Type: AWS::S3::Bucket
    /// Outputs:
    ///   Name: { Value: !Ref Archive }
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// Parameters:
    ///   Name: { Type: String }
    /// Resources:
    ///   Archive:
    ///     Type: AWS::S3::Bucket
    ///     Properties: { BucketName: !Ref Name }
    /// Outputs:
    ///   Name: { Value: !Ref Archive }
    /// ```
    ///
    /// Source: CloudFormation User Guide, "CloudFormation template Parameters syntax".
    SAME_NAME = Error "name-used-twice";
}

/// The types that stand alone.
///
/// Source: CloudFormation User Guide, "CloudFormation template Parameters syntax", on `Type`.
const PLAIN: &[&str] = &["CommaDelimitedList", "List<Number>", "List<String>", "Number", "String"];

/// The types whose values must exist in the account; each is also there as `List<…>`.
///
/// Source: CloudFormation User Guide, "CloudFormation-supplied parameter types".
const SUPPLIED: &[&str] = &[
    "AWS::EC2::AvailabilityZone::Name",
    "AWS::EC2::Image::Id",
    "AWS::EC2::Instance::Id",
    "AWS::EC2::KeyPair::KeyName",
    "AWS::EC2::SecurityGroup::GroupName",
    "AWS::EC2::SecurityGroup::Id",
    "AWS::EC2::Subnet::Id",
    "AWS::EC2::VPC::Id",
    "AWS::EC2::Volume::Id",
    "AWS::Route53::HostedZone::Id",
];

/// The name of a parameter of Systems Manager, or its value, whose type follows in brackets.
const STORED: &str = "AWS::SSM::Parameter::Value<";
const STORED_NAME: &str = "AWS::SSM::Parameter::Name";

/// Checks the parameters.
pub fn check(context: &Context<'_>, sink: &mut Sink) {
    for (key, parameter) in &context.template.parameters.0 {
        if context.resources.contains_key(key.text.as_str()) && !context.is_open {
            sink.report(&SAME_NAME, key.origin.span(), format!("`{}` is a parameter and a resource", key.text))
                .path(format!("Parameters/{}", key.text))
                .help("rename one of them");
        }
        let Some(parameter) = parameter.as_map() else { continue };
        let Some(given) = parameter.get("Type") else { continue };
        let Some(kind) = given.as_str() else { continue };
        let path = format!("Parameters/{}", key.text);
        if !is_type(kind) {
            let names = PLAIN.iter().chain(SUPPLIED).copied();
            let message = format!("there is no type `{kind}` of parameters");
            context
                .report_value(sink, &TYPE, given, &format!("{path}/Type"), message)
                .help(closest(kind, names.clone()).map_or_else(
                    || "write `String`, `Number`, `CommaDelimitedList` or a type of AWS".to_owned(),
                    |name| format!("did you mean `{name}`?"),
                ))
                .meant(kind, names);
            continue;
        }
        check_limits(kind, parameter, &path, sink);
        check_default(context, kind, parameter, &path, sink);
    }
}

fn is_type(kind: &str) -> bool {
    let supplied = |kind: &str| SUPPLIED.contains(&kind);
    let listed = |kind: &str| kind.strip_prefix("List<").and_then(|kind| kind.strip_suffix('>')).is_some_and(supplied);
    PLAIN.contains(&kind)
        || supplied(kind)
        || listed(kind)
        || kind == STORED_NAME
        || kind
            .strip_prefix(STORED)
            .and_then(|kind| kind.strip_suffix('>'))
            // Values are looked up by name, so there are types that are not in the lists above.
            .is_some_and(|kind| PLAIN.contains(&kind) || listed(kind) || kind.starts_with("AWS::"))
}

fn check_limits(kind: &str, parameter: &Map, path: &str, sink: &mut Sink) {
    let useless: &[&str] = match kind {
        "Number" | "List<Number>" => &["MinLength", "MaxLength"],
        "String" => &["MinValue", "MaxValue"],
        _ => &[],
    };
    for (key, _) in parameter.0.iter().filter(|(key, _)| useless.contains(&key.text.as_str())) {
        sink.report(&LIMIT, key.origin.span(), format!("`{}` has no effect on type `{kind}`", key.text))
            .path(format!("{path}/{}", key.text))
            .help("remove it");
    }
}

/// Whether the default is one of the values that the parameter takes.
fn check_default(context: &Context<'_>, kind: &str, parameter: &Map, path: &str, sink: &mut Sink) {
    let Some(default) = parameter.get("Default") else { return };
    // The name of a stored parameter is held to the limits, but not what it stands for.
    let is_list = kind == "CommaDelimitedList" || kind.starts_with("List<");
    let Some(whole) = constant(default) else { return };
    // An allowed value of a list may hold commas itself.
    let allowed = parameter.get("AllowedValues").and_then(Value::as_list).unwrap_or_default();
    if is_list && allowed.iter().any(|value| constant(value).is_some_and(|value| value.contains(','))) {
        return;
    }
    let mut problem = None;
    for text in if is_list { whole.split(',').map(str::trim).collect() } else { vec![whole.as_str()] } {
        problem = problem.or_else(|| refused(kind, parameter, text));
    }
    if let Some(message) = problem {
        context
            .report_value(sink, &DEFAULT, default, &format!("{path}/Default"), message)
            .help("write a value that the parameter takes, or loosen the limit");
    }
}

fn refused(kind: &str, parameter: &Map, text: &str) -> Option<String> {
    let limit = |name: &str| parameter.get(name).and_then(number);
    if let Some(allowed) = parameter.get("AllowedValues").and_then(Value::as_list) {
        let allowed: Vec<String> = allowed.iter().filter_map(constant).collect();
        if !allowed.is_empty() && !allowed.iter().any(|value| value == text) {
            let shown: Vec<String> = allowed.iter().map(|value| format!("`{value}`")).collect();
            return Some(format!("default `{text}` is none of {}", shown.join(", ")));
        }
    }
    if matches!(kind, "Number" | "List<Number>") {
        let Ok(value) = text.parse::<f64>() else { return Some(format!("default `{text}` is no number")) };
        return match (limit("MinValue"), limit("MaxValue")) {
            (Some(least), _) if value < least => Some(format!("default {value} is less than {least}")),
            (_, Some(most)) if value > most => Some(format!("default {value} is more than {most}")),
            _ => None,
        };
    }
    if kind != "String" {
        return None;
    }
    #[expect(clippy::cast_precision_loss, reason = "no text is that long")]
    let length = text.chars().count() as f64;
    if let Some(least) = limit("MinLength").filter(|least| length < *least) {
        return Some(format!("default of {length} characters, at least {least} are needed"));
    }
    if let Some(most) = limit("MaxLength").filter(|most| length > *most) {
        return Some(format!("default of {length} characters, at most {most} are allowed"));
    }
    let pattern = parameter.get("AllowedPattern").and_then(Value::as_str)?;
    // The pattern is anchored at both ends, whatever it says.
    let fits = pattern::matches(&format!("^(?:{pattern})$"), text)?;
    (!fits).then(|| format!("default `{text}` does not match `{pattern}`"))
}
