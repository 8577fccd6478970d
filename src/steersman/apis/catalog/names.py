"""Short names and categories of built-in resources, as ``kubectl api-resources -o wide`` shows them."""

from steersman.apimachinery.group_version import GroupResource

_SHORT_NAMES_BY_GROUP: dict[str, dict[str, str]] = {
    "": {
        "componentstatuses": "cs",
        "configmaps": "cm",
        "endpoints": "ep",
        "events": "ev",
        "limitranges": "limits",
        "namespaces": "ns",
        "nodes": "no",
        "persistentvolumeclaims": "pvc",
        "persistentvolumes": "pv",
        "pods": "po",
        "replicationcontrollers": "rc",
        "resourcequotas": "quota",
        "serviceaccounts": "sa",
        "services": "svc",
    },
    "apiextensions.k8s.io": {"customresourcedefinitions": "crd crds"},
    "apps": {"daemonsets": "ds", "deployments": "deploy", "replicasets": "rs", "statefulsets": "sts"},
    "autoscaling": {"horizontalpodautoscalers": "hpa"},
    "batch": {"cronjobs": "cj"},
    "certificates.k8s.io": {"certificatesigningrequests": "csr"},
    "events.k8s.io": {"events": "ev"},
    "extensions": {
        "daemonsets": "ds",
        "deployments": "deploy",
        "ingresses": "ing",
        "networkpolicies": "netpol",
        "podsecuritypolicies": "psp",
        "replicasets": "rs",
    },
    "networking.k8s.io": {
        "clustercidrs": "cc",
        "ingresses": "ing",
        "ipaddresses": "ip",
        "networkpolicies": "netpol",
    },
    "policy": {"poddisruptionbudgets": "pdb", "podsecuritypolicies": "psp"},
    "scheduling.k8s.io": {"priorityclasses": "pc"},
    "storage.k8s.io": {"storageclasses": "sc", "volumeattributesclasses": "vac"},
}
SHORT_NAMES: dict[GroupResource, tuple[str, ...]] = {
    GroupResource(group, plural): tuple(names.split())
    for group, short_names in _SHORT_NAMES_BY_GROUP.items()
    for plural, names in short_names.items()
}

_CATEGORY_MEMBERS: dict[str, dict[str, str]] = {
    "all": {
        "": "pods replicationcontrollers services",
        "apps": "daemonsets deployments replicasets statefulsets",
        "autoscaling": "horizontalpodautoscalers",
        "batch": "cronjobs jobs",
        "extensions": "daemonsets deployments replicasets",
    },
    "api-extensions": {
        "admissionregistration.k8s.io": "mutatingadmissionpolicies mutatingadmissionpolicybindings "
        "mutatingwebhookconfigurations validatingadmissionpolicies validatingadmissionpolicybindings "
        "validatingwebhookconfigurations",
        "apiextensions.k8s.io": "customresourcedefinitions",
        "apiregistration.k8s.io": "apiservices",
    },
}
CATEGORIES: dict[GroupResource, tuple[str, ...]] = {
    GroupResource(group, plural): (category,)
    for category, members in _CATEGORY_MEMBERS.items()
    for group, plurals in members.items()
    for plural in plurals.split()
}
