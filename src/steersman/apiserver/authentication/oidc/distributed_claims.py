"""Claims that are not in a token but where it says that they are: distributed claims.

OpenID Connect Core 1.0, section 5.6.2: ``_claim_names`` has the claim's source, ``_claim_sources`` has an endpoint, and
perhaps an access token, for the source. The answer is a token too, of the same audience, perhaps of another issuer.
"""

from collections import OrderedDict
from collections.abc import Sequence
from typing import Any, Final

from steersman.apiserver.authentication.oidc.clock import Clock
from steersman.apiserver.authentication.oidc.provider import Fetch, FetchFailed, Provider
from steersman.apiserver.authentication.oidc.refusal import Refused
from steersman.apiserver.authentication.oidc.signature import algorithm_of
from steersman.apiserver.authentication.oidc.token import check_claims, parse

MAX_ISSUERS: Final = 64
"""Issuers of claims that are kept; then the one that was not asked for the longest time goes."""

_NAMES, _SOURCES = "_claim_names", "_claim_sources"


class DistributedClaims:
    """One claim, ``claim``, wherever it is."""

    def __init__(self, claim: str, fetch: Fetch, clock: Clock) -> None:
        self._claim, self._fetch, self._clock = claim, fetch, clock
        self._providers: OrderedDict[str, Provider] = OrderedDict()

    def are_in(self, claims: dict[str, Any]) -> bool:
        """Whether the claim may be elsewhere: the token does not have it, and has names of sources."""
        return self._claim not in claims and _NAMES in claims

    async def added_to(
        self, claims: dict[str, Any], audiences: frozenset[str], algorithms: Sequence[str]
    ) -> dict[str, Any]:
        """The claims of a verified token with the one that is elsewhere, if its source is an endpoint.

        Raises Refused if it cannot be had.
        """
        source = self._source(claims)
        endpoint, access = (source.get(name) or "" for name in ("endpoint", "access_token"))
        if not endpoint:
            return claims
        if not isinstance(endpoint, str) or not isinstance(access, str):
            raise Refused(f"the source of the claim {self._claim!r} is malformed")
        try:
            token = parse((await self._fetch(endpoint, access)).strip())
        except FetchFailed as failure:
            raise Refused(f"the claim {self._claim!r} cannot be fetched: {failure}") from None
        if token is None:
            raise Refused(f"the claim {self._claim!r} is elsewhere, but not as a token")
        check_claims(token.claims, audiences, self._clock.now())
        await self._provider(token.issuer).verify(token, algorithm_of(token, algorithms))
        if self._claim not in token.claims:
            raise Refused(f"the claim {self._claim!r} is not where it should be")
        return {**claims, self._claim: token.claims[self._claim]}

    def close(self) -> None:
        """Give up what is being fetched."""
        for provider in self._providers.values():
            provider.close()

    def _source(self, claims: dict[str, Any]) -> dict[str, Any]:
        """Empty where the claim has none. Raises Refused."""
        names, sources = claims[_NAMES], claims.get(_SOURCES)
        if not isinstance(names, dict) or not isinstance(sources, dict):
            raise Refused(f"{_NAMES} and {_SOURCES} must be objects")
        if self._claim not in names:
            return {}
        source = sources.get(names[self._claim]) if isinstance(names[self._claim], str) else None
        if not isinstance(source, dict):
            raise Refused(f"{_NAMES} has a source that is missing in {_SOURCES}")
        return source

    def _provider(self, issuer: str) -> Provider:
        provider = self._providers.get(issuer)
        if provider is None:
            provider = self._providers[issuer] = Provider(issuer, "", self._fetch, self._clock)
            if len(self._providers) > MAX_ISSUERS:
                self._providers.popitem(last=False)
        self._providers.move_to_end(issuer)
        return provider
