//! What references give, and whether that is what is wanted where they stand.

use super::Context;
use super::known::{Given, branches, given};
use crate::diagnostics::{INTERNAL, Sink};
use crate::schema::format::words;
use crate::schema::model::Types;
use crate::schema::provider::{self, ResourceType};
use crate::source::Origin;
use crate::template::{Data, Function, Resource, Value};

codes! {
    /// A reference gives something else than is wanted where it stands.
    ///
    /// `Ref` gives the name, the id or the ARN of a resource, as its type has it; `Fn::GetAtt` gives the others. The
    /// service refuses a name for an ARN, and CloudFormation a list for a text.
    ///
    /// ```yaml
    /// Resources:
    ///   Role:
    ///     Type: AWS::IAM::Role
    ///     Properties:
    ///       AssumeRolePolicyDocument:
    ///         Version: "2012-10-17"
    ///         Statement: { Effect: Allow, Action: sts:AssumeRole, Principal: { Service: ecs-tasks.amazonaws.com } }
    ///   Tasks:
    ///     Type: AWS::ECS::TaskDefinition
    ///     Properties: { TaskRoleArn: !Ref Role }
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// Resources:
    ///   Role:
    ///     Type: AWS::IAM::Role
    ///     Properties:
    ///       AssumeRolePolicyDocument:
    ///         Version: "2012-10-17"
    ///         Statement: { Effect: Allow, Action: sts:AssumeRole, Principal: { Service: ecs-tasks.amazonaws.com } }
    ///   Tasks:
    ///     Type: AWS::ECS::TaskDefinition
    ///     Properties: { TaskRoleArn: !GetAtt Role.Arn }
    /// ```
    ///
    /// Source: the formats and identifiers of the provider schemas.
    REFERENCE = Error "wrong-reference";

    /// The address of a network has bits that belong to hosts.
    ///
    /// The service leaves them out, so the network is another one than is written: `192.168.1.0/0` is all of the
    /// internet.
    ///
    /// ```yaml
    /// Resources:
    ///   Network:
    ///     Type: AWS::EC2::VPC
    ///     Properties: { CidrBlock: 10.0.1.0/16 }
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// Resources:
    ///   Network:
    ///     Type: AWS::EC2::VPC
    ///     Properties: { CidrBlock: 10.0.0.0/16 }
    /// ```
    ///
    /// Source: EC2 API Reference, `CreateVpc`, `CidrBlock`.
    HOST_BITS = Warning "network-with-host-bits";
}

/// The format of IPv4 networks, and the bits of their addresses.
const NETWORK: &str = "ipv4-network";
const ADDRESS_BITS: u32 = 32;

/// Types whose attributes are what their writers make of them.
const FREE: &[&str] = &[
    "AWS::CloudFormation::CustomResource",
    "AWS::CloudFormation::Stack",
    "AWS::Serverless::Application",
    "AWS::ServiceCatalog::CloudFormationProvisionedProduct",
    "AWS::SSM::Parameter",
];

/// Formats of lists of what a format is of.
const PLURALS: &[(&str, &str)] = &[
    ("AWS::EC2::SecurityGroup.Ids", "AWS::EC2::SecurityGroup.Id"),
    ("AWS::EC2::SecurityGroup.Names", "AWS::EC2::SecurityGroup.Name"),
    ("AWS::EC2::Subnet.Ids", "AWS::EC2::Subnet.Id"),
];

/// Parameters whose values CloudFormation checks to exist, and what those are.
///
/// Source: CloudFormation User Guide, "Supported AWS-specific parameter types".
const PARAMETER_TYPES: &[(&str, &str)] = &[
    ("AWS::EC2::Image::Id", "AWS::EC2::Image.Id"),
    ("AWS::EC2::SecurityGroup::GroupName", "AWS::EC2::SecurityGroup.Name"),
    ("AWS::EC2::SecurityGroup::Id", "AWS::EC2::SecurityGroup.Id"),
    ("AWS::EC2::Subnet::Id", "AWS::EC2::Subnet.Id"),
    ("AWS::EC2::VPC::Id", "AWS::EC2::VPC.Id"),
];

/// The pseudo parameter that is a list.
///
/// Source: CloudFormation User Guide, "Pseudo parameters reference".
const NOTIFICATION_ARNS: &str = "AWS::NotificationARNs";

/// How an imported value is shown.
const IMPORT: &str = "!ImportValue";

/// What a reference gives.
struct Gift<'a> {
    /// How it is written, for people.
    shown: String,
    /// What it is of: a resource and its property or attribute, or nothing for a parameter.
    of: Option<(&'a Resource, String)>,
    formats: Vec<String>,
    types: Types,
}

/// Checks the references in the properties of all resources.
pub fn check(context: &Context<'_>, sink: &mut Sink) {
    for resource in &context.template.resources {
        let Some(known) = provider::resource_type(&resource.kind) else { continue };
        for (key, value) in &resource.properties.0 {
            let shown = format!("Resources/{}/Properties/{}", resource.id, key.text);
            walk(context, known, value, &mut vec![&key.text], &shown, sink);
        }
    }
    // A blueprint has no way to write them otherwise.
    for (key, output) in context.template.outputs.0.iter().filter(|_| context.is_written()) {
        let Some(value) = output.as_map().and_then(|output| output.get("Value")) else { continue };
        for (path, value) in branches(value, &format!("Outputs/{}/Value", key.text)) {
            if let Some(gift) = gift(context, value).filter(|gift| gift.types == Types::ARRAY) {
                let message = format!("`{}` gives a list, and an output is a text", gift.shown);
                let help = format!("write `!Join [\",\", {}]`", gift.shown);
                report(context, value, &path, message, &help, sink);
            }
        }
    }
}

fn walk<'a>(
    context: &Context<'a>,
    known: &ResourceType,
    value: &'a Value,
    path: &mut Vec<&'a str>,
    shown: &str,
    sink: &mut Sink,
) {
    match &value.data {
        Data::List(items) => {
            path.push("*");
            for (index, item) in items.iter().enumerate() {
                walk(context, known, item, path, &format!("{shown}/{index}"), sink);
            }
            path.pop();
        }
        Data::Map(map) => {
            for (key, value) in &map.0 {
                path.push(&key.text);
                walk(context, known, value, path, &format!("{shown}/{}", key.text), sink);
                path.pop();
            }
        }
        Data::Call(Function::If, argument) => {
            for (index, branch) in argument.as_list().unwrap_or_default().iter().enumerate().skip(1) {
                walk(context, known, branch, path, &format!("{shown}/Fn::If/{index}"), sink);
            }
        }
        Data::Call(..) => {
            if let Some(gift) = gift(context, value) {
                judge(context, known, value, &gift, path, shown, sink);
            }
        }
        Data::String(text) => {
            let network = network(text).filter(|_| known.formats(path).contains(&NETWORK));
            if let Some(network) = network.filter(|network| network != text) {
                let message = format!("`{text}` is the network `{network}`");
                context.report_value(sink, &HOST_BITS, value, shown, message).help(format!("write `{network}`"));
            }
        }
        Data::Null | Data::Bool(_) | Data::Number(_) => {}
    }
}

/// The network that an address with a length of its prefix is in; `None` for other texts.
fn network(text: &str) -> Option<String> {
    let (address, length) = text.split_once('/')?;
    let length: u32 = length.parse().ok().filter(|length| *length <= ADDRESS_BITS)?;
    let bytes: Option<Vec<u8>> = address.split('.').map(|part| part.parse().ok()).collect();
    let bytes: [u8; 4] = bytes?.try_into().ok()?;
    let mask = u32::MAX.checked_shl(ADDRESS_BITS - length).unwrap_or(0);
    let [a, b, c, d] = (u32::from_be_bytes(bytes) & mask).to_be_bytes();
    Some(format!("{a}.{b}.{c}.{d}/{length}"))
}

/// Whether a reference certainly gives a list, or a single value; nothing where that is not known.
pub fn gives_list(context: &Context<'_>, value: &Value) -> Option<bool> {
    if matches!(&value.data, Data::Call(Function::Ref, argument) if argument.as_str() == Some(NOTIFICATION_ARNS)) {
        return Some(true);
    }
    let gift = gift(context, value).filter(|gift| !gift.shown.starts_with("${") && gift.shown != IMPORT)?;
    match gift.types {
        Types::ARRAY => Some(true),
        types => (!types.meets(Types::ARRAY.or(Types::OBJECT))).then_some(false),
    }
}

/// What a value gives that is one reference alone.
fn gift<'a>(context: &Context<'a>, value: &Value) -> Option<Gift<'a>> {
    let (id, attribute, shown) = match &value.data {
        Data::Call(Function::Ref, argument) => (argument.as_str()?, None, format!("!Ref {}", argument.as_str()?)),
        Data::Call(Function::GetAtt, argument) => {
            let [id, attribute] = argument.as_list()? else { return None };
            let (id, attribute) = (id.as_str()?, attribute.as_str()?);
            (id, Some(attribute), format!("!GetAtt {id}.{attribute}"))
        }
        Data::Call(Function::Sub, argument) => {
            let text = argument.as_str()?;
            let name = text.strip_prefix("${")?.strip_suffix('}').filter(|name| !name.contains(['$', '!', '{']))?;
            let (id, attribute) = name.split_once('.').map_or((name, None), |(id, rest)| (id, Some(rest)));
            (id, attribute, text.to_owned())
        }
        Data::Call(Function::ImportValue, _) => {
            let shown = IMPORT.to_owned();
            return Some(Gift { shown, of: None, formats: Vec::new(), types: Types::STRING });
        }
        _ => return None,
    };
    if attribute.is_none()
        && let Some(parameter) = context.template.parameters.get(id)
    {
        // In a text of `Fn::Sub` no parameter is a list.
        let (formats, types) = parameter_type(parameter.as_map()?.get("Type")?.as_str()?)?;
        return Some(Gift { shown, of: None, formats, types });
    }
    let resource = *context.resources.get(id)?;
    let known = provider::resource_type(&resource.kind)?;
    if FREE.contains(&resource.kind.as_str()) {
        return None;
    }
    let (name, path) = match attribute {
        Some(attribute) => (attribute.to_owned(), attribute.split('.').collect::<Vec<_>>()),
        None => match known.primary_identifier() {
            [one] => (one.clone(), one.split('/').collect()),
            _ => return None,
        },
    };
    let mut formats = formats(known, &path);
    if attribute.is_none() && resource.kind == "AWS::EC2::SecurityGroup" {
        // Source: CloudFormation User Guide, `AWS::EC2::SecurityGroup`, return values: without a VPC it is the name.
        match given(&resource.properties, "VpcId") {
            Given::Yes => formats.retain(|format| format.ends_with(".Id")),
            Given::No => formats.retain(|format| format.ends_with(".Name")),
            Given::Perhaps => {}
        }
    }
    let types = if attribute.is_none() { Types::STRING } else { known.types(&path) };
    Some(Gift { shown, of: Some((resource, name)), formats, types })
}

/// What a parameter of a type gives; nothing for types that are not known.
fn parameter_type(name: &str) -> Option<(Vec<String>, Types)> {
    let name = match name.strip_prefix("AWS::SSM::Parameter::Value<") {
        Some(inner) => inner.strip_suffix('>')?,
        None => name,
    };
    let (name, types) = match name.strip_prefix("List<") {
        Some(inner) => (inner.strip_suffix('>')?, Types::ARRAY),
        None if name == "CommaDelimitedList" => return Some((Vec::new(), Types::ARRAY)),
        None => (name, Types::STRING),
    };
    let known = PARAMETER_TYPES.iter().find(|(kind, _)| *kind == name);
    Some((known.map(|(_, format)| (*format).to_owned()).into_iter().collect(), types))
}

fn judge(
    context: &Context<'_>,
    known: &ResourceType,
    value: &Value,
    gift: &Gift<'_>,
    path: &[&str],
    shown: &str,
    sink: &mut Sink,
) {
    let wanted = known.types(path);
    let scalar = |types: Types| !types.meets(Types::ARRAY.or(Types::OBJECT));
    let list = |types: Types| types == Types::ARRAY;
    if scalar(wanted) && list(gift.types) {
        let message = format!("`{}` gives a list, and a single value is wanted", gift.shown);
        report(context, value, shown, message, "choose one with `!Select`, or put them together with `!Join`", sink);
    } else if list(wanted) && scalar(gift.types) && !gift.shown.starts_with("${") {
        let message = format!("`{}` gives a single value, and a list is wanted", gift.shown);
        let help = if gift.shown == IMPORT {
            "write a list, or divide the text: `!Split [\",\", !ImportValue …]`".to_owned()
        } else {
            format!("write a list: `[{}]`", gift.shown)
        };
        report(context, value, shown, message, &help, sink);
    } else if let Some(help) = mismatch(known, gift, path) {
        let wanted = formats(known, path);
        let given = match (gift.formats.as_slice(), &gift.of) {
            ([], Some((resource, name))) => format!("`{name}` of `{}`", resource.kind),
            (formats, _) => either(formats),
        };
        let message = format!("`{}` gives {given}, and {} is wanted", gift.shown, either(&wanted));
        report(context, value, shown, message, &help, sink);
    }
}

fn report(context: &Context<'_>, value: &Value, path: &str, message: String, help: &str, sink: &mut Sink) {
    match value.origin {
        Origin::Written(_) => context.report_value(sink, &REFERENCE, value, path, message).help(help),
        Origin::Derived(_) => context
            .report_value(sink, &INTERNAL, value, path, message)
            .help("this is a mistake of formwork; please report it with the blueprint"),
    };
}

fn either(formats: &[String]) -> String {
    formats.iter().map(|name| words(name)).collect::<Vec<_>>().join(" or ")
}

/// The formats of one value at a path, without those that say nothing of a resource.
fn formats(known: &ResourceType, path: &[&str]) -> Vec<String> {
    let one = |name: &str| PLURALS.iter().find(|(many, _)| *many == name).map_or(name, |(_, one)| one).to_owned();
    known.formats(path).into_iter().filter(|name| name.starts_with("AWS::")).map(one).collect()
}

/// What to write instead, if what a reference gives is certainly not what is wanted.
fn mismatch(known: &ResourceType, gift: &Gift<'_>, path: &[&str]) -> Option<String> {
    let wanted = formats(known, path);
    if wanted.is_empty() || words(&wanted[0]) == wanted[0] || gift.formats.iter().any(|format| wanted.contains(format))
    {
        return None;
    }
    let certain = match &gift.of {
        _ if !gift.formats.is_empty() => true,
        None => false,
        Some((resource, name)) => is_certain(resource, name, &wanted),
    };
    certain.then(|| instead(gift, &wanted))
}

/// Whether something without a format is certainly none of these, by what it is called.
fn is_certain(resource: &Resource, name: &str, wanted: &[String]) -> bool {
    let last = name.rsplit(['.', '/']).next().unwrap_or(name);
    let form = |ending: &str| wanted.iter().all(|format| format.ends_with(ending));
    let is_name = last.ends_with("Name") || last.ends_with("Url");
    // `Arn` is that of the resource itself, while `RoleArn` may be anybody's.
    let own = last == "Arn" && !name.contains('.');
    let services = |format: &str| format.split("::").nth(1).map(ToOwned::to_owned);
    let service = services(&resource.kind);
    let other = !wanted.iter().any(|format| services(format) == service) && service.as_deref() != Some("Serverless");
    if form(".Arn") {
        is_name || (own && other)
    } else if form(".Id") {
        is_name || own
    } else if form(".Name") {
        own
    } else {
        false
    }
}

/// What to write instead of a reference.
fn instead(gift: &Gift<'_>, wanted: &[String]) -> String {
    let general = format!("write a reference that gives {}", either(wanted));
    let Some((resource, _)) = &gift.of else { return general };
    let Some(known) = provider::resource_type(&resource.kind) else { return general };
    let gives = |path: &[&str]| known.formats(path).into_iter().any(|format| wanted.iter().any(|one| one == format));
    if let [identifier] = known.primary_identifier()
        && gives(&identifier.split('/').collect::<Vec<_>>())
        && resource.kind != "AWS::EC2::SecurityGroup"
    {
        return format!("write `!Ref {}`", resource.id);
    }
    let attributes = known.attributes();
    let fitting =
        attributes.iter().filter(|name| *name != "Id").find(|name| gives(&name.split('.').collect::<Vec<_>>()));
    fitting.map_or(general, |name| format!("write `!GetAtt {}.{name}`", resource.id))
}
