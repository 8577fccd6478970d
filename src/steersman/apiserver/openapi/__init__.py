"""OpenAPI: the schemas and operations of all that is served, as kubectl and client generators read them."""

from steersman.apiserver.openapi.service import OpenAPI

__all__ = ["OpenAPI"]
