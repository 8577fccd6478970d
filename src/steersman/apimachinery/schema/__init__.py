"""Structural schemas: compiled once to closures, then asked to validate, prune and default every object."""

from steersman.apimachinery.schema.compiled import CompiledSchema as CompiledSchema
