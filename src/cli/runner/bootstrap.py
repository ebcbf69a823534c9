# Serves the events of one function: a line of JSON in on stdin, a marked line of JSON out on stdout.
import sys, os, json, types, importlib, importlib.machinery, traceback

mark, root, handler, fixed = sys.argv[1], sys.argv[2], sys.argv[3], json.loads(sys.argv[4])
sys.argv = [""]
answers = os.fdopen(os.dup(1), "wb", buffering=0)
# What the function prints goes the same way, so that it is there before the answer.
os.dup2(1, 2)
sys.path.insert(0, root)
sys.dont_write_bytecode = True


def send(kind, value):
    answers.write(("\n" + mark + kind + json.dumps(value) + "\n").encode())


class NotWhileTracing(RuntimeError):
    pass


def absent(name):
    raise NotWhileTracing(name + " reaches AWS, and there is no network while tracing")


class Client:
    def __init__(self, name):
        self.__dict__["_name"] = name

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return Client(self._name + "." + name)

    def __call__(self, *args, **kwargs):
        last = self._name.rsplit(".", 1)[-1]
        if last in MAKERS or last[:1].isupper():
            first = args[0] if args and isinstance(args[0], str) else ""
            return Client(self._name + "(" + (json.dumps(first) if first else "") + ")")
        absent(self._name)


# What makes an object of the SDK and calls nothing.
MAKERS = {"client", "resource", "session", "get_session", "create_client", "set_stream_logger", "get_paginator",
          "get_waiter", "register", "setup_default_session", "patch_all", "getLogger"}


class Stub(types.ModuleType):
    def __init__(self, name):
        super().__init__(name)
        self.__path__ = []

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        if name.endswith(("Error", "Exception")):
            made = type(name, (Exception,), {})
            setattr(self, name, made)
            return made
        return Client(self.__name__ + "." + name)


class StubFinder:
    tops = ("boto3", "botocore", "s3transfer", "aiobotocore", "aioboto3")

    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in self.tops:
            return importlib.machinery.ModuleSpec(name, self, is_package=True)

    def create_module(self, spec):
        return Stub(spec.name)

    def exec_module(self, module):
        pass


# After the files of the function: what it brings itself is what it gets.
sys.meta_path.append(StubFinder())


def watch(event, args):
    if event == "socket.__new__":
        import _socket
        if args[1] != getattr(_socket, "AF_UNIX", None):
            raise NotWhileTracing("there is no network while tracing")
    elif event in ("socket.connect", "socket.bind", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto"):
        raise NotWhileTracing("there is no network while tracing")
    elif event in ("subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.fork", "os.forkpty", "pty.spawn"):
        raise NotWhileTracing("no other program is run while tracing")


sys.addaudithook(watch)


def fix_clock():
    import datetime, time

    plain = datetime.datetime

    class Meta(type):
        def __instancecheck__(self, other):
            return isinstance(other, plain)

        def __subclasscheck__(self, other):
            return issubclass(other, plain)

    class Fixed(plain, metaclass=Meta):
        @classmethod
        def now(cls, tz=None):
            return plain.fromtimestamp(now[0] / 1000, tz)

        @classmethod
        def utcnow(cls):
            return plain.fromtimestamp(now[0] / 1000, datetime.timezone.utc).replace(tzinfo=None)

        @classmethod
        def today(cls):
            return plain.fromtimestamp(now[0] / 1000)

    day = datetime.date

    class DayMeta(type):
        def __instancecheck__(self, other):
            return isinstance(other, day)

        def __subclasscheck__(self, other):
            return issubclass(other, day)

    class FixedDay(day, metaclass=DayMeta):
        @classmethod
        def today(cls):
            return plain.fromtimestamp(now[0] / 1000).date()

    for name in ("gmtime", "localtime", "ctime"):
        real = getattr(time, name)
        setattr(time, name, lambda seconds=None, real=real: real(now[0] / 1000 if seconds is None else seconds))
    strftime = time.strftime
    time.strftime = lambda form, when=None: strftime(form, time.gmtime() if when is None else when)
    time.time = lambda: now[0] / 1000
    time.time_ns = lambda: now[0] * 1_000_000
    datetime.datetime = Fixed
    datetime.date = FixedDay


now = [None]


class Context:
    def __init__(self, call):
        self.function_name = os.environ["AWS_LAMBDA_FUNCTION_NAME"]
        self.function_version = "$LATEST"
        self.memory_limit_in_mb = os.environ["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"]
        self.invoked_function_arn = call["arn"]
        self.aws_request_id = call["id"]
        self.log_group_name = os.environ["AWS_LAMBDA_LOG_GROUP_NAME"]
        self.log_stream_name = os.environ["AWS_LAMBDA_LOG_STREAM_NAME"]
        self.identity = None
        self.client_context = None
        self._milliseconds = call["milliseconds"]

    def get_remaining_time_in_millis(self):
        return self._milliseconds


def place(error):
    found = None
    if isinstance(error, SyntaxError) and error.filename:
        frames = [(error.filename, error.lineno)]
    else:
        frames = [(f.filename, f.lineno) for f in traceback.extract_tb(error.__traceback__)]
    for name, line in frames:
        name = os.path.realpath(name)
        if name.startswith(root + os.sep):
            found = [name[len(root) + 1:], line or 1]
    return found


def failed(error, kind=None):
    message = error.msg if isinstance(error, SyntaxError) else str(error)
    send("F", {"kind": kind or type(error).__name__, "message": message, "place": place(error)})


def plain(value):
    raise TypeError("Object of type " + type(value).__name__ + " is not JSON serializable")


def load():
    module, _, name = handler.rpartition(".")
    if not module:
        raise ValueError("Bad handler '" + handler + "': not enough values to unpack (expected 2, got 1)")
    loaded = importlib.import_module(module.replace("/", "."))
    if not hasattr(loaded, name):
        raise AttributeError("Handler '" + name + "' missing on module '" + module + "'")
    return getattr(loaded, name)


def main():
    if fixed:
        now[0] = fixed
        fix_clock()
    called, problem = None, None
    try:
        called = load()
    except SyntaxError as error:
        problem = (error, "Runtime.UserCodeSyntaxError")
    except ImportError as error:
        problem = (error, "Runtime.ImportModuleError")
    except AttributeError as error:
        problem = (error, "Runtime.HandlerNotFound" if "missing on module" in str(error) else None)
    except ValueError as error:
        problem = (error, "Runtime.MalformedHandlerName" if "Bad handler" in str(error) else None)
    except BaseException as error:
        problem = (error, "Runtime.ExitError" if isinstance(error, SystemExit) else None)
    send("R", None)
    for line in sys.stdin:
        call = json.loads(line)
        if problem:
            failed(*problem)
            continue
        if call["now"] is not None:
            now[0] = call["now"]
        try:
            answer = called(call["event"], Context(call))
        except BaseException as error:
            sys.stdout.flush()
            failed(error, "Runtime.ExitError" if isinstance(error, SystemExit) else None)
            continue
        try:
            text = json.dumps(answer, default=plain)
            # Numbers that JSON does not have.
            json.loads(text, parse_constant=lambda name: plain(float(name)))
        except BaseException as error:
            send("F", {"kind": "Runtime.MarshalError", "message": "Unable to marshal response: " + str(error), "place": None})
            continue
        sys.stdout.flush()
        answers.write(("\n" + mark + "A" + text + "\n").encode())


main()
