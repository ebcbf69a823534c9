//! formwork compiles declarative blueprints of AWS streaming and analytics architectures into
//! CloudFormation templates that are right before anyone deploys them.
//!
//! The modules are layers. Each may use those above it in this list and none below; a test reads the sources and
//! holds them to it. `ARCHITECTURE.md` says what each must not know.

pub mod source;
#[macro_use]
pub mod diagnostics;
pub mod syntax;
#[macro_use]
pub mod template;
pub mod blueprint;
pub mod check;
pub mod cli;
pub mod compile;
pub mod compose;
pub mod contract;
pub mod kinds;
pub mod schema;
pub mod trace;
