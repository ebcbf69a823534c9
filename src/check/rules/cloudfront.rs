//! Amazon CloudFront: the names of a distribution, and where its requests go.

use crate::check::Context;
use crate::check::known::{text, within};
use crate::diagnostics::{Sink, closest};
use crate::template::{Map, Value};

codes! {
    /// An alternate name of a distribution is no name of a domain.
    ///
    /// Labels have letters, digits and hyphens, and neither begin nor end with a hyphen. `*` stands for the first label as
    /// a whole.
    ///
    /// ```yaml
    /// Resources:
    ///   Site:
    ///     Type: AWS::CloudFront::Distribution
    ///     Properties:
    ///       DistributionConfig:
    ///         Enabled: true
    ///         Aliases: ["www.*.example.com"]
    ///         Origins: [{ Id: pages, DomainName: pages.example.com, CustomOriginConfig: { OriginProtocolPolicy: https-only } }]
    ///         DefaultCacheBehavior:
    ///           TargetOriginId: pages
    ///           ViewerProtocolPolicy: redirect-to-https
    ///           CachePolicyId: 658327ea-f89d-4fab-a63d-7e88639e58f6
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// Resources:
    ///   Site:
    ///     Type: AWS::CloudFront::Distribution
    ///     Properties:
    ///       DistributionConfig:
    ///         Enabled: true
    ///         Aliases: ["*.example.com"]
    ///         Origins: [{ Id: pages, DomainName: pages.example.com, CustomOriginConfig: { OriginProtocolPolicy: https-only } }]
    ///         DefaultCacheBehavior:
    ///           TargetOriginId: pages
    ///           ViewerProtocolPolicy: redirect-to-https
    ///           CachePolicyId: 658327ea-f89d-4fab-a63d-7e88639e58f6
    /// ```
    ///
    /// Source: CloudFront Developer Guide, "Requirements for using alternate domain names"; RFC 1123, section 2.1.
    ALIAS = Error "malformed-domain-name";

    /// A cache behavior of a distribution names an origin that the distribution does not have.
    ///
    /// ```yaml
    /// Resources:
    ///   Site:
    ///     Type: AWS::CloudFront::Distribution
    ///     Properties:
    ///       DistributionConfig:
    ///         Enabled: true
    ///         Origins: [{ Id: pages, DomainName: pages.example.com, CustomOriginConfig: { OriginProtocolPolicy: https-only } }]
    ///         DefaultCacheBehavior:
    ///           TargetOriginId: page
    ///           ViewerProtocolPolicy: redirect-to-https
    ///           CachePolicyId: 658327ea-f89d-4fab-a63d-7e88639e58f6
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// Resources:
    ///   Site:
    ///     Type: AWS::CloudFront::Distribution
    ///     Properties:
    ///       DistributionConfig:
    ///         Enabled: true
    ///         Origins: [{ Id: pages, DomainName: pages.example.com, CustomOriginConfig: { OriginProtocolPolicy: https-only } }]
    ///         DefaultCacheBehavior:
    ///           TargetOriginId: pages
    ///           ViewerProtocolPolicy: redirect-to-https
    ///           CachePolicyId: 658327ea-f89d-4fab-a63d-7e88639e58f6
    /// ```
    ///
    /// Source: CloudFront API Reference, `CacheBehavior`, `TargetOriginId`.
    ORIGIN = Error "undefined-origin";
}

/// The longest label of a name, in characters.
///
/// Source: RFC 1035, section 2.3.4.
const LONGEST_LABEL: usize = 63;

/// Where a distribution names its origins.
const TARGETS: &[&[&str]] = &[
    &["DistributionConfig", "DefaultCacheBehavior", "TargetOriginId"],
    &["DistributionConfig", "CacheBehaviors", "*", "TargetOriginId"],
    &["DistributionConfig", "OriginGroups", "Items", "*", "Members", "Items", "*", "OriginId"],
];

/// Checks distributions.
pub fn check(context: &Context<'_>, sink: &mut Sink) {
    for distribution in context.of_type("AWS::CloudFront::Distribution") {
        let start = format!("Resources/{}/Properties", distribution.id);
        for (path, value) in within(&distribution.properties, &["DistributionConfig", "Aliases", "*"], &start) {
            let Some(name) = text(value).filter(|name| !is_domain(name)) else { continue };
            context
                .report_value(sink, &ALIAS, value, &path, format!("`{name}` is no name of a domain"))
                .help("write a name as `www.example.com` or `*.example.com`");
        }
        let Some(known) = origins(&distribution.properties) else { continue };
        for (path, value) in TARGETS.iter().flat_map(|keys| within(&distribution.properties, keys, &start)) {
            let Some(name) = text(value).filter(|name| !known.contains(name)) else { continue };
            let near = closest(&name, known.iter().map(String::as_str));
            context.report_value(sink, &ORIGIN, value, &path, format!("there is no origin `{name}`")).help(
                near.map_or_else(
                    || "name the `Id` of one of the `Origins`".to_owned(),
                    |near| format!("did you mean `{near}`?"),
                ),
            );
        }
    }
}

/// The names of all origins and groups of origins, if all of them are known.
fn origins(properties: &Map) -> Option<Vec<String>> {
    let config = properties.get("DistributionConfig")?.as_map()?;
    let id = |item: &Value| text(item.as_map()?.get("Id")?);
    let mut names: Vec<String> = config.get("Origins")?.as_list()?.iter().map(id).collect::<Option<_>>()?;
    if let Some(groups) = config.get("OriginGroups") {
        let groups = groups.as_map()?.get("Items")?.as_list()?;
        names.extend(groups.iter().map(id).collect::<Option<Vec<_>>>()?);
    }
    Some(names)
}

fn is_domain(name: &str) -> bool {
    let rest = name.strip_prefix("*.").unwrap_or(name);
    let label = |label: &str| {
        !label.is_empty()
            && label.len() <= LONGEST_LABEL
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|letter| letter.is_ascii_alphanumeric() || letter == b'-')
    };
    rest.contains('.') && rest.split('.').all(label)
}

#[cfg(test)]
mod tests {
    use super::is_domain;

    #[test]
    fn names_of_domains_have_labels() {
        for name in ["www.example.com", "*.example.com", "WWW.Example.com", "xn--bcher-kva.example"] {
            assert!(is_domain(name), "{name}");
        }
        for name in ["www.example.com ", "-www.example.com", "www-.example.com", "email.*.example.com", "a..b", "com"] {
            assert!(!is_domain(name), "{name}");
        }
    }
}
