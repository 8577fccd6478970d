"""Admission policies: rules in the Common Expression Language that users store, and the server evaluates itself.

A policy says what it is for (``matchConstraints``) and what it validates or changes; a binding puts it into force, for
all or some of that, with parameters taken from other objects.

- ``policy`` and ``binding`` are what is read of the stored objects, ``match_resources`` which requests they mean.
- ``policy_source`` follows what is stored, and knows for each operation and resource which policies can concern it;
  ``dispatch`` makes of those what is to be evaluated for one request, with the parameters that ``params`` finds.
- ``programs`` are a policy's compiled expressions, ``activation`` the variables that they see of a request;
  ``authorizing`` answers what they ask of the authorizer, and ``match_conditions`` decides what goes on.
- ``validations`` makes decisions, by which ``validating_round`` refuses, warns and tells the audit log.
- ``patchers`` and ``apply_configuration`` make changes, ``mutated_object`` takes them back into the request,
  all in a ``mutating_round``; ``reinvocation`` is what is remembered for the second one.
- ``validating`` and ``mutating`` are the plugins, which load the others for the first policy in force.

Specified in the Kubernetes reference, "Validating Admission Policy" and "Mutating Admission Policy" (KEP-3488,
KEP-3962).
"""
