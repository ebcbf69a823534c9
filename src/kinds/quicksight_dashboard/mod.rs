//! `quicksight-dashboard`

mod filter;
mod measure;
mod sheet;
mod visual;

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;

pub(super) use self::filter::TIME_PATTERN;
use self::sheet::{Made, Sets, Sheet};
use super::sharing::{self, Actions, Sharing};
use super::standing::{Policy, Standing, plain};
use super::{Access, Attribute, Component, Get, Kind, Place, Scope, Site, Wire};
use crate::blueprint::NAME_PATTERN;
use crate::blueprint::text::{Located, Reference, Text};
use crate::diagnostics::Sink;
use crate::map;
use crate::source::Span;
use crate::template::{Map, Value};

/// A dashboard of QuickSight, sheet by sheet.
///
/// A sheet has rows of visuals on a grid of 36 columns: the visuals of a row share them, and the highest of a row says
/// its height. Above them are the controls of the filters of the sheet. Fields are those of a `quicksight-dataset`, and
/// are checked against it. A visual keeps its id as long as its sheet and its title keep their names.
///
/// Readers need nothing but the dashboard; owners who change it need its data sets too.
///
/// ```yaml
/// parameters:
///   Analysts: { type: string, description: ARN of the group of QuickSight that makes dashboards. }
///   Readers: { type: string, description: ARN of the group of QuickSight that reads them. }
/// components:
///   analytics:
///     kind: quicksight-source
///     athena: {}
///     owners: ["${Analysts}"]
///   orders:
///     kind: quicksight-dataset
///     source: analytics
///     sql: SELECT id, shop, amount, placed_at FROM shop.orders
///     columns: { id: string, shop: string, amount: decimal, placed_at: datetime }
///     owners: ["${Analysts}"]
///   overview:
///     kind: quicksight-dashboard
///     title: Orders
///     sheets:
///       all:
///         of: orders
///         filters:
///           - { field: shop, values: [berlin, wien], title: Shop }
///           - { field: placed_at, last: { count: 30, unit: day } }
///         rows:
///           - - { show: kpi, title: Orders, values: [{ count: id }] }
///             - { show: kpi, title: Revenue, values: [{ sum: amount }] }
///           - - { show: line, title: Revenue by day, by: [placed_at], values: [{ sum: amount }], color: shop }
///             - { show: pie, title: Shops, by: [shop], values: [{ sum: amount }], top: 5 }
///           - - { show: table, by: [shop, { field: placed_at, per: month }], values: [{ count: id }] }
///     owners: ["${Analysts}"]
///     readers: ["${Readers}"]
/// ```
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Dashboard {
    /// How it is called in QuickSight. The default is the name of the stack, `-` and the name of the component.
    title: Option<Text>,
    /// The sheets by their names, which are in kebab case.
    #[schemars(extend("propertyNames" = {"pattern": NAME_PATTERN, "maxLength": 100}, "minProperties" = 1, "maxProperties" = 20))]
    sheets: IndexMap<Located<String>, Sheet>,
    /// Whether readers may save what visuals show as CSV.
    #[serde(default)]
    export: bool,
    /// Who may change it and share it on: `group/default/NAME`, `user/default/NAME`, `namespace/default` for all, or an
    /// ARN.
    #[schemars(length(min = 1, max = 64))]
    owners: Vec<Text>,
    /// Who may look at it.
    #[serde(default)]
    #[schemars(length(max = 63))]
    readers: Vec<Text>,
    /// The region in which the account subscribed to QuickSight, which has its users and groups. The default is the
    /// region of the stack.
    identity_region: Option<Text>,
}

const DASHBOARD: &str = "Dashboard";
const TYPE: &str = "AWS::QuickSight::Dashboard";

/// Source: QuickSight Developer Guide, "`UpdateDashboardPermissions`", for readers; QuickSight API Reference,
/// `CreateDashboard`, `Permissions`.
const ACTIONS: Actions = Actions {
    owner: &[
        "quicksight:DeleteDashboard",
        "quicksight:DescribeDashboard",
        "quicksight:DescribeDashboardPermissions",
        "quicksight:ListDashboardVersions",
        "quicksight:QueryDashboard",
        "quicksight:UpdateDashboard",
        "quicksight:UpdateDashboardPermissions",
        "quicksight:UpdateDashboardPublishedVersion",
    ],
    reader: &["quicksight:DescribeDashboard", "quicksight:ListDashboardVersions", "quicksight:QueryDashboard"],
    namespaces: true,
};

impl Dashboard {
    fn sharing(&self) -> Sharing<'_> {
        Sharing { owners: &self.owners, readers: &self.readers, region: self.identity_region.as_ref() }
    }

    fn references(&self) -> impl Iterator<Item = &Reference> {
        self.sheets.values().flat_map(Sheet::references)
    }

    /// The data sets with their ARNs, each once.
    fn declarations(&self, site: &Site<'_>) -> Vec<Map> {
        let mut names = Vec::new();
        let mut declarations = Vec::new();
        for (wire, reference) in self.references().enumerate() {
            let name = site.name_of(reference);
            if names.contains(&name) {
                continue;
            }
            let origin = crate::source::Origin::Derived(reference.span());
            declarations.push(map!(origin; "Identifier" => name.as_str(), "DataSetArn" => site.address(wire)));
            names.push(name);
        }
        declarations
    }

    fn definition(&self, site: &Site<'_>) -> Map {
        let origin = site.place.origin;
        let sets = Sets::new(self.references(), site);
        let (mut sheets, mut groups) = (Vec::new(), Vec::new());
        for (name, sheet) in &self.sheets {
            let Made { sheet, groups: mut own } = sheet.compose(name, &sets, site);
            sheets.push(sheet);
            groups.append(&mut own);
        }
        map!(origin;
            "DataSetIdentifierDeclarations" => self.declarations(site),
            "Sheets" => sheets,
            "FilterGroups" => (!groups.is_empty()).then_some(groups),
        )
    }
}

impl Component for Dashboard {
    fn wires(&self) -> Vec<Wire<'_>> {
        self.references().map(|to| Wire { to, access: Access::ShowFields }).collect()
    }

    fn check(&self, _name: Span, sink: &mut Sink) {
        self.sheets.values().for_each(|sheet| sheet.check(sink));
        self.sharing().check(&ACTIONS, sink);
    }

    fn compose(&self, site: &mut Site<'_>) {
        let (place, scope): (&Place, &Scope) = (site.place, site.scope);
        let origin = place.origin;
        let available = |yes: bool| map!(origin; "AvailabilityStatus" => if yes { "ENABLED" } else { "DISABLED" });
        let options = map!(origin;
            "AdHocFilteringOption" => available(false),
            "ExportToCSVOption" => available(self.export),
            "SheetControlsOption" => map!(origin; "VisibilityState" => "EXPANDED"),
        );
        let properties = map!(origin;
            "AwsAccountId" => Value::reference(origin, "AWS::AccountId"),
            "DashboardId" => sharing::id(place),
            "Name" => sharing::title(self.title.as_ref(), place, scope),
            "Definition" => self.definition(site),
            "DashboardPublishOptions" => options,
            "Permissions" => self.sharing().permissions(&ACTIONS, place, scope),
        );
        site.add(DASHBOARD, TYPE, properties);
    }
}

pub(super) static KIND: Kind = Kind {
    name: "quicksight-dashboard",
    ports: &[],
    attributes: &[
        Attribute { name: "id", doc: "Id of the dashboard.", get: Get::Property(DASHBOARD, &["DashboardId"]) },
        Attribute { name: "arn", doc: "ARN of the dashboard.", get: Get::Att(DASHBOARD, "Arn") },
        Attribute {
            name: "url",
            doc: "Address of the dashboard for its readers.",
            get: Get::Text(DASHBOARD, "https://${AWS::Region}.quicksight.aws.amazon.com/sn/dashboards/{DashboardId}"),
        },
    ],
    standing: Some(Standing { types: &[TYPE], role: DASHBOARD, without: &[], policy: Policy::Free, read: plain }),
    codes: &[filter::CODES, sheet::CODES, visual::CODES],
    schema: super::model_schema::<Dashboard>,
    decode: super::decode::<Dashboard>,
};
