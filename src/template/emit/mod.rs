//! A template as text: YAML for people, JSON for programs.
//!
//! Both say the same and come out the same every time: order is that of the value, and nothing is
//! looked up, measured or guessed. Origins are not written.

mod json;
mod scalar;
#[cfg(test)]
mod tests;
mod yaml;

pub use json::json;
pub use yaml::yaml;

use super::{Data, Value};

/// The resource and the attribute of a `Fn::GetAtt` whose short form, `Resource.Attribute`, stands for both.
///
/// There the name of the resource ends at the first dot. A name that holds one, like an attribute
/// that is itself a function, can only be said as a list.
fn attribute_of(argument: &Value) -> Option<(&str, &str)> {
    let Data::List(parts) = &argument.data else { return None };
    let [resource, attribute] = parts.as_slice() else { return None };
    let (resource, attribute) = (resource.as_str()?, attribute.as_str()?);
    (!resource.is_empty() && !resource.contains('.') && !attribute.is_empty()).then_some((resource, attribute))
}
