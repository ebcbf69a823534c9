//! Subnets: that they are in their VPC, and beside each other.

use crate::check::Context;
use crate::check::known::text;
use crate::diagnostics::Sink;
use crate::template::{Resource, Value};

codes! {
    /// A subnet is outside of its VPC, or has addresses that another subnet of it has, too.
    ///
    /// Amazon EC2 refuses such a subnet.
    ///
    /// ```yaml
    /// Resources:
    ///   Network:
    ///     Type: AWS::EC2::VPC
    ///     Properties: { CidrBlock: 10.0.0.0/16 }
    ///   Private:
    ///     Type: AWS::EC2::Subnet
    ///     Properties: { VpcId: !Ref Network, CidrBlock: 10.1.0.0/24 }
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// Resources:
    ///   Network:
    ///     Type: AWS::EC2::VPC
    ///     Properties: { CidrBlock: 10.0.0.0/16 }
    ///   Private:
    ///     Type: AWS::EC2::Subnet
    ///     Properties: { VpcId: !Ref Network, CidrBlock: 10.0.1.0/24 }
    /// ```
    ///
    /// Source: EC2 API Reference, `CreateSubnet`, `CidrBlock`.
    SUBNET = Error "unfit-subnet";
}

/// A range of IPv4 addresses.
#[derive(Clone, Copy)]
struct Range {
    first: u32,
    last: u32,
}

impl Range {
    /// A network as `10.0.0.0/16`.
    fn of(text: &str) -> Option<Self> {
        let (address, length) = text.split_once('/')?;
        let length: u32 = length.parse().ok().filter(|length| *length <= u32::BITS)?;
        let address = u32::from(address.parse::<core::net::Ipv4Addr>().ok()?);
        let hosts = u32::MAX.checked_shr(length).unwrap_or(0);
        Some(Self { first: address & !hosts, last: address | hosts })
    }

    fn contains(self, other: Self) -> bool {
        self.first <= other.first && other.last <= self.last
    }

    fn meets(self, other: Self) -> bool {
        self.first <= other.last && other.first <= self.last
    }
}

/// A subnet of a VPC of the template, with its addresses.
struct Subnet<'a> {
    resource: &'a Resource,
    vpc: &'a Resource,
    value: &'a Value,
    shown: String,
    range: Range,
}

/// Checks subnets.
pub fn check(context: &Context<'_>, sink: &mut Sink) {
    let subnets: Vec<Subnet<'_>> =
        context.of_type("AWS::EC2::Subnet").filter_map(|subnet| read(context, subnet)).collect();
    // More addresses may be added to a VPC.
    let widened: Vec<Option<&str>> = context
        .of_type("AWS::EC2::VPCCidrBlock")
        .map(|block| Some(context.target(block.properties.get("VpcId")?)?.id.as_str()))
        .collect();
    for (index, subnet) in subnets.iter().enumerate() {
        let path = format!("Resources/{}/Properties/CidrBlock", subnet.resource.id);
        let whole = subnet.vpc.properties.get("CidrBlock").and_then(text);
        let open = widened.iter().any(|id| id.is_none_or(|id| id == subnet.vpc.id));
        if let Some((whole, range)) = whole.and_then(|whole| Some((Range::of(&whole)?, whole))).filter(|_| !open)
            && !whole.contains(subnet.range)
        {
            let message = format!("`{}` is not in the network `{range}` of `{}`", subnet.shown, subnet.vpc.id);
            context
                .report_value(sink, &SUBNET, subnet.value, &path, message)
                .also(context.place(subnet.vpc, &["CidrBlock"]), "the VPC")
                .help(format!("write a network in `{range}`"));
        }
        let other = subnets[..index].iter().find(|other| {
            // Under different conditions perhaps only one of them is there.
            let (one, two) = (&other.resource.condition, &subnet.resource.condition);
            let together = one.is_none() || two.is_none() || one == two;
            together && other.vpc.id == subnet.vpc.id && other.range.meets(subnet.range)
        });
        if let Some(other) = other {
            let message =
                format!("`{}` has addresses of `{}`, which is `{}`", subnet.shown, other.resource.id, other.shown);
            context
                .report_value(sink, &SUBNET, subnet.value, &path, message)
                .also(other.value.origin.span(), "the other")
                .help("write a network that no other subnet has a part of");
        }
    }
}

fn read<'a>(context: &Context<'a>, resource: &'a Resource) -> Option<Subnet<'a>> {
    let vpc = context.target(resource.properties.get("VpcId")?).filter(|vpc| vpc.kind == "AWS::EC2::VPC")?;
    let value = resource.properties.get("CidrBlock")?;
    let shown = text(value)?;
    Some(Subnet { resource, vpc, value, range: Range::of(&shown)?, shown })
}

#[cfg(test)]
mod tests {
    use super::Range;

    #[test]
    fn networks_are_ranges() {
        let range = |text| Range::of(text).expect("a network");
        assert!(range("10.0.0.0/16").contains(range("10.0.255.0/24")));
        assert!(!range("10.0.0.0/16").contains(range("10.1.0.0/24")));
        assert!(range("10.0.0.0/23").meets(range("10.0.1.0/24")) && !range("10.0.0.0/24").meets(range("10.0.1.0/24")));
        assert!(range("0.0.0.0/0").contains(range("255.255.255.255/32")));
        assert!(Range::of("10.0.0.0").is_none() && Range::of("10.0.0.0/33").is_none());
    }
}
