"""ResourceQuota: what a namespace takes in all stays within its quotas, however many create at once.

Specified in "Resource Quotas" and KEP-115 (scopes).
"""

from steersman.admission.resource_quota.plugin import ResourceQuota

__all__ = ["ResourceQuota"]
