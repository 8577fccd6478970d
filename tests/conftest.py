"""What every test needs of its process: a SIGINT that arrives, bytecode compiled once, a quiet garbage collector."""

import gc
import os
import signal
import sys

import pytest

GC_ALLOCATIONS = 50_000
"""So many objects more, and the young ones are looked through, as in `steersman serve`."""

# Tests started in the background ignore SIGINT; those that press Ctrl-C need it as it is in a terminal.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_configure(config: pytest.Config) -> None:
    """Keep bytecode in pytest's cache where none may lie beside the source (PYTHONDONTWRITEBYTECODE).

    Otherwise every worker would compile every test, and every server that a test starts the whole package.
    """
    cache: pytest.Cache | None = getattr(config, "cache", None)
    if sys.dont_write_bytecode and cache is not None:
        sys.pycache_prefix = os.environ["PYTHONPYCACHEPREFIX"] = str(cache.mkdir("bytecode"))
        sys.dont_write_bytecode = False
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    gc.disable()


def pytest_collection_finish() -> None:
    """What has been imported and collected stays to the end: garbage is looked for among what tests make alone.

    Otherwise all of it is looked through again and again while control planes start.
    """
    gc.collect()
    gc.freeze()
    gc.enable()
    gc.set_threshold(GC_ALLOCATIONS, 20, 20)
