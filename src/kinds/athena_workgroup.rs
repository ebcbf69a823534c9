//! `athena-workgroup`

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Number;

use super::site::join;
use super::standing::{Policy, Standing};
use super::{Access, Attribute, Component, Get, Grant, Kind, Place, Port, Request, Scope, Site, Wire};
use crate::blueprint::text::{Reference, Text};
use crate::map;
use crate::template::{Data, Value};

/// A workgroup of Athena: where results go, encrypted, and how much a query may read. What it says holds for all its
/// queries, whatever the client asks for.
///
/// ```yaml
/// components:
///   results:
///     kind: s3-bucket
///     expire_after_days: 30
///   analysts:
///     kind: athena-workgroup
///     results: results
///     scan_limit_gib: 100
/// ```
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Workgroup {
    /// Name of the workgroup. The default is the name of the stack, `-` and the name of the component.
    name: Option<Text>,
    /// What it is for.
    description: Option<Text>,
    /// The `s3-bucket` that keeps the results of queries.
    results: Reference,
    /// What the keys of the results start with.
    #[serde(default = "results_prefix")]
    #[schemars(regex(pattern = super::schema::FOLDER_PATTERN))]
    results_prefix: String,
    /// GiB that one query may read before it is stopped. Athena bills what is read.
    #[schemars(range(min = 1, max = 8_000_000))]
    #[serde(default = "scan_limit")]
    scan_limit_gib: u32,
}

const WORKGROUP: &str = "Workgroup";

/// More than a careful query needs, little enough to notice a careless one before the bill.
const SCAN_LIMIT_GIB: u32 = 1024;

fn results_prefix() -> String {
    "query-results/".to_owned()
}

fn scan_limit() -> u32 {
    SCAN_LIMIT_GIB
}

impl Component for Workgroup {
    fn wires(&self) -> Vec<Wire<'_>> {
        vec![Wire { to: &self.results, access: Access::KeepResults(self.results_prefix.clone()) }]
    }

    fn accept(&self, request: &Request<'_>, place: &Place, _scope: &Scope) -> Grant {
        accept(request, place)
    }

    fn compose(&self, site: &mut Site<'_>) {
        let (place, scope) = (site.place, site.scope);
        let origin = place.origin;
        let name = match &self.name {
            Some(name) => scope.value(name),
            None => Value::sub(origin, format!("${{AWS::StackName}}-{}", place.name)),
        };
        let location = site.address(0).map(|bucket| {
            let parts =
                [Value::string(origin, "s3://"), bucket, Value::string(origin, format!("/{}", self.results_prefix))];
            join(origin, &parts)
        });
        let key = site.key(0);
        let option = if key.is_some() { "SSE_KMS" } else { "SSE_S3" };
        let limit = Number::from(u64::from(self.scan_limit_gib) << 30);
        let configuration = map!(origin;
            "BytesScannedCutoffPerQuery" => Value::new(origin, Data::Number(limit)),
            "EnforceWorkGroupConfiguration" => true,
            "PublishCloudWatchMetricsEnabled" => true,
            "ResultConfiguration" => map!(origin;
                "OutputLocation" => location,
                "ExpectedBucketOwner" => Value::reference(origin, "AWS::AccountId"),
                "EncryptionConfiguration" => map!(origin; "EncryptionOption" => option, "KmsKey" => key),
            ),
        );
        let properties = map!(origin;
            "Name" => name,
            "Description" => self.description.as_ref().map(|text| scope.value(text)),
            // Its saved queries and history would keep a workgroup from being deleted; its results are in the bucket.
            "RecursiveDeleteOption" => true,
            "WorkGroupConfiguration" => configuration,
        );
        site.add(WORKGROUP, "AWS::Athena::WorkGroup", properties);
    }
}

fn accept(request: &Request<'_>, place: &Place) -> Grant {
    Grant { address: Some(Value { origin: request.origin, ..place.reference(WORKGROUP) }), ..Grant::default() }
}

/// A workgroup as a raw resource.
#[derive(Debug)]
struct Named;

impl Component for Named {
    fn accept(&self, request: &Request<'_>, place: &Place, _scope: &Scope) -> Grant {
        accept(request, place)
    }

    fn compose(&self, _site: &mut Site<'_>) {}
}

pub(super) static KIND: Kind = Kind {
    name: "athena-workgroup",
    ports: &[Port::Workgroup],
    attributes: &[
        Attribute { name: "name", doc: "Name of the workgroup.", get: Get::Ref(WORKGROUP) },
        Attribute {
            name: "arn",
            doc: "ARN of the workgroup.",
            get: Get::Text(WORKGROUP, "arn:${AWS::Partition}:athena:${AWS::Region}:${AWS::AccountId}:workgroup/{}"),
        },
        Attribute {
            name: "results",
            doc: "Where the results of its queries are, as `s3://…/`.",
            get: Get::Property(WORKGROUP, &["WorkGroupConfiguration", "ResultConfiguration", "OutputLocation"]),
        },
    ],
    standing: Some(Standing {
        types: &["AWS::Athena::WorkGroup"],
        role: WORKGROUP,
        without: &[],
        policy: Policy::Free,
        read: |_| Box::new(Named),
    }),
    codes: &[],
    schema: super::model_schema::<Workgroup>,
    decode: super::decode::<Workgroup>,
};
