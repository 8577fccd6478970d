"""Admission control: who looks at a write after it was allowed and before it is stored, to change it or to refuse it.

The chain is ordered and has two phases. First every plugin with ``admit`` may change the object, each seeing what those
before it did; then the object is validated as the kind demands; then every plugin with ``validate`` looks at what would
be stored. The first refusal ends the request. Reads never come here.

Specified in the Kubernetes reference, "Admission Control in Kubernetes".
"""

from steersman.apiserver.admission.attributes import CONNECT, CREATE, DELETE, OPERATIONS, UPDATE, Attributes
from steersman.apiserver.admission.chain import AdmissionChain, ChainMetrics
from steersman.apiserver.admission.plugin import AdmissionPlugin, Closeable, MutationPlugin, ValidationPlugin

__all__ = [
    "CONNECT",
    "CREATE",
    "DELETE",
    "OPERATIONS",
    "UPDATE",
    "AdmissionChain",
    "AdmissionPlugin",
    "Attributes",
    "ChainMetrics",
    "Closeable",
    "MutationPlugin",
    "ValidationPlugin",
]
