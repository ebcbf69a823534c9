"""CloudWatch: lines in the embedded metric format become metrics. MiniStack keeps the lines.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
"""

import json

from ministack.services import cloudwatch, lambda_svc

execute = lambda_svc._execute_function


def install():
    lambda_svc._execute_function = executed


def executed(function, event):
    result = execute(function, event)
    # In another account or region it was this that was run there, and has read the log.
    if not lambda_svc._function_config_scope_mismatch(function.get("config") or function):
        for line in (result.get("log") or "").splitlines():
            if '"_aws"' in line:
                embedded(json.loads(line))
    return result


def embedded(line):
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
