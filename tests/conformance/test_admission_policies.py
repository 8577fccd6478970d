"""Admission policies with kubectl: applied from manifests, over TLS."""

import json

from tests.conformance.processes import Kubectl

LIMIT = """
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: {name: replica-limit}
spec:
  failurePolicy: Fail
  paramKind: {apiVersion: v1, kind: ConfigMap}
  matchConstraints:
    resourceRules:
    - {apiGroups: [apps], apiVersions: [v1], operations: [CREATE, UPDATE], resources: [deployments]}
  variables:
  - {name: most, expression: int(params.data.most)}
  validations:
  - expression: object.spec.replicas <= variables.most
    messageExpression: "'at most ' + string(variables.most) + ' replicas'"
    reason: Forbidden
  - expression: object.metadata.?annotations.?owner.hasValue()
    message: no owner
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata: {name: replica-limit}
spec:
  policyName: replica-limit
  validationActions: [Deny]
  paramRef: {name: limits, parameterNotFoundAction: Deny}
  matchResources:
    namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: NAMESPACE}}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: limits, namespace: NAMESPACE}
data: {most: "3"}
---
apiVersion: admissionregistration.k8s.io/v1
kind: MutatingAdmissionPolicy
metadata: {name: owner}
spec:
  failurePolicy: Fail
  reinvocationPolicy: IfNeeded
  matchConstraints:
    namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: NAMESPACE}}
    resourceRules:
    - {apiGroups: [apps], apiVersions: [v1], operations: [CREATE], resources: [deployments]}
  matchConditions:
  - {name: no-owner, expression: "!has(object.metadata.annotations)"}
  mutations:
  - patchType: ApplyConfiguration
    applyConfiguration:
      expression: >-
        Object{metadata: Object.metadata{annotations: {"owner": request.userInfo.username}}}
---
apiVersion: admissionregistration.k8s.io/v1
kind: MutatingAdmissionPolicyBinding
metadata: {name: owner}
spec: {policyName: owner}
"""


def test_policies_are_applied_and_rule(kubectl: Kubectl, namespace: str) -> None:
    applied = kubectl("apply", "-f", "-", stdin=LIMIT.replace("NAMESPACE", namespace))
    assert "validatingadmissionpolicy.admissionregistration.k8s.io/replica-limit created" in applied
    assert "mutatingadmissionpolicybinding.admissionregistration.k8s.io/owner created" in applied

    kubectl("create", "deployment", "web", "--image=web:1", "--replicas=3")
    assert kubectl("get", "deployment", "web", "-o", "jsonpath={.metadata.annotations.owner}") == "kubernetes-admin"
    refused = kubectl("create", "deployment", "more", "--image=web:1", "--replicas=4", code=1)
    assert (
        "deployments.apps \"more\" is forbidden: ValidatingAdmissionPolicy 'replica-limit' with binding 'replica-limit'"
        " denied request: at most 3 replicas"
    ) in refused
    refused = kubectl("annotate", "deployment", "web", "owner-", code=1)
    assert "denied request: no owner" in refused

    kubectl("wait", "validatingadmissionpolicy/replica-limit", "--for=jsonpath={.status.observedGeneration}=1")
    policy = json.loads(kubectl("get", "validatingadmissionpolicy", "replica-limit", "-o", "json"))
    assert policy["status"]["typeChecking"] == {}
    table = kubectl("get", "validatingadmissionpolicies,validatingadmissionpolicybindings")
    assert "replica-limit" in table
    kubectl("delete", "-f", "-", stdin=LIMIT.replace("NAMESPACE", namespace))
    kubectl("scale", "deployment", "web", "--replicas=9")
