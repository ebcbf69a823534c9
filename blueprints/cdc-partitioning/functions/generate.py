"""Makes changes as a database would report them: customers, their orders, and transactions in an old and a new shape.

It stands in for the replication of a database, and runs once a minute.
"""

import json
import os
import random
import time
import uuid
from datetime import datetime, timezone

import boto3

BATCHES = 10
ATTEMPTS = 5

kinesis = boto3.client("kinesis")


def handler(event, context):
    customers = random.sample(range(1, 1001), BATCHES)
    changes = [change for customer in customers for change in batch(customer)]
    put([{"Data": json.dumps(item).encode(), "PartitionKey": key} for key, item in changes])
    return {"records": len(changes)}


def batch(customer):
    """A customer, an order of theirs, and how it was paid; each with the key that keeps its changes in order."""
    now = datetime.now(timezone.utc).isoformat(timespec="milliseconds")
    transaction = str(uuid.uuid4())
    amount = round(random.uniform(1, 500), 2)
    key = str(customer)
    return [
        (key, {
            "table": "Customer", "version": 1, "timestamp": now,
            "customerId": customer, "name": f"Customer {customer}", "country": random.choice(["DE", "FR", "US"]),
        }),
        (key, {
            "table": "Order", "version": 1, "timestamp": now,
            "orderId": str(uuid.uuid4()), "customerId": customer, "transactionId": transaction,
        }),
        # The old shape: a number of its own, and nothing about where. It never said its table.
        (key, {"version": 1, "timestamp": now, "txid": str(uuid.uuid4()), "amount": amount}),
        (key, {
            "version": 2, "timestamp": now,
            "transactionId": transaction, "amount": amount, "source": random.choice(["Web", "Mobile", "Store"]),
        }),
    ]


def put(records):
    """Puts all records into the stream; Kinesis may refuse some of a request."""
    for attempt in range(ATTEMPTS):
        if attempt:
            time.sleep(0.1 * 2**attempt)
        answer = kinesis.put_records(StreamName=os.environ["STREAM"], Records=records)
        records = [record for record, result in zip(records, answer["Records"]) if "ErrorCode" in result]
        if not records:
            return
    raise RuntimeError(f"Kinesis refused {len(records)} records")
