"""``steersman`` run inside the test's process, against a server: as in a shell, without the time to import."""

import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from typing import NamedTuple

from tests.conformance.processes import ServerProcess

from steersman.cli import app


class Outcome(NamedTuple):
    code: int
    out: str
    err: str


@dataclass(frozen=True)
class Steersman:
    """The command line pointed at one server and namespace."""

    server: ServerProcess
    namespace: str = "default"

    def __call__(self, *args: str, stdin: str = "", **environment: str) -> str:
        """Standard output of what must succeed."""
        done = self.run(*args, stdin=stdin, **environment)
        assert done.code == 0, done
        return done.out

    def run(self, *args: str, stdin: str = "", **environment: str) -> Outcome:
        flags = ["--kubeconfig", str(self.server.kubeconfig), "-n", self.namespace]
        return run([*flags, *args], stdin=stdin, **environment)

    def edit(self, script: str, *args: str) -> Outcome:
        """A command with an EDITOR that applies a sed script."""
        return self.run(*args, EDITOR=f"sed -i '{script}'", KUBE_EDITOR="")


def run(args: list[str], stdin: str = "", **environment: str) -> Outcome:
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err), _reading(stdin), _environment(environment):
        try:
            app(args)
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else int(end.code is not None)
        else:
            code = 0
    return Outcome(code, out.getvalue(), err.getvalue())


@contextmanager
def _reading(stdin: str) -> Iterator[None]:
    before, sys.stdin = sys.stdin, io.StringIO(stdin)
    try:
        yield
    finally:
        sys.stdin = before


@contextmanager
def _environment(more: dict[str, str]) -> Iterator[None]:
    before = dict(os.environ)
    os.environ.update(more)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
