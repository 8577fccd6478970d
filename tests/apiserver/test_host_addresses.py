"""The machine's own addresses."""

import ipaddress
import socket

from steersman.apiserver.host_addresses import host_addresses


def test_each_can_be_listened_on_and_reached_by_others() -> None:
    for text in host_addresses():
        address = ipaddress.ip_address(text)
        family = socket.AF_INET if address.version == 4 else socket.AF_INET6
        with socket.socket(family) as listener:
            listener.bind((text, 0))
        assert not address.is_loopback
        assert not address.is_link_local
