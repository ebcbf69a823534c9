//! Amazon `ElastiCache`: replication groups in cluster mode.

use crate::check::Context;
use crate::check::known::{Given, boolean, branches, given, number, text, within};
use crate::diagnostics::Sink;
use crate::template::{Resource, Value};

codes! {
    /// A replication group whose parameters ask for cluster mode is not set up for it.
    ///
    /// Cluster mode needs automatic failover. A group that names neither groups of nodes nor replicas for each has as many
    /// nodes as `NumCacheClusters` says, of which failover needs two.
    ///
    /// ```yaml
    /// Resources:
    ///   Parameters:
    ///     Type: AWS::ElastiCache::ParameterGroup
    ///     Properties:
    ///       CacheParameterGroupFamily: redis7
    ///       Description: cluster mode
    ///       Properties: { cluster-enabled: "yes" }
    ///   Cache:
    ///     Type: AWS::ElastiCache::ReplicationGroup
    ///     Properties:
    ///       ReplicationGroupDescription: sessions
    ///       Engine: redis
    ///       CacheNodeType: cache.t4g.small
    ///       CacheParameterGroupName: !Ref Parameters
    ///       AutomaticFailoverEnabled: false
    ///       NumNodeGroups: 2
    ///       ReplicasPerNodeGroup: 1
    ///       AtRestEncryptionEnabled: true
    ///       TransitEncryptionEnabled: true
    ///       CacheSubnetGroupName: example
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// Resources:
    ///   Parameters:
    ///     Type: AWS::ElastiCache::ParameterGroup
    ///     Properties:
    ///       CacheParameterGroupFamily: redis7
    ///       Description: cluster mode
    ///       Properties: { cluster-enabled: "yes" }
    ///   Cache:
    ///     Type: AWS::ElastiCache::ReplicationGroup
    ///     Properties:
    ///       ReplicationGroupDescription: sessions
    ///       Engine: redis
    ///       CacheNodeType: cache.t4g.small
    ///       CacheParameterGroupName: !Ref Parameters
    ///       AutomaticFailoverEnabled: true
    ///       NumNodeGroups: 2
    ///       ReplicasPerNodeGroup: 1
    ///       AtRestEncryptionEnabled: true
    ///       TransitEncryptionEnabled: true
    ///       CacheSubnetGroupName: example
    /// ```
    ///
    /// Source: `ElastiCache` API Reference, `CreateReplicationGroup`, `AutomaticFailoverEnabled` and `NumCacheClusters`.
    CLUSTER = Error "unfit-cluster-mode";
}

/// The parameter that switches cluster mode on.
const ENABLED: &str = "cluster-enabled";
/// The nodes that failover needs.
const FEWEST_NODES: f64 = 2.0;

/// Checks replication groups.
pub fn check(context: &Context<'_>, sink: &mut Sink) {
    for group in context.of_type("AWS::ElastiCache::ReplicationGroup") {
        let Some(name) = group.properties.get("CacheParameterGroupName") else { continue };
        let start = format!("Resources/{}/Properties/CacheParameterGroupName", group.id);
        for (path, value) in branches(name, &start) {
            if is_cluster(context, value) {
                check_group(context, group, value, &path, sink);
            }
        }
    }
}

/// Whether a parameter group switches cluster mode on, whatever comes.
fn is_cluster(context: &Context<'_>, name: &Value) -> bool {
    let parameters = context.target(name).filter(|target| target.kind == "AWS::ElastiCache::ParameterGroup");
    let enabled = parameters.map(|parameters| within(&parameters.properties, &["Properties", ENABLED], ""));
    matches!(enabled.as_deref(), Some([(_, one)]) if text(one).as_deref() == Some("yes") || boolean(one) == Some(true))
}

fn check_group(context: &Context<'_>, group: &Resource, name: &Value, path: &str, sink: &mut Sink) {
    let failover = within(&group.properties, &["AutomaticFailoverEnabled"], "");
    if let [(_, failover)] = failover.as_slice()
        && boolean(failover) == Some(false)
    {
        context
            .report_value(sink, &CLUSTER, name, path, "cluster mode without automatic failover")
            .also(failover.origin.span(), "switched off here")
            .help("set `AutomaticFailoverEnabled` to true");
    }
    let divided = ["NodeGroupConfiguration", "NumNodeGroups", "ReplicasPerNodeGroup", "GlobalReplicationGroupId"];
    if divided.iter().any(|name| given(&group.properties, name) != Given::No) {
        return;
    }
    let nodes = match group.properties.get("NumCacheClusters") {
        None => Some(1.0),
        Some(nodes) => number(nodes),
    };
    if let Some(nodes) = nodes.filter(|nodes| *nodes < FEWEST_NODES) {
        let message = format!("cluster mode with {nodes} node, failover needs at least {FEWEST_NODES}");
        let diagnostic = context.report_value(sink, &CLUSTER, name, path, message);
        if let Some(given) = group.properties.get("NumCacheClusters") {
            diagnostic.also(given.origin.span(), "so many here");
        }
        diagnostic.help("set `NumNodeGroups` and `ReplicasPerNodeGroup`, or `NumCacheClusters` to at least 2");
    }
}
