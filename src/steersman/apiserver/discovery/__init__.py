"""Discovery: what the server serves, told to clients (API concepts, "API discovery").

Clients from 1.26 on read one aggregated document at ``/api`` and one at ``/apis`` (KEP-3352); older ones read a list
of groups and then one list of resources for each group and version.
"""

from steersman.apiserver.discovery.documents import Discovery
from steersman.apiserver.discovery.path_index import PathIndex

__all__ = ["Discovery", "PathIndex"]
