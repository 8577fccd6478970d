"""From a service to an address that can be called, without a cluster network: the addresses behind it are asked."""

from collections.abc import Iterator, Mapping
from typing import Any, Protocol

from steersman.apimachinery.errors import ApiError, not_found, service_unavailable
from steersman.apimachinery.group_version import GroupResource
from steersman.apiserver.registry.reader import ObjectReader

SERVICES = GroupResource("", "services")
ENDPOINTS = GroupResource("", "endpoints")
ENDPOINT_SLICES = GroupResource("discovery.k8s.io", "endpointslices")
SERVICE_NAME = "kubernetes.io/service-name"

Address = tuple[str, int]
"""Host or IP address, and port."""


class ServiceResolver(Protocol):
    async def resolve(self, namespace: str, name: str, port: int) -> Address:
        """Where to connect to, for a port of a service. Raises ApiError with why there is no such place."""
        ...


class EndpointsResolver:
    """A ready address of the service's EndpointSlices or Endpoints, one after the other; else its cluster IP.

    An ExternalName is passed on. Where nothing is known of the service's addresses, DNS is left to know.
    """

    def __init__(self, objects: ObjectReader) -> None:
        self._objects = objects
        self._turns: dict[tuple[str, str, int], int] = {}

    async def resolve(self, namespace: str, name: str, port: int) -> Address:
        if self._objects.resource(SERVICES) is None:
            return _by_dns(namespace, name, port)
        entry = await self._objects.get(SERVICES, namespace, name)
        if entry is None:
            raise not_found(GroupResource("", "service"), name)
        spec = entry.parsed().get("spec") or {}
        if spec.get("type") == "ExternalName":
            return spec.get("externalName") or "", port
        served = next((one for one in spec.get("ports") or () if one.get("port") == port), None)
        if served is None:
            raise service_unavailable(f'no service port {port} found for service "{name}"')
        addresses = await self._ready(namespace, name, served.get("name") or "")
        if addresses:
            return addresses[self._turn((namespace, name, port)) % len(addresses)]
        cluster_ip = spec.get("clusterIP")
        if cluster_ip == "None":
            raise no_endpoints(name)
        return (cluster_ip, port) if cluster_ip else _by_dns(namespace, name, port)

    def _turn(self, service: tuple[str, str, int]) -> int:
        turn = self._turns[service] = self._turns.get(service, -1) + 1
        return turn

    async def _ready(self, namespace: str, name: str, port_name: str) -> list[Address]:
        """All ready addresses, each once."""
        slices = [
            entry.parsed()
            for entry in await self._objects.list(ENDPOINT_SLICES, namespace)
            if entry.labels.get(SERVICE_NAME) == name
        ]
        found = [address for one in slices for address in _of_slice(one, port_name)]
        if not found:
            endpoints = await self._objects.get(ENDPOINTS, namespace, name)
            found = [] if endpoints is None else list(_of_endpoints(endpoints.parsed(), port_name))
        return list(dict.fromkeys(found))


def no_endpoints(name: str) -> ApiError:
    return service_unavailable(f'no endpoints available for service "{name}"')


def _by_dns(namespace: str, name: str, port: int) -> Address:
    return f"{name}.{namespace}.svc", port


def _of_slice(endpoint_slice: Mapping[str, Any], port_name: str) -> Iterator[Address]:
    ports = _ports(endpoint_slice.get("ports"), port_name)
    for endpoint in endpoint_slice.get("endpoints") or ():
        ready = (endpoint.get("conditions") or {}).get("ready")
        addresses = endpoint.get("addresses") or ()
        if ready is not False and addresses:
            yield from ((addresses[0], port) for port in ports)


def _of_endpoints(endpoints: Mapping[str, Any], port_name: str) -> Iterator[Address]:
    for subset in endpoints.get("subsets") or ():
        ports = _ports(subset.get("ports"), port_name)
        for address in subset.get("addresses") or ():
            if address.get("ip"):
                yield from ((address["ip"], port) for port in ports)


def _ports(ports: Any, name: str) -> list[int]:
    """Those of the service's port of that name: the endpoints have its target port, be it a number or a name."""
    return [one["port"] for one in ports or () if (one.get("name") or "") == name and one.get("port")]
