"""Events on their way through a stack: what is put where producers put it, and what comes out."""

import base64
import gzip
import json
import re
import subprocess
import tempfile
import time
import urllib.request
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from stacks import Wrong

SECONDS = 20
# What comes although nothing may come needs a moment.
QUIET_SECONDS = 0.15


class Way:
    """The way of one event, as a case of `data.toml` says it."""

    def __init__(self, program, stack, sink, folder, case):
        self.program, self.stack, self.sink, self.case = program, stack, sink, case
        self.client, self.made = stack.emulator.client, stack.resources()
        self.folder, self.traced = folder, False
        self.sent = sent(folder / case["event"])

    def follow(self):
        """Puts the event in and looks what comes of it; gives the number of objects and requests."""
        objects, requests = self.case.get("objects", {}), self.case.get("requests", [])
        moment = datetime.now(UTC)
        came, asked = self.put(objects, requests)
        self.predicted(moment, came, asked)
        for key, body in came:
            self.content(key, body, [body for _, body in came])
        for (headers, records), stream in zip(asked, requests, strict=True):
            self.request(headers, records, self.made[stream]["properties"])
        if requests:
            self.sink.refuses = True
            try:
                properties = self.made[requests[0]]["properties"]["HttpEndpointDestinationConfiguration"]
                kept = properties["S3Configuration"]["BucketARN"].split(":")[-1]
                bucket = next(name for name, resource in self.made.items() if resource["physical"] == kept)
                came, _ = self.put({bucket: ["*/http-endpoint-failed/*/*"]}, requests)
                # A log has its own times and ids.
                if self.raw(came[0][1]) != asked[0][1][0] and self.case["to"].split(":")[0] == "stream":
                    raise Wrong(f"{came[0][0]} has other data than was sent")
            finally:
                self.sink.refuses = False
        return sum(map(len, objects.values())) + len(requests)

    def put(self, objects, requests):
        """Puts the event in, and waits for objects of these keys and for requests to these streams."""
        before = self.objects()
        self.sink.requests.clear()
        self.produce()
        wanted = sum(map(len, objects.values()))
        end = time.monotonic() + SECONDS
        while time.monotonic() < end:
            came = {key: body for key, body in self.objects().items() if key not in before}
            if len(came) >= wanted and len(self.sink.requests) >= len(requests):
                break
            time.sleep(0.02)
        time.sleep(QUIET_SECONDS)
        came = {key: body for key, body in self.objects().items() if key not in before}
        today = datetime.now(UTC).strftime("%Y-%m-%d")
        patterns = [
            (bucket, pattern.replace("{today}", today)) for bucket, keys in objects.items() for pattern in keys
        ]
        left = list(patterns)
        for bucket, key in came:
            fitting = [item for item in left if item[0] == bucket and fits(key, item[1])]
            if not fitting:
                raise Wrong(f"{bucket} has {key}, and awaits {[pattern for _, pattern in left]}{self.error(came)}")
            if not self.case.get("many"):
                left.remove(fitting[0])
        if self.case.get("many") and came:
            left = []
        if left or len(self.sink.requests) != len(requests):
            asked = len(self.sink.requests)
            raise Wrong(f"nothing came for {left}, {asked} of {len(requests)} requests; {self.stack.emulator.said(5)}")
        return [(key, body) for (_, key), body in sorted(came.items())], list(self.sink.requests)

    def error(self, came):
        texts = [body.decode(errors="replace")[:300] for (_, key), body in came.items() if "errors/" in key]
        return f": {' '.join(texts)}" if texts else ""

    def objects(self):
        """All objects in the buckets of the stack."""
        s3, found = self.client("s3"), {}
        for name, resource in self.made.items():
            if resource["type"] == "AWS::S3::Bucket":
                for item in s3.list_objects_v2(Bucket=resource["physical"]).get("Contents", []):
                    key = item["Key"]
                    body = s3.get_object(Bucket=resource["physical"], Key=key)["Body"].read()
                    found[name, key] = gzip.decompress(body) if key.endswith(".gz") else body
        return found

    def produce(self):
        kind, _, name = self.case["to"].partition(":")
        getattr(self, f"produce_{kind}")(name)

    def produce_bus(self, name):
        event = self.event()
        entry = {
            "Source": event["source"],
            "DetailType": event["detail-type"],
            "Detail": json.dumps(event["detail"]),
            "Resources": event["resources"],
            "EventBusName": name if name == "default" else self.made[name]["physical"],
        }
        answer = self.client("events").put_events(Entries=[entry])
        if answer["FailedEntryCount"]:
            raise Wrong(f"PutEvents: {answer['Entries']}")

    def produce_stream(self, name):
        resource = self.made[name]
        if resource["type"] == "AWS::Kinesis::Stream":
            client = self.client("kinesis")
            client.put_record(StreamName=resource["physical"], Data=self.sent, PartitionKey="key")
        else:
            client = self.client("firehose")
            client.put_record(DeliveryStreamName=resource["physical"], Record={"Data": self.sent})

    def produce_logs(self, name):
        logs, group = self.client("logs"), self.stack.parameters[name]
        stream = f"producer-{time.time_ns()}"
        logs.create_log_stream(logGroupName=group, logStreamName=stream)
        now = int(time.time() * 1000)
        events = [{"timestamp": now, "message": event["message"]} for event in self.event()["logEvents"]]
        logs.put_log_events(logGroupName=group, logStreamName=stream, logEvents=events)

    def produce_schedule(self, name):
        """Its time comes; that it is the one of the stack, its target says."""
        schedule = self.client("scheduler").get_schedule(Name=self.made[name]["physical"])
        if schedule["State"] != "ENABLED":
            raise Wrong(f"{name} is {schedule['State']}")
        request = urllib.request.Request(f"{self.stack.emulator.url}/_formwork/due", b"", method="POST")
        urllib.request.urlopen(request, timeout=SECONDS).close()

    def produce_api(self, name):
        """Somebody calls a stage."""
        stage = self.made[name]["properties"]
        place = f"restapis/{stage['RestApiId']}/{stage['StageName']}/_user_request_/"
        with urllib.request.urlopen(f"{self.stack.emulator.url}/{place}", timeout=SECONDS) as answer:
            answer.read()

    def produce_iot(self, topic):
        self.client("iot-data").publish(topic=topic, qos=1, payload=self.sent)

    def produce_mail(self, name):
        event = self.event()
        # SES sends only from whom it has verified, which is done by hand.
        self.client("ses").verify_email_identity(EmailAddress=event["mail"]["source"])
        self.client("sesv2").send_email(
            FromEmailAddress=event["mail"]["source"],
            Destination={"ToAddresses": event["mail"]["destination"]},
            Content={"Simple": {"Subject": {"Data": "Test"}, "Body": {"Text": {"Data": "Test"}}}},
            ConfigurationSetName=self.stack.outputs[name],
        )

    def event(self):
        """The event, as if it came from the account and the stack of the test."""
        event = json.loads(self.sent)
        if self.case["to"].startswith("bus:"):
            text = self.sent.decode().replace("111122223333", "000000000000")
            event = json.loads(text)
            bucket = (event["detail"] or {}).get("bucket") if isinstance(event["detail"], dict) else None
            if bucket:
                bucket["name"] = self.made["ArchiveBucket"]["physical"]
        if "recipients" in self.case:
            event["mail"]["destination"] = self.case["recipients"]
        return event

    def content(self, key, body, all_bodies):
        """An object has what was sent."""
        kind = self.case["to"].split(":")[0]
        if "errors/" in key:
            # A function may have written the same anew.
            if kind == "stream" and self.raw(body).split() != self.sent.split():
                raise Wrong(f"{key} has other data than was sent: {self.raw(body)!r}")
            return
        if "documents" in self.case:
            expected = [json.loads(text) for text in self.case["documents"]]
        elif kind == "schedule":
            return
        else:
            expected = documents(self.sent.decode())
        if kind == "mail":
            return self.mail(key, body, all_bodies)
        if key.endswith(".parquet"):
            found = parquet(body)
            columns = found[0].keys()
            expected = [{name: document.get(name) for name in columns} for document in expected]
        else:
            text = body.decode()
            if not text.endswith("\n"):
                raise Wrong(f"{key} does not end its last record")
            found = documents(text)
        if kind == "bus":
            same = ("source", "detail-type", "detail")
            found = [{name: document[name] for name in same} for document in found]
            expected = [{name: self.event()[name] for name in same}]
        strange = [document for document in found if document not in expected]
        if strange or not found or len(all_bodies) == 1 and len(found) != len(expected):
            raise Wrong(f"{key} has {found}, and not {expected}")

    def mail(self, key, body, all_bodies):
        """What SES says of a message is its own: only what becomes of it and who gets it is known before."""
        def told(body):
            rows = parquet(body) if key.endswith(".parquet") else documents(body.decode())
            return [(row.get("eventType") or row.get("eventtype"), row["mail"]["destination"]) for row in rows]

        to = self.event()["mail"]["destination"]
        found = sorted(one for body in all_bodies for one in told(body))
        if found != sorted((kind, to) for kind in self.case["types"]):
            raise Wrong(f"{key} and its like have {found}")

    def entry(self):
        """Where `formwork trace` starts, or None where it follows nothing."""
        kind, _, name = self.case["to"].partition(":")
        if kind == "logs":
            return self.named("AWS::Logs::SubscriptionFilter", "LogGroupName", self.stack.parameters[name])
        if kind == "mail":
            return self.named("AWS::SES::ConfigurationSet", None, self.stack.outputs[name])
        if kind == "api":
            # What is logged of a call is its own, and is followed from there.
            return self.case["requests"][0]
        return name if kind in ("bus", "stream", "iot") else None

    def named(self, type_, property_, value):
        """The one resource of a type with this name, or with this value of a property."""
        [found] = [
            name
            for name, resource in self.made.items()
            if resource["type"] == type_
            and (resource["properties"][property_] if property_ else resource["physical"]) == value
        ]
        return found

    def predicted(self, moment, came, asked):
        """What came is what `formwork trace` says, where it can follow the event from its producer."""
        name = self.entry()
        if name is None or "untraced" in self.case:
            return
        command = [self.program, "trace", self.folder, "-", "--format", "json", "--now", moment.strftime("%FT%TZ")]
        command += ["--at", name]
        for parameter, value in self.stack.parameters.items():
            command += ["--param", f"{parameter}={value}"]
        event = asked[0][1][0] if self.case["to"].startswith("api:") else self.sent
        ran = subprocess.run(command, input=event.decode(), capture_output=True, text=True)
        if ran.returncode != 0:
            raise Wrong(f"formwork trace: {ran.stderr}")
        hops = [hop for event in json.loads(ran.stdout)["events"] for hop in below(event["trace"])]
        if any(hop["state"] == "unknown" for hop in hops):
            return
        self.traced = True
        told = [(hop["name"], hop["record"]) for hop in hops if hop["kind"] == "destination"]
        got = [(headers["X-Formwork-Endpoint"], records[0]) for headers, records in asked]
        if len(told) != len(got) or any(map(differ, told, got)):
            raise Wrong(f"{got} came, and formwork trace says {told}")
        left = [hop for hop in hops if "key" in hop]
        for key, _ in came:
            fitting = [hop for hop in left if fits(key.rpartition("/")[0], hop["key"].rpartition("/")[0])]
            if not fitting:
                raise Wrong(f"{key} came, and formwork trace says {[hop['key'] for hop in left]}")
            if self.case["to"].startswith("mail:"):
                # Of one mail several events come, of which the sample is one: all are kept where it is.
                continue
            left.remove(fitting[0])
            values = fitting[0].get("partitions", {})
            if strange := [f"{name}={value}" for name, value in values.items() if f"{name}={value}/" not in key]:
                raise Wrong(f"{key} came, and formwork trace says {', '.join(strange)}")
        if left and not self.case["to"].startswith("mail:"):
            raise Wrong(f"formwork trace says {[hop['key'] for hop in left]}, and nothing came")

    def raw(self, body):
        [line] = documents(body.decode())
        return base64.b64decode(line["rawData"])

    def request(self, headers, records, properties):
        """A request is what the template of the stream asks for, and has what was sent."""
        configuration = properties["HttpEndpointDestinationConfiguration"]
        url = configuration["EndpointConfiguration"]["Url"]
        if headers["X-Formwork-Endpoint"] != url:
            raise Wrong(f"{headers['X-Formwork-Endpoint']} was asked instead of {url}")
        secret = configuration.get("SecretsManagerConfiguration", {})
        if secret.get("Enabled"):
            text = self.client("secretsmanager").get_secret_value(SecretId=secret["SecretARN"])["SecretString"]
            if headers.get("X-Amz-Firehose-Access-Key") != json.loads(text)["api_key"]:
                raise Wrong("the request has not the key of the secret")
        elif "X-Amz-Firehose-Access-Key" in headers and "AccessKey" not in configuration["EndpointConfiguration"]:
            raise Wrong("the request has a key that nobody gave")
        wanted = {
            item["AttributeName"]: item["AttributeValue"]
            for item in configuration.get("RequestConfiguration", {}).get("CommonAttributes", [])
        }
        given = json.loads(headers.get("X-Amz-Firehose-Common-Attributes", '{"commonAttributes": {}}'))
        if given["commonAttributes"] != wanted:
            raise Wrong(f"the attributes are {given}, and not {wanted}")
        if self.case["to"].startswith("logs:"):
            message = json.loads(gzip.decompress(records[0]))
            sent = [event["message"] for event in self.event()["logEvents"]]
            if [event["message"] for event in message["logEvents"]] != sent:
                raise Wrong(f"the request has {message}")
        elif self.case["to"].startswith("api:"):
            found, expected = json.loads(records[0]), self.event()
            own = {"method": "GET", "path": "/live/", "resource": "/", "stage": "live", "status": "200"}
            if found.keys() != expected.keys() or not own.items() <= found.items():
                raise Wrong(f"the request has {found}")
        elif records != [self.sent]:
            raise Wrong(f"the request has {records}")


def fits(key, pattern):
    """Whether a key is one of a pattern, in which `*` is within one folder."""
    return re.fullmatch("[^/]*".join(map(re.escape, pattern.split("*"))), key) is not None


def below(hop):
    """A hop of a trace and all that follow."""
    yield hop
    for following in hop["next"]:
        yield from below(following)


def documents(text):
    """The JSON documents of a text, one behind the other."""
    decoder, position, found = json.JSONDecoder(), 0, []
    while position < len(text):
        if text[position].isspace():
            position += 1
            continue
        document, position = decoder.raw_decode(text, position)
        found.append(document)
    return found


def differ(told, got):
    """Whether a request is not the one that was told: another endpoint, or other data."""
    (url, record), (asked, data) = told, got
    if data.startswith(b"\x1f\x8b"):
        # Ids, names and times of log events are those of the log group.
        messages = [[event["message"] for event in one["logEvents"]] for one in (record, json.loads(gzip.decompress(data)))]
        return url != asked or messages[0] != messages[1]
    return url != asked or record != json.loads(data)


def sent(path):
    """A sample event as its producer sends it: JSON on one line, whatever lines it has to be read on."""
    text = path.read_text().rstrip("\n")
    if path.suffix == ".json" and len(found := documents(text)) == 1:
        text = json.dumps(found[0], separators=(",", ":"), ensure_ascii=False)
    return text.encode()


def parquet(body):
    """The rows of a Parquet file."""
    with tempfile.NamedTemporaryFile(suffix=".parquet") as file:
        Path(file.name).write_bytes(body)
        rows = duckdb.connect().execute(f"SELECT to_json(t) FROM read_parquet('{file.name}') t").fetchall()
    return [json.loads(row) for (row,) in rows]
