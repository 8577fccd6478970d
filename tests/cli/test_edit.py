"""``steersman edit`` with editors that are sed scripts."""

from pathlib import Path

from tests.cli.commands import Steersman
from tests.cli.manifests import SETTINGS, WEB


def test_what_is_saved_is_sent(steersman: Steersman) -> None:
    steersman("create", "-f", "-", stdin=WEB)
    assert steersman.edit("s/replicas: 2/replicas: 7/", "edit", "deploy/web") == (0, "deployment.apps/web edited\n", "")
    assert steersman("get", "deploy", "web", "-o", "jsonpath={.spec.replicas}") == "7"


def test_without_changes_nothing_happens(steersman: Steersman) -> None:
    steersman("create", "-f", "-", stdin=SETTINGS)
    assert steersman.edit("", "edit", "cm", "settings") == (0, "", "Edit cancelled, no changes made.\n")
    assert steersman.edit("d", "edit", "cm", "settings") == (0, "", "Edit cancelled, saved file was empty.\n")


def test_what_is_invalid_is_opened_again_with_the_reason(steersman: Steersman, tmp_path: Path) -> None:
    steersman("create", "-f", "-", stdin=WEB)
    seen = tmp_path / "seen.yaml"
    editor = tmp_path / "editor.sh"
    editor.write_text(
        f'#!/bin/sh\nif [ -e {seen} ]; then cp "$1" {seen}; sed -i "s/replicas: .*/replicas: 4/" "$1"; '
        f'else touch {seen}; sed -i "s/replicas: .*/replicas: many/" "$1"; fi\n'
    )
    editor.chmod(0o755)
    assert steersman("edit", "deploy", "web", EDITOR=str(editor)) == "deployment.apps/web edited\n"
    assert "# The request is invalid: patch: Invalid value: " in seen.read_text()
    assert "replicas: many" in seen.read_text()
    assert steersman("get", "deploy", "web", "-o", "jsonpath={.spec.replicas}") == "4"


def test_who_gives_up_keeps_a_copy(steersman: Steersman) -> None:
    steersman("create", "-f", "-", stdin=SETTINGS)
    done = steersman.edit("s/name: settings/name: other/", "edit", "cm", "settings")
    assert (done.code, done.out) == (1, "")
    assert done.err.startswith("error: Edit cancelled, no valid changes were saved; a copy is in ")
    copy = Path(done.err.split('"')[1])
    assert "name: other" in copy.read_text()
    copy.unlink()


def test_an_editor_that_fails(steersman: Steersman) -> None:
    steersman("create", "-f", "-", stdin=SETTINGS)
    for editor, said in (("false", "there was a problem with the editor"), ("/nonexistent", "unable to launch")):
        done = steersman.run("edit", "cm", "settings", EDITOR=editor, KUBE_EDITOR="")
        assert done.code == 1
        assert said in done.err
