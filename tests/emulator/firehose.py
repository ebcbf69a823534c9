"""What Firehose does with a record before it is an object in S3 or a request to an endpoint.

MiniStack takes records, evaluates prefixes, names objects and writes Parquet. This replaces what is between: the
processors, in the order that Firehose has for them, and the destinations that MiniStack only keeps.
"""

import base64
import contextlib
import contextvars
import gzip
import json
import os
import threading
import time
import urllib.error
import urllib.request

import jq
from ministack.services import firehose as service
from ministack.services import lambda_svc, secretsmanager

from permissions import act

# How what is written now is packed: an object has no other way to know its stream.
COMPRESSION = contextvars.ContextVar("compression", default=None)

SERVICE = "firehose.amazonaws.com"

put_object = service._put_s3_object
evaluate_prefix = service._evaluate_prefix
ingest = service.ingest_from_kinesis_source
put_record, put_batch = service._put_record, service._put_record_batch


def install():
    service._metadata_extraction_keys = partition_keys
    service._deliver_records_to_s3 = deliver
    service._put_s3_object = write
    service._evaluate_prefix = prefix
    service.ingest_from_kinesis_source = from_kinesis
    service._put_record = service._HANDLERS["PutRecord"] = direct
    service._put_record_batch = service._HANDLERS["PutRecordBatch"] = direct_batch


def put(stream, data):
    """Puts a record as PutRecord does; `stream` is a name or an ARN."""
    data = data if isinstance(data, bytes) else data.encode()
    name = stream.split("/")[-1]
    status, _, body = service._put_record(
        {"DeliveryStreamName": name, "Record": {"Data": base64.b64encode(data).decode()}}
    )
    if status != 200:
        raise RuntimeError(f"{name}: {body!r}")


def processors(config):
    """The processors by type, each with its parameters."""
    processing = config.get("ProcessingConfiguration") or {}
    if not processing.get("Enabled"):
        return {}
    return {
        processor["Type"]: {
            parameter["ParameterName"]: parameter["ParameterValue"] for parameter in processor.get("Parameters") or []
        }
        for processor in processing.get("Processors") or []
    }


def deliver(stream, destination, records):
    """Takes records `(id, bytes)` through the processors to S3."""
    config = destination["config"]
    used = processors(config)
    if config.get("S3BackupMode") == "Enabled":
        backup = {"type": "S3", "config": config["S3BackupConfiguration"]}
        for _, data in records:
            with packed(backup["config"]):
                service._deliver_to_s3(stream, backup, data)
    for _, data, keys in transformed(stream, destination, records, used):
        # https://docs.aws.amazon.com/firehose/latest/dev/dynamic-partitioning-multirecord-deaggergation.html
        parts = documents(data) if "RecordDeAggregation" in used else [data]
        for part in parts:
            if "AppendDelimiterToRecord" in used:
                # https://docs.aws.amazon.com/firehose/latest/dev/dynamic-partitioning-new-line-delimiter.html
                # JSON takes the delimiter as blank space, so partition keys can be read with it.
                delimiter = used["AppendDelimiterToRecord"].get("Delimiter", "\\n")
                part += delimiter.encode().decode("unicode_escape").encode()
            with packed(config):
                service._deliver_to_s3(stream, destination, part, keys)


@contextlib.contextmanager
def packed(config):
    token = COMPRESSION.set(config)
    try:
        yield
    finally:
        COMPRESSION.reset(token)


def write(bucket, key, body):
    # https://docs.aws.amazon.com/firehose/latest/dev/create-destination.html: the extension is that of the compression.
    config = COMPRESSION.get() or {}
    if config.get("CompressionFormat") == "GZIP":
        body = gzip.compress(body, mtime=0)
        key += "" if config.get("FileExtension") else ".gz"
    if "RoleARN" in config:
        store = f"arn:aws:s3:::{bucket}"
        of_bucket = ("s3:GetBucketLocation", "s3:ListBucket", "s3:ListBucketMultipartUploads")
        of_object = ("s3:AbortMultipartUpload", "s3:GetObject", "s3:PutObject")
        needs = [(action, store) for action in of_bucket] + [(action, f"{store}/{key}") for action in of_object]
        logging = config.get("CloudWatchLoggingOptions") or {}
        if logging.get("Enabled"):
            log = f"log-group:{logging['LogGroupName']}:log-stream:{logging['LogStreamName']}"
            needs.append(("logs:PutLogEvents", f"arn:aws:logs:us-east-1:000000000000:{log}"))
        act(SERVICE, config["RoleARN"], needs)
    put_object(bucket, key, body)


def prefix(template, moment, query_keys=None, lambda_keys=None, error_type=None):
    """Evaluates a prefix. The guide's example of a key with partitions ends with them: no time is added there.

    https://docs.aws.amazon.com/firehose/latest/dev/dynamic-partitioning-s3bucketprefix.html
    """
    made = evaluate_prefix(template, moment, query_keys, lambda_keys, error_type)
    if "!{partitionKeyFrom" in template and "!{timestamp:" not in template:
        made = made.removesuffix(service._java_time("yyyy/MM/dd/HH/", moment))
    return made


def documents(data):
    """The JSON documents of a record, as de-aggregation takes them apart; a record that is none stays whole."""
    try:
        text = data.decode()
        decoder, position, found = json.JSONDecoder(), 0, []
        while position < len(text):
            if text[position].isspace():
                position += 1
                continue
            _, end = decoder.raw_decode(text, position)
            found.append(text[position:end].encode())
            position = end
        return found or [data]
    except ValueError:
        return [data]


def partition_keys(config, data):
    """The keys that the jq program of the stream makes of a record, or None without a program."""
    query = processors(config).get("MetadataExtraction", {}).get("MetadataExtractionQuery")
    if query is None:
        return None
    try:
        values = jq.compile(query).input_text(data.decode()).all()
        # https://docs.aws.amazon.com/firehose/latest/dev/dynamic-partitioning-partitioning-keys.html
        if len(values) != 1 or not isinstance(values[0], dict):
            raise ValueError("the program makes no object")
        keys = {}
        for name, value in values[0].items():
            if value is None or isinstance(value, (dict, list)) or value == "":
                raise ValueError(f"partition key {name} has no value")
            keys[name] = value if isinstance(value, str) else json.dumps(value)
        return keys
    except ValueError as error:
        # The guide names no kind of failure; this is the one that users find below their error prefix.
        code = "DynamicPartitioning.MetadataExtractionFailed"
        raise service._DeliveryError("metadata-extraction-failed", str(error), code) from error


def transformed(stream, destination, records, used):
    """What the function of the stream makes of records: `(id, bytes, keys)`.

    https://docs.aws.amazon.com/firehose/latest/dev/data-transformation-status-model.html
    """
    arn = used.get("Lambda", {}).get("LambdaArn")
    if arn is None:
        yield from ((number, data, None) for number, data in records)
        return
    needs = [(f"lambda:{action}", arn) for action in ("InvokeFunction", "GetFunctionConfiguration")]
    act(SERVICE, used["Lambda"]["RoleArn"], needs)
    name, qualifier = lambda_svc._resolve_name_and_qualifier(arn)
    function, _ = lambda_svc._get_func_record_for_qualifier(name, qualifier)
    event = {
        "invocationId": str(time.time_ns()),
        "deliveryStreamArn": stream["arn"],
        "region": "us-east-1",
        "records": [
            {
                "recordId": number,
                "approximateArrivalTimestamp": int(time.time() * 1000),
                "data": base64.b64encode(data).decode(),
            }
            for number, data in records
        ],
    }
    result = lambda_svc._execute_function(function, event)
    body = result.get("body")
    answer = json.loads(body) if isinstance(body, (str, bytes)) else body
    if result.get("error"):
        for _, data in records:
            failed(stream, destination, data, arn, "Lambda.FunctionError", json.dumps(answer))
        return
    answered = {record["recordId"]: record for record in answer["records"]}
    for number, data in records:
        record = answered.get(number)
        if record is None:
            failed(stream, destination, data, arn, "Lambda.MissingRecordId", "a record id is missing")
        elif record["result"] == "Ok":
            keys = (record.get("metadata") or {}).get("partitionKeys")
            yield number, base64.b64decode(record["data"]), keys
        elif record["result"] == "ProcessingFailed":
            text = "ProcessingFailed status set for record"
            failed(stream, destination, data, arn, "Lambda.ProcessingFailedStatus", text)
        elif record["result"] != "Dropped":
            failed(stream, destination, data, arn, "Lambda.JsonProcessingException", record["result"])


def failed(stream, destination, data, arn, code, message):
    """Keeps a record that the function refused, under the error prefix.

    https://docs.aws.amazon.com/firehose/latest/dev/data-transformation-failure-handling.html
    """
    config = destination["config"]
    now = int(time.time() * 1000)
    document = {
        "attemptsMade": 1,
        "arrivalTimestamp": now,
        "errorCode": code,
        "errorMessage": message,
        "attemptEndingTimestamp": now,
        "rawData": base64.b64encode(data).decode(),
        "lambdaArn": arn,
    }
    error(stream, config, "processing-failed", document)


def error(stream, config, output_type, document):
    """Writes one line below the error prefix of a destination in S3."""
    moment = service._arrival_time(config)
    name = f"{stream['name']}-{stream['version']}-{service._java_time('yyyy-MM-dd-HH-mm-ss', moment)}-{time.time_ns()}"
    default = f"{config.get('Prefix') or ''}{output_type}/"
    template = config.get("ErrorOutputPrefix") or default
    prefix = service._evaluate_prefix(template, moment, error_type=output_type)
    bucket = service._s3_bucket_from_arn(config["BucketARN"])
    with packed(config):
        service._put_s3_object(bucket, prefix + name, (json.dumps(document) + "\n").encode())


# What MiniStack takes but sends nowhere: destinations that are an HTTP endpoint.


def endpoints(stream):
    return [destination for destination in stream["destinations"] if destination["type"] == "HttpEndpoint"]


def direct(data):
    answer = put_record(data)
    if answer[0] == 200:
        send(data["DeliveryStreamName"], [base64.b64decode(data["Record"]["Data"])])
    return answer


def direct_batch(data):
    answer = put_batch(data)
    if answer[0] == 200:
        send(data["DeliveryStreamName"], [base64.b64decode(record["Data"]) for record in data["Records"]])
    return answer


def from_kinesis(arn, records):
    reads = ("DescribeStream", "GetShardIterator", "GetRecords", "ListShards")
    for stream in service._streams.values():
        source = stream.get("kinesis_source") or {}
        if source.get("KinesisStreamARN") == arn:
            act(SERVICE, source["RoleARN"], [(f"kinesis:{action}", arn) for action in reads])
    ingest(arn, records)
    for stream in list(service._streams.values()):
        if (stream.get("kinesis_source") or {}).get("KinesisStreamARN") == arn:
            send(stream["name"], [data for _, data in records])


def send(name, records):
    """Sends records to the endpoints of a stream, from a thread of its own as the producer does not wait."""
    stream = service._streams.get(name)
    for destination in endpoints(stream):
        context = contextvars.copy_context()
        threading.Thread(target=context.run, args=(post, stream, destination["config"], records), daemon=True).start()


def post(stream, config, records):
    """One request to an endpoint; what is refused is kept in the bucket of the stream.

    https://docs.aws.amazon.com/firehose/latest/dev/httpdeliveryrequestresponse.html

    No vendor is asked: HTTP_SINK of the environment is where the request goes, with the endpoint that it was for in a
    header.
    """
    endpoint, request = config["EndpointConfiguration"], config.get("RequestConfiguration") or {}
    number, now = f"request-{time.time_ns()}", int(time.time() * 1000)
    lines = [{"data": base64.b64encode(data).decode()} for data in records]
    body = json.dumps({"requestId": number, "timestamp": now, "records": lines}).encode()
    headers = {
        "Content-Type": "application/json",
        "X-Amz-Firehose-Protocol-Version": "1.0",
        "X-Amz-Firehose-Request-Id": number,
        "X-Amz-Firehose-Source-Arn": stream["arn"],
        "X-Formwork-Endpoint": endpoint["Url"],
    }
    key = access_key(config)
    if key is not None:
        headers["X-Amz-Firehose-Access-Key"] = key
    attributes = {item["AttributeName"]: item["AttributeValue"] for item in request.get("CommonAttributes") or []}
    if attributes:
        headers["X-Amz-Firehose-Common-Attributes"] = json.dumps({"commonAttributes": attributes})
    if request.get("ContentEncoding") == "GZIP":
        body, headers["Content-Encoding"] = gzip.compress(body), "gzip"
    status, answer = ask(body, headers)
    accepted = False
    with contextlib.suppress(ValueError, TypeError, AttributeError):
        accepted = status == 200 and json.loads(answer).get("requestId") == number
    if accepted and config.get("S3BackupMode") != "AllData":
        return
    for data in records:
        if accepted:
            with packed(config["S3Configuration"]):
                service._deliver_to_s3(stream, {"type": "S3", "config": config["S3Configuration"]}, data)
        else:
            document = {
                "attemptsMade": 1,
                "arrivalTimestamp": now,
                "errorCode": "HttpEndpoint.DestinationException",
                "errorMessage": f"status {status}",
                "attemptEndingTimestamp": now,
                "rawData": base64.b64encode(data).decode(),
            }
            error(stream, config["S3Configuration"], "http-endpoint-failed", document)


def ask(body, headers):
    request = urllib.request.Request(os.environ["HTTP_SINK"], body, headers)
    try:
        with urllib.request.urlopen(request, timeout=10) as response:
            return response.status, response.read()
    except urllib.error.HTTPError as refused:
        return refused.code, refused.read()
    except OSError as gone:
        return 0, str(gone)


def access_key(config):
    """https://docs.aws.amazon.com/firehose/latest/dev/secrets-manager-whats-secret.html"""
    secret = config.get("SecretsManagerConfiguration") or {}
    if not secret.get("Enabled"):
        return config["EndpointConfiguration"].get("AccessKey")
    act(SERVICE, secret["RoleARN"], [("secretsmanager:GetSecretValue", secret["SecretARN"])])
    status, _, body = secretsmanager._get_secret_value({"SecretId": secret["SecretARN"]})
    return json.loads(json.loads(body)["SecretString"])["api_key"] if status == 200 else None
