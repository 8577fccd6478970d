"""Which proxy is used for which server, and requests that go through one."""

import asyncio
import base64
from urllib.parse import urlsplit

import pytest
from tests.client.rest.scripted_server import ScriptedServer, answer
from tests.client.rest.virtual_waiting import VirtualWaiting

from steersman.client.config import ConfigError, TlsConfig, bearer_token
from steersman.client.rest.proxy import Proxy, find_proxy, is_excluded
from steersman.client.transport import TransportError

SERVER = "https://api.example:6443"


@pytest.mark.parametrize(
    ("server", "environ", "url"),
    [
        (SERVER, {}, None),
        (SERVER, {"HTTPS_PROXY": "http://proxy.example:3128"}, "http://proxy.example:3128"),
        (SERVER, {"https_proxy": "http://proxy.example"}, "http://proxy.example:80"),
        (SERVER, {"HTTPS_PROXY": "proxy.example:3128"}, "http://proxy.example:3128"),
        (SERVER, {"HTTP_PROXY": "http://proxy.example"}, None),
        (SERVER, {"HTTPS_PROXY": "https://[fd00::1]"}, "https://[fd00::1]:443"),
        ("http://api.example", {"HTTP_PROXY": "http://proxy.example:1"}, "http://proxy.example:1"),
        ("http://api.example", {"HTTP_PROXY": "http://proxy.example:1", "REQUEST_METHOD": "GET"}, None),
        (SERVER, {"HTTPS_PROXY": "http://proxy.example", "NO_PROXY": "api.example"}, None),
        ("https://127.0.0.1:6443", {"HTTPS_PROXY": "http://proxy.example"}, None),
        ("https://[::1]:6443", {"HTTPS_PROXY": "http://proxy.example"}, None),
        ("https://localhost", {"HTTPS_PROXY": "http://proxy.example"}, None),
    ],
)
def test_the_environment_decides_where_nothing_is_configured(
    server: str, environ: dict[str, str], url: str | None
) -> None:
    found = find_proxy(server, None, environ)
    assert (found and found.url) == url


@pytest.mark.parametrize(
    ("server", "no_proxy", "excluded"),
    [
        (SERVER, "*", True),
        (SERVER, "", False),
        (SERVER, "other.example, API.example", True),
        (SERVER, "example", True),
        (SERVER, ".example", True),
        (SERVER, "*.example", True),
        (SERVER, "xample", False),
        (SERVER, ".api.example", False),
        (SERVER, "api.example:6443", True),
        (SERVER, "api.example:443", False),
        ("https://api.example", "api.example:443", True),
        ("https://10.1.2.3:6443", "10.0.0.0/8", True),
        ("https://10.1.2.3:6443", "10.1.2.3", True),
        ("https://10.1.2.3:6443", "11.0.0.0/8", False),
        ("https://10.1.2.3:6443", "2.3", False),
        ("https://[fd00::5]:6443", "fd00::/8", True),
        ("https://[fd00::5]:6443", "[fd00::5]:6443", True),
        (SERVER, "10.0.0.0/8", False),
    ],
)
def test_no_proxy(server: str, no_proxy: str, excluded: bool) -> None:
    assert is_excluded(urlsplit(server), no_proxy) is excluded


def test_a_configured_proxy_is_used_whatever_the_environment_says() -> None:
    environ = {"HTTPS_PROXY": "http://other.example", "NO_PROXY": "*"}
    proxy = find_proxy(SERVER, "http://me:p%40ss@proxy.example:3128", environ)

    assert proxy == Proxy("http://proxy.example:3128", f"Basic {base64.b64encode(b'me:p@ss').decode()}")
    assert "p@ss" not in repr(proxy)


@pytest.mark.parametrize("url", ["socks5://proxy.example:1080", "ftp://proxy.example", "http://", "http://[::1"])
def test_what_cannot_be_a_proxy_is_refused_in_one_line(url: str) -> None:
    with pytest.raises(ConfigError) as caught:
        find_proxy(SERVER, url, {})
    assert str(caught.value).startswith("proxy-url: ")
    assert "\n" not in str(caught.value)


async def test_plain_requests_go_to_the_proxy_whole() -> None:
    async with ScriptedServer([answer(200, b"through")]) as proxy:
        address = f"http://me:secret@127.0.0.1:{proxy.port}"
        async with VirtualWaiting().client("http://api.example:8080/base", proxy_url=address) as client:
            got = await client.request("GET", "/api")

    assert got.body == b"through"
    (request,) = proxy.received
    assert request.target == "http://api.example:8080/base/api"
    assert request.values("proxy-authorization") == [f"Basic {base64.b64encode(b'me:secret').decode()}"]
    assert request.values("host") == ["api.example:8080"]


async def _tunnel(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, port: int, seen: list[str]) -> None:
    """Answers CONNECT, wherever it leads, by a tunnel to a local port."""
    seen.append((await reader.readuntil(b"\r\n\r\n")).decode())
    to_reader, to_writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"HTTP/1.1 200 Connected\r\n\r\n")
    try:
        await asyncio.gather(_copy(reader, to_writer), _copy(to_reader, writer))
    finally:
        writer.close()
        to_writer.close()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(1 << 16):
            writer.write(data)
        writer.close()
    except ConnectionError:
        writer.close()


@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_tls_goes_through_a_tunnel_that_does_not_see_the_token(
    secure_server: ScriptedServer, scheme: str
) -> None:
    seen: list[str] = []
    proxy = await asyncio.start_server(
        lambda reader, writer: _tunnel(reader, writer, secure_server.port, seen),
        "127.0.0.1",
        0,
        ssl=secure_server.context if scheme == "https" else None,
    )
    address = f"{scheme}://me:secret@127.0.0.1:{proxy.sockets[0].getsockname()[1]}"
    fields = {"tls": TlsConfig(insecure_skip_verify=True), "credentials": bearer_token("token")}
    async with VirtualWaiting().client("https://api.example:6443", proxy_url=address, **fields) as client:
        got = await client.request("GET", "/version")
        again = await client.request("GET", "/version")
    proxy.close()

    assert (got.body, again.body) == (b"secure", b"secure")
    assert [head.splitlines()[0] for head in seen] == ["CONNECT api.example:6443 HTTP/1.1"]
    assert f"Proxy-Authorization: Basic {base64.b64encode(b'me:secret').decode()}\r\n" in seen[0]
    assert "token" not in seen[0]
    assert secure_server.received[0].values("proxy-authorization") == []
    assert secure_server.received[0].values("authorization") == ["Bearer token"]


async def test_the_name_of_the_server_is_checked_through_a_tunnel(
    secure_server: ScriptedServer, trust: TlsConfig
) -> None:
    proxy = await asyncio.start_server(
        lambda reader, writer: _tunnel(reader, writer, secure_server.port, []), "127.0.0.1", 0
    )
    address = f"http://127.0.0.1:{proxy.sockets[0].getsockname()[1]}"
    async with VirtualWaiting().client("https://api.example", proxy_url=address, tls=trust) as client:
        assert (await client.request("GET", "/version")).body == b"secure"
    async with VirtualWaiting().client("https://other.example", proxy_url=address, tls=trust) as client:
        with pytest.raises(TransportError, match="is for another name"):
            await client.request("GET", "/version")
    proxy.close()


async def test_a_proxy_that_refuses_is_named_as_the_cause() -> None:
    async with ScriptedServer([answer(407, b"")]) as proxy:
        address = f"http://127.0.0.1:{proxy.port}"
        async with VirtualWaiting().client("https://api.example:6443", proxy_url=address) as client:
            with pytest.raises(TransportError, match=r"^api\.example:6443: the proxy refused to connect to it: 407"):
                await client.request("GET", "/version")
