"""``steersman version``."""

import platform

import steersman
from steersman.apis.versions import NEWEST


def version() -> None:
    """Print the version of Steersman and of the Kubernetes API it serves."""
    print(f"steersman {steersman.__version__} (Kubernetes {NEWEST}, Python {platform.python_version()})")
