"""PodSecurity: Pods are held to one of the Pod Security Standards, which labels of their namespace choose.

Specified in "Pod Security Standards" and "Pod Security Admission" (KEP-2579).
"""

from steersman.admission.pod_security.plugin import PodSecurity

__all__ = ["PodSecurity"]
