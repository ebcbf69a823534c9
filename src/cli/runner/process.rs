//! The process of one function.

use std::fs;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::{Component, Path};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value as Json, json};
use tempfile::TempDir;

use super::MAX_SECONDS;
use crate::trace::functions::{Call, Failure, Function, Language, MAX_ANSWER_BYTES, Outcome, Run};

const PYTHON: &str = include_str!("bootstrap.py");
const NODE: &str = include_str!("bootstrap.mjs");

/// Runs the rest of the command in a user and a network namespace.
pub const UNSHARE: [&str; 4] = ["unshare", "--map-root-user", "--net", "--"];

/// Bytes of what a function writes for people that are kept: the last.
const LOG_BYTES: usize = 8 * 1024;

/// Variables that Lambda sets, beside those with the function's own facts. Credentials are left out.
///
/// Source: Lambda Developer Guide, "Working with Lambda environment variables", reserved variables.
const VARIABLES: &[(&str, &str)] = &[
    ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
    ("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand"),
    ("AWS_LAMBDA_LOG_STREAM_NAME", "trace"),
    ("LANG", "en_US.UTF-8"),
    ("TZ", ":UTC"),
];

/// A program that runs a language.
#[derive(Debug)]
pub struct Interpreter {
    path: String,
    /// Its version, for example `3.14.1`.
    version: String,
}

impl Interpreter {
    /// The program of that name, asked for its real path and its version, a line each.
    pub fn find(name: &str, question: &[&str]) -> Result<Self, String> {
        let missing = || format!("`{name}` is not installed here");
        let output = Command::new(name).args(question).stdin(Stdio::null()).output().map_err(|_| missing())?;
        let text = String::from_utf8(output.stdout).map_err(|_| missing())?;
        let mut lines = text.lines();
        match (lines.next(), lines.next()) {
            (Some(path), Some(version)) if output.status.success() => {
                Ok(Self { path: path.to_owned(), version: version.to_owned() })
            }
            _ => Err(format!("`{name}` does not run here")),
        }
    }
}

/// What a process says.
enum Said {
    /// The function is loaded, or could not be.
    Ready,
    /// It answered, in JSON.
    Answer(String),
    /// It failed, in JSON.
    Failed(String),
    /// The answer is larger than Lambda takes.
    TooLarge,
}

/// A process that serves the events of one function.
pub struct Process {
    child: Child,
    input: ChildStdin,
    said: Receiver<Said>,
    log: Arc<Mutex<Vec<u8>>>,
    note: String,
    served: u64,
    // Removed with the process.
    _folder: TempDir,
}

impl Drop for Process {
    fn drop(&mut self) {
        kill(&mut self.child);
    }
}

/// Ends a process and all that it started.
fn kill(child: &mut Child) {
    #[cfg(unix)]
    if let Some(group) = i32::try_from(child.id()).ok().and_then(rustix::process::Pid::from_raw) {
        let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
    }
    let _ = child.kill();
    let _ = child.wait();
}

impl Process {
    /// Starts the interpreter and has it load the function. What is wrong with the function itself is told at its
    /// first event.
    pub fn start(
        interpreter: &Interpreter,
        language: Language,
        call: Call<'_>,
        is_isolated: bool,
    ) -> Result<Self, Run> {
        let not_run = |error: io::Error| Run::not_run(format!("`{}` does not start: {error}", interpreter.path));
        let folder = tempfile::Builder::new().prefix("formwork-").tempdir().map_err(not_run)?;
        let base = folder.path().canonicalize().map_err(not_run)?;
        let (root, bootstrap) = write_files(&base, language, call.function).map_err(not_run)?;
        let mark = format!("{}:", base.file_name().unwrap_or_default().to_string_lossy());
        let mut command = if is_isolated {
            let mut command = Command::new(UNSHARE[0]);
            command.args(&UNSHARE[1..]).arg(&interpreter.path);
            command
        } else {
            Command::new(&interpreter.path)
        };
        match language {
            // Apart from what is installed beside it, so that every machine finds the same modules.
            Language::Python => command.args(["-I", "-S", "-B", "-u"]),
            Language::Node => command.args(["--no-warnings", "--max-old-space-size=1024"]),
        };
        command.arg(bootstrap).arg(&mark).arg(&root).arg(&call.function.handler).arg(json!(call.now).to_string());
        command.env_clear().envs(environment(call.function, &base)).current_dir(&root);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        let mut child = command.spawn().map_err(not_run)?;
        let (Some(input), Some(output), Some(errors)) = (child.stdin.take(), child.stdout.take(), child.stderr.take())
        else {
            kill(&mut child);
            return Err(Run::not_run(format!("`{}` does not start", interpreter.path)));
        };
        let log = Arc::new(Mutex::new(Vec::new()));
        let (sender, said) = sync_channel(1);
        let kept = Arc::clone(&log);
        thread::spawn(move || listen(output, &mark, &sender, &kept));
        let kept = Arc::clone(&log);
        thread::spawn(move || keep(errors, &kept));
        let note = format!("{} {}", language.name(), interpreter.version);
        let mut process = Self { child, input, said, log, note, served: 0, _folder: folder };
        match process.said.recv_timeout(Duration::from_secs(MAX_SECONDS.into())) {
            Ok(_) => Ok(process),
            Err(RecvTimeoutError::Timeout) => {
                Err(Run { outcome: Outcome::TimedOut { seconds: MAX_SECONDS }, log: process.take_log() })
            }
            Err(RecvTimeoutError::Disconnected) => Err(process.ended()),
        }
    }

    /// Hands an event to the function. Also whether the process can serve another one.
    pub fn serve(&mut self, call: Call<'_>) -> (Run, bool) {
        self.served += 1;
        let seconds = call.function.timeout_seconds.clamp(1, MAX_SECONDS);
        let Function { name, region, account, .. } = call.function;
        let mut line = json!({
            "event": call.event,
            "arn": format!("arn:aws:lambda:{region}:{account}:function:{name}"),
            // The same in every run.
            "id": format!("00000000-0000-4000-8000-{:012x}", self.served),
            "milliseconds": u64::from(seconds) * 1_000,
            "now": call.now,
        })
        .to_string();
        line.push('\n');
        let end = Instant::now() + Duration::from_secs(seconds.into());
        if self.input.write_all(line.as_bytes()).and_then(|()| self.input.flush()).is_err() {
            return (self.ended(), false);
        }
        let (outcome, is_alive) = match self.said.recv_timeout(end.saturating_duration_since(Instant::now())) {
            Ok(Said::Answer(text)) => match serde_json::from_str(&text) {
                Ok(answer) => (Outcome::Answer(answer), true),
                Err(error) => (failure("Runtime.MarshalError", error.to_string()), true),
            },
            Ok(Said::Failed(text)) => (Outcome::Failed(self.failed(&text, &call.function.runtime)), true),
            Ok(Said::TooLarge) => {
                let message = format!("the answer has more than {MAX_ANSWER_BYTES} bytes");
                (failure("Function.ResponseSizeTooLarge", message), true)
            }
            Ok(Said::Ready) => (failure("Runtime.ExitError", "the process answered out of turn".to_owned()), false),
            Err(RecvTimeoutError::Timeout) => (Outcome::TimedOut { seconds }, false),
            Err(RecvTimeoutError::Disconnected) => return (self.ended(), false),
        };
        (Run { outcome, log: self.take_log() }, is_alive)
    }

    fn failed(&self, text: &str, runtime: &str) -> Failure {
        let told: Json = serde_json::from_str(text).unwrap_or_default();
        let word = |name: &str| told[name].as_str().unwrap_or_default().to_owned();
        let kind = word("kind");
        let mut message = word("message");
        if kind.starts_with("Runtime.") && kind != "Runtime.MarshalError" {
            // What another version understands may be the reason.
            message = format!("{message} ({} here, {runtime} there)", self.note);
        }
        let place = told["place"][0].as_str().map(|file| {
            let line = told["place"][1].as_u64().and_then(|line| u32::try_from(line).ok()).unwrap_or(1);
            (file.to_owned(), line)
        });
        Failure { kind, message, place }
    }

    /// What the end of the process means: its code ended it, or the system did.
    fn ended(&mut self) -> Run {
        kill(&mut self.child);
        let status = self.child.wait().map_or_else(|error| error.to_string(), |status| status.to_string());
        let outcome = failure("Runtime.ExitError", format!("the process of the function ended ({status})"));
        Run { outcome, log: self.take_log() }
    }

    fn take_log(&self) -> String {
        let mut log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(&std::mem::take(&mut *log)).trim().to_owned()
    }
}

fn failure(kind: &str, message: String) -> Outcome {
    Outcome::Failed(Failure { kind: kind.to_owned(), message, place: None })
}

/// Writes what the process needs: the files of the function into `task`, what serves it beside that.
fn write_files(base: &Path, language: Language, function: &Function) -> io::Result<(String, String)> {
    let root = base.join("task");
    fs::create_dir(&root)?;
    for (name, bytes) in &function.files {
        let inside = Path::new(name);
        // Never outside of its folder.
        if inside.components().any(|part| !matches!(part, Component::Normal(_))) {
            return Err(io::Error::other(format!("the file `{name}` is not inside of the function")));
        }
        let path = root.join(inside);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::write(path, bytes)?;
    }
    let (name, text) = match language {
        Language::Python => ("bootstrap.py", PYTHON),
        Language::Node => ("bootstrap.mjs", NODE),
    };
    let bootstrap = base.join(name);
    fs::write(&bootstrap, text)?;
    fs::create_dir(base.join("tmp"))?;
    Ok((root.to_string_lossy().into_owned(), bootstrap.to_string_lossy().into_owned()))
}

/// The environment of a function: its own variables, and those of Lambda.
fn environment(function: &Function, base: &Path) -> Vec<(String, String)> {
    let mut all: Vec<(String, String)> = function.environment.clone();
    let mut set = |name: &str, value: String| all.push((name.to_owned(), value));
    for (name, value) in VARIABLES {
        set(name, (*value).to_owned());
    }
    set("AWS_DEFAULT_REGION", function.region.clone());
    set("AWS_EXECUTION_ENV", format!("AWS_Lambda_{}", function.runtime));
    set("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", function.memory_mib.to_string());
    set("AWS_LAMBDA_FUNCTION_NAME", function.name.clone());
    set("AWS_LAMBDA_LOG_GROUP_NAME", format!("/aws/lambda/{}", function.name));
    set("AWS_REGION", function.region.clone());
    set("LAMBDA_TASK_ROOT", base.join("task").to_string_lossy().into_owned());
    set("TMPDIR", base.join("tmp").to_string_lossy().into_owned());
    all
}

/// Keeps the last bytes of what is said for people.
fn append(log: &Mutex<Vec<u8>>, bytes: &[u8]) {
    let mut log = log.lock().unwrap_or_else(PoisonError::into_inner);
    log.extend_from_slice(bytes);
    let excess = log.len().saturating_sub(LOG_BYTES);
    log.drain(..excess);
}

/// Reads what is said for people until the end.
fn keep(mut from: impl Read, log: &Mutex<Vec<u8>>) {
    let mut buffer = [0; 4096];
    while let Ok(count @ 1..) = from.read(&mut buffer) {
        append(log, &buffer[..count]);
    }
}

/// Reads lines until the end: those that begin with the mark are what the process says, all else is for people.
fn listen(from: impl Read, mark: &str, sender: &SyncSender<Said>, log: &Mutex<Vec<u8>>) {
    let mut from = BufReader::new(from);
    let mut line = Vec::new();
    // A line that is longer than any answer is read on, but not kept.
    let most = MAX_ANSWER_BYTES + mark.len() + 2;
    loop {
        line.clear();
        let mut is_too_long = false;
        loop {
            let (taken, is_end) = match from.fill_buf() {
                Ok([]) | Err(_) => return,
                Ok(bytes) => {
                    let end = bytes.iter().position(|byte| *byte == b'\n');
                    line.extend_from_slice(&bytes[..end.unwrap_or(bytes.len())]);
                    (end.map_or(bytes.len(), |at| at + 1), end.is_some())
                }
            };
            from.consume(taken);
            if line.len() > most {
                is_too_long = true;
                line.truncate(mark.len() + 1);
            }
            if is_end {
                break;
            }
        }
        let Some(rest) = line.strip_prefix(mark.as_bytes()) else {
            if !line.is_empty() {
                line.push(b'\n');
                append(log, &line);
            }
            continue;
        };
        let text = || String::from_utf8_lossy(&rest[1..]).into_owned();
        let said = match rest.first() {
            Some(b'R') => Said::Ready,
            Some(_) if is_too_long => Said::TooLarge,
            Some(b'A') => Said::Answer(text()),
            Some(b'F') => Said::Failed(text()),
            _ => continue,
        };
        if sender.send(said).is_err() {
            return;
        }
    }
}
