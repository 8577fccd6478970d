"""Columns of the group certificates.k8s.io."""

from collections.abc import Mapping

from steersman.apimachinery.duration import human_duration
from steersman.apimachinery.table import AGE, NAME, ColumnSet, Object
from steersman.apis.printer_columns.columns import string
from steersman.apis.printer_columns.fields import NONE, at, mappings, text

_STATES = ("Issued", "Denied", "Failed")


def _condition(request: Object, now: float) -> str:
    """Denial outweighs approval; that signing failed, or was done, comes after."""
    types = {text(one, "type") for one in mappings(request, "status", "conditions")}
    decision = next((one for one in ("Denied", "Approved") if one in types), "Pending")
    failed = ",Failed" if "Failed" in types else ""
    return decision + failed + (",Issued" if text(request, "status", "certificate") else "")


def _requested_duration(request: Object, now: float) -> str:
    seconds = at(request, "spec", "expirationSeconds")
    return human_duration(seconds) if type(seconds) is int else NONE


def _state(request: Object, now: float) -> str:
    """The last of the conditions that says what became of it."""
    types = [text(one, "type") for one in mappings(request, "status", "conditions")]
    return next((one for one in reversed(types) if one in _STATES), "Pending")


COLUMN_SETS: Mapping[str, ColumnSet] = {
    "CertificateSigningRequest": ColumnSet(
        (
            NAME,
            AGE,
            string("SignerName", "spec.signerName", "Who is asked to sign.", missing=NONE),
            string("Requestor", "spec.username", "Who asks."),
            string("RequestedDuration", _requested_duration, "How long the certificate should be valid."),
            string("Condition", _condition, "What was decided, and whether it is signed."),
        )
    ),
    "ClusterTrustBundle": ColumnSet(
        (NAME, string("SignerName", "spec.signerName", "The signer that the bundle is for.", missing=NONE))
    ),
    "PodCertificateRequest": ColumnSet(
        (
            NAME,
            string("PodName", "spec.podName", "The pod that asks."),
            string("ServiceAccountName", "spec.serviceAccountName", "The pod's service account."),
            string("NodeName", "spec.nodeName", "The pod's node."),
            string("SignerName", "spec.signerName", "Who is asked to sign."),
            string("State", _state, "Pending, Issued, Denied or Failed."),
        )
    ),
}
