"""``/version``: which Kubernetes the server is, in the words of ``k8s.io/apimachinery/pkg/version.Info``."""

import platform
import sys
from collections.abc import Mapping

import orjson

from steersman import __version__
from steersman.apiserver.document import require_read
from steersman.apiserver.http.message import Request, Response

_EMULATION_SINCE = 33
"""The first minor version that tells the emulated and the oldest compatible version (KEP-4330)."""

_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64", "i386": "386", "i686": "386", "armv7l": "arm"}
"""Names of machines as Go has them; others have the same name in both."""


def git_version(minor: int) -> str:
    """The version as clients compare it, for Kubernetes 1.``minor``.

    Our own version stands in the build metadata, which semantic versioning leaves out of comparisons: a pre-release
    would sort below the version itself, and charts that ask for ``>=1.37.0`` would be refused.
    """
    return f"v1.{minor}.0+steersman-{__version__.replace('+', '.')}"


def version_info(minor: int) -> dict[str, str]:
    """The body of ``/version`` for Kubernetes 1.``minor``."""
    info = {"major": "1", "minor": str(minor)}
    if minor >= _EMULATION_SINCE:
        info |= {
            "emulationMajor": "1",
            "emulationMinor": str(minor),
            "minCompatibilityMajor": "1",
            "minCompatibilityMinor": str(minor - 1),
        }
    machine = platform.machine()
    return info | {
        "gitVersion": git_version(minor),
        "gitCommit": "",
        "gitTreeState": "clean",
        "buildDate": "1970-01-01T00:00:00Z",
        "goVersion": f"python{sys.version_info.major}.{sys.version_info.minor}",
        "compiler": platform.python_implementation().lower(),
        "platform": f"{sys.platform}/{_ARCHITECTURES.get(machine, machine)}",
    }


class Version:
    """Serves ``/version``."""

    def __init__(self, info: Mapping[str, str]) -> None:
        self.info = info
        self._answer = Response(200, orjson.dumps(info, option=orjson.OPT_INDENT_2))

    def handle(self, request: Request) -> Response:
        """The version; raises 405 for anything but a read."""
        require_read(request)
        return self._answer
