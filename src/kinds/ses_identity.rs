//! `ses-identity`

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::standing::{Policy, Standing, plain};
use super::{Access, Attribute, Component, Get, Kind, Site, Wire};
use crate::blueprint::text::{Located, Reference, Text};
use crate::diagnostics::Sink;
use crate::map;
use crate::source::{Origin, Span};

/// An identity of Amazon SES: a domain or an address that mail may come from.
///
/// SES sends for it once it is verified: a domain by three records of DNS, whose names and values are attributes, an
/// address by a link that SES mails to it. An identity that exists already cannot be made again; give its configuration
/// set to it in the console, or name the configuration set when mail is sent.
///
/// ```yaml
/// parameters:
///   Domain: { type: string, description: Domain that mail comes from. }
/// components:
///   mail:
///     kind: ses-configuration-set
///   sender:
///     kind: ses-identity
///     identity: ${Domain}
///     configuration_set: mail
///     mail_from: { domain: "bounces.${Domain}" }
/// outputs:
///   DkimName1: { value: "${sender.dkim-name-1}", description: Name of the first of three CNAME records. }
///   DkimValue1: { value: "${sender.dkim-value-1}", description: Value of the first of three CNAME records. }
/// ```
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Sender {
    /// The domain, or the address.
    identity: Text,
    /// The `ses-configuration-set` of mail whose sender names none.
    configuration_set: Option<Reference>,
    /// How mail is signed.
    dkim: Option<Dkim>,
    /// The domain of the envelope, to which bounces go, instead of one of AWS.
    mail_from: Option<MailFrom>,
    /// Whether bounces and complaints are mailed to the sender, as SES does without this.
    forward_feedback: Option<bool>,
}

/// How mail is signed.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Dkim {
    /// Whether it is signed.
    #[serde(default = "yes")]
    sign: bool,
    /// Bits of the key that SES makes for a domain.
    key_bits: Option<Located<KeyBits>>,
}

/// Bits of a key.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema, Serialize)]
enum KeyBits {
    /// For providers of DNS that take no long records.
    #[serde(rename = "1024")]
    Bits1024,
    /// What SES takes without this.
    #[serde(rename = "2048")]
    Bits2048,
}

/// The domain of the envelope.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct MailFrom {
    /// A domain under that of the identity, from which nothing is sent and which receives no mail.
    domain: Text,
    /// What happens while the MX record of the domain is missing.
    #[serde(default)]
    without_mx: WithoutMx,
}

/// What happens while an MX record is missing.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema, Serialize)]
#[serde(rename_all = "kebab-case")]
enum WithoutMx {
    /// Mail is sent with a domain of AWS.
    #[default]
    UseDefault,
    /// No mail is sent.
    Reject,
}

codes! {
    /// The domain of the envelope is not under the domain of the identity.
    ///
    /// SES refuses it, because the envelope would not belong to the sender.
    ///
    /// ```yaml
    /// components:
    ///   sender:
    ///     kind: ses-identity
    ///     identity: example.com
    ///     mail_from: { domain: bounces.example.org }
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// components:
    ///   sender:
    ///     kind: ses-identity
    ///     identity: example.com
    ///     mail_from: { domain: bounces.example.com }
    /// ```
    ///
    /// Source: SES Developer Guide, "Using a custom MAIL FROM domain": it must be a subdomain of the identity's domain.
    MAIL_FROM = Error "mail-from-elsewhere";

    /// An address has a key of its own to sign with.
    ///
    /// Keys belong to domains: SES signs the mail of an address with that of its domain.
    ///
    /// ```yaml
    /// components:
    ///   sender:
    ///     kind: ses-identity
    ///     identity: orders@example.com
    ///     dkim: { key_bits: "2048" }
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// components:
    ///   sender:
    ///     kind: ses-identity
    ///     identity: example.com
    ///     dkim: { key_bits: "2048" }
    /// ```
    ///
    /// Source: SES API v2, `CreateEmailIdentity`, `DkimSigningAttributes`.
    ADDRESS_KEY = Error "key-of-an-address";

    /// An identity is neither a domain nor an address.
    ///
    /// SES refuses it. A domain is written without `https://` and without anything before or after it; letters outside
    /// of ASCII are written as DNS has them, `xn--…`.
    ///
    /// ```yaml
    /// components:
    ///   sender:
    ///     kind: ses-identity
    ///     identity: https://example.com/
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// components:
    ///   sender:
    ///     kind: ses-identity
    ///     identity: example.com
    /// ```
    ///
    /// Source: SES API v2, `CreateEmailIdentity`; RFC 1035, section 2.3.
    FORM = Error "unusable-identity";
}

const IDENTITY: &str = "Identity";

/// Characters of a domain, and of a part of one. Source: RFC 1035, section 2.3.4.
const MAX_DOMAIN: usize = 253;
const MAX_LABEL: usize = 63;

/// Whether a text is a domain with more than one part.
fn is_domain(text: &str) -> bool {
    let is_label = |label: &str| {
        (1..=MAX_LABEL).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    text.len() <= MAX_DOMAIN && text.contains('.') && text.split('.').all(is_label)
}

/// Whether a text is an address: what is before its last `@` is for the domain to understand.
fn is_address(text: &str) -> bool {
    text.rsplit_once('@').is_some_and(|(name, domain)| {
        let plain = |c: char| !c.is_whitespace() && !c.is_control() && c != '@';
        !name.is_empty() && name.chars().all(plain) && is_domain(domain)
    })
}

fn yes() -> bool {
    true
}

impl Component for Sender {
    fn wires(&self) -> Vec<Wire<'_>> {
        self.configuration_set.iter().map(|to| Wire { to, access: Access::SendThrough }).collect()
    }

    fn check(&self, _name: Span, sink: &mut Sink) {
        let Some(identity) = self.identity.literal() else { return };
        if !is_domain(&identity) && !is_address(&identity) {
            sink.report(&FORM, self.identity.span, format!("`{identity}` is neither a domain nor an address"))
                .help("write for example `example.com` or `orders@example.com`");
            return;
        }
        let domain = identity.split_once('@').map(|(_, domain)| domain);
        if let Some(key) = self.dkim.as_ref().and_then(|dkim| dkim.key_bits.as_ref())
            && domain.is_some()
        {
            sink.report(&ADDRESS_KEY, key.span(), "an address has no key of its own")
                .also(self.identity.span, "an address, not a domain")
                .help("remove `key_bits`, or make an identity of the domain");
        }
        let domain = domain.unwrap_or(&identity).to_ascii_lowercase();
        if let Some(from) = &self.mail_from
            && let Some(given) = from.domain.literal()
            && !given.to_ascii_lowercase().ends_with(&format!(".{domain}"))
        {
            sink.report(&MAIL_FROM, from.domain.span, format!("`{given}` is not under `{domain}`"))
                .also(self.identity.span, "the identity")
                .help(format!("write a domain such as `bounces.{domain}`"));
        }
    }

    fn compose(&self, site: &mut Site<'_>) {
        let (place, scope) = (site.place, site.scope);
        let origin = place.origin;
        let signing = self.dkim.as_ref().map(|dkim| map!(origin; "SigningEnabled" => dkim.sign));
        let key = self.dkim.as_ref().and_then(|dkim| dkim.key_bits.as_ref()).map(|bits| {
            let origin = Origin::Derived(bits.span());
            let length = match bits.value {
                KeyBits::Bits1024 => "RSA_1024_BIT",
                KeyBits::Bits2048 => "RSA_2048_BIT",
            };
            map!(origin; "NextSigningKeyLength" => length)
        });
        let mail_from = self.mail_from.as_ref().map(|from| {
            let without = match from.without_mx {
                WithoutMx::UseDefault => "USE_DEFAULT_VALUE",
                WithoutMx::Reject => "REJECT_MESSAGE",
            };
            map!(origin; "BehaviorOnMxFailure" => without, "MailFromDomain" => scope.value(&from.domain))
        });
        let feedback = self.forward_feedback.map(|on| map!(origin; "EmailForwardingEnabled" => on));
        let properties = map!(origin;
            "EmailIdentity" => scope.value(&self.identity),
            "ConfigurationSetAttributes" =>
                site.address(0).map(|name| map!(origin; "ConfigurationSetName" => name)),
            "DkimAttributes" => signing,
            "DkimSigningAttributes" => key,
            "MailFromAttributes" => mail_from,
            "FeedbackAttributes" => feedback,
        );
        site.add(IDENTITY, "AWS::SES::EmailIdentity", properties);
    }
}

/// An attribute that says what must be in DNS.
const fn record(name: &'static str, doc: &'static str, attribute: &'static str) -> Attribute {
    Attribute { name, doc, get: Get::Att(IDENTITY, attribute) }
}

pub(super) static KIND: Kind = Kind {
    name: "ses-identity",
    ports: &[],
    attributes: &[
        Attribute { name: "name", doc: "The domain or address.", get: Get::Ref(IDENTITY) },
        Attribute {
            name: "arn",
            doc: "ARN of the identity.",
            get: Get::Text(IDENTITY, "arn:${AWS::Partition}:ses:${AWS::Region}:${AWS::AccountId}:identity/{}"),
        },
        record("dkim-name-1", "Name of the first CNAME record of a domain.", "DkimDNSTokenName1"),
        record("dkim-name-2", "Name of the second CNAME record of a domain.", "DkimDNSTokenName2"),
        record("dkim-name-3", "Name of the third CNAME record of a domain.", "DkimDNSTokenName3"),
        record("dkim-value-1", "Value of the first CNAME record of a domain.", "DkimDNSTokenValue1"),
        record("dkim-value-2", "Value of the second CNAME record of a domain.", "DkimDNSTokenValue2"),
        record("dkim-value-3", "Value of the third CNAME record of a domain.", "DkimDNSTokenValue3"),
    ],
    standing: Some(Standing {
        types: &["AWS::SES::EmailIdentity"],
        role: IDENTITY,
        without: &[],
        policy: Policy::Free,
        read: plain,
    }),
    codes: &[CODES],
    schema: super::model_schema::<Sender>,
    decode: super::decode::<Sender>,
};
