"""Every plugin is tested over HTTP: for what it leaves alone, what it changes, and what it refuses, by its message.

The table says by which tests. A plugin that is new in the catalog has no row, and fails here until it has one.
"""

import ast
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

from steersman.admission import catalog
from steersman.apiserver.admission import MutationPlugin, ValidationPlugin

ROOT = Path(__file__).parents[2]
SERVERS = {"tests.admission.over_http", "tests.conformance.processes", "tests.examples.test_initializers"}
"""Modules that start a server which listens."""


class Row(NamedTuple):
    """A file, and its tests of what the plugin leaves alone, changes and refuses; empty: it never does."""

    file: str
    leaves: str
    changes: str = ""
    refuses: str = ""


TABLE = {
    "AlwaysAdmit": Row("test_always_admit", "everything_is_left_as_it_is"),
    "NamespaceAutoProvision": Row(
        "test_namespace_auto_provision",
        "only_a_create_brings_one",
        "the_first_object_brings_its_namespace_along",
        "a_name_that_no_namespace_can_have_is_refused",
    ),
    "NamespaceLifecycle": Row(
        "test_namespace_lifecycle",
        "what_is_written_in_a_namespace_that_is_there_is_left_as_it_is",
        refuses="nothing_is_created_in_a_namespace_that_is_going",
    ),
    "NamespaceExists": Row(
        "test_namespace_exists",
        "writes_pass_where_the_namespace_is_there",
        refuses="nothing_is_created_where_it_is_not",
    ),
    "SecurityContextDeny": Row(
        "test_security_context_deny",
        "what_says_something_else_passes",
        refuses="a_pod_that_says_as_whom_it_runs_is_refused",
    ),
    "LimitPodHardAntiAffinityTopology": Row(
        "test_limit_pod_hard_anti_affinity_topology",
        "what_keeps_no_zone_free_passes",
        refuses="another_topology_is_refused_wherever_it_stands",
    ),
    "PodPreset": Row("test_pod_preset", "others_are_left_alone", "a_preset_puts_all_it_lists_into_the_pods_it_selects"),
    "InitialResources": Row(
        "test_initial_resources", "what_it_says_itself_stays", "a_container_asks_for_what_its_image_took"
    ),
    "LimitRanger": Row(
        "test_limit_ranger",
        "what_says_all_of_it_is_left_alone",
        "a_container_gets_what_it_leaves_open",
        "a_pod_beyond_the_limits_is_refused",
    ),
    "ServiceAccount": Row(
        "test_service_account",
        "what_is_mounted_there_already_stays",
        "a_pod_right_after_its_namespace_runs_as_the_default_account",
        "an_account_that_is_not_there_is_refused",
    ),
    "NodeRestriction": Row(
        "test_node_restriction",
        "who_is_no_node_is_left_alone",
        refuses="a_node_that_it_may_not_make",
    ),
    "TaintNodesByCondition": Row(
        "test_taint_nodes_by_condition", "who_takes_the_taint_away_is_not_in_its_way", "a_new_node_takes_no_pods"
    ),
    "AlwaysPullImages": Row(
        "test_always_pull_images",
        "templates_and_other_kinds_are_left_alone",
        "every_tenants_pod_pulls_its_private_images_always",
        "what_a_webhook_undoes_again_and_again_is_refused",
    ),
    "ImagePolicyWebhook": Row(
        "test_image_policy_webhook", "other_objects_are_left_alone", refuses="what_the_backend_denies_is_refused"
    ),
    "PodSecurity": Row("pod_security/test_plugin", "a_pod_is_left_alone", refuses="a_pod_is_refused"),
    "PodSecurityPolicy": Row(
        "test_pod_security_policy",
        "a_policy_that_allows_everything_leaves_the_pod_alone",
        "what_a_pod_leaves_open_is_set",
        "what_no_policy_allows_is_refused",
    ),
    "PodNodeSelector": Row(
        "test_pod_node_selector",
        "where_nothing_is_said_nothing_changes",
        "a_pod_takes_on_the_selector_of_its_namespace",
        "a_conflict_is_refused",
    ),
    "Priority": Row(
        "test_priority",
        "an_update_keeps_what_it_leaves_out",
        "a_pod_has_the_priority_of_its_class",
        "what_the_class_does_not_say_is_refused",
    ),
    "DefaultTolerationSeconds": Row(
        "test_default_toleration_seconds",
        "templates_are_left_alone",
        "what_a_pod_does_not_tolerate_it_does_for_five_minutes",
    ),
    "PodTolerationRestriction": Row(
        "test_pod_toleration_restriction",
        "a_pod_of_a_namespace_that_says_nothing_is_left_alone",
        "a_pod_tolerates_what_its_namespace_does",
        "what_is_not_on_the_list_is_refused",
    ),
    "DenyEscalatingExec": Row(
        "test_deny_exec", "other_pods_are_open", refuses="nobody_gets_into_what_leads_to_the_node"
    ),
    "DenyExecOnPrivileged": Row(
        "test_deny_exec", "other_pods_are_open", refuses="nobody_gets_into_what_leads_to_the_node"
    ),
    "EventRateLimit": Row(
        "test_event_rate_limit",
        "dry_runs_deletions_and_other_kinds_cost_nothing",
        refuses="the_refusal_says_when_to_come_again",
    ),
    "ExtendedResourceToleration": Row(
        "test_extended_resource_toleration",
        "a_pod_of_before_gets_it_with_its_next_update_and_a_template_never",
        "a_pod_tolerates_the_taint_of_what_it_asks_for",
    ),
    "PersistentVolumeLabel": Row(
        "test_persistent_volume_label",
        "other_volumes_are_left_alone",
        "a_volume_is_labelled_and_bound_to_where_it_is",
        "a_volume_that_nobody_knows_is_refused",
    ),
    "DefaultStorageClass": Row(
        "test_default_storage_class",
        "a_claim_that_names_one_is_left_alone",
        "a_claim_that_names_no_class_gets_the_default_one",
        "before_1_26_several_are_refused",
    ),
    "StorageObjectInUseProtection": Row(
        "test_storage_object_in_use_protection", "other_kinds_are_left_alone", "claims_and_volumes_are_protected"
    ),
    "OwnerReferencesPermissionEnforcement": Row(
        "test_owner_references_permission_enforcement",
        "a_new_object_has_the_owners_it_likes",
        refuses="who_may_not_delete_it_may_not",
    ),
    "PersistentVolumeClaimResize": Row(
        "test_persistent_volume_claim_resize", "what_leaves_the_size_alone_passes", refuses="else_it_does_not"
    ),
    "RuntimeClass": Row(
        "test_runtime_class",
        "without_a_class_or_with_a_plain_one_nothing_changes",
        "a_pod_takes_on_what_its_class_has",
        "what_does_not_fit_the_class_is_refused",
    ),
    "CertificateApproval": Row(
        "test_certificate_approval", "only_approval_is_asked_about", refuses="others_are_refused"
    ),
    "CertificateSigning": Row(
        "test_certificate_signing", "what_signs_nothing_is_left_alone", refuses="others_are_refused"
    ),
    "CertificateSubjectRestriction": Row(
        "test_certificate_subject_restriction",
        "other_requests_pass",
        refuses="nobody_asks_to_be_one_of_the_masters",
    ),
    "DefaultIngressClass": Row(
        "test_default_ingress_class",
        "an_ingress_that_names_one_is_left_alone",
        "an_ingress_that_names_no_class_gets_the_default_one",
        "before_1_26_several_ingress_classes_are_refused",
    ),
    "DenyServiceExternalIPs": Row(
        "test_deny_service_external_ips",
        "a_service_without_external_addresses_passes",
        refuses="one_with_them_is_refused",
    ),
    "MutatingAdmissionPolicy": Row(
        "policy/test_mutating",
        "updates_are_mutated_and_deletions_are_not_asked_about",
        "an_apply_configuration_is_merged_into_the_object",
        "every_failure_is_a_cause",
    ),
    "MutatingAdmissionWebhook": Row(
        "webhook/test_mutating",
        "an_empty_patch_changes_nothing",
        "a_patch_changes_what_is_stored",
        "the_first_refusal_ends_it",
    ),
    "Initializers": Row(
        "../examples/test_initializers",
        "what_has_no_annotation_is_left_alone_where_one_is_required",
        "a_sidecar_and_its_volume_are_there_from_the_first_moment",
        "its_own_deployment_is_refused_where_it_would_wait_for_itself",
    ),
    "ValidatingAdmissionPolicy": Row(
        "policy/test_validating",
        "a_policy_without_a_binding_does_nothing_and_a_change_counts_at_once",
        refuses="a_validation_that_is_false_refuses_and_says_which",
    ),
    "ValidatingAdmissionWebhook": Row(
        "webhook/test_validating",
        "a_dry_run_says_so",
        refuses="a_refusal_passes_the_status_on",
    ),
    "ResourceQuota": Row(
        "resource_quota/test_plugin",
        "what_no_quota_counts_is_left_alone",
        "a_create_is_charged",
        "a_create_beyond_the_quota_is_refused",
    ),
    "AlwaysDeny": Row(
        "test_always_deny", "every_write_is_refused_and_no_read", refuses="every_write_is_refused_and_no_read"
    ),
}
NEVER_CHANGES = {"NamespaceLifecycle", "AlwaysDeny"}
"""They refuse in the mutating phase, before anybody else works for nothing."""


def names() -> list[str]:
    return catalog.in_recommended_order(frozenset(catalog.known_names()))


def test_every_plugin_has_a_row() -> None:
    assert sorted(TABLE) == sorted(names())


@pytest.mark.parametrize("name", TABLE)
def test_its_tests_are_there_and_ask_a_server_that_listens(name: str) -> None:
    row = TABLE[name]
    path = (ROOT / "tests" / "admission" / f"{row.file}.py").resolve()
    tests = functions(path)

    for test in filter(None, (row.leaves, row.changes, row.refuses)):
        assert f"test_{test}" in tests
    assert not row.refuses or "message" in tests[f"test_{row.refuses}"]
    assert any(one in SERVERS for one in (*imported(path), ".".join(path.relative_to(ROOT).with_suffix("").parts)))


@pytest.mark.parametrize("name", TABLE)
def test_there_is_one_for_each_of_its_phases(name: str) -> None:
    plugin, row = catalog.factory(name), TABLE[name]

    assert row.leaves
    assert bool(row.changes) == (isinstance(plugin, MutationPlugin) and name not in NEVER_CHANGES)
    assert not isinstance(plugin, ValidationPlugin) or row.refuses or name == "AlwaysAdmit"


@cache
def functions(path: Path) -> dict[str, str]:
    """Their text by their names."""
    text = path.read_text()
    found = (one for one in ast.parse(text).body if isinstance(one, ast.AsyncFunctionDef | ast.FunctionDef))
    return {one.name: ast.get_source_segment(text, one) or "" for one in found}


@cache
def imported(path: Path) -> frozenset[str]:
    """The modules of tests that a file imports, and those that they do."""
    found: set[str] = set()
    for one in ast.walk(ast.parse(path.read_text())):
        if isinstance(one, ast.ImportFrom) and one.module and one.module.startswith("tests."):
            found |= {one.module} | imported(ROOT.joinpath(*one.module.split(".")).with_suffix(".py"))
    return frozenset(found)
