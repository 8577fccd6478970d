"""The unaggregated lists of groups and versions: APIVersions, APIGroup and APIGroupList of meta/v1."""

from collections.abc import Mapping, Sequence
from typing import Any


def api_versions(versions: Sequence[str], server_address: str) -> dict[str, Any]:
    """``/api``: the versions of the core group. ``server_address`` is HOST:PORT."""
    return {
        "kind": "APIVersions",
        "versions": versions,
        "serverAddressByClientCIDRs": [{"clientCIDR": "0.0.0.0/0", "serverAddress": server_address}],
    }


def api_group(group: str, versions: Sequence[str]) -> dict[str, Any]:
    """``/apis/<group>``; the first of ``versions`` is the preferred one."""
    return {"kind": "APIGroup", "apiVersion": "v1", **_group(group, versions)}


def api_group_list(groups: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """``/apis``: every named group with its versions, preferred version first."""
    listed = [_group(group, versions) for group, versions in groups.items()]
    return {"kind": "APIGroupList", "apiVersion": "v1", "groups": listed}


def _group(group: str, versions: Sequence[str]) -> dict[str, Any]:
    listed = [{"groupVersion": f"{group}/{version}", "version": version} for version in versions]
    return {"name": group, "versions": listed, "preferredVersion": listed[0]}
