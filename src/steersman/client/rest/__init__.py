"""Requests to an API server, with its errors as exceptions."""

from steersman.client.rest.rest_client import Answer, RestClient

__all__ = ["Answer", "RestClient"]
