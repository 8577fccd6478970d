"""The official client, kubernetes: its SharedInformer, which is synchronous and has a store but no indexes."""

from typing import Any

from kubernetes import config
from kubernetes.client import CoreV1Api
from kubernetes.informer import ADDED, MODIFIED, SharedInformer

from bench.clients import orders
from bench.config_map import NAMESPACE


def main() -> None:
    task = orders.given()
    config.load_kube_config(task.kubeconfig)  # type: ignore[no-untyped-call]
    added, updated = orders.Tally("synced", task.objects), orders.Tally("events", task.events)
    list_function = CoreV1Api().list_namespaced_config_map
    informer: Any = SharedInformer(list_function, namespace=NAMESPACE)  # type: ignore[no-untyped-call]
    informer.add_event_handler(ADDED, lambda _: added.count())
    informer.add_event_handler(MODIFIED, lambda _: updated.count())
    orders.answer("ready")
    orders.wait_for("sync")
    informer.start()
    while True:
        orders.wait_for("read")
        orders.answer_read((item.data for item in informer.cache.list()), task.edition)


if __name__ == "__main__":
    main()
