// Serves the events of one function: a line of JSON in on stdin, a marked line of JSON out on stdout.
import fs from "node:fs";
import path from "node:path";
import net from "node:net";
import tls from "node:tls";
import dns from "node:dns";
import dgram from "node:dgram";
import http2 from "node:http2";
import childProcess from "node:child_process";
import workers from "node:worker_threads";
import readline from "node:readline";
import { createRequire, syncBuiltinESMExports } from "node:module";
import { pathToFileURL } from "node:url";

const [mark, root, handler, fixedText] = process.argv.slice(2);
const fixed = JSON.parse(fixedText);
process.argv.length = 2;
const RealDate = Date;
let now = fixed;

const toAnswer = process.stdout.write.bind(process.stdout);
const send = (kind, text) => toAnswer(`\n${mark}${kind}${text}\n`);
// What the function prints goes the same way, so that it is there before the answer.
process.stderr.write = toAnswer;

class NotWhileTracing extends Error {
  constructor(message) {
    super(message);
    this.name = "NotWhileTracing";
  }
}

const refuse = (object, names, message) => {
  for (const name of names) {
    if (typeof object[name] === "function") {
      object[name] = function () {
        throw new NotWhileTracing(message);
      };
    }
  }
};
const NETWORK = "there is no network while tracing";
refuse(net.Socket.prototype, ["connect"], NETWORK);
refuse(net, ["connect", "createConnection"], NETWORK);
refuse(net.Server.prototype, ["listen"], NETWORK);
refuse(tls, ["connect"], NETWORK);
refuse(http2, ["connect"], NETWORK);
refuse(dgram, ["createSocket"], NETWORK);
const look = (object) => refuse(object, Object.keys(object).filter((name) => /^(lookup|resolve|reverse)/.test(name)), NETWORK);
look(dns);
look(dns.promises);
globalThis.fetch = async () => {
  throw new NotWhileTracing(NETWORK);
};
const PROGRAM = "no other program is run while tracing";
refuse(childProcess, ["spawn", "spawnSync", "exec", "execSync", "execFile", "execFileSync", "fork"], PROGRAM);
workers.Worker = class {
  constructor() {
    throw new NotWhileTracing("no other thread is started while tracing");
  }
};
syncBuiltinESMExports();

// Modules of the SDK that the function does not bring: they can be imported, and every request fails.
const STUB = `
class NotWhileTracing extends Error { constructor(m) { super(m); this.name = "NotWhileTracing"; } }
const made = (name) => new Proxy(function () {}, {
  get(_, key) {
    if (typeof key === "symbol" || key === "then" || key === "prototype") return key === "prototype" ? {} : undefined;
    return made(name + "." + key);
  },
  construct(_, all) { return made("new " + name + "()"); },
  apply() {
    const last = name.split(".").pop();
    if (/^(from|fromEnv|with|use|add|setup|captureAWS.*|marshall|middlewareStack)$/.test(last)) return made(name + "()");
    throw new NotWhileTracing(name + " reaches AWS, and there is no network while tracing");
  },
});
const member = (key) => /(Error|Exception|NotFound)$/.test(key) ? class extends Error {} : made(key);
module.exports = (name, names) => new Proxy(Object.fromEntries(names.map((one) => [one, member(one)])), {
  get(target, key) {
    if (key === "default") return made(name);
    if (typeof key === "symbol" || key === "__esModule" || key === "then") return undefined;
    return target[key] ?? (target[key] = member(key));
  },
});
`;

function stubs() {
  const wanted = new Map();
  const note = (name, list) => {
    if (!wanted.has(name)) wanted.set(name, new Set());
    for (const one of list) if (/^[A-Za-z_$][\w$]*$/.test(one)) wanted.get(name).add(one);
  };
  const files = fs.readdirSync(root, { recursive: true }).filter((one) => /\.[cm]?js$/.test(one));
  const module = `["'](aws-sdk(?:/[\\w./-]+)?|@(?:aws-sdk|smithy|aws-lambda-powertools)/[\\w./-]+)["']`;
  for (const file of files) {
    if (file.split(path.sep).includes("node_modules")) continue;
    const text = fs.readFileSync(path.join(root, file), "utf8");
    for (const [, names, from] of text.matchAll(new RegExp(`import\\s*(?:[\\w$]+\\s*,\\s*)?\\{([^}]*)\\}\\s*from\\s*${module}`, "g"))) {
      note(from, names.split(",").map((one) => one.trim().split(/\s+as\s+/)[0]));
    }
    for (const [, from] of text.matchAll(new RegExp(module, "g"))) note(from, []);
  }
  if (wanted.size === 0) return;
  const base = path.join(path.dirname(root), "node_modules");
  fs.mkdirSync(base, { recursive: true });
  const stub = path.join(base, "stub.cjs");
  fs.writeFileSync(stub, STUB);
  for (const [name, names] of wanted) {
    const folder = path.join(base, name);
    fs.mkdirSync(folder, { recursive: true });
    // The first lines tell importers the names; the last says what they are.
    const known = [...names].filter((one) => one !== "default");
    const lines = known.map((one) => `exports.${one} = undefined;`);
    const last = `module.exports = require(${JSON.stringify(stub)})(${JSON.stringify(name)}, ${JSON.stringify(known)});`;
    fs.writeFileSync(path.join(folder, "index.js"), `${lines.join("\n")}\n${last}\n`);
  }
}

function fixClock() {
  class FixedDate extends RealDate {
    constructor(...all) {
      if (all.length === 0) super(now);
      else super(...all);
    }
    static now() {
      return now;
    }
  }
  globalThis.Date = FixedDate;
}

function place(error) {
  const stack = String((error && error.stack) || "");
  for (const line of stack.split("\n")) {
    const found = line.match(/(?:file:\/\/)?(\/[^():]+):(\d+)(?::\d+)?/);
    if (found && decodeURI(found[1]).startsWith(root + path.sep)) return [decodeURI(found[1]).slice(root.length + 1), Number(found[2])];
  }
  return null;
}

function failed(error, kind) {
  const isError = error instanceof Error;
  const message = isError ? error.message : typeof error === "string" ? error : JSON.stringify(error) ?? String(error);
  send("F", JSON.stringify({ kind: kind ?? (isError ? error.name : "Error"), message: String(message), place: place(error) }));
}

async function load() {
  const dot = handler.indexOf(".", handler.lastIndexOf("/"));
  if (dot < 1) {
    const error = new Error(`Bad handler '${handler}'`);
    error.lambda = "Runtime.MalformedHandlerName";
    throw error;
  }
  const module = handler.slice(0, dot);
  const names = handler.slice(dot + 1).split(".");
  const require = createRequire(path.join(root, "index.js"));
  let loaded;
  const file = ["", ".js", ".mjs", ".cjs"].map((one) => path.join(root, module + one)).find((one) => fs.existsSync(one) && fs.statSync(one).isFile());
  if (!file) {
    const error = new Error(`Cannot find module '${module}'`);
    error.lambda = "Runtime.ImportModuleError";
    throw error;
  }
  try {
    if (file.endsWith(".mjs")) loaded = await import(pathToFileURL(file));
    else loaded = require(file);
  } catch (error) {
    const isModule = error.code === "ERR_REQUIRE_ESM" || (error instanceof SyntaxError && /import statement|Unexpected token 'export'|import\.meta|await is only valid/.test(error.message));
    if (!isModule) throw error;
    // The runtimes since Node.js 22 see by the syntax that a file is a module.
    const version = Number((process.env.AWS_EXECUTION_ENV ?? "").replace(/\D/g, ""));
    if (error.code !== "ERR_REQUIRE_ESM" && version < 22) throw error;
    let target = file;
    if (error.code !== "ERR_REQUIRE_ESM") {
      target = file.replace(/\.[cm]?js$/, "") + ".mjs";
      if (!fs.existsSync(target)) fs.copyFileSync(file, target);
    }
    loaded = await import(pathToFileURL(target));
  }
  let called = loaded;
  for (const name of names) called = called?.[name] ?? (called === loaded ? loaded.default?.[name] : undefined);
  if (typeof called !== "function") {
    const error = new Error(`${handler} is undefined or not exported`);
    error.lambda = "Runtime.HandlerNotFound";
    throw error;
  }
  return called;
}

const env = process.env;
const context = (call, done) => ({
  functionName: env.AWS_LAMBDA_FUNCTION_NAME,
  functionVersion: "$LATEST",
  memoryLimitInMB: env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
  invokedFunctionArn: call.arn,
  awsRequestId: call.id,
  logGroupName: env.AWS_LAMBDA_LOG_GROUP_NAME,
  logStreamName: env.AWS_LAMBDA_LOG_STREAM_NAME,
  callbackWaitsForEmptyEventLoop: true,
  getRemainingTimeInMillis: () => call.milliseconds,
  succeed: (value) => done(null, value),
  fail: (error) => done(error),
  done,
});

// A promise that nobody waits for, or a timer that throws, ends a run as a failure.
let stray = () => {};
process.on("uncaughtException", (error) => stray(error));
process.on("unhandledRejection", (error) => stray(error));
process.exit = (status) => {
  throw new NotWhileTracing(`process.exit(${status ?? ""}) ends the runtime`);
};

function serve(called, call) {
  return new Promise((resolve, reject) => {
    stray = reject;
    const done = (error, value) => (error ? reject(error) : resolve(value));
    let answer;
    try {
      answer = called(call.event, context(call, done), done);
    } catch (error) {
      reject(error);
      return;
    }
    if (answer && typeof answer.then === "function") answer.then(resolve, reject);
    else if (called.length < 3) {
      // One that may still call `context.succeed` is waited for a little.
      setTimeout(() => resolve(null), called.length === 2 ? 50 : 0);
    }
  });
}

let called;
let problem;
try {
  stubs();
  if (fixed !== null) fixClock();
  called = await load();
} catch (error) {
  const code = error?.code;
  problem = [error, error?.lambda ?? (error instanceof SyntaxError ? "Runtime.UserCodeSyntaxError" : /MODULE_NOT_FOUND/.test(code) ? "Runtime.ImportModuleError" : undefined)];
}
send("R", "null");
for await (const line of readline.createInterface({ input: process.stdin, crlfDelay: Infinity })) {
  const call = JSON.parse(line);
  if (problem) {
    failed(...problem);
    continue;
  }
  if (call.now !== null) now = call.now;
  let answer;
  try {
    answer = await serve(called, call);
  } catch (error) {
    failed(error);
    continue;
  }
  let text;
  try {
    text = JSON.stringify(answer) ?? "null";
  } catch (error) {
    failed(error, "Runtime.MarshalError");
    continue;
  }
  send("A", text);
}
