"""The same command with kubectl and with ours, each in its namespace: what they say must be the same."""

import subprocess

from tests.cli.commands import Outcome, Steersman
from tests.conformance.processes import Kubectl

HERE = "NAMESPACE"


def say_the_same(steersman: Steersman, twin: Kubectl, *args: str, stdin: str = "", **environment: str) -> Outcome:
    """What both say, with one word for the namespaces. Exit codes are the same up to that for wrong usage."""
    ours = steersman.run(*args, stdin=stdin, **environment)
    done = subprocess.run(
        [twin.binary, "-n", twin.namespace, *args],
        input=stdin,
        capture_output=True,
        text=True,
        env=twin.environment(**environment),
        timeout=60,
    )
    theirs = Outcome(done.returncode, done.stdout, done.stderr)
    mine = Outcome(ours.code, *(text.replace(steersman.namespace, HERE) for text in ours[1:]))
    assert mine[1:] == tuple(text.replace(twin.namespace, HERE) for text in theirs[1:])
    assert bool(mine.code) == bool(theirs.code)
    return mine
