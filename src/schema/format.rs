//! The formats that schemas name: of what, and in which form, a text is the name.

use core::net::Ipv6Addr;
use std::sync::LazyLock;

use super::model::Pattern;
use super::pattern;

/// A format with what it is called and what its texts look like.
struct Format {
    name: &'static str,
    /// For people, as in "this is not …".
    words: &'static str,
    /// Without one every text will do.
    pattern: Option<&'static str>,
}

const fn format(name: &'static str, words: &'static str, pattern: &'static str) -> Format {
    Format { name, words, pattern: Some(pattern) }
}

/// The formats that are known.
///
/// Source: the rules of cfn-lint 1.58.0 for formats (E1150 to E1164); for accounts, regions and ids the API references
/// of Amazon EC2, IAM, KMS, Lambda, SNS and SQS. A partition is any word that begins with `aws`. A network may have
/// bits set behind its prefix, as Amazon EC2 takes it (API Reference, "CreateVpc": it is brought to canonical form).
const FORMATS: &[Format] = &[
    format(
        "AWS::ACM::Certificate.Arn",
        "the ARN of a certificate",
        r"^arn:aws[a-zA-Z-]*:acm:[a-z0-9-]+:[0-9]{12}:certificate/.+$",
    ),
    format("AWS::EC2::Image.Id", "the id of a machine image", r"^(ami-([0-9a-z]{8}|[0-9a-z]{17})|resolve:ssm:.+)$"),
    format("AWS::EC2::SecurityGroup.Id", "the id of a security group", r"^sg-([0-9A-Fa-f]{8}|[0-9A-Fa-f]{17})$"),
    Format { name: "AWS::EC2::SecurityGroup.Ids", words: "a list of ids of security groups", pattern: None },
    format("AWS::EC2::SecurityGroup.Name", "the name of a security group", r"^[a-zA-Z0-9 ._:/()#,@\[\]+=&;{}!$*-]+$"),
    Format { name: "AWS::EC2::SecurityGroup.Names", words: "a list of names of security groups", pattern: None },
    format("AWS::EC2::Subnet.Id", "the id of a subnet", r"^subnet-([0-9A-Fa-f]{8}|[0-9A-Fa-f]{17})$"),
    Format { name: "AWS::EC2::Subnet.Ids", words: "a list of ids of subnets", pattern: None },
    format("AWS::EC2::VPC.Id", "the id of a VPC", r"^vpc-([0-9A-Fa-f]{8}|[0-9A-Fa-f]{17})$"),
    format("AWS::IAM::Role.Arn", "the ARN of a role", r"^arn:aws[a-zA-Z-]*:iam::[0-9]{12}:role/.+$"),
    format("AWS::KMS::Alias.AliasName", "the alias of a key", r"^alias/[a-zA-Z0-9:/_-]+$"),
    format("AWS::KMS::Key.Arn", "the ARN of a key", r"^arn:aws[a-zA-Z-]*:kms:[a-z0-9-]+:[0-9]{12}:(key|alias)/.+$"),
    format(
        "AWS::KMS::Key.Id",
        "the id of a key",
        r"^([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|mrk-[0-9a-f]{32}|alias/[a-zA-Z0-9/_-]+)$",
    ),
    format(
        "AWS::Lambda::Function.Arn",
        "the ARN of a function",
        r"^arn:aws[a-zA-Z-]*:lambda:[a-z0-9-]+:[0-9]{12}:function:.+$",
    ),
    format("AWS::Logs::LogGroup.Name", "the name of a log group", r"^[._/#A-Za-z0-9-]{1,512}$"),
    format("AWS::S3::Bucket.Name", "the name of a bucket", r"^[a-z0-9]([a-z0-9-]|\.[a-z0-9]){1,61}[a-z0-9]$|^$"),
    format("AWS::SNS::Topic.Arn", "the ARN of a topic", r"^arn:aws[a-zA-Z-]*:sns:[a-z0-9-]+:[0-9]{12}:.+$"),
    format("AWS::SQS::Queue.Arn", "the ARN of a queue", r"^arn:aws[a-zA-Z-]*:sqs:[a-z0-9-]+:[0-9]{12}:.+$"),
    format(
        "date-time",
        "a time as `2026-01-31T12:00:00Z`",
        r"^[0-9]{4}-[0-9]{2}-[0-9]{2}([Tt ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]+)?)?([Zz]|[+-][0-9]{2}:?[0-9]{2})?)?$",
    ),
    format(
        "ipv4",
        "an IPv4 address",
        r"^((25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])\.){3}(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])$",
    ),
    format(
        "ipv4-network",
        "an IPv4 network as `10.0.0.0/16`",
        r"^((25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])\.){3}(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])(/(3[0-2]|[12]?[0-9]))?$",
    ),
    Format { name: "ipv6", words: "an IPv6 address", pattern: None },
    format(
        "ipv6-network",
        "an IPv6 network as `2001:db8::/32`",
        r"^[0-9A-Fa-f]{0,4}(:[0-9A-Fa-f]{0,4}){1,6}:([0-9A-Fa-f]{0,4}|[0-9.]+)(/(12[0-8]|1[01][0-9]|[1-9]?[0-9]))?$",
    ),
    Format { name: "json", words: "JSON", pattern: None },
];

static COMPILED: LazyLock<Vec<Option<Pattern>>> =
    LazyLock::new(|| FORMATS.iter().map(|format| format.pattern.map(Pattern::new)).collect());

/// Whether a text has a format; what is not known is taken.
pub(super) fn is_match(name: &str, text: &str) -> bool {
    // Whether a text belongs into `Fn::Sub` is another question.
    if text.contains("${") {
        return true;
    }
    if name == "json" {
        return is_json(text);
    }
    // No pattern counts the parts of an address.
    if name == "ipv6" {
        return text.parse::<Ipv6Addr>().is_ok();
    }
    let known = FORMATS.iter().zip(COMPILED.iter()).find(|(format, _)| format.name == name);
    let Some((_, Some(compiled))) = known else { return true };
    pattern::is_match(compiled, text) != Some(false)
}

/// Text that is not meant to be an object may be in another language, as YAML.
fn is_json(text: &str) -> bool {
    !text.trim_start().starts_with("{\"") || serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok()
}

/// What a format is called.
pub fn words(name: &str) -> &str {
    FORMATS.iter().find(|format| format.name == name).map_or(name, |format| format.words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_have_their_formats() {
        for (name, right, wrong) in [
            ("AWS::EC2::Subnet.Id", "subnet-0123abcd", "subnet-1"),
            ("AWS::EC2::Image.Id", "resolve:ssm:/aws/service/x", "ami"),
            ("AWS::IAM::Role.Arn", "arn:aws-us-gov:iam::123456789012:role/a/b", "arn:aws:iam::123456789012:user/x"),
            ("AWS::KMS::Key.Id", "mrk-0123456789abcdef0123456789abcdef", "my-key"),
            ("AWS::S3::Bucket.Name", "a-b.c1", "A_b"),
            ("AWS::S3::Bucket.Name", "", "a..b"),
            ("AWS::Logs::LogGroup.Name", "/aws/lambda/x", "a b"),
            ("date-time", "2026-01-31T12:00:00.5+01:00", "31.01.2026"),
            ("ipv4-network", "192.168.1.0/0", "10.0.0.0/33"),
            ("ipv4", "255.1.0.9", "256.1.0.9"),
            ("ipv6", "::1", "1.2.3.4"),
            ("ipv6", "2001:db8::192.0.2.1", "1111::3333:4444:5555::7777:8888"),
            ("ipv6", "1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7"),
            ("ipv6-network", "::/0", "::/129"),
            ("ipv6-network", "2001:db8::/32", "2001:db8"),
            ("json", "{\"a\": 1}", "{\"a\": }"),
        ] {
            assert!(is_match(name, right), "{name} {right}");
            assert!(!is_match(name, wrong), "{name} {wrong}");
        }
        assert!(is_match("AWS::Any::Thing.Arn", "x") && is_match("json", "a: b"));
    }

    #[test]
    fn every_pattern_has_an_engine_and_every_name_is_there_once() {
        assert!(FORMATS.windows(2).all(|pair| pair[0].name < pair[1].name));
        assert!(FORMATS.iter().filter_map(|format| format.pattern).all(|text| pattern::engine(text).is_some()));
        assert_eq!(words("AWS::IAM::Role.Arn"), "the ARN of a role");
    }
}
