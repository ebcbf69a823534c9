import base64
import json


def handler(event, context):
    return {"records": [transformed(record) for record in event["records"]]}


def transformed(record):
    try:
        customer = json.loads(base64.b64decode(record["data"]))["customer"]
    except (KeyError, TypeError, ValueError):
        return {"recordId": record["recordId"], "result": "ProcessingFailed", "data": record["data"]}
    keys = {"partitionKeys": {"customer": str(customer)}}
    return {"recordId": record["recordId"], "result": "Ok", "data": record["data"], "metadata": keys}
