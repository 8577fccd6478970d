"""The programs in the README's section on the client library, run as a reader would run them."""

import asyncio
import os
import re
import sys
from pathlib import Path

from steersman.client import Client
from steersman.client.config import load_config
from steersman.controlplane import ControlPlane

README = (Path(__file__).parents[1] / "README.md").read_text()

SAID = [
    "blog unicode\nADDED blog\n",
    """{'sea': 'grey'}\nNotFound configmaps "colors" not found\n""",
    "default\nkube-node-lease\nkube-public\nkube-system\n"
    "['default', 'kube-node-lease', 'kube-public', 'kube-system']\n",
]


def definition() -> str:
    """The one that a reader has made before."""
    found = re.search(r"^\$ cat > databases\.yaml <<END\n(.*?)^END$", README, re.MULTILINE | re.DOTALL)
    assert found is not None
    return found[1]


def programs() -> list[str]:
    section = README.partition("## The client library\n")[2].partition("\n## ")[0]
    return re.findall(r"^```python\n(.*?)^```$", section, re.MULTILINE | re.DOTALL)


async def run(program: str, kubeconfig: Path | None) -> str:
    """What it prints, errors too."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", program),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env={**os.environ, "KUBECONFIG": str(kubeconfig)},
    )
    said, _ = await process.communicate()
    return said.decode()


async def test_the_programs_say_what_they_should(tmp_path: Path) -> None:
    async with ControlPlane(listen="127.0.0.1:0", data_dir=tmp_path) as control_plane:
        async with Client(load_config(control_plane.kubeconfig)) as client:
            await client.apply_manifests(definition(), field_manager="reader")
        assert [await run(program, control_plane.kubeconfig) for program in programs()] == SAID
