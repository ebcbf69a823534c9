"""Says for each change to which table it belongs, and on which day it happened, as partition keys of Firehose.

The version of its shape stands in the change itself, where jq finds it. A change that cannot be understood is marked
and comes back as it was: Firehose keeps it under the error prefix.
"""

import base64
import json
import re
from datetime import datetime, timezone

TABLE = re.compile("[A-Za-z][A-Za-z0-9_]{0,63}")
# Transactions have never said their table.
DEFAULT_TABLE = "Transaction"


def handler(event, context):
    answers = [transformed(record) for record in event["records"]]
    count = sum(answer["result"] != "Ok" for answer in answers)
    if count:
        # Not the changes: a log is no place for data of customers.
        print(f"{count} of {len(answers)} changes are not understood")
    return {"records": answers}


def transformed(record):
    try:
        data = base64.b64decode(record["data"], validate=True)
        change = json.loads(data.decode("utf-8"), parse_constant=refuse)
        keys = partition_keys(change, record)
    except (ValueError, TypeError, OverflowError, RecursionError):
        return {"recordId": record["recordId"], "result": "ProcessingFailed", "data": record["data"]}
    # As it was, with its numbers to the last digit: in JSON a line ends only between values.
    line = data.replace(b"\r", b" ").replace(b"\n", b" ").strip()
    return {
        "recordId": record["recordId"],
        "result": "Ok",
        "data": base64.b64encode(line).decode("ascii"),
        "metadata": {"partitionKeys": keys},
    }


def refuse(constant):
    raise ValueError(f"{constant} is no JSON")


def partition_keys(change, record):
    if not isinstance(change, dict):
        raise ValueError("not a change")
    table = change.get("table", DEFAULT_TABLE)
    if not TABLE.fullmatch(table):
        raise ValueError("not the name of a table")
    # When it happened, so that a change that comes late is found on its day; at the latest when it came in.
    if "timestamp" in change:
        time = datetime.fromisoformat(change["timestamp"])
        time = (time if time.tzinfo else time.replace(tzinfo=timezone.utc)).astimezone(timezone.utc)
    else:
        time = datetime.fromtimestamp(record["approximateArrivalTimestamp"] / 1000, timezone.utc)
    return {"table": table, "year": f"{time:%Y}", "month": f"{time:%m}", "day": f"{time:%d}"}
