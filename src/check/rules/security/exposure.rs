//! What can be reached by everyone.

use std::collections::BTreeSet;

use super::policies::Statement;
use super::{Found, says, values};
use crate::check::Context;
use crate::check::known::{Given, boolean, choices, given, text};
use crate::diagnostics::{Sink, alternatives};
use crate::template::Resource;

codes! {
    /// Everyone can read what is in a bucket, or write to it.
    ///
    /// A website may be meant to be read by all; then it is better served by CloudFront, from a bucket that only
    /// CloudFront can read. New buckets refuse such policies and lists unless the public access block is taken off.
    ///
    /// ```yaml
    /// Resources:
    ///   Site:
    ///     Type: AWS::S3::Bucket
    ///   SitePolicy:
    ///     Type: AWS::S3::BucketPolicy
    ///     Properties:
    ///       Bucket: !Ref Site
    ///       PolicyDocument:
    ///         Version: "2012-10-17"
    ///         Statement:
    ///           - { Effect: Allow, Principal: "*", Action: "s3:GetObject", Resource: !Sub "${Site.Arn}/*" }
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// Parameters:
    ///   DistributionArn: { Type: String }
    /// Resources:
    ///   Site:
    ///     Type: AWS::S3::Bucket
    ///   SitePolicy:
    ///     Type: AWS::S3::BucketPolicy
    ///     Properties:
    ///       Bucket: !Ref Site
    ///       PolicyDocument:
    ///         Version: "2012-10-17"
    ///         Statement:
    ///           - Effect: Allow
    ///             Principal: { Service: cloudfront.amazonaws.com }
    ///             Action: s3:GetObject
    ///             Resource: !Sub "${Site.Arn}/*"
    ///             Condition: { StringEquals: { "aws:SourceArn": !Ref DistributionArn } }
    /// ```
    ///
    /// Source: Amazon S3 User Guide, "Blocking public access to your Amazon S3 storage" (the meaning of "public").
    /// Covers: `CKV_AWS_20`, `CKV_AWS_57`, `S3_BUCKET_NO_PUBLIC_RW_ACL`, `S3_BUCKET_POLICY_NO_WILDCARD_PRINCIPAL`,
    /// `S3_BUCKET_PUBLIC_READ_ACL`.
    BUCKET = Warning "public-bucket";

    /// A public access block is given, but leaves something open.
    ///
    /// New buckets have all four settings on. Who writes the block decides all of them: a setting that is left out is
    /// off.
    ///
    /// ```yaml
    /// Resources:
    ///   Archive:
    ///     Type: AWS::S3::Bucket
    ///     Properties:
    ///       PublicAccessBlockConfiguration: { BlockPublicAcls: true, IgnorePublicAcls: true }
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// Resources:
    ///   Archive:
    ///     Type: AWS::S3::Bucket
    ///     Properties:
    ///       PublicAccessBlockConfiguration:
    ///         BlockPublicAcls: true
    ///         BlockPublicPolicy: true
    ///         IgnorePublicAcls: true
    ///         RestrictPublicBuckets: true
    /// ```
    ///
    /// Source: Amazon S3 API Reference, "`PutPublicAccessBlock`"; Amazon S3 User Guide, "Blocking public access to your
    /// Amazon S3 storage".
    /// Covers: `CKV_AWS_53`, `CKV_AWS_54`, `CKV_AWS_55`, `CKV_AWS_56`, `S3_BUCKET_LEVEL_PUBLIC_ACCESS_PROHIBITED`,
    /// `S3_BUCKET_PUBLIC_READ_PROHIBITED`, `S3_BUCKET_PUBLIC_WRITE_PROHIBITED`.
    NOT_BLOCKED = Warning "public-access-not-blocked";

    /// The methods of an API can be called by everyone.
    ///
    /// A public API may be meant; then acknowledge the finding. An API that is private, or that has a policy of its
    /// own, is not told of, nor is a method that asks for an API key or answers `OPTIONS`.
    ///
    /// ```yaml
    /// Resources:
    ///   Api:
    ///     Type: AWS::ApiGateway::RestApi
    ///     Properties: { Name: orders }
    ///   List:
    ///     Type: AWS::ApiGateway::Method
    ///     Properties:
    ///       RestApiId: !Ref Api
    ///       ResourceId: !GetAtt Api.RootResourceId
    ///       HttpMethod: GET
    ///       AuthorizationType: NONE
    ///       Integration: { Type: MOCK }
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// Resources:
    ///   Api:
    ///     Type: AWS::ApiGateway::RestApi
    ///     Properties: { Name: orders }
    ///   List:
    ///     Type: AWS::ApiGateway::Method
    ///     Properties:
    ///       RestApiId: !Ref Api
    ///       ResourceId: !GetAtt Api.RootResourceId
    ///       HttpMethod: GET
    ///       AuthorizationType: AWS_IAM
    ///       Integration: { Type: MOCK }
    /// ```
    ///
    /// Source: Amazon API Gateway Developer Guide, "Control and manage access to REST APIs in API Gateway".
    /// Covers: `CKV_AWS_59`, `API_GW_METHOD_AUTHORIZATION_TYPE_RULE`.
    API = Warning "api-without-authorization";
}

/// Lists of access that open a bucket, and to whom.
///
/// Source: Amazon S3 User Guide, "Access control list (ACL) overview" (canned ACL).
const LISTS: &[(&str, &str)] = &[
    ("AuthenticatedRead", "every account of AWS can read this bucket"),
    ("PublicRead", "everyone can read this bucket"),
    ("PublicReadWrite", "everyone can read this bucket and write to it"),
];

/// Actions that show or change what is in a bucket.
const BUCKET_ACTIONS: &[(&str, &str)] = &[
    ("s3:PutObject", "everyone can write to this bucket"),
    ("s3:DeleteObject", "everyone can delete what is in this bucket"),
    ("s3:GetObject", "everyone can read what is in this bucket"),
    ("s3:ListBucket", "everyone can list what is in this bucket"),
];

/// The settings of a public access block.
///
/// Source: the provider schema of `AWS::S3::Bucket`.
const BLOCKS: &[&str] = &["BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"];

/// Checks what everyone can reach.
pub fn check(context: &Context<'_>, statements: &[Statement<'_>], sink: &mut Sink) {
    let mut public: BTreeSet<&str> = BTreeSet::new();
    for bucket in context.of_type("AWS::S3::Bucket") {
        for list in values(bucket, &["AccessControl"]) {
            let Some((_, message)) = LISTS.iter().find(|(name, _)| text(list.value).is_some_and(|text| text == *name))
            else {
                continue;
            };
            public.insert(&bucket.id);
            context
                .report_value(sink, &BUCKET, list.value, &list.path, *message)
                .help("remove it, and let in who needs it with a bucket policy");
        }
    }
    for statement in statements.iter().filter(|statement| statement.resource.kind == "AWS::S3::BucketPolicy") {
        let Some(principal) = statement.everyone().filter(|_| statement.is_for_anyone()) else { continue };
        let Some((_, message)) = BUCKET_ACTIONS.iter().find(|(action, _)| statement.allows(action)) else { continue };
        let bucket = statement.resource.properties.get("Bucket").and_then(|bucket| context.target(bucket));
        public.extend(bucket.map(|bucket| bucket.id.as_str()));
        context
            .report_value(sink, &BUCKET, principal, &format!("{}/Principal", statement.path), *message)
            .help("name who may do this as `Principal`, or add a `Condition`");
    }
    for kind in ["AWS::S3::Bucket", "AWS::S3::AccessPoint"] {
        // That everyone is let in is told once.
        for bucket in context.of_type(kind).filter(|bucket| !public.contains(bucket.id.as_str())) {
            check_block(context, bucket, sink);
        }
    }
    for method in context.of_type("AWS::ApiGateway::Method") {
        check_method(context, method, sink);
    }
    for route in context.of_type("AWS::ApiGatewayV2::Route") {
        check_route(context, route, sink);
    }
}

fn check_block(context: &Context<'_>, bucket: &Resource, sink: &mut Sink) {
    for Found { path, value } in values(bucket, &["PublicAccessBlockConfiguration"]) {
        let Some(map) = value.as_map() else { continue };
        let is_off = |name: &&&str| match map.get(name) {
            None => given(map, name) == Given::No,
            Some(value) => choices(value).into_iter().any(|value| boolean(value) == Some(false)),
        };
        let off: Vec<&str> = BLOCKS.iter().filter(is_off).copied().collect();
        if !off.is_empty() {
            let names = off.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
            context
                .report_value(sink, &NOT_BLOCKED, value, &path, format!("public access is not blocked by {names}"))
                .help("set all four to `true`");
        }
    }
}

fn check_method(context: &Context<'_>, method: &Resource, sink: &mut Sink) {
    let open = values(method, &["AuthorizationType"]).into_iter().find(|found| is_none(found));
    let verb = method.properties.get("HttpMethod").and_then(text);
    let asks = given(&method.properties, "ApiKeyRequired") != Given::No && !says(method, &["ApiKeyRequired"], "false");
    let api = method.properties.get("RestApiId").and_then(|id| context.target(id));
    let Some((open, api)) = open.zip(api) else { return };
    let is_closed = given(&api.properties, "Policy") != Given::No
        || given(&api.properties, "Body") != Given::No
        || values(api, &["EndpointConfiguration", "Types", "*"])
            .iter()
            .any(|found| text(found.value).is_none_or(|text| text == "PRIVATE"));
    if verb.is_some_and(|verb| verb != "OPTIONS") && !asks && !is_closed {
        report_api(context, &open, sink);
    }
}

fn check_route(context: &Context<'_>, route: &Resource, sink: &mut Sink) {
    let open = values(route, &["AuthorizationType"]).into_iter().find(|found| is_none(found));
    let api = route.properties.get("ApiId").and_then(|id| context.target(id));
    let key = route.properties.get("RouteKey").and_then(text);
    let (Some(open), Some(api), Some(key)) = (open, api, key) else { return };
    // Who has connected to a WebSocket is known after that.
    let is_entry = match api.properties.get("ProtocolType").and_then(text).as_deref() {
        Some("WEBSOCKET") => key == "$connect",
        Some("HTTP") => !key.starts_with("OPTIONS "),
        _ => false,
    };
    if is_entry && !says(route, &["ApiKeyRequired"], "true") {
        report_api(context, &open, sink);
    }
}

fn is_none(found: &Found<'_>) -> bool {
    text(found.value).is_some_and(|text| text == "NONE")
}

fn report_api(context: &Context<'_>, open: &Found<'_>, sink: &mut Sink) {
    context.report_value(sink, &API, open.value, &open.path, "everyone can call this").help(format!(
        "use {} with an authorizer, or `AWS_IAM`",
        alternatives(["CUSTOM", "JWT", "COGNITO_USER_POOLS"])
    ));
}
