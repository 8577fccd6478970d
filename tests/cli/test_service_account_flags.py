"""Flags of ``serve`` about the tokens of service accounts, as an operator gives them."""

import subprocess
import sys
from pathlib import Path

import pytest
from tests.conformance.conftest import Start
from tests.conformance.conftest import new_server as new_server
from tests.conformance.processes import Kubectl, bundled_kubectl
from tests.controlplane.account_tokens import make_key, parts_of

from steersman.cli.service_account_flags import ServiceAccountFlags
from steersman.controlplane.service_account_options import ISSUER, ServiceAccountOptions


def test_without_flags_the_options_are_the_default_ones() -> None:
    assert ServiceAccountFlags().options() == ServiceAccountOptions() == ServiceAccountOptions(issuers=(ISSUER,))


def test_flags_on_the_way_to_a_token(new_server: Start, tmp_path: Path) -> None:
    signing, old = make_key(tmp_path / "signing.key"), make_key(tmp_path / "old.key")
    server = new_server(
        f"--service-account-signing-key-file={signing}",
        f"--service-account-key-file={old}",
        "--service-account-issuer=https://new",
        "--service-account-issuer=https://old",
        "--api-audiences=here, there",
        "--service-account-max-token-expiration=1h30m",
        "--service-account-extend-token-expiration=false",
        "--service-account-jwks-uri=https://keys/jwks",
    )
    kubectl = Kubectl(bundled_kubectl(), server)

    kubectl("create", "serviceaccount", "robot")
    _, claims = parts_of(kubectl("create", "token", "robot", "--duration=5h").strip())
    assert (claims["iss"], claims["aud"]) == ("https://new", ["here", "there"])
    assert claims["exp"] - claims["iat"] == 5400
    assert '"jwks_uri":"https://keys/jwks"' in kubectl("get", "--raw", "/.well-known/openid-configuration")
    assert kubectl("get", "--raw", "/openid/v1/jwks").count('"kid"') == 2
    assert not (server.directory / "pki" / "service-account.key").exists()


@pytest.mark.parametrize(
    ("flag", "told"),
    [
        ("--service-account-signing-key-file=FILE", "FILE: there is no private key in it"),
        ("--service-account-key-file=FILE", "FILE: there is no key in it"),
        ("--service-account-key-file=FILE.none", "FILE.none: No such file or directory"),
        ("--service-account-max-token-expiration=1m", "must be between 1 hour and 2^32 seconds"),
        ("--service-account-max-token-expiration=soon", "max-token-expiration: time: invalid duration 'soon'"),
        ("--service-account-issuer=:x", "contained a ':' but was not a valid URL"),
        ("--service-account-issuer=https:// x", "contained a ':' but was not a valid URL"),
    ],
)
def test_what_cannot_be_is_said_in_a_line(tmp_path: Path, flag: str, told: str) -> None:
    file = tmp_path / "empty.pem"
    file.touch()
    command = [sys.executable, "-m", "steersman", "serve", "--data-dir", str(tmp_path), flag.replace("FILE", str(file))]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)

    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert done.stderr.startswith("steersman: ")
    assert told.replace("FILE", str(file)) in done.stderr
