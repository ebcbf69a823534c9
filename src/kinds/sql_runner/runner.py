"""Runs SQL of Redshift for CloudFormation: what a stack makes in a database, and what undoes it.

The properties of the resource say all of it: `Objects` in their order, each with a name, the warehouse it is in, what
creates it and what drops it. A text is SQL as it is. A list is SQL in parts: in it, a `Literal` and a `Name` are quoted
here. `Together` are statements of one transaction; `Call` is a call of the Redshift API.

- Create makes all objects. If one fails, those before it are dropped again, so that it can be repeated.
- Update drops what is gone and makes what is new. What changed, and what needs it, is dropped and made again, unless
  `Change` says how it is altered. CloudFormation undoes a failed update by the opposite one.
- Delete drops all objects in reverse order. What is not there is dropped already.

One event runs each statement once, however often Lambda is given it: the token of a statement follows from the event.
No statement and no value is logged.
"""

import hashlib
import json
import re
import time
import urllib.request

import boto3

RESERVE = 150  # seconds for dropping and answering
GRACE = 90  # seconds until new rights hold everywhere
LENGTH = 900  # characters of a reason
BUSY = ("ActiveStatementsExceededException", "ActiveSessionsExceededException", "InternalServerException",
        "ServiceUnavailableException", "ThrottlingException", "TooManyRequestsException")
MISSING = re.compile(r"(does not|doesn't) exist|not found|is not (part of|added to|shared|in) ", re.I)
PRESENT = re.compile(r"already (exists|added|part of|been added|shared)", re.I)
DENIED = re.compile(r"access ?denied|not authorized", re.I)


class Failed(Exception):
    """A statement failed, or did not end in time."""


def quoted(text, quote):
    if "\0" in text:
        raise Failed("a value holds a zero byte")
    # A backslash stands for itself in names; in texts it begins an escape.
    text = text.replace("\\", "\\\\") if quote == "'" else text
    return quote + text.replace(quote, quote * 2) + quote


def sql(statement):
    if isinstance(statement, str):
        return statement
    parts = []
    for part in statement:
        if isinstance(part, str):
            parts.append(part)
        elif "Literal" in part:
            parts.append(quoted(part["Literal"], "'"))
        else:
            parts.append(quoted(part["Name"], '"'))
    return "".join(parts)


def place(thing, properties):
    """What a name in one warehouse is not the same as in another; its password may change."""
    target = properties["Warehouses"][thing["In"]]
    return thing["Name"], tuple(sorted((key, value) for key, value in target.items() if key != "SecretArn"))


class Runner:
    def __init__(self, event, context):
        self.event = event
        self.context = context
        self.data = boto3.client("redshift-data")
        self.started = time.monotonic()
        self.count = 0

    def left(self):
        return self.context.get_remaining_time_in_millis() / 1000

    def token(self):
        self.count += 1
        text = "{}/{}".format(self.event["RequestId"], self.count)
        return hashlib.sha256(text.encode()).hexdigest()[:64]

    def patient(self, call, reserve):
        """Calls again what is refused for now."""
        while True:
            try:
                return call()
            except Exception as error:
                code = getattr(error, "response", {}).get("Error", {}).get("Code", "")
                new = "AccessDenied" in code and time.monotonic() - self.started < GRACE
                if not (code in BUSY or new) or self.left() < reserve + 5:
                    raise Failed(str(error)) from error
                time.sleep(3)

    def execute(self, step, target, reserve):
        """Runs one statement, or several in one transaction, to the end; gives its error, if there is one."""
        if isinstance(step, dict) and "Together" in step:
            texts = [sql(one) for one in step["Together"]]
            start, what = self.data.batch_execute_statement, {"Sqls": texts}
        else:
            start, what = self.data.execute_statement, {"Sql": sql(step)}
        token = self.token()
        found = self.patient(lambda: start(ClientToken=token, **what, **target), reserve)
        pause = 0.25
        while True:
            state = self.patient(lambda: self.data.describe_statement(Id=found["Id"]), reserve)
            if state["Status"] == "FINISHED":
                return None
            if state["Status"] in ("ABORTED", "FAILED"):
                return state.get("Error") or "statement " + state["Status"].lower()
            if self.left() < reserve:
                try:
                    self.data.cancel_statement(Id=found["Id"])
                except Exception:  # it may have ended this moment
                    pass
                return "it did not end in time, and was cancelled"
            time.sleep(pause)
            pause = min(pause * 1.5, 5)

    def step(self, step, target, reserve):
        if isinstance(step, dict) and "Call" in step:
            names = {"AuthorizeDataShare": "authorize_data_share", "DeauthorizeDataShare": "deauthorize_data_share"}
            call = getattr(boto3.client("redshift"), names[step["Call"]])
            self.patient(lambda: call(**step["With"]), reserve)
            return
        while True:
            error = self.execute(step, target, reserve)
            if error is None:
                return
            # The role of the warehouse may have been given its rights a moment ago.
            new = DENIED.search(error) and time.monotonic() - self.started < GRACE
            if not new or self.left() < reserve + 15:
                raise Failed(error)
            time.sleep(10)

    def run(self, thing, word, properties, reserve=RESERVE):
        """Does what an object says; gives how many of the steps are done when it fails."""
        target = properties["Warehouses"][thing["In"]]
        begun = time.monotonic()
        for number, step in enumerate(thing.get(word) or []):
            try:
                self.step(step, target, reserve)
            except Failed as error:
                message = str(error)
                if word == "Drop" and MISSING.search(message):
                    continue
                if word == "Create" and PRESENT.search(message) and self.rolls_back():
                    continue
                self.log(thing, word, "failed", begun)
                failed = Failed("{} of {}: {}".format(word.lower(), thing["Name"], message))
                failed.steps = number
                raise failed from error
        self.log(thing, word, "done", begun)

    def log(self, thing, word, how, begun):
        entry = {"do": word, "object": thing["Name"], "in": thing["In"], "result": how,
                 "seconds": round(time.monotonic() - begun, 1)}
        print(json.dumps(entry))

    def rolls_back(self):
        """Whether this update undoes another, so that what is there is what was there before."""
        if self.event["RequestType"] != "Update":
            return False
        client = boto3.client("cloudformation")
        stacks = self.patient(lambda: client.describe_stacks(StackName=self.event["StackId"]), RESERVE)
        return "ROLLBACK" in stacks["Stacks"][0]["StackStatus"]

    def create(self, properties):
        """Makes all objects, or none; gives the number of those that may have stayed."""
        things = properties["Objects"]
        for number, thing in enumerate(things):
            try:
                self.run(thing, "Create", properties)
            except Exception as error:
                end = number + 1 if getattr(error, "steps", 1) else number
                left = self.drop(things[:end], properties)
                names = ", ".join(things[at]["Name"] for at, _ in left)
                stayed = "; could not drop again: " + names if left else "; what was made before is dropped again"
                failed = Failed(str(error) + stayed)
                failed.left = max((at + 1 for at, _ in left), default=0)
                raise failed from error

    def drop(self, things, properties):
        """Drops objects in reverse order, all that can be; gives those that cannot."""
        left = []
        for at in reversed(range(len(things))):
            try:
                self.run(things[at], "Drop", properties, 10)
            except Failed as error:
                left.append((at, error))
        return left

    def update(self, old, new):
        before = {place(thing, old): thing for thing in old["Objects"]}
        after = {place(thing, new): thing for thing in new["Objects"]}
        again = set()  # what is dropped, made, or both: by name
        for key in before.keys() | after.keys():
            one, other = before.get(key), after.get(key)
            if one is None or other is None or (one["Create"] != other["Create"] and "Change" not in other):
                again.add(key[0])
            elif one.get("Of") != other.get("Of"):  # what it is about was made anew
                again.add(key[0])
        for things in (old["Objects"], new["Objects"]):
            for thing in things:  # what is needed stands before
                if again.intersection(thing.get("Needs") or []):
                    again.add(thing["Name"])
        for thing in reversed(old["Objects"]):
            if thing["Name"] in again:
                self.run(thing, "Drop", old)
        for thing in new["Objects"]:
            one = before.get(place(thing, new))
            if thing["Name"] in again:
                self.run(thing, "Create", new)
            elif one["Create"] != thing["Create"]:
                self.run(thing, "Change", new)

    def handle(self):
        event = self.event
        properties = event["ResourceProperties"]
        if event["RequestType"] == "Create":
            identity = "{}/{}".format(event["StackId"].split("/")[-1], event["LogicalResourceId"])
            try:
                self.create(properties)
            except Failed as error:
                # Deleting what failed concerns only what stayed: all else of these names is someone else's.
                return "FAILED", "{}#{}".format(identity, error.left), str(error)
            return "SUCCESS", identity, ""
        identity = event["PhysicalResourceId"]
        if event["RequestType"] == "Update":
            self.update(event["OldResourceProperties"], properties)
            return "SUCCESS", identity, ""
        count = re.search(r"#(\d+)$", identity)
        things = properties["Objects"]
        left = self.drop(things[:int(count[1])] if count else things, properties)
        reasons = "; ".join(str(error) for _, error in left)
        return ("FAILED" if left else "SUCCESS"), identity, reasons


def answer(event, status, identity, reason):
    body = json.dumps({
        "Status": status,
        "Reason": reason[:LENGTH] or "done",
        "PhysicalResourceId": identity,
        "StackId": event["StackId"],
        "RequestId": event["RequestId"],
        "LogicalResourceId": event["LogicalResourceId"],
    }).encode()
    request = urllib.request.Request(event["ResponseURL"], body, {"Content-Type": ""}, method="PUT")
    for attempt in range(5):
        try:
            urllib.request.urlopen(request, timeout=10).close()
            return
        except OSError as error:
            print(json.dumps({"do": "answer", "result": type(error).__name__}))
            time.sleep(2 ** attempt)


def handler(event, context):
    identity = event.get("PhysicalResourceId") or "none#0"
    try:
        status, identity, reason = Runner(event, context).handle()
    except Failed as error:
        status, reason = "FAILED", str(error)
    except Exception as error:  # a stack must not wait an hour for what is wrong here
        status, reason = "FAILED", "{}: {}".format(type(error).__name__, error)
    print(json.dumps({"do": event["RequestType"], "resource": event["LogicalResourceId"], "result": status}))
    answer(event, status, identity, reason)
