"""The Common Expression Language: small expressions that users write and the server evaluates.

Policies, match conditions of webhooks, validation rules of CRDs and conditions to wait for are written in CEL. An
expression has no loops beyond walking through a list or map, no side effects and no access to anything but its
variables; what it may cost is bounded; so a server can run those of its users.

This room has the whole way of an expression, and nothing that waits, reads a clock or does I/O:

- ``parser`` makes a syntax tree of the source, ``macros`` expand while it does.
- ``checker`` infers the types: a field that an object does not have is found when the expression is written, not when
  the object comes. What comes as JSON without a schema is ``dyn``, and looked at when it is there.
- ``compile`` turns the checked tree into closures over a frame of variables. Evaluating a rule is calling one.
- ``cost`` has the limits of what an evaluation may spend, by cel-go's model.
- ``libraries`` are the functions that Kubernetes adds to the language, one file each.
- ``schema_types`` declares the types of objects from the structural schemas of CRDs.

An ``Environment`` says which variables, libraries and types there are. It is made once, is cheap to extend, and
compiles expressions to programs::

    environment = Environment({"self": type_of_schema(schema), "oldSelf": DYN}, KUBERNETES)
    program = environment.compile("self.replicas <= self.max")      # or CompileError, with line and column
    program.evaluate({"self": {"replicas": 3, "max": 5}}, budget)   # or EvaluationError, in cel-go's words

Values are those of JSON, as ``values`` describes; nothing is copied or wrapped on the way in. Specified in the language
definition of CEL (google/cel-spec) and in "Common Expression Language in Kubernetes".
"""

from steersman.apimachinery.cel.conversion import to_json
from steersman.apimachinery.cel.cost import (
    PER_CALL_LIMIT,
    RUNTIME_CEL_COST_BUDGET,
    RUNTIME_CEL_COST_BUDGET_MATCH_CONDITIONS,
    Budget,
)
from steersman.apimachinery.cel.environment import Environment, Program
from steersman.apimachinery.cel.errors import BudgetExceeded, CompileError, CostLimitExceeded, EvaluationError, Issue
from steersman.apimachinery.cel.libraries import (
    AUTHORIZER_TYPE,
    AUTHORIZER_VARIABLE,
    EXTENSIONS,
    KUBERNETES,
    MUTATION,
    REQUEST_RESOURCE_VARIABLE,
    RESOURCE_CHECK_TYPE,
    Authorizer,
    AuthorizerValue,
    CheckAttributes,
    Decision,
    ResourceCheck,
)
from steersman.apimachinery.cel.schema_types import type_of_schema
from steersman.apimachinery.cel.types import (
    BOOL,
    BYTES,
    DOUBLE,
    DURATION,
    DYN,
    INT,
    NULL,
    STRING,
    TIMESTAMP,
    UINT,
    Field,
    ObjectType,
    Type,
    list_type,
    map_type,
    object_type,
    optional_type,
)
from steersman.apimachinery.cel.values import Duration, Lazy, LazyObject, Optional, Timestamp, Uint

__all__ = [
    "AUTHORIZER_TYPE",
    "AUTHORIZER_VARIABLE",
    "BOOL",
    "BYTES",
    "DOUBLE",
    "DURATION",
    "DYN",
    "EXTENSIONS",
    "INT",
    "KUBERNETES",
    "MUTATION",
    "NULL",
    "PER_CALL_LIMIT",
    "REQUEST_RESOURCE_VARIABLE",
    "RESOURCE_CHECK_TYPE",
    "RUNTIME_CEL_COST_BUDGET",
    "RUNTIME_CEL_COST_BUDGET_MATCH_CONDITIONS",
    "STRING",
    "TIMESTAMP",
    "UINT",
    "Authorizer",
    "AuthorizerValue",
    "Budget",
    "BudgetExceeded",
    "CheckAttributes",
    "CompileError",
    "CostLimitExceeded",
    "Decision",
    "Duration",
    "Environment",
    "EvaluationError",
    "Field",
    "Issue",
    "Lazy",
    "LazyObject",
    "ObjectType",
    "Optional",
    "Program",
    "ResourceCheck",
    "Timestamp",
    "Type",
    "Uint",
    "list_type",
    "map_type",
    "object_type",
    "optional_type",
    "to_json",
    "type_of_schema",
]
