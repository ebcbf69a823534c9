//! Texts of a template that mean something only inside of `Fn::Sub`.

use super::Context;
use crate::diagnostics::{Proposal, Sink};
use crate::template::{Data, Function, PSEUDO_PARAMETERS, Value, sub_names};

codes! {
    /// A text names a parameter or a resource in `${ }`, but stands in no `Fn::Sub`.
    ///
    /// CloudFormation takes such a text as it is, dollar sign and brackets included.
    ///
    /// ```yaml
    /// Parameters:
    ///   Name: { Type: String }
    /// Resources:
    ///   Archive:
    ///     Type: AWS::S3::Bucket
    ///     Properties: { BucketName: "archive-${Name}" }
    ///   Topic:
    ///     Type: AWS::SNS::Topic
    ///     Properties: { DisplayName: !Ref Name }
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
    ///     Properties: { BucketName: !Sub "archive-${Name}" }
    ///   Topic:
    ///     Type: AWS::SNS::Topic
    ///     Properties: { DisplayName: !Ref Name }
    /// ```
    ///
    /// Source: CloudFormation User Guide, "`Fn::Sub`".
    MISSING_SUB = Error "missing-sub";

    /// `Fn::Sub` has nothing to put in.
    ///
    /// ```yaml
    /// Resources:
    ///   Archive:
    ///     Type: AWS::S3::Bucket
    ///     Properties: { BucketName: !Sub archive }
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// Resources:
    ///   Archive:
    ///     Type: AWS::S3::Bucket
    ///     Properties: { BucketName: archive }
    /// ```
    USELESS_SUB = Info "useless-sub";
}

/// Properties whose texts are programs with `${ }` of their own.
const PROGRAMS: &[&str] = &[
    "UserData",
    "ZipFile",
    "Commands",
    "BuildSpec",
    "Script",
    "Definition",
    "DefinitionString",
    "Content",
    "Metadata",
];

/// Checks the texts of a template that was written by hand.
pub fn check(context: &Context<'_>, sink: &mut Sink) {
    if context.is_open {
        return;
    }
    for resource in &context.template.resources {
        for (key, value) in &resource.properties.0 {
            if !PROGRAMS.contains(&key.text.as_str()) {
                walk(context, value, &format!("Resources/{}/Properties/{}", resource.id, key.text), sink);
            }
        }
    }
    for (key, output) in &context.template.outputs.0 {
        if let Some(value) = output.as_map().and_then(|output| output.get("Value")) {
            walk(context, value, &format!("Outputs/{}/Value", key.text), sink);
        }
    }
}

fn walk(context: &Context<'_>, value: &Value, path: &str, sink: &mut Sink) {
    match &value.data {
        Data::String(text) => check_text(context, value, text, path, sink),
        Data::List(items) => {
            for (index, item) in items.iter().enumerate() {
                walk(context, item, &format!("{path}/{index}"), sink);
            }
        }
        // What is no function of CloudFormation is told as such.
        Data::Map(map) if matches!(map.0.as_slice(), [(key, _)] if key.text.starts_with("Fn::")) => {}
        Data::Map(map) => {
            for (key, value) in map.0.iter().filter(|(key, _)| !PROGRAMS.contains(&key.text.as_str())) {
                walk(context, value, &format!("{path}/{}", key.text), sink);
            }
        }
        Data::Call(Function::Sub, argument) => {
            // In the long form the variables may be empty, too.
            let written = context.text_of(value.origin.span());
            // The names of a loop are put in already.
            let plain = !written.contains("${") && !written.contains("&{");
            if plain && argument.as_str().is_some_and(|text| !text.contains("${")) {
                sink.report(&USELESS_SUB, value.origin.span(), "`Fn::Sub` with nothing to put in")
                    .path(path)
                    .help("write the text alone");
            }
        }
        // What a function puts together may be a program, or be put into `Fn::Sub` by a macro.
        Data::Call(..) | Data::Null | Data::Bool(_) | Data::Number(_) => {}
    }
}

fn check_text(context: &Context<'_>, value: &Value, text: &str, path: &str, sink: &mut Sink) {
    let known = |name: &str| {
        let (id, attribute) = name.split_once('.').map_or((name, None), |(id, attribute)| (id, Some(attribute)));
        PSEUDO_PARAMETERS.contains(&name)
            || (attribute.is_none() && context.template.parameters.get(id).is_some())
            || context.resources.contains_key(id)
    };
    // A program has more than one line.
    if text.contains('\n') {
        return;
    }
    let Some(name) = sub_names(text).find(|name| known(name)) else { return };
    sink.report(&MISSING_SUB, value.origin.span(), format!("`${{{name}}}` outside of `Fn::Sub` stays as it is"))
        .path(path)
        .help("write `!Sub` before the text")
        .propose(Some(Proposal::Call(Function::Sub.tag())));
}
