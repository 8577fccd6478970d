"""An event loop in a thread of its own, which other threads hand coroutines to."""

import asyncio
import threading
from collections.abc import Coroutine
from concurrent.futures import CancelledError, Future
from types import TracebackType
from typing import Any, Self, TypeVar

R = TypeVar("R")


class LoopThread:
    """Runs from the start until :meth:`close`, or the end of the program."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        # What is handed over before the end is begun will be ended; nothing is after.
        self._handing_over = threading.Lock()
        self.closed = False
        self._thread = threading.Thread(target=self._serve, name="steersman-client", daemon=True)
        self._thread.start()

    def run(self, coroutine: Coroutine[Any, Any, R]) -> R:
        """What the coroutine returns, or raises. If the wait is interrupted, as by Ctrl-C, the coroutine is cancelled.

        Raises RuntimeError in the loop's own thread, which would wait for itself, and once the loop is closed.
        """
        if threading.current_thread() is self._thread:
            coroutine.close()
            raise RuntimeError("this would wait for the event loop that it runs in: use the asynchronous client here")
        future: Future[R] | None = None
        try:
            with self._handing_over:
                if self.closed:
                    coroutine.close()
                    raise RuntimeError("the client is closed")
                future = asyncio.run_coroutine_threadsafe(coroutine, self._loop)
            return future.result()
        except CancelledError:
            raise RuntimeError("the client was closed meanwhile") from None
        except BaseException:
            # Ctrl-C may come as soon as the coroutine runs, before anybody waits for it.
            if future is not None:
                future.cancel()
            raise

    def close(self) -> None:
        """Cancel what still runs, and wait for the thread's end. It may be called twice."""
        if threading.current_thread() is self._thread:
            raise RuntimeError("an event loop cannot wait for its own end")
        with self._handing_over:
            if not self.closed:
                self.closed = True
                self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def _serve(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_forever()
        finally:
            self._loop.run_until_complete(_end())
            self._loop.run_until_complete(self._loop.shutdown_asyncgens())
            self._loop.run_until_complete(self._loop.shutdown_default_executor())
            self._loop.close()


async def _end() -> None:
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
