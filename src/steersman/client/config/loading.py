"""Finding the configuration where kubectl and controller-runtime look for it."""

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from steersman.client.config.client_config import Config
from steersman.client.config.errors import ConfigError, NotInCluster
from steersman.client.config.in_cluster import SERVICE_ACCOUNT, in_cluster_config
from steersman.client.config.kubeconfig_file import load_kubeconfig, load_kubeconfigs
from steersman.client.config.selection import NO_OVERRIDES, Overrides, config_from_kubeconfig


def load_config(
    path: str | Path | None = None,
    overrides: Overrides = NO_OVERRIDES,
    environ: Mapping[str, str] | None = None,
    service_account: Path = SERVICE_ACCOUNT,
) -> Config:
    """The configuration from the first of: ``path``; the files in ``KUBECONFIG``; the pod that this process runs in;
    ``~/.kube/config``.

    In a pod, ``overrides`` that name a context, cluster or user lead to the file at once. Raises ConfigError, one line
    a problem; where there is nothing at all, with all the places that were looked at.
    """
    environ = os.environ if environ is None else environ
    if path:
        return config_from_kubeconfig(load_kubeconfig(path), overrides)
    listed = environ.get("KUBECONFIG", "")
    if listed:
        return _from_list(listed, overrides)
    outside = ""
    if not overrides.selects:
        try:
            config = in_cluster_config(environ, service_account)
        except NotInCluster as error:
            outside = str(error)
        else:
            return replace(config, namespace=overrides.namespace or config.namespace)
    home = os.path.join(environ.get("HOME") or os.path.expanduser("~"), ".kube", "config")
    if not os.path.exists(home):
        tried = ("no configuration has been found", "KUBECONFIG: not set", outside, f"{home}: does not exist")
        raise ConfigError(*filter(None, tried))
    return config_from_kubeconfig(load_kubeconfig(home), overrides)


def _from_list(listed: str, overrides: Overrides) -> Config:
    paths = listed.split(os.pathsep)
    if not any(path and os.path.exists(path) for path in paths):
        raise ConfigError(*(f"KUBECONFIG: {path}: does not exist" for path in paths if path))
    return config_from_kubeconfig(load_kubeconfigs(paths), overrides)
