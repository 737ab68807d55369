"""What the programs of clients share: each part prints one line, `ok name` or `FAILED name: why`. Arguments: host, port, password."""
import sys
import traceback

host, port, password = sys.argv[1:4]


def equal(actual, expected):
    if actual != expected:
        raise AssertionError(f"got {actual!r}, expected {expected!r}")


def tell(name, run):
    try:
        run()
        print(f"ok {name}")
    except Exception as error:  # each is told, and the rest goes on
        lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__)]
        said = " ".join(str(error).split())[:300]
        print(f"FAILED {name}: {type(error).__name__} {said} at lines {lines}")
