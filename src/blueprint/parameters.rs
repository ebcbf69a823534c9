//! Parameters: what whoever deploys the template decides.

use std::fmt::Write as _;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Number, Value as Json};

use super::text::Located;
use crate::diagnostics::Sink;
use crate::map;
use crate::source::Origin;
use crate::syntax::Key;
use crate::template::{Data, Map, Value};

codes! {
    /// The default of a parameter does not satisfy the parameter's own constraints.
    ///
    /// CloudFormation refuses to create a stack whose defaults break its constraints.
    ///
    /// ```yaml
    /// parameters:
    ///   RetentionDays:
    ///     type: number
    ///     min: 30
    ///     default: 7
    ///     description: Days after which an event is deleted.
    /// components:
    ///   archive:
    ///     kind: s3-bucket
    ///     expire_after_days: ${RetentionDays}
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// parameters:
    ///   RetentionDays:
    ///     type: number
    ///     min: 30
    ///     default: 90
    ///     description: Days after which an event is deleted.
    /// components:
    ///   archive:
    ///     kind: s3-bucket
    ///     expire_after_days: ${RetentionDays}
    /// ```
    ///
    /// Source: CloudFormation User Guide, "CloudFormation template Parameters syntax", property `Default`.
    DEFAULT = Error "default-not-allowed";
}

/// A decision that is left to whoever deploys the template.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Parameter {
    /// What kind of value it takes.
    #[serde(rename = "type")]
    pub kind: ParameterType,
    /// What it decides; shown in the console.
    #[schemars(length(min = 1, max = 4000))]
    pub description: String,
    /// The kinds that a component may be of, for the type `component`.
    #[schemars(length(min = 1))]
    pub kinds: Option<Vec<Located<String>>>,
    /// The value that is taken when none is given.
    pub default: Option<Located<Scalars>>,
    /// A name for people, instead of the parameter's own.
    pub label: Option<String>,
    /// The heading under which the console shows it.
    pub group: Option<String>,
    /// The only values that are accepted.
    #[schemars(length(min = 1))]
    pub allowed: Option<Vec<Scalar>>,
    /// The least number.
    pub min: Option<Number>,
    /// The greatest number.
    pub max: Option<Number>,
    /// The least length in characters.
    pub min_length: Option<u32>,
    /// The greatest length in characters.
    pub max_length: Option<u32>,
    /// A regular expression that the whole value matches.
    pub pattern: Option<String>,
    /// What the pattern asks for, in words; shown when a value is refused.
    pub pattern_hint: Option<String>,
    /// Whether the value is hidden wherever CloudFormation shows parameters.
    #[serde(default)]
    pub secret: bool,
}

/// A text, a number or a boolean.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq)]
#[serde(transparent)]
pub struct Scalar(#[schemars(with = "ScalarSchema")] Json);

/// One scalar or a list of them.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Scalars(#[schemars(with = "ScalarsSchema")] Json);

#[derive(JsonSchema)]
#[schemars(inline, extend("type" = ["string", "number", "boolean"]))]
struct ScalarSchema;

#[derive(JsonSchema)]
#[schemars(inline, extend("type" = ["string", "number", "boolean", "array"], "items" = {"type": ["string", "number"]}))]
struct ScalarsSchema;

/// What a parameter takes.
///
/// Source: CloudFormation User Guide, "CloudFormation-supplied parameter types".
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema, PartialEq, Eq)]
pub enum ParameterType {
    /// Text.
    #[serde(rename = "string")]
    String,
    /// A number.
    #[serde(rename = "number")]
    Number,
    /// `true` or `false`.
    #[serde(rename = "boolean")]
    Boolean,
    /// A component of whoever uses the blueprint as a module.
    #[serde(rename = "component")]
    Component,
    /// Texts, separated by commas.
    #[serde(rename = "list")]
    List,
    /// Numbers, separated by commas.
    #[serde(rename = "number-list")]
    NumberList,
    /// The id of a VPC of the account.
    #[serde(rename = "vpc")]
    Vpc,
    /// Ids of subnets of the account.
    #[serde(rename = "subnets")]
    Subnets,
    /// Ids of security groups of the account.
    #[serde(rename = "security-groups")]
    SecurityGroups,
    /// The id of a hosted zone of the account.
    #[serde(rename = "hosted-zone")]
    HostedZone,
    /// The name of a text in the Systems Manager parameter store, whose value is taken at deployment.
    #[serde(rename = "ssm-string")]
    SsmString,
    /// The name of a list in the Systems Manager parameter store, whose value is taken at deployment.
    #[serde(rename = "ssm-list")]
    SsmList,
}

impl ParameterType {
    /// The type as CloudFormation calls it.
    fn name(self) -> &'static str {
        match self {
            // A component is never left to the template: only modules have such parameters.
            Self::String | Self::Boolean | Self::Component => "String",
            Self::Number => "Number",
            Self::List => "CommaDelimitedList",
            Self::NumberList => "List<Number>",
            Self::Vpc => "AWS::EC2::VPC::Id",
            Self::Subnets => "List<AWS::EC2::Subnet::Id>",
            Self::SecurityGroups => "List<AWS::EC2::SecurityGroup::Id>",
            Self::HostedZone => "AWS::Route53::HostedZone::Id",
            Self::SsmString => "AWS::SSM::Parameter::Value<String>",
            Self::SsmList => "AWS::SSM::Parameter::Value<List<String>>",
        }
    }

    /// Whether a reference to it gives a list.
    pub fn is_list(self) -> bool {
        matches!(self, Self::List | Self::NumberList | Self::Subnets | Self::SecurityGroups | Self::SsmList)
    }

    fn is_numeric(self) -> bool {
        matches!(self, Self::Number | Self::NumberList)
    }
}

impl Parameter {
    /// Checks the default against the constraints.
    pub fn check(&self, sink: &mut Sink) {
        let Some(default) = &self.default else { return };
        let values: Vec<Json> = match &default.value.0 {
            Json::Array(items) => items.clone(),
            // A list may be written as CloudFormation takes it.
            Json::String(text) if self.kind.is_list() => text.split(',').map(|item| Json::from(item.trim())).collect(),
            other => vec![other.clone()],
        };
        for value in &values {
            if let Some(problem) = self.refuses(value) {
                sink.report(&DEFAULT, default.span(), format!("default {value} {problem}"))
                    .help("change the default or the constraint");
            }
        }
    }

    /// Why a value is not one of the parameter's, if it is not.
    pub fn refuses(&self, value: &Json) -> Option<String> {
        let text = plain(value);
        if self.kind == ParameterType::Boolean && text != "true" && text != "false" {
            return Some("is neither `true` nor `false`".to_owned());
        }
        if self.kind.is_numeric() {
            let Ok(number) = text.trim().parse::<f64>() else {
                return Some("is not a number".to_owned());
            };
            if let Some(min) = self.min.as_ref().filter(|min| min.as_f64().is_some_and(|min| number < min)) {
                return Some(format!("is less than `min`, {min}"));
            }
            if let Some(max) = self.max.as_ref().filter(|max| max.as_f64().is_some_and(|max| number > max)) {
                return Some(format!("is more than `max`, {max}"));
            }
        }
        let length = u32::try_from(text.chars().count()).unwrap_or(u32::MAX);
        if let Some(min) = self.min_length.filter(|min| length < *min) {
            return Some(format!("is shorter than `min_length`, {min}"));
        }
        if let Some(max) = self.max_length.filter(|max| length > *max) {
            return Some(format!("is longer than `max_length`, {max}"));
        }
        if let Some(allowed) = self.allowed.as_ref().filter(|allowed| !allowed.iter().any(|one| plain(&one.0) == text))
        {
            let mut message = "is not one of".to_owned();
            for (at, one) in allowed.iter().enumerate() {
                let _ = write!(message, "{} {}", if at == 0 { "" } else { "," }, one.0);
            }
            return Some(message);
        }
        let pattern = self.pattern.as_ref()?;
        let regex = fancy_regex::Regex::new(&format!("^(?:{pattern})$")).ok()?;
        matches!(regex.is_match(&text), Ok(false)).then(|| format!("does not match `pattern`, {pattern}"))
    }

    /// The parameter as CloudFormation takes it.
    pub fn to_map(&self, key: &Key) -> Map {
        let origin = Origin::Written(key.span);
        let number = |number: &Option<Number>| number.clone().map(|n| Value::new(origin, Data::Number(n)));
        let default = self.default.as_ref().map(|default| {
            let origin = Origin::Written(default.span());
            match &default.value.0 {
                Json::Number(number) if self.kind == ParameterType::Number => {
                    Value::new(origin, Data::Number(number.clone()))
                }
                Json::Array(items) => Value::string(origin, items.iter().map(plain).collect::<Vec<_>>().join(",")),
                other => Value::string(origin, plain(other)),
            }
        });
        let allowed = self.allowed.as_ref().map(|allowed| allowed.iter().map(|one| plain(&one.0)).collect::<Vec<_>>());
        let truths = || vec!["true".to_owned(), "false".to_owned()];
        let allowed = allowed.or_else(|| (self.kind == ParameterType::Boolean).then(truths));
        map!(origin;
            "Type" => self.kind.name(),
            "Description" => self.description.trim_end(),
            "Default" => default,
            "AllowedValues" => allowed,
            "MinValue" => number(&self.min),
            "MaxValue" => number(&self.max),
            "MinLength" => self.min_length,
            "MaxLength" => self.max_length,
            "AllowedPattern" => self.pattern.as_deref(),
            "ConstraintDescription" => self.pattern_hint.as_deref(),
            "NoEcho" => self.secret.then_some(true),
        )
    }
}

/// A scalar as the text that CloudFormation takes for it.
fn plain(value: &Json) -> String {
    match value {
        Json::String(text) => text.clone(),
        other => other.to_string(),
    }
}
