"""Waiting until objects are as they should be, as ``kubectl wait`` does.

::

    pod = await wait_for(pods, "web-0", condition("Ready"), timeout=60)
    await wait_for(deployments, "web", jsonpath("{.status.readyReplicas}", 3))
    await wait_for(databases, "orders", lambda database: database.status.phase == "Running")
    await wait_for(pods, "web-0", deleted())
    ready = await wait_for_many(pods, condition("Ready"), label_selector="app=web", at_least=3)
"""

from steersman.client.wait.cel_predicate import cel
from steersman.client.wait.predicates import Absence, Presence, condition, deleted, exists, jsonpath, parse
from steersman.client.wait.wait_for import Predicate, wait_for, wait_for_many

__all__ = [
    "Absence",
    "Predicate",
    "Presence",
    "cel",
    "condition",
    "deleted",
    "exists",
    "jsonpath",
    "parse",
    "wait_for",
    "wait_for_many",
]
