"""Addresses, ranges and URLs."""

from typing import Any

import pytest

from steersman.apimachinery.cel import KUBERNETES, Environment, EvaluationError

ENVIRONMENT = Environment(libraries=KUBERNETES)

ADDRESSES = [
    ("isIP('127.0.0.1')", True),
    ("isIP('::1')", True),
    ("isIP('127.0.0.01')", False),
    ("isIP('127.0.0')", False),
    ("isIP('fe80::1%eth0')", False),
    ("isIP('::ffff:1.2.3.4')", False),
    ("ip('127.0.0.1').family()", 4),
    ("ip('::1').family()", 6),
    ("ip.isCanonical('2001:db8::abcd')", True),
    ("ip.isCanonical('2001:DB8::ABCD')", False),
    ("string(ip('2001:DB8::ABCD'))", "2001:db8::abcd"),
    ("ip('0.0.0.0').isUnspecified() && ip('::').isUnspecified()", True),
    ("ip('127.9.9.9').isLoopback() && ip('::1').isLoopback()", True),
    ("ip('224.0.0.1').isLinkLocalMulticast() && ip('ff02::1').isLinkLocalMulticast()", True),
    ("ip('224.0.1.1').isLinkLocalMulticast() || ip('fd00::1').isLinkLocalMulticast()", False),
    ("ip('169.254.169.254').isLinkLocalUnicast() && ip('fe80::1').isLinkLocalUnicast()", True),
    ("ip('192.168.0.1').isGlobalUnicast() && ip('2001:db8::1').isGlobalUnicast()", True),
    ("ip('255.255.255.255').isGlobalUnicast() || ip('ff00::1').isGlobalUnicast()", False),
    ("ip('10.0.0.1') == ip('10.0.0.1')", True),
    ("type(ip('10.0.0.1')) == net.IP", True),
]

RANGES = [
    ("isCIDR('192.168.0.0/24')", True),
    ("isCIDR('192.168.0.0')", False),
    ("isCIDR('192.168.0.0/255.255.255.0')", False),
    ("isCIDR('192.168.0.0/33')", False),
    ("isCIDR('192.168.0.0/024')", False),
    ("cidr('192.168.0.0/24').containsIP('192.168.0.1')", True),
    ("cidr('192.168.0.0/24').containsIP(ip('192.168.1.1'))", False),
    ("cidr('::/0').containsIP('10.0.0.1')", False),
    ("cidr('192.168.0.0/24').containsCIDR('192.168.0.0/25')", True),
    ("cidr('192.168.0.0/24').containsCIDR(cidr('192.168.0.0/23'))", False),
    ("cidr('192.168.1.5/24').ip() == ip('192.168.1.5')", True),
    ("cidr('192.168.1.5/24').prefixLength()", 24),
    ("string(cidr('192.168.1.5/24').masked())", "192.168.1.0/24"),
    ("string(cidr('2001:db8::1/32'))", "2001:db8::1/32"),
    ("cidr('10.0.0.1/8') == cidr('10.0.0.0/8')", False),
]

URLS = [
    ("isURL('https://user:pass@example.com:80/path?query=v')", True),
    ("isURL('/absolute-path')", True),
    ("isURL('https://a:b:c/')", False),
    ("isURL('../relative-path')", False),
    ("isURL('')", False),
    ("isURL('https://x/%zz')", False),
    ("url('HTTPS://example.com/').getScheme()", "https"),
    ("url('/path').getScheme()", ""),
    ("url('https://example.com:80/').getHost()", "example.com:80"),
    ("url('https://[::1]:80/').getHost()", "[::1]:80"),
    ("url('https://[::1]:80/').getHostname()", "::1"),
    ("url('https://example.com/').getHostname()", "example.com"),
    ("url('https://example.com:80/').getPort()", "80"),
    ("url('https://example.com/').getPort()", ""),
    ("url('https://example.com/path with spaces/').getEscapedPath()", "/path%20with%20spaces/"),
    ("url('https://example.com/a%2Fb').getEscapedPath()", "/a%2Fb"),
    ("url('https://example.com/?k=a&k=b&l=%20+').getQuery()", {"k": ["a", "b"], "l": ["  "]}),
    ("url('https://example.com/').getQuery()", {}),
    ("url('https://example.com/#frag?x=y').getQuery()", {}),
    ("url('https://a.com/') == url('https://a.com/')", True),
]


@pytest.mark.parametrize(
    ("source", "expected"),
    [*ADDRESSES, *RANGES, *URLS],
    ids=[source for source, _ in [*ADDRESSES, *RANGES, *URLS]],
)
def test_values(source: str, expected: Any) -> None:
    value = ENVIRONMENT.compile(source).evaluate({})

    assert (type(value), value) == (type(expected), expected)


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (
            "ip('x')",
            'IP Address "x" parse error during conversion from string: ParseAddr("x"): unable to parse IP',
        ),
        ("ip('fe80::1%eth0')", 'IP address "fe80::1%eth0" with zone value is not allowed'),
        ("ip('::ffff:1.2.3.4')", 'IPv4-mapped IPv6 address "::ffff:1.2.3.4" is not allowed'),
        (
            "cidr('1.2.3.4')",
            "network address parse error during conversion from string: "
            "network address parse error during conversion from string: "
            "netip.ParsePrefix(\"1.2.3.4\"): no '/'",
        ),
        (
            "url('relative')",
            'URL parse error during conversion from string: parse "relative": invalid URI for request',
        ),
    ],
)
def test_errors(source: str, message: str) -> None:
    with pytest.raises(EvaluationError) as raised:
        ENVIRONMENT.compile(source).evaluate({})

    assert raised.value.message == message
