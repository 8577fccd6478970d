"""PodSecurityPolicy: what a Pod may ask for is said by policies, and who may use which of them by roles.

Specified in policy/v1beta1 (Kubernetes 1.3 to 1.24). A module each: the plugin, a policy that is applied to a Pod
(``defaults`` sets what it leaves open, ``checks`` and ``pod_checks`` look at it), ranges of ids, and security contexts.
"""

from steersman.admission.pod_security_policy.plugin import PodSecurityPolicy

__all__ = ["PodSecurityPolicy"]
