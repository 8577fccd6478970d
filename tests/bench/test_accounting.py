import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from bench.accounting import Meter, cpu_seconds, family, memory_mib

SPIN = "import time\nwhile time.process_time() < 0.2: pass\n"
THEN_WAIT = "print('done', flush=True); import sys; sys.stdin.read()\n"


@contextmanager
def python(code: str) -> Iterator[subprocess.Popen[str]]:
    """A process that has run ``code`` up to where it said so, and waits."""
    process = subprocess.Popen(
        [sys.executable, "-c", code + THEN_WAIT], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "done\n"
        yield process
    finally:
        process.communicate()


def test_another_process_cpu_time_is_user_and_system_time_of_its_stat_file() -> None:
    with python(SPIN) as process:
        with open(f"/proc/{process.pid}/stat") as file:
            fields = file.read().rsplit(")", 1)[1].split()
        ticks = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

        used = cpu_seconds(process.pid)

        assert used >= 0.2
        assert used == pytest.approx(ticks, abs=0.03)


@pytest.mark.parametrize(
    "how", ["subprocess.run", "subprocess.Popen"], ids=["a child that ended", "a child that lives on"]
)
def test_a_child_counts_for_its_parent(how: str) -> None:
    child = f"{SPIN}print(flush=True); import sys; sys.stdin.read() if {how.endswith('Popen')} else None"
    pipes = "stdin=subprocess.PIPE, stdout=subprocess.PIPE" if how.endswith("Popen") else "stdout=subprocess.DEVNULL"
    code = f"import subprocess, sys\np = {how}([sys.executable, '-c', {child!r}], {pipes})\n"
    if how.endswith("Popen"):
        code += "p.stdout.readline()\n"

    with python(code) as process:
        assert cpu_seconds(process.pid) >= 0.19
        assert len(family(process.pid)) == (2 if how.endswith("Popen") else 1)


def test_memory_counts_what_is_there() -> None:
    with python("") as small, python("kept = b'x' * (64 << 20)\n") as large:
        assert memory_mib(large.pid) - memory_mib(small.pid) == pytest.approx(64, abs=8)
        assert memory_mib(large.pid, "VmHWM") >= memory_mib(large.pid) - 1


def test_a_meter_tells_server_and_client_apart() -> None:
    with python("") as process:
        meter = Meter(process.pid)
        until = time.process_time() + 0.1
        while time.process_time() < until:
            pass

        usage = meter.read()

        assert usage.client >= 0.1
        assert usage.server < 0.05
        assert usage.wall >= 0.1
        assert usage.others >= 0


def test_a_process_that_is_gone_used_nothing() -> None:
    with python("") as process:
        pass

    assert cpu_seconds(process.pid) == 0
    assert memory_mib(process.pid) == 0
