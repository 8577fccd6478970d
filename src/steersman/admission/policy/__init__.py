"""Admission policies: rules in the Common Expression Language that users store, and the server evaluates itself.

A policy says what it is for (``matchConstraints``) and what it validates or changes; a binding puts it into force, for
all or some of that, with parameters taken from other objects.

- ``policy`` and ``binding`` are what is read of the stored objects, ``match_resources`` which requests they mean.
- ``policy_source`` follows what is stored, and knows for each operation and resource which policies can concern it.
- ``params`` finds a binding's parameters, ``authorizing`` answers what expressions ask of the authorizer.
- ``programs`` are a policy's compiled expressions, ``activation`` the variables that they see of one request.
- ``validations`` and ``validating`` make decisions, ``patchers``, ``reinvocation`` and ``mutating`` change objects.

The expression language is loaded when the first policy is in force. Specified in the Kubernetes reference, "Validating
Admission Policy" and "Mutating Admission Policy" (KEP-3488, KEP-3962).
"""
