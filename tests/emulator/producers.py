"""Producers that MiniStack has, and whose way to Firehose it lacks."""

import base64
import contextvars
import gzip
import json
import re
import time
import uuid

from ministack.services import apigateway_v1, cloudwatch_logs, eventbridge, iot, kinesis, ses, ses_v2

import firehose
from permissions import act

put_events = eventbridge._put_events
invoke_target = eventbridge._invoke_target
dispatch_action = iot._dispatch_rule_action
fan_out = cloudwatch_logs._fanout_to_subscription_filters
sent_emails = ses._sent_emails_list
send_v2 = ses_v2.handle_request
execute = apigateway_v1._handle_execute_in_scope

# What SES v2 is asked for beside what it remembers of a message.
SENDING = contextvars.ContextVar("sending", default=None)


def install():
    eventbridge._put_events = also_of_services
    eventbridge._invoke_target = to_target
    iot._dispatch_rule_action = to_action
    cloudwatch_logs._fanout_to_subscription_filters = to_subscriptions
    ses._sent_emails_list = ses_v2._sent_emails_list = lambda: Outbox(sent_emails())
    ses_v2.handle_request = with_configuration_set
    apigateway_v1._handle_execute_in_scope = with_access_log


def also_of_services(data):
    """EventBridge: takes events of AWS's own services too, which the tests stand in for."""
    return put_events(data, allow_aws_source=True)


def to_target(target, event, rule, view=None):
    """EventBridge: a target that is a delivery stream gets what any other target gets."""
    if ":firehose:" not in target.get("Arn", ""):
        return invoke_target(target, event, rule, view)
    act("events.amazonaws.com", target["RoleArn"], [("firehose:PutRecord", target["Arn"])], source=rule["Arn"])
    view = view or eventbridge._pattern_event_view(event)
    whole = view.event_with_detail()
    if target.get("InputTransformer"):
        data = eventbridge._apply_input_transformer(target["InputTransformer"], rule, view)
    elif target.get("Input"):
        data = target["Input"]
    elif target.get("InputPath"):
        data = whole
        for name in target["InputPath"].removeprefix("$").strip(".").split("."):
            data = data[name]
        data = json.dumps(data)
    else:
        data = json.dumps(whole)
    firehose.put(target["Arn"], data)


async def to_action(account, region, rule_name, action, event):
    """IoT: https://docs.aws.amazon.com/iot/latest/developerguide/kinesis-firehose-rule-action.html
    and https://docs.aws.amazon.com/iot/latest/developerguide/kinesis-rule-action.html"""
    source = f"arn:aws:iot:us-east-1:000000000000:rule/{rule_name}"
    if "kinesis" in action:
        stream = f"arn:aws:kinesis:us-east-1:000000000000:stream/{action['kinesis']['streamName']}"
        act("iot.amazonaws.com", action["kinesis"]["roleArn"], [("kinesis:PutRecord", stream)], source=source)
        settings, data = action["kinesis"], event if isinstance(event, (bytes, str)) else json.dumps(event)
        data = data.encode() if isinstance(data, str) else data
        fields = json.loads(data)
        # Of the templates only fields of the message are known here.
        key = re.sub(r"\$\{(\w+)\}", lambda name: str(fields[name[1]]), settings["partitionKey"])
        kinesis._put_record(
            {"StreamName": settings["streamName"], "Data": base64.b64encode(data).decode(), "PartitionKey": key}
        )
        return None
    if "firehose" not in action:
        return await dispatch_action(account, region, rule_name, action, event)
    settings = action["firehose"]
    stream = f"arn:aws:firehose:us-east-1:000000000000:deliverystream/{settings['deliveryStreamName']}"
    put = "firehose:PutRecordBatch" if settings.get("batchMode") else "firehose:PutRecord"
    act("iot.amazonaws.com", settings["roleArn"], [(put, stream)], source=source)
    data = event if isinstance(event, (bytes, str)) else json.dumps(event)
    data = data.encode() if isinstance(data, str) else data
    items = json.loads(data) if settings.get("batchMode") else None
    for item in items if isinstance(items, list) else [data]:
        item = item if isinstance(item, bytes) else json.dumps(item).encode()
        firehose.put(settings["deliveryStreamName"], item + settings.get("separator", "").encode())


def to_subscriptions(group_name, stream_name, events):
    """CloudWatch Logs: https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/SubscriptionFilters.html"""
    fan_out(group_name, stream_name, events)
    group = cloudwatch_logs._log_groups.get(group_name) or {}
    for subscription in (group.get("subscriptionFilters") or {}).values():
        if ":firehose:" not in subscription.get("destinationArn", ""):
            continue
        pattern = subscription.get("filterPattern", "")
        matching = [
            event
            for event in events
            if cloudwatch_logs._subscription_pattern_matches(pattern, event.get("message", ""))
        ]
        if not matching:
            continue
        arn, put = subscription["destinationArn"], ("firehose:PutRecord", "firehose:PutRecordBatch")
        source = f"arn:aws:logs:us-east-1:000000000000:log-group:{group_name}:*"
        act("logs.amazonaws.com", subscription["roleArn"], [(action, arn) for action in put], source=source)
        message = {
            "messageType": "DATA_MESSAGE",
            "owner": "000000000000",
            "logGroup": group_name,
            "logStream": stream_name,
            "subscriptionFilters": [subscription["filterName"]],
            "logEvents": [
                {"id": uuid.uuid4().hex, "timestamp": event["timestamp"], "message": event["message"]}
                for event in matching
            ],
        }
        firehose.put(subscription["destinationArn"], gzip.compress(json.dumps(message).encode(), mtime=0))


async def with_access_log(api, stage, method, path, headers, body, query, account, region):
    """API Gateway: https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-logging-to-kinesis.html"""
    start = time.time()
    status, answered, answer = await execute(api, stage, method, path, headers, body, query, account, region)
    settings = (apigateway_v1._stages_v1.get(api, {}).get(stage) or {}).get("accessLogSettings") or {}
    if ":firehose:" in settings.get("destinationArn", ""):
        resource, _ = apigateway_v1._match_resource_tree(api, [part for part in path.split("/") if part])
        values = {
            "requestId": str(uuid.uuid4()),
            "requestTimeEpoch": int(start * 1000),
            "stage": stage,
            "identity.sourceIp": "127.0.0.1",
            "httpMethod": method,
            "path": f"/{stage}{path}",
            "resourcePath": (resource or {}).get("path"),
            "status": status,
            "responseLatency": int((time.time() - start) * 1000),
            "responseLength": len(answer),
        }
        # What a variable has no value for is a hyphen.
        line = re.sub(r"\$context\.([A-Za-z.]+)", lambda name: str(values.get(name[1]) or "-"), settings["format"])
        firehose.put(settings["destinationArn"], line)
    return status, answered, answer


async def with_configuration_set(method, path, headers, body, query):
    request = None
    if path.endswith("/outbound-emails") and method == "POST":
        request = json.loads(body or b"{}")
    token = SENDING.set(request)
    try:
        return await send_v2(method, path, headers, body, query)
    finally:
        SENDING.reset(token)


class Outbox:
    """The messages that SES has sent; each one that is added tells the destinations of its configuration set."""

    def __init__(self, messages):
        self.messages = messages

    def __getattr__(self, name):
        return getattr(self.messages, name)

    def __iter__(self):
        return iter(self.messages)

    def __len__(self):
        return len(self.messages)

    def __getitem__(self, index):
        return self.messages[index]

    def append(self, message):
        self.messages.append(message)
        request = SENDING.get() or {}
        name = message.get("ConfigurationSetName") or request.get("ConfigurationSetName")
        tags = {tag["Name"]: [tag["Value"]] for tag in request.get("EmailTags") or []}
        destinations = (ses_v2._config_sets.get(name) or {}).get("EventDestinations") or {}
        for destination in destinations.values():
            stream = destination.get("KinesisFirehoseDestination")
            for kind, event in happenings(message, name, tags):
                if stream and destination["Enabled"] and kind in destination["MatchingEventTypes"]:
                    source = f"arn:aws:ses:us-east-1:000000000000:configuration-set/{name}"
                    needs = [("firehose:PutRecordBatch", stream["DeliveryStreamArn"])]
                    act("ses.amazonaws.com", stream["IamRoleArn"], needs, source=source)
                    firehose.put(stream["DeliveryStreamArn"], json.dumps(event) + "\n")


def happenings(message, configuration_set, tags):
    """What becomes of a message, by the addresses of SES's mailbox simulator.

    https://docs.aws.amazon.com/ses/latest/dg/event-publishing-retrieving-firehose-contents.html
    https://docs.aws.amazon.com/ses/latest/dg/send-an-email-from-console.html#send-email-simulator
    """
    now = time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime())
    to = message.get("To") or []
    mail = {
        "timestamp": now,
        "source": message.get("Source"),
        "sendingAccountId": "000000000000",
        "messageId": message.get("MessageId"),
        "destination": to,
        "headersTruncated": False,
        "headers": [{"name": "Subject", "value": message.get("Subject")}],
        "commonHeaders": {"from": [message.get("Source")], "to": to, "subject": message.get("Subject")},
        "tags": {"ses:configuration-set": [configuration_set], **tags},
    }
    yield "SEND", {"eventType": "Send", "mail": mail, "send": {}}
    recipients = [{"emailAddress": address} for address in to]
    if any(address.startswith("bounce@") for address in to):
        bounce = {
            "bounceType": "Permanent",
            "bounceSubType": "General",
            "bouncedRecipients": recipients,
            "timestamp": now,
            "feedbackId": uuid.uuid4().hex,
            "reportingMTA": "dns; example.com",
        }
        yield "BOUNCE", {"eventType": "Bounce", "bounce": bounce, "mail": mail}
        return
    delivery = {
        "timestamp": now,
        "processingTimeMillis": 100,
        "recipients": to,
        "smtpResponse": "250 OK",
        "reportingMTA": "example.com",
    }
    yield "DELIVERY", {"eventType": "Delivery", "mail": mail, "delivery": delivery}
    if any(address.startswith("complaint@") for address in to):
        complaint = {
            "complainedRecipients": recipients,
            "timestamp": now,
            "feedbackId": uuid.uuid4().hex,
            "complaintFeedbackType": "abuse",
        }
        yield "COMPLAINT", {"eventType": "Complaint", "complaint": complaint, "mail": mail}
