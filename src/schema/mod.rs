//! Schemas, and whether a value satisfies one.
//!
//! One validator serves blueprints (strictly) and templates (as leniently as CloudFormation). It has
//! three answers, because a part of a value may be known only at deployment, and it says all that is
//! wrong, never only the first. This layer knows no rule of any service; it knows what the provider
//! schemas say, and they are decoded only for the types that are asked for.

#[cfg(test)]
mod agreement;
mod container;
pub mod format;
mod instance;
pub mod model;
pub mod pattern;
pub mod provider;
pub mod read;
mod scalar;
#[cfg(test)]
mod testing;
mod unevaluated;
mod union;
mod validate;
mod violation;

pub use instance::{Entry, Instance, Shape};
pub use validate::{Leniency, Options, Outcome, Verdict, validate, validate_at};
pub use violation::{Place, Segment, Violation, ViolationKind};
