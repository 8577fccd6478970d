"""The ``User-Agent`` of requests, in the shape that client-go gives it."""

import platform
import sys

from steersman import __version__

# Go's names for processors, which is what server-side logs and audit policies are searched for.
_GO_ARCHITECTURE = {"x86_64": "amd64", "AMD64": "amd64", "aarch64": "arm64", "i686": "386", "armv7l": "arm"}


def default_user_agent() -> str:
    """``steersman/0.1.0 (linux/amd64) python/3.11.4``."""
    machine = platform.machine()
    return (
        f"steersman/{__version__} ({sys.platform}/{_GO_ARCHITECTURE.get(machine, machine)})"
        f" python/{platform.python_version()}"
    )
