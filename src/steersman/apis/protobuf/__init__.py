"""Protobuf request bodies: reading them as the JSON that the same object would have been sent as."""

from steersman.apis.protobuf.decoder import MEDIA_TYPE, decode_protobuf

__all__ = ["MEDIA_TYPE", "decode_protobuf"]
