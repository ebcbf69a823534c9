//! Amazon EC2: what an instance starts from.

use crate::check::Context;
use crate::check::known::{Given, given, within};
use crate::diagnostics::Sink;
use crate::template::{Resource, Value};

codes! {
    /// An instance has no image to start from.
    ///
    /// It has one itself, or a launch template that has one. EC2 refuses to start it otherwise.
    ///
    /// ```yaml
    /// Resources:
    ///   Worker:
    ///     Type: AWS::EC2::Instance
    ///     Properties: { InstanceType: t3.micro }
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// Resources:
    ///   Worker:
    ///     Type: AWS::EC2::Instance
    ///     Properties:
    ///       InstanceType: t3.micro
    ///       ImageId: "{{resolve:ssm:/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64}}"
    /// ```
    ///
    /// Source: EC2 API Reference, `RunInstances`, `ImageId`.
    IMAGE = Error "instance-without-image";
}

/// Checks instances.
pub fn check(context: &Context<'_>, sink: &mut Sink) {
    for instance in context.of_type("AWS::EC2::Instance") {
        if given(&instance.properties, "ImageId") == Given::No && !has_template_image(context, instance) {
            let template = instance.properties.get("LaunchTemplate").is_some();
            let help =
                if template { "add `ImageId` to the instance or to its launch template" } else { "add `ImageId`" };
            context.report(sink, &IMAGE, instance, &[], "an instance without an image").help(help);
        }
    }
}

/// Whether the launch template of an instance may have an image.
fn has_template_image(context: &Context<'_>, instance: &Resource) -> bool {
    if given(&instance.properties, "LaunchTemplate") == Given::No {
        // Under a condition the whole of the properties may come from elsewhere.
        return instance.properties.0.iter().any(|(key, _)| key.text.starts_with("Fn::"));
    }
    let mut named = Vec::new();
    for key in ["LaunchTemplateId", "LaunchTemplateName"] {
        named.extend(within(&instance.properties, &["LaunchTemplate", key], ""));
    }
    let lacks = |value: &Value| {
        let template = context.target(value).filter(|template| template.kind == "AWS::EC2::LaunchTemplate");
        let data = template.and_then(|template| template.properties.get("LaunchTemplateData")).and_then(Value::as_map);
        data.is_some_and(|data| given(data, "ImageId") == Given::No)
    };
    named.is_empty() || !named.iter().all(|(_, value)| lacks(value))
}
