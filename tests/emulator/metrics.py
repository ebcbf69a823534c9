"""CloudWatch: lines in the embedded metric format become metrics, and alarms may look at more than one.

MiniStack keeps the lines, and refuses such alarms.
"""

import json

from ministack.services import cloudwatch, lambda_svc
from ministack.services.cloudformation import provisioners

execute, record = lambda_svc._execute_function, provisioners._cw_metric_alarm_record


def install():
    lambda_svc._execute_function = executed
    provisioners._cw_metric_alarm_record = recorded


def recorded(name, properties):
    """The alarm of a template. What its math gives is not worked out: it is set off by whoever tests it.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
    """
    if not properties.get("Metrics"):
        return record(name, properties)
    if any(key in properties for key in ("MetricName", "Namespace", "Statistic", "Period", "Dimensions")):
        raise ValueError(f"{name} has Metrics and a metric beside them")
    queries = {query["Id"]: query for query in properties["Metrics"]}
    threshold = properties.get("ThresholdMetricId")
    watched = [id for id, query in queries.items() if query.get("ReturnData", True) and id != threshold]
    if len(watched) != 1 or len(queries) != len(properties["Metrics"]):
        raise ValueError(f"{name} watches {watched} of {list(queries)}")
    if (threshold is None) == (properties.get("Threshold") is None) or threshold not in (None, *queries):
        raise ValueError(f"{name} has no threshold, or two")
    plain = {key: value for key, value in properties.items() if key not in ("Metrics", "ThresholdMetricId")}
    alarm = record(name, {"Threshold": 0, **plain, "MetricName": "-", "Namespace": "-"})
    for key in ("MetricName", "Namespace", "Statistic", "Period", "Dimensions", *(["Threshold"] if threshold else [])):
        alarm.pop(key, None)
    return {**alarm, "Metrics": properties["Metrics"], "ThresholdMetricId": threshold}


def executed(function, event):
    result = execute(function, event)
    # In another account or region it was this that was run there, and has read the log.
    if not lambda_svc._function_config_scope_mismatch(function.get("config") or function):
        for line in (result.get("log") or "").splitlines():
            if '"_aws"' in line:
                embedded(json.loads(line))
    return result


def embedded(line):
    """https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html"""
    for directive in line["_aws"]["CloudWatchMetrics"]:
        for names in directive["Dimensions"]:
            data = [
                {
                    "MetricName": metric["Name"],
                    "Dimensions": [{"Name": name, "Value": line[name]} for name in names],
                    "Timestamp": line["_aws"]["Timestamp"] / 1000,
                    "Unit": metric.get("Unit", "None"),
                    "Value": line[metric["Name"]],
                }
                for metric in directive["Metrics"]
            ]
            cloudwatch._put_metric_data({}, {"Namespace": directive["Namespace"], "MetricData": data}, False, True)
