"""What a stack tells those who watch it: its alarms reach who is to be told, and its own metrics are there."""

import json
import time

from stacks import Wrong

SECONDS = 20


class Signals:
    """The alarms of a stack."""

    def __init__(self, stack):
        self.emulator, self.made = stack.emulator, stack.resources()
        self.alarms = {
            name: resource for name, resource in self.made.items() if resource["type"] == "AWS::CloudWatch::Alarm"
        }

    def follow(self):
        """Sets each alarm off, and waits for it where it is to be heard; gives the number of messages."""
        self.metrics()
        topics = {
            resource["physical"]: name for name, resource in self.made.items() if resource["type"] == "AWS::SNS::Topic"
        }
        queues = {arn: self.listen(arn, name) for arn, name in topics.items()}
        told = 0
        for name, resource in self.alarms.items():
            if resource["placeholder"]:
                continue
            self.emulator.client("cloudwatch").set_alarm_state(
                AlarmName=resource["physical"], StateValue="ALARM", StateReason="a test sets it off"
            )
            for action in resource["properties"].get("AlarmActions", []):
                if action in queues:
                    self.hear(name, resource["physical"], queues[action])
                    told += 1
        return told

    def metrics(self):
        """What a function of the stack counts is what its alarms look at."""
        cloudwatch = self.emulator.client("cloudwatch")
        for name, resource in self.alarms.items():
            properties = resource["properties"]
            looked_at = [properties] if "MetricName" in properties else []
            looked_at += [one["MetricStat"]["Metric"] for one in properties.get("Metrics", []) if "MetricStat" in one]
            for metric in looked_at:
                if metric["Namespace"].startswith("AWS/"):
                    continue
                dimensions = metric.get("Dimensions", [])
                asked = {"Namespace": metric["Namespace"], "MetricName": metric["MetricName"], "Dimensions": dimensions}
                found = cloudwatch.list_metrics(**asked)["Metrics"]
                if not any(len(one["Dimensions"]) == len(dimensions) for one in found):
                    raise Wrong(f"{name} looks at {asked}, which nobody counts")

    def listen(self, topic, name):
        """A queue that hears what is said on a topic."""
        sqs = self.emulator.client("sqs")
        url = sqs.create_queue(QueueName=f"listener-{name}-{time.time_ns()}")["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        # As a subscriber lets a topic in.
        statement = {"Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"}, "Action": "sqs:SendMessage",
                     "Resource": arn, "Condition": {"ArnEquals": {"aws:SourceArn": topic}}}
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
        self.emulator.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
        return url

    def hear(self, name, alarm, queue):
        sqs, end = self.emulator.client("sqs"), time.monotonic() + SECONDS
        while time.monotonic() < end:
            for message in sqs.receive_message(QueueUrl=queue).get("Messages", []):
                sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
                said = json.loads(json.loads(message["Body"])["Message"])
                if (said["AlarmName"], said["NewStateValue"]) == (alarm, "ALARM"):
                    return
            time.sleep(0.02)
        raise Wrong(f"nobody hears {name}")
