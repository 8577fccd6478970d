"""Initializers: programs that have a say in what an object becomes, one after the other, before anybody sees it.

``states`` has who may do what to an object that waits, ``configuration`` what InitializerConfigurations say, ``plugin``
the admission plugin that gives new objects their initializers. That such objects are hidden, and that their creators
wait, is in ``apiserver.registry.initialization``. Kubernetes 1.7 to 1.13, admissionregistration.k8s.io/v1alpha1; what
is repaired is said in docs/decisions/0010-initializers.md.
"""

from steersman.admission.initializers.plugin import Initializers

__all__ = ["Initializers"]
