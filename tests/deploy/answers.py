"""What the tables of a stack answer: crawlers find what arrived, and its queries and views are asked."""

import time

from stacks import Wrong

SECONDS = 30


class Answers:
    """The queries and views of a stack, as `data.toml` says what they answer."""

    def __init__(self, stack, cases):
        self.stack, self.cases, self.made = stack, cases, stack.resources()
        self.athena = stack.emulator.client("athena")

    def follow(self):
        """Crawls, asks everything that can be asked, and gives the number of rows that came."""
        for resource in self.made.values():
            if resource["type"] == "AWS::Glue::Crawler":
                self.crawl(resource["physical"])
        asked = {case.get("query") or case["view"] for case in self.cases}
        there = {name for name, resource in self.made.items() if is_asked(resource)}
        if asked != there:
            raise Wrong(f"data.toml does not ask {sorted(there - asked)}, or what is not there: {sorted(asked - there)}")
        answered, wrong = 0, []
        for case in self.cases:
            try:
                answered += self.ask(case)
            except Wrong as error:
                wrong.append(str(error))
        if wrong:
            raise Wrong("\n".join(wrong))
        return answered

    def crawl(self, name):
        glue = self.stack.emulator.client("glue")
        glue.start_crawler(Name=name)
        end = time.monotonic() + SECONDS
        while time.monotonic() < end:
            crawler = glue.get_crawler(Name=name)["Crawler"]
            if crawler["State"] == "READY":
                break
            time.sleep(0.02)
        if crawler.get("LastCrawl", {}).get("Status") != "SUCCEEDED":
            raise Wrong(f"crawler {name} has not succeeded: {crawler.get('LastCrawl')}")

    def ask(self, case):
        name = case.get("query") or case["view"]
        resource = self.made[name]
        request = {}
        if "query" in case:
            query = self.athena.get_named_query(NamedQueryId=resource["physical"])["NamedQuery"]
            request["QueryString"] = query["QueryString"]
            request["QueryExecutionContext"] = {"Database": query["Database"]}
            request["WorkGroup"] = query["WorkGroup"]
        else:
            table = resource["properties"]["TableInput"]["Name"]
            request["QueryString"] = f'SELECT * FROM "{table}"'
            request["QueryExecutionContext"] = {"Database": resource["properties"]["DatabaseName"]}
            request["ResultConfiguration"] = {"OutputLocation": f"s3://{self.stack.given['CodeBucket']}/"}
        # The events of the library are of a certain day.
        if "today" in case:
            request["QueryString"] = request["QueryString"].replace("current_date", f"DATE '{case['today']}'")
        found = self.rows(name, request)
        if len(found) != len(case["rows"]):
            raise Wrong(f"{name} answers with {len(found)} rows instead of {len(case['rows'])}: {found}")
        # An answer that is not ordered may come in any order.
        left = list(found)
        for wanted in case["rows"]:
            fitting = [row for row in left if wanted.items() <= row.items()]
            if not fitting:
                raise Wrong(f"{name} does not answer {wanted}: {left}")
            left.remove(fitting[0])
        return len(found)

    def rows(self, name, request):
        number = self.athena.start_query_execution(**request)["QueryExecutionId"]
        end = time.monotonic() + SECONDS
        while time.monotonic() < end:
            execution = self.athena.get_query_execution(QueryExecutionId=number)["QueryExecution"]
            if execution["Status"]["State"] not in ("QUEUED", "RUNNING"):
                break
            time.sleep(0.02)
        if execution["Status"]["State"] != "SUCCEEDED":
            raise Wrong(f"{name} {execution['Status']['State']}: {execution['Status'].get('StateChangeReason')}")
        place = execution["ResultConfiguration"]["OutputLocation"].removeprefix("s3://")
        bucket, _, key = place.partition("/")
        if not self.stack.emulator.client("s3").list_objects_v2(Bucket=bucket, Prefix=key).get("Contents"):
            raise Wrong(f"{name} has left nothing at {place}")
        answer = self.athena.get_query_results(QueryExecutionId=number)["ResultSet"]
        head, *rows = [[cell.get("VarCharValue") for cell in row["Data"]] for row in answer["Rows"]]
        return [dict(zip(head, row, strict=True)) for row in rows]


def is_asked(resource):
    if resource["type"] == "AWS::Glue::Table":
        return resource["properties"]["TableInput"]["TableType"] == "VIRTUAL_VIEW"
    return resource["type"] == "AWS::Athena::NamedQuery"
