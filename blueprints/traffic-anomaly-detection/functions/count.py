"""Counts the traffic of a shop as it passes, and lets it pass as it is.

Each batch becomes one line of the log in the embedded metric format of CloudWatch: how many visits, searches, carts and
checkouts there were in it. What is no event of the shop is marked, and Firehose keeps it under the error prefix.
"""

import base64
import json
import os

METRICS = {"visit": "Visits", "search": "Searches", "cart": "Carts", "checkout": "Checkouts"}
NAMESPACE = os.environ.get("NAMESPACE", "Shop")


def handler(event, context):
    counts = dict.fromkeys(METRICS.values(), 0)
    minutes = {}
    answers = []
    for record in event["records"]:
        answer, kind = passed(record)
        answers.append(answer)
        if kind:
            # Events of a batch may come from several minutes; each counts where it came in.
            minute = record["approximateArrivalTimestamp"] // 60_000
            minutes.setdefault(minute, dict(counts))[METRICS[kind]] += 1
    for minute, found in sorted(minutes.items()):
        print(json.dumps(metrics(minute * 60_000, found)))
    failed = sum(answer["result"] != "Ok" for answer in answers)
    if failed:
        # Not the events: a log is no place for data of customers.
        print(f"{failed} of {len(answers)} events are not understood")
    return {"records": answers}


def passed(record):
    try:
        data = base64.b64decode(record["data"], validate=True)
        event = json.loads(data.decode("utf-8"), parse_constant=refuse)
        if not isinstance(event, dict) or not isinstance(event.get("event"), str) or event["event"] not in METRICS:
            raise ValueError("not an event of the shop")
    except (ValueError, TypeError, RecursionError):
        return {"recordId": record["recordId"], "result": "ProcessingFailed", "data": record["data"]}, None
    # As it was, with its numbers to the last digit: in JSON a line ends only between values.
    line = base64.b64encode(data.replace(b"\r", b" ").replace(b"\n", b" ").strip()).decode("ascii")
    return {"recordId": record["recordId"], "result": "Ok", "data": line}, event["event"]


def refuse(constant):
    raise ValueError(f"{constant} is no JSON")


def metrics(timestamp, counts):
    """A line that CloudWatch takes apart into metrics, without a dimension."""
    definitions = [{"Name": name, "Unit": "Count"} for name in counts]
    directive = {"Namespace": NAMESPACE, "Dimensions": [[]], "Metrics": definitions}
    return {"_aws": {"Timestamp": timestamp, "CloudWatchMetrics": [directive]}, **counts}
