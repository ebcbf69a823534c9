//! Where an event goes: what each resource of a template does to it, up to the object and the row that it becomes.
//!
//! This layer reads templates, whoever wrote them. It starts no process and reads no file: what runs the code of
//! functions is given to it.

pub mod functions;
pub mod gzip;
pub mod invocations;
