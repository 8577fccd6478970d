"""TLS as a client speaks it: whom it trusts, how it shows itself, and contexts that follow files that rotate."""

import logging
import os
import ssl
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from steersman.client.config.credentials import ClientCertificate
from steersman.client.config.errors import ConfigError

_log = logging.getLogger(__name__)

CHECK_PERIOD = 10.0
"""Seconds for which files are taken to be as they were when last looked at."""


@dataclass(frozen=True, slots=True)
class TlsConfig:
    """PEM inline (``…_data``) or in files; what is inline counts. Without a CA, the system's are trusted.

    ``server_name`` is sent as SNI and checked instead of the host in the URL; it is for whoever opens the connection
    (a context cannot carry it). Raises ConfigError where fields contradict each other.
    """

    ca_data: bytes = b""
    ca_file: str = ""
    cert_data: bytes = b""
    cert_file: str = ""
    key_data: bytes = field(default=b"", repr=False)
    key_file: str = ""
    server_name: str = ""
    insecure_skip_verify: bool = False

    def __post_init__(self) -> None:
        if self.insecure_skip_verify and self.has_ca:
            raise ConfigError("insecure-skip-tls-verify: cannot be set together with a certificate authority")
        if self.has_certificate and not (self.key_data or self.key_file):
            raise ConfigError("client-key-data or client-key: must be given for the client certificate")

    @property
    def has_ca(self) -> bool:
        return bool(self.ca_data or self.ca_file)

    @property
    def has_certificate(self) -> bool:
        return bool(self.cert_data or self.cert_file)

    def ca_pem(self) -> bytes:
        """The CA bundle, empty if there is none. Raises ConfigError if its file cannot be read."""
        return _pem("certificate-authority", self.ca_data, self.ca_file)

    def certificate(self) -> ClientCertificate | None:
        """The client's certificate and key. Raises ConfigError if a file cannot be read."""
        if not self.has_certificate:
            return None
        return ClientCertificate(
            _pem("client-certificate", self.cert_data, self.cert_file), _pem("client-key", self.key_data, self.key_file)
        )

    def files(self) -> tuple[str, ...]:
        """The files that count."""
        pairs = ((self.ca_data, self.ca_file), (self.cert_data, self.cert_file), (self.key_data, self.key_file))
        return tuple(file for data, file in pairs if file and not data)


class TlsContexts:
    """The SSLContext of a :class:`TlsConfig`: made when first asked for, made anew when a file or certificate changes.

    Files are looked at every ten seconds at most (``clock`` counts seconds, monotonic). Where they changed to something
    that does not load (the certificate is there, its key not yet), the context from before stays in use.
    """

    def __init__(self, tls: TlsConfig, clock: Callable[[], float] = time.monotonic) -> None:
        self._tls, self._clock = tls, clock
        self._files = tls.files()
        self._state: tuple[ClientCertificate | None, tuple[_FileState, ...]] | None = None
        self._context: ssl.SSLContext | None = None
        self._check_at = float("-inf")

    def context(self, certificate: ClientCertificate | None = None) -> ssl.SSLContext:
        """The same object until something changes; ``certificate`` is used if the configuration has none.

        Raises ConfigError, naming the field, if there has not been any context that works.
        """
        context, before = self._context, self._state
        if context is not None and before is not None and before[0] is certificate and not self._is_due():
            return context
        state = (certificate, tuple(map(_file_state, self._files)))
        self._check_at = self._clock() + CHECK_PERIOD
        if context is None or state != before:
            return self._rebuild(state)
        self._state = state
        return context

    def _is_due(self) -> bool:
        return bool(self._files) and self._clock() >= self._check_at

    def _rebuild(self, state: "tuple[ClientCertificate | None, tuple[_FileState, ...]]") -> ssl.SSLContext:
        try:
            context = build_context(self._tls, state[0])
        except ConfigError as error:
            # With another certificate from a plugin there is nothing to go back to.
            if self._context is None or self._state is None or self._state[0] != state[0]:
                raise
            _log.warning("TLS files changed and cannot be used, keeping what was loaded before: %s", error)
            return self._context
        self._context, self._state = context, state
        return context


_FileState = tuple[int, int, int]


def _file_state(path: str) -> _FileState:
    try:
        found = os.stat(path)
    except OSError:
        return (0, 0, 0)
    return (found.st_mtime_ns, found.st_size, found.st_ino)


def build_context(tls: TlsConfig, certificate: ClientCertificate | None = None) -> ssl.SSLContext:
    """A new context, TLS 1.2 or later, ALPN ``http/1.1``. Raises ConfigError as :meth:`TlsContexts.context`."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    # As Go does, trust whatever the bundle holds, be it an intermediate or the server's own certificate.
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    if tls.insecure_skip_verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    elif tls.has_ca:
        _trust(context, tls.ca_pem())
    else:
        context.load_default_certs()
    shown = tls.certificate() or certificate
    if shown is not None:
        _load_chain(context, shown)
    return context


def _trust(context: ssl.SSLContext, pem: bytes) -> None:
    try:
        context.load_verify_locations(cadata=pem.decode("ascii", "ignore"))
    except (ssl.SSLError, ValueError):
        raise ConfigError("certificate-authority: holds no PEM certificate that can be read") from None


def _load_chain(context: ssl.SSLContext, shown: ClientCertificate) -> None:
    with _private_file(shown.certificate) as certificate, _private_file(shown.key) as key:
        try:
            # OpenSSL would ask for the password of an encrypted key on the terminal.
            context.load_cert_chain(certificate, key, password=_refuse_password)
        except (ssl.SSLError, OSError, ValueError) as error:
            reason = getattr(error, "reason", None)
            why = "they do not belong together" if reason == "KEY_VALUES_MISMATCH" else "not PEM, or an encrypted key"
            raise ConfigError(f"client-certificate, client-key: cannot be loaded: {why}") from None


def _refuse_password() -> str:
    raise ValueError("encrypted")


@contextmanager
def _private_file(data: bytes) -> Iterator[str]:
    # OpenSSL as Python has it loads a key from a file only; this one is nobody else's, and gone at once.
    with tempfile.NamedTemporaryFile() as file:
        file.write(data)
        file.flush()
        yield file.name


def _pem(name: str, data: bytes, file: str) -> bytes:
    if data or not file:
        return data
    try:
        return Path(file).read_bytes()
    except OSError as error:
        raise ConfigError(f'{name}: unable to read "{file}": {error.strerror}') from None
