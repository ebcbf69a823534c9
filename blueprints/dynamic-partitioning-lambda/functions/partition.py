"""Says for each record of Firehose to which partition it belongs: whose event it is, and at which hour it happened.

Records are JSON, as it is or compressed with gzip, which jq in Firehose cannot read. They are delivered as JSON on one
line. A record that cannot be understood is marked and comes back as it was: Firehose keeps it under the error prefix.
"""

import base64
import json
import re
import zlib
from datetime import datetime, timezone

GZIP = b"\x1f\x8b"
# A record of Firehose has at most 1,000 KiB. What becomes much larger than that when it is unpacked is no event.
LARGEST_RECORD = 4 * 1024 * 1024
# Lambda answers with at most 6 MB, counted with the text around the data. Without this limit all records of a run
# would fail, if those that were compressed became too much together.
LARGEST_ANSWER = 5_500_000
AROUND_DATA = 400
# A number above it counts milliseconds: in seconds it would be after the year 2100.
LAST_SECOND = 4_102_444_800


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
        print(f"{count} of {len(records)} records have no partition")
    return {"records": answers}


def transformed(record):
    try:
        data = unpacked(base64.b64decode(record["data"], validate=True))
        item = json.loads(data.decode("utf-8"), parse_constant=refuse)
        keys = partition_keys(item)
    except (ValueError, TypeError, KeyError, OverflowError, OSError, RecursionError, zlib.error):
        return failed(record)
    # As it was, with its numbers to the last digit: in JSON a line ends only between values.
    line = data.replace(b"\r", b" ").replace(b"\n", b" ").strip()
    return {
        "recordId": record["recordId"],
        "result": "Ok",
        "data": base64.b64encode(line).decode("ascii"),
        "metadata": {"partitionKeys": keys},
    }


def failed(record):
    return {"recordId": record["recordId"], "result": "ProcessingFailed", "data": record["data"]}


def refuse(constant):
    raise ValueError(f"{constant} is no JSON")


def unpacked(data):
    if not data.startswith(GZIP):
        return data
    stream = zlib.decompressobj(wbits=31)
    unpacked = stream.decompress(data, LARGEST_RECORD)
    if not stream.eof or stream.unused_data:
        raise ValueError("more than one event, too large, or cut off")
    return unpacked


def partition_keys(item):
    customer = item["customer_id"]
    if not isinstance(customer, str) or not customer:
        raise ValueError("no customer")
    time = point_in_time(item["event_timestamp"])
    return {
        # A slash would make a folder of its own.
        "customer_id": re.sub("[^A-Za-z0-9_-]+", "_", customer),
        "year": f"{time:%Y}",
        "month": f"{time:%m}",
        "day": f"{time:%d}",
        "hour": f"{time:%H}",
    }


def point_in_time(value):
    if isinstance(value, bool):
        raise ValueError("no time")
    if isinstance(value, str):
        time = datetime.fromisoformat(value)
        return (time if time.tzinfo else time.replace(tzinfo=timezone.utc)).astimezone(timezone.utc)
    return datetime.fromtimestamp(value / 1000 if value > LAST_SECOND else value, timezone.utc)
