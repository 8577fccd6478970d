"""Columns of services, and of the endpoints behind them."""

from collections.abc import Iterator

from steersman.apimachinery.table import AGE, NAME, ColumnSet, Object
from steersman.apis.printer_columns.columns import labels_cell, string
from steersman.apis.printer_columns.fields import NONE, UNKNOWN, first_of, integer, mappings, text, texts

_MOST_ENDPOINTS = 3


def load_balancer_addresses(obj: Object) -> str:
    """The addresses, or else the host names, that a load balancer has given, in order."""
    ingress = mappings(obj, "status", "loadBalancer", "ingress")
    return ",".join(sorted({text(one, "ip") or text(one, "hostname") for one in ingress} - {""}))


def _cluster_ip(service: Object, now: float) -> str:
    for address in texts(service, "spec", "clusterIPs"):
        return address
    return text(service, "spec", "clusterIP") or NONE


def _external_ip(service: Object, now: float) -> str:
    kind, addresses = text(service, "spec", "type"), ",".join(texts(service, "spec", "externalIPs"))
    if kind == "ExternalName":
        return text(service, "spec", "externalName")
    if kind == "LoadBalancer":
        given = load_balancer_addresses(service)
        return ",".join(filter(None, (given, addresses))) or "<pending>"
    return addresses or NONE if kind in ("ClusterIP", "NodePort") else UNKNOWN


def _ports(service: Object, now: float) -> str:
    shown = []
    for port in mappings(service, "spec", "ports"):
        node_port = integer(port, "nodePort")
        opened = f"{integer(port, 'port')}:{node_port}" if node_port > 0 else str(integer(port, "port"))
        shown.append(f"{opened}/{text(port, 'protocol')}")
    return ",".join(shown) or NONE


def _endpoints(endpoints: Object, now: float) -> str:
    subsets = mappings(endpoints, "subsets")
    addresses = [address for subset in subsets for address in _addresses(subset)]
    return first_of(addresses, _MOST_ENDPOINTS, len(addresses)) if addresses else "" if subsets else NONE


def _addresses(subset: Object) -> Iterator[str]:
    ips = [text(address, "ip") for address in mappings(subset, "addresses")]
    ports = mappings(subset, "ports")
    if not ports:
        yield from ips
    for port in ports:
        for ip in ips:
            yield f"[{ip}]:{integer(port, 'port')}" if ":" in ip else f"{ip}:{integer(port, 'port')}"


SERVICE = ColumnSet(
    (
        NAME,
        string("Type", "spec.type", "How the service is exposed."),
        string("Cluster-IP", _cluster_ip, "The address of the service inside the cluster."),
        string("External-IP", _external_ip, "The addresses, or the name, of the service outside the cluster."),
        string("Port(s)", _ports, "The ports of the service, those it has on nodes, and their protocols."),
        AGE,
        string("Selector", labels_cell("spec", "selector"), "The labels of the pods behind the service.", wide=True),
    )
)
ENDPOINTS = ColumnSet((NAME, string("Endpoints", _endpoints, "The addresses and ports behind the service."), AGE))
