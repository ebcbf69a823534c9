"""Makes JSON of lines of text for Firehose, and says on which day each of them was written.

A record is one line of words with values: `time=2026-11-23T10:00:00Z device=mobile event="door opened"`. Firehose takes
the other keys of the partition out of the JSON with jq. A record that cannot be understood is marked and comes back as
it was: Firehose keeps it under the error prefix.
"""

import base64
import json
import re
from datetime import datetime, timezone

PAIR = re.compile(r'\s*([A-Za-z_][A-Za-z0-9_]*)=(?:"((?:[^"\\]|\\.)*)"|([^\s"]*))(?=\s|$)')
# Lambda answers with at most 6 MB, counted with the text around the data. JSON is longer than the lines.
LARGEST_ANSWER = 5_500_000
AROUND_DATA = 400


def handler(event, context):
    records = event["records"]
    size = sum(len(record["data"]) + AROUND_DATA for record in records)
    answers = []
    for record in records:
        answer = transformed(record)
        more = len(answer["data"]) - len(record["data"])
        if size + more > LARGEST_ANSWER and more > 0:
            answer = failed(record)
        else:
            size += more
        answers.append(answer)
    count = sum(answer["result"] != "Ok" for answer in answers)
    if count:
        # Not the records: a log is no place for data of customers.
        print(f"{count} of {len(records)} records are not understood")
    return {"records": answers}


def transformed(record):
    try:
        item = parsed(base64.b64decode(record["data"], validate=True).decode("utf-8"))
        keys = partition_keys(item)
    except (ValueError, KeyError, OverflowError):
        return failed(record)
    line = json.dumps(item, separators=(",", ":")).encode("ascii")
    return {
        "recordId": record["recordId"],
        "result": "Ok",
        "data": base64.b64encode(line).decode("ascii"),
        "metadata": {"partitionKeys": keys},
    }


def failed(record):
    return {"recordId": record["recordId"], "result": "ProcessingFailed", "data": record["data"]}


def parsed(line):
    line = line.strip()
    item = {}
    end = 0
    while end < len(line):
        pair = PAIR.match(line, end)
        if pair is None or pair[1] in item:
            raise ValueError("not a line of words with values")
        item[pair[1]] = pair[3] if pair[2] is None else re.sub(r"\\(.)", r"\1", pair[2])
        end = pair.end()
    return item


def partition_keys(item):
    time = datetime.fromisoformat(item["time"])
    time = (time if time.tzinfo else time.replace(tzinfo=timezone.utc)).astimezone(timezone.utc)
    return {"year": f"{time:%Y}", "month": f"{time:%m}", "day": f"{time:%d}"}
