//! Runs functions of Lambda in the interpreters of this machine.
//!
//! A function gets a process of its own, which serves all its events: the files in a temporary folder, an environment
//! of nothing but its own variables and those of Lambda (no credentials), a limit of time after which the process and
//! all that it started is killed, and a limit on what it answers. There is no network: where the system lets anyone
//! make a network namespace (Linux, `unshare`), the process is in an empty one; everywhere else, and besides, the
//! interpreter refuses sockets, names and other programs. That keeps honest code from reaching out; it is no prison for
//! code that means harm, which can read the files that its user can read.

mod process;

use std::collections::BTreeMap;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use self::process::{Interpreter, Process};
use crate::trace::functions::{Call, Function, Language, Run, Runner};

/// Seconds that a run, and the loading of a function, may take, whatever the function may take.
///
/// For loading this is Lambda's own limit. Source: Lambda Developer Guide, "Understanding the Lambda execution
/// environment lifecycle".
pub const MAX_SECONDS: u32 = 10;

/// Runs functions with the interpreters that are found in `PATH`.
#[derive(Default)]
pub struct Interpreters {
    python: OnceLock<Result<Interpreter, String>>,
    node: OnceLock<Result<Interpreter, String>>,
    isolated: OnceLock<bool>,
    /// One process a function, apart for those whose clock is fixed.
    processes: [Mutex<BTreeMap<Function, Slot>>; 2],
}

/// The place of a process.
type Slot = Arc<Mutex<Option<Process>>>;

impl Interpreters {
    /// What runs a language, or why nothing does.
    fn interpreter(&self, language: Language) -> &Result<Interpreter, String> {
        match language {
            // A wrapper that looks into the environment, as version managers have, would not start in an empty one.
            Language::Python => self.python.get_or_init(|| {
                Interpreter::find(
                    "python3",
                    &["-c", "import sys; print(sys.executable); print(sys.version.split()[0])"],
                )
            }),
            Language::Node => self
                .node
                .get_or_init(|| Interpreter::find("node", &["-p", "process.execPath + '\\n' + process.versions.node"])),
        }
    }

    /// Whether a process gets a network namespace of its own.
    fn is_isolated(&self) -> bool {
        *self.isolated.get_or_init(|| {
            let mut command = Command::new(process::UNSHARE[0]);
            command.args(&process::UNSHARE[1..]).arg("true");
            command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
            command.status().is_ok_and(|status| status.success())
        })
    }
}

impl Runner for Interpreters {
    fn run(&self, call: Call<'_>) -> Run {
        let function = call.function;
        let Some(language) = Language::of(&function.runtime) else {
            return Run::not_run(format!("`{}` is not run here, only Python and Node.js", function.runtime));
        };
        let interpreter = match self.interpreter(language) {
            Ok(interpreter) => interpreter,
            Err(reason) => return Run::not_run(reason.as_str()),
        };
        if function.files.is_empty() {
            return Run::not_run("its code is not beside the template");
        }
        let slot = {
            let processes = &self.processes[usize::from(call.now.is_some())];
            let mut processes = processes.lock().unwrap_or_else(PoisonError::into_inner);
            match processes.get(function) {
                Some(slot) => Arc::clone(slot),
                None => Arc::clone(processes.entry(function.clone()).or_default()),
            }
        };
        let mut slot = slot.lock().unwrap_or_else(PoisonError::into_inner);
        if slot.is_none() {
            match Process::start(interpreter, language, call, self.is_isolated()) {
                Ok(started) => *slot = Some(started),
                Err(run) => return run,
            }
        }
        let Some(process) = slot.as_mut() else { return Run::not_run("the interpreter did not start") };
        let (run, is_alive) = process.serve(call);
        if !is_alive {
            *slot = None;
        }
        run
    }
}

#[cfg(test)]
mod tests;
