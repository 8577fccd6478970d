"""One run of a command against a server: a client, where the output goes, and what failed on the way."""

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import typer

from steersman.cli.cluster.connection import Connection
from steersman.cli.cluster.failure import REFUSED, describe_failure

if TYPE_CHECKING:
    from steersman.client.client import Client

INTERRUPTED = 130


@dataclass
class Session:
    """``exit_code`` is that of the worst failure so far: a command goes on with the next object after one failed."""

    client: "Client"
    connection: Connection
    exit_code: int = 0
    documents: int = 0
    """YAML documents that were printed."""

    @property
    def namespace(self) -> str:
        return self.client.config.namespace

    def write(self, text: str) -> None:
        """To standard output, at once: what follows may take a while."""
        sys.stdout.write(text)
        sys.stdout.flush()

    def say(self, line: str) -> None:
        self.write(f"{line}\n")

    def document(self, text: str) -> str:
        """A YAML document; those after the first one begin with a mark."""
        self.documents += 1
        return text if self.documents == 1 else f"---\n{text}"

    def complain(self, line: str) -> None:
        """To standard error."""
        print(line, file=sys.stderr, flush=True)

    @contextmanager
    def going_on(self) -> Iterator[None]:
        """A failure within is told, and is no reason to leave the rest undone."""
        try:
            yield
        except BrokenPipeError:
            raise
        except Exception as error:
            said, code = describe_failure(error)
            self.complain(said)
            self.exit_code = max(self.exit_code, code)


def run(connection: Connection, work: Callable[[Session], Awaitable[None]]) -> None:
    """Do the work with a client. Ends the program with the exit code, and nothing but a line, where it fails."""

    async def with_client() -> int:
        from steersman.client.client import Client

        async with Client(connection.config()) as client:
            session = Session(client, connection)
            await work(session)
            return session.exit_code

    try:
        code = asyncio.run(with_client())
    except KeyboardInterrupt:
        raise typer.Exit(INTERRUPTED) from None
    except BrokenPipeError:
        # Nobody reads on; what Python would flush at the end must not complain either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit(REFUSED) from None
    except Exception as error:
        raise _exit(error) from None
    if code:
        raise typer.Exit(code)


@contextmanager
def failing_early() -> Iterator[None]:
    """For what is done before there is a session: a failure is told, and ends the program."""
    try:
        yield
    except Exception as error:
        raise _exit(error) from None


def _exit(error: Exception) -> typer.Exit:
    """Say what failed."""
    said, code = describe_failure(error)
    print(said, file=sys.stderr)
    return typer.Exit(code)
