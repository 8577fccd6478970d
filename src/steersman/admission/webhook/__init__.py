"""Webhooks: admission by HTTPS servers that users run, registered with objects of the API itself.

- ``webhook`` compiles what a configuration says; ``configurations`` keeps that up to date with what is stored.
- ``rules`` and ``matching`` find the webhooks of a request: which can match is known once for each operation and
  resource; of those, selectors and match conditions are asked.
- ``admission_review`` is what is sent and what may come back; ``invocation`` in which version.
- ``webhook_client`` carries it: ``service_resolver`` finds services, ``authentication`` shows who is asking.
- ``mutating`` and ``validating`` are the two plugins, which differ in how they take the answers.

Specified in the Kubernetes reference, "Dynamic Admission Control", and admission.k8s.io/v1.
"""
