"""PodSecurityPolicy: what a Pod may ask for is said by policies, and who may use which of them by roles.

Specified in policy/v1beta1 (Kubernetes 1.3 to 1.24). ``plugin`` chooses the policy; ``defaults`` sets what a Pod leaves
open, ``pod_checks`` and ``container_checks`` look at what it asks for; ``rules`` and ``profiles`` read both.
"""

from steersman.admission.pod_security_policy.plugin import PodSecurityPolicy

__all__ = ["PodSecurityPolicy"]
