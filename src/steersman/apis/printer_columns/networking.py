"""Columns of the groups networking.k8s.io and discovery.k8s.io."""

from collections.abc import Mapping
from typing import Any

from steersman.apimachinery.group_version import GroupResource
from steersman.apimachinery.table import AGE, NAME, ColumnSet, Object
from steersman.apis.printer_columns.columns import selector_cell, string
from steersman.apis.printer_columns.fields import NONE, at, first_of, items, mapping, mappings, text, texts
from steersman.apis.printer_columns.services import load_balancer_addresses

_MOST_SHOWN = 3


def _hosts(ingress: Object, now: float) -> str:
    """The hosts of the rules; how many rules there are beyond is counted from the one after the last shown."""
    rules = mappings(ingress, "spec", "rules")
    hosts: list[str] = []
    for rule in rules:
        if len(hosts) == _MOST_SHOWN:
            return f"{','.join(hosts)} + {len(rules) - _MOST_SHOWN} more..."
        if host := text(rule, "host"):
            hosts.append(host)
    return ",".join(hosts) or "*"


def _ports(ingress: Object, now: float) -> str:
    return "80, 443" if items(ingress, "spec", "tls") else "80"


def _parameters(ingress_class: Object, now: float) -> str:
    parameters = mapping(ingress_class, "spec", "parameters")
    if not parameters:
        return NONE
    group = text(parameters, "apiGroup")
    kind = text(parameters, "kind")
    return f"{f'{kind}.{group}' if group else kind}/{text(parameters, 'name')}"


def _parent(address: Object, now: float) -> str:
    parent = mapping(address, "spec", "parentRef")
    if not parent:
        return NONE
    resource = str(GroupResource(text(parent, "group"), text(parent, "resource"))).lower()
    return "/".join(filter(None, (resource, text(parent, "namespace")))) + f"/{text(parent, 'name')}"


def _slice_ports(endpoint_slice: Object, now: float) -> str:
    ports = [_port(one) for one in mappings(endpoint_slice, "ports")]
    return first_of(ports, _MOST_SHOWN, len(ports))


def _port(port: Mapping[str, Any]) -> str:
    opened = port.get("port")
    if type(opened) is int:
        return str(opened)
    name = port.get("name")
    return name if isinstance(name, str) else "*"


def _slice_endpoints(endpoint_slice: Object, now: float) -> str:
    addresses = [address for one in mappings(endpoint_slice, "endpoints") for address in texts(one, "addresses")]
    return first_of(addresses, _MOST_SHOWN, len(addresses))


def _cidrs(service_cidr: Object, now: float) -> str:
    return ",".join(texts(at(service_cidr, "spec"), "cidrs"))


COLUMN_SETS: Mapping[str, ColumnSet] = {
    "EndpointSlice": ColumnSet(
        (
            NAME,
            string("AddressType", "addressType", "What kind of addresses it has."),
            string("Ports", _slice_ports, "The ports of the endpoints; none stands for all."),
            string("Endpoints", _slice_endpoints, "The addresses of the endpoints."),
            AGE,
        )
    ),
    "IPAddress": ColumnSet((NAME, string("ParentRef", _parent, "What the address was given to."))),
    "Ingress": ColumnSet(
        (
            NAME,
            string("Class", "spec.ingressClassName", "The class of the ingress.", missing=NONE),
            string("Hosts", _hosts, "The hosts that requests are for."),
            string("Address", lambda obj, now: load_balancer_addresses(obj), "Where the load balancer is reached."),
            string("Ports", _ports, "The ports that are opened: 443 too where there is TLS."),
            AGE,
        )
    ),
    "IngressClass": ColumnSet(
        (
            NAME,
            string("Controller", "spec.controller", "The controller that serves the class."),
            string("Parameters", _parameters, "The object that has further settings."),
            AGE,
        )
    ),
    "NetworkPolicy": ColumnSet(
        (NAME, string("Pod-Selector", selector_cell("spec", "podSelector"), "The labels of the pods it is for."), AGE)
    ),
    "ServiceCIDR": ColumnSet((NAME, string("CIDRs", _cidrs, "The ranges that services get addresses from."), AGE)),
}
