"""TAP for the clients that are Python programs."""

import os
import sys

count = failures = 0


def case(name, good, detail=""):
    global count, failures
    count += 1
    print(("ok" if good else "not ok"), count, "-", name, flush=True)
    if not good:
        failures += 1
        print("# " + str(detail).replace("\n", "\n# "), flush=True)


def check(name, got, wanted):
    case(name, got == wanted, f"got    {got!r}\nwanted {wanted!r}")


def fails(name, state, kind, action):
    """The action must raise kind, with the SQLSTATE as first argument."""
    try:
        action()
    except kind as error:
        case(f"{name}: {state}", error.args[0] == state, error)
    except Exception as error:  # pylint: disable=broad-except
        case(f"{name}: {state}", False, f"{type(error).__name__}: {error}")
    else:
        case(f"{name}: {state}", False, "no error")


def done(at_once=False):
    """at_once: without the interpreter's clean-up, which a library does not survive."""
    print(f"1..{count}", flush=True)
    if at_once:
        os._exit(1 if failures else 0)
    sys.exit(1 if failures else 0)
