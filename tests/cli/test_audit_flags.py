"""The audit flags of ``steersman serve``: what they mean, what they refuse, and the log of a real process."""

import json
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.cli.test_serve import refusal
from tests.conformance.conftest import new_server as new_server
from tests.conformance.processes import ServerProcess

from steersman.apiserver.audit.backend import Batching
from steersman.apiserver.audit.event_encoding import Truncation
from steersman.apiserver.audit.log_file import Rotation
from steersman.cli.audit_flags import AuditFlags
from steersman.controlplane.audit import AuditOptions, LogOptions, WebhookOptions

HEAD = "apiVersion: audit.k8s.io/v1\nkind: Policy\n"
METADATA = f"{HEAD}rules:\n- {{level: None, users: ['system:apiserver']}}\n- level: Metadata\n"

Start = Callable[..., ServerProcess]


@pytest.fixture
def policy(tmp_path: Path) -> Path:
    path = tmp_path / "policy.yaml"
    path.write_text(METADATA)
    return path


def test_without_flags_nothing_is_audited() -> None:
    assert AuditFlags().options() is None


def test_the_defaults_are_those_of_kube_apiserver() -> None:
    flags = AuditFlags(Path("p"), audit_log_path=Path("l"), audit_webhook_config_file=Path("w"))

    assert flags.options() == AuditOptions(Path("p"), LogOptions(Path("l")), WebhookOptions(Path("w")))


def test_every_flag_goes_where_it_belongs() -> None:
    flags = AuditFlags(
        audit_policy_file=Path("p"),
        audit_log_path=Path("l"),
        audit_log_format="legacy",
        audit_log_maxage=1,
        audit_log_maxbackup=2,
        audit_log_maxsize=3,
        audit_log_mode="batch",
        audit_log_batch_buffer_size=4,
        audit_log_batch_max_size=5,
        audit_log_batch_max_wait=6.0,
        audit_log_truncate_enabled=True,
        audit_log_truncate_max_event_size=7,
        audit_webhook_config_file=Path("w"),
        audit_webhook_mode="blocking-strict",
        audit_webhook_batch_buffer_size=8,
        audit_webhook_batch_max_size=9,
        audit_webhook_batch_max_wait=10.0,
        audit_webhook_initial_backoff=11.0,
        audit_webhook_truncate_enabled=True,
        audit_webhook_truncate_max_event_size=12,
        audit_webhook_truncate_max_batch_size=13,
    )
    log = LogOptions(Path("l"), "legacy", Rotation(3 << 20, 1, 2), Batching("batch", 4, 5, 6.0), Truncation(True, 7))
    webhook = WebhookOptions(Path("w"), 11.0, Batching("blocking-strict", 8, 9, 10.0), Truncation(True, 12, 13))

    assert flags.options() == AuditOptions(Path("p"), log, webhook)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "kind: must be a Policy of apiVersion audit.k8s.io/v1"),
        ("a: [", "error converting YAML to JSON: yaml: "),
        (f"{HEAD}rules: []\n", "rules: Required value: a policy needs at least one rule"),
        (f"{HEAD}rules: [{{level: All}}]\n", 'rules[0].level: Unsupported value: "All"'),
    ],
)
def test_bad_policies(tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / "policy.yaml"
    path.write_text(text)
    line = refusal("--data-dir", str(tmp_path / "d"), "--audit-policy-file", str(path), "--audit-log-path", "-")

    assert line.startswith(f"steersman: {path}: {told}")


@pytest.mark.parametrize(
    ("flags", "told"),
    [
        (["--audit-policy-file", "{tmp}/none"], "{tmp}/none: No such file or directory"),
        (["--audit-log-path", "x", "--audit-log-mode", "async"], "'async' is no audit mode"),
        (["--audit-log-path", "x", "--audit-log-format", "text"], "'text' is no format of audit logs"),
        (["--audit-log-path", "{tmp}", "--audit-policy-file", "{tmp}/policy.yaml"], "{tmp}: Is a directory"),
        (["--audit-webhook-config-file", "{tmp}/none"], "{tmp}/none"),
    ],
)
def test_bad_flags(tmp_path: Path, policy: Path, flags: list[str], told: str) -> None:
    data = str(tmp_path / "d")
    line = refusal("--data-dir", data, "--listen", "127.0.0.1:0", *(flag.format(tmp=tmp_path) for flag in flags))

    assert told.format(tmp=tmp_path) in line


def events(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def test_a_log_in_batches_is_whole_when_the_server_has_stopped(new_server: Start, policy: Path, tmp_path: Path) -> None:
    log = tmp_path / "logs" / "audit.log"
    server = new_server(
        f"--audit-policy-file={policy}", f"--audit-log-path={log}", "--audit-log-mode=batch",
        "--audit-log-batch-max-wait=3600",
    )  # fmt: skip
    for _ in range(3):
        server.request("GET", "/version")
    assert server.stop() == 0

    assert [event["requestURI"] for event in events(log.read_text())] == ["/version"] * 6
    assert events(log.read_text())[0]["sourceIPs"] == ["127.0.0.1"]


def test_the_log_on_standard_output(new_server: Start, policy: Path) -> None:
    server = new_server(f"--audit-policy-file={policy}", "--audit-log-path=-")
    server.request("GET", "/version")
    assert server.process is not None
    assert server.process.stdout is not None
    server.process.send_signal(signal.SIGTERM)

    stages = [event["stage"] for event in events(server.process.stdout.read())]
    assert stages == ["RequestReceived", "ResponseComplete"]
