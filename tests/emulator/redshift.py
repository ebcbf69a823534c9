"""The Data API of Redshift, as far as functions need it to run statements: every statement is valid and ends at once.

No open emulator has it. Requests are held against the model of the API that botocore has, and what is asked is kept in
the journal; no statement is understood.
"""

import contextvars
import json
import threading
import uuid
from pathlib import Path

import botocore.session
from botocore.validate import ParamValidator
from ministack import app as ministack
from ministack.core import iam_evaluator

from resources import Attributes

PREFIX = "RedshiftData."
LOCK = threading.Lock()
# Whose statement it is that has an id.
OWNERS = {}
CALLER = contextvars.ContextVar("caller")
MODEL = botocore.session.get_session().get_service_model("redshift-data")


def in_front_of(app, journal):
    """The application, with this API before it."""

    async def answering(scope, receive, send):
        headers = {name.lower(): value.decode("latin-1") for name, value in scope.get("headers") or []}
        target = headers.get(b"x-amz-target", "")
        if scope["type"] != "http" or not target.startswith(PREFIX):
            await app(scope, receive, send)
            return
        body, more = b"", True
        while more:
            message = await receive()
            body, more = body + message.get("body", b""), message.get("more_body", False)
        operation, request = target.removeprefix(PREFIX), json.loads(body or b"{}")
        status, answer = denied(operation, request, headers, journal) or answered(operation, request, journal)
        kind = [(b"content-type", b"application/x-amz-json-1.1")]
        await send({"type": "http.response.start", "status": status, "headers": kind})
        await send({"type": "http.response.body", "body": json.dumps(answer).encode()})

    return answering


def denied(operation, request, headers, journal):
    """What IAM says of a caller who may not do this; None of one who may.

    https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonredshiftdataapi.html
    """
    texts = {name.decode("latin-1"): value for name, value in headers.items()}
    CALLER.set(iam_evaluator.resolve_principal(ministack.extract_access_key_id(texts, {}), "000000000000"))
    refusal = ministack._enforce_data_plane(
        "redshift-data",
        f"redshift-data:{operation}",
        texts,
        {},
        "",
        resource_arn=arn(request, journal),
        service_context={"redshift-data:statement-owner-iam-userid": OWNERS.get(request.get("Id"))},
    )
    return refusal and refused("AccessDeniedException", refusal[2].decode())


def arn(request, journal):
    """What a request is about: the cluster or the workgroup that a stack has made."""
    if "ClusterIdentifier" in request:
        return f"arn:aws:redshift:us-east-1:000000000000:cluster:{request['ClusterIdentifier']}"
    for line in map(json.loads, Path(journal).read_text().splitlines()):
        if line.get("physical") == request.get("WorkgroupName", ""):
            return Attributes(line["type"], line["id"])["Workgroup.WorkgroupArn"]
    return "*"


def answered(operation, request, journal):
    if operation not in MODEL.operation_names:
        return refused("UnknownOperationException", operation)
    report = ParamValidator().validate(request, MODEL.operation_model(operation).input_shape)
    if report.has_errors():
        return refused("ValidationException", report.generate_report())
    if operation in ("ExecuteStatement", "BatchExecuteStatement"):
        places = [name for name in ("ClusterIdentifier", "WorkgroupName") if name in request]
        if len(places) != 1:
            return refused("ValidationException", "name either a cluster or a workgroup")
        for text in request.get("Sqls") or [request["Sql"]]:
            line = {"stack": None, "id": request[places[0]], "statement": text}
            with LOCK, open(journal, "a", encoding="utf-8") as file:
                file.write(json.dumps(line) + "\n")
        number = str(uuid.uuid4())
        OWNERS[number] = CALLER.get().keys.get("aws:userid")
        return 200, {"Id": number, "Database": request.get("Database", "dev")}
    if operation == "DescribeStatement":
        return 200, {"Id": request["Id"], "Status": "FINISHED", "ResultRows": 0, "HasResultSet": False}
    if operation == "CancelStatement":
        return 200, {"Status": True}
    return refused("UnknownOperationException", f"the tests have no {operation}")


def refused(code, message):
    return 400, {"__type": code, "message": message}
