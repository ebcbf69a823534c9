"""The Data API of Redshift, as far as functions need it to run statements: every statement is valid and ends at once.

No open emulator has it. Requests are held against the model of the API that botocore has, and what is asked is kept in
the journal; no statement is understood.
"""

import json
import threading
import uuid

import botocore.session
from botocore.validate import ParamValidator

PREFIX = "RedshiftData."
LOCK = threading.Lock()
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
        status, answer = answered(target.removeprefix(PREFIX), json.loads(body or b"{}"), journal)
        kind = [(b"content-type", b"application/x-amz-json-1.1")]
        await send({"type": "http.response.start", "status": status, "headers": kind})
        await send({"type": "http.response.body", "body": json.dumps(answer).encode()})

    return answering


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
        return 200, {"Id": str(uuid.uuid4()), "Database": request.get("Database", "dev")}
    if operation == "DescribeStatement":
        return 200, {"Id": request["Id"], "Status": "FINISHED", "ResultRows": 0, "HasResultSet": False}
    if operation == "CancelStatement":
        return 200, {"Status": True}
    return refused("UnknownOperationException", f"the tests have no {operation}")


def refused(code, message):
    return 400, {"__type": code, "message": message}
