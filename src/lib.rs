//! formwork compiles declarative blueprints of AWS streaming and analytics architectures into
//! CloudFormation templates that are right before anyone deploys them.

pub mod source;
#[macro_use]
pub mod diagnostics;
pub mod syntax;
#[macro_use]
pub mod template;
pub mod schema;
