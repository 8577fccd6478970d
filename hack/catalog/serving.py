"""Which resources kube-apiserver serves by default in which minor: its DefaultAPIResourceConfigSource, as rules."""

from catalog.resources import Resource

# KEP-3136: beta resources that appeared in 1.24 or later are off by default.
BETA_OFF_SINCE = 24
BETA_STILL_ON = frozenset({("flowcontrol.apiserver.k8s.io", "v1beta3")})
# Alpha versions that were on by mistake until 1.7 (kubernetes/kubernetes#47691).
ALPHA_ON_UNTIL = {("rbac.authorization.k8s.io", "v1alpha1"): 7, ("settings.k8s.io", "v1alpha1"): 7}
# Versions and resources that 1.16 no longer served unless asked to, though it could.
LAST_ON_BY_DEFAULT: dict[tuple[str, str], int] = {("apps", "v1beta1"): 15, ("apps", "v1beta2"): 15}
LAST_EXTENSIONS_ON_BY_DEFAULT = 15
EXTENSIONS_KEPT = frozenset({"ingresses"})


def default_span(resource: Resource) -> tuple[int, int] | None:
    """First and last minor that served the resource by default; None when none did."""
    group_version = (resource.group, resource.version)
    last = resource.last
    if "alpha" in resource.version:
        if group_version not in ALPHA_ON_UNTIL:
            return None
        last = ALPHA_ON_UNTIL[group_version]
    elif "beta" in resource.version:
        if resource.first >= BETA_OFF_SINCE and group_version not in BETA_STILL_ON:
            return None
        if resource.group == "extensions" and resource.plural not in EXTENSIONS_KEPT:
            last = min(last, LAST_EXTENSIONS_ON_BY_DEFAULT)
        last = min(last, LAST_ON_BY_DEFAULT.get(group_version, last))
    return resource.first, last
