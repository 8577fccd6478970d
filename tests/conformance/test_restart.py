"""A server that is killed at any moment has lost nothing that it acknowledged."""

import http.client
import json
import random
import threading

import pytest
from tests.conformance.processes import ROOT_CA, ServerProcess

ROUNDS, WRITERS = 5, 4
PATH = "/api/v1/namespaces/default/configmaps"


class Writer(threading.Thread):
    """Creates ConfigMaps over one connection until the server goes away, and keeps what was acknowledged."""

    def __init__(self, server: ServerProcess, prefix: str, enough: threading.Event) -> None:
        super().__init__()
        self.acknowledged: dict[str, str] = {}
        self._server, self._prefix, self._enough = server, prefix, enough

    def run(self) -> None:
        connection = http.client.HTTPSConnection(
            self._server.url.removeprefix("https://"), context=self._server.tls(), timeout=30
        )
        try:
            while True:
                name = f"{self._prefix}-{len(self.acknowledged)}"
                body = {"metadata": {"name": name}, "data": {"filling": "x" * 500}}
                connection.request("POST", PATH, json.dumps(body), {"Content-Type": "application/json"})
                answer = connection.getresponse()
                made = json.loads(answer.read())
                assert answer.status == 201, made
                self.acknowledged[name] = made["metadata"]["resourceVersion"]
                self._enough.set()
        except (OSError, http.client.HTTPException):
            return
        finally:
            connection.close()


@pytest.mark.chaos
def test_every_acknowledged_write_survives_kill_9(server: ServerProcess) -> None:
    random_delay = random.Random(7)
    acknowledged: dict[str, str] = {}
    for round_ in range(ROUNDS):
        started = [threading.Event() for _ in range(WRITERS)]
        writers = [Writer(server, f"r{round_}-w{number}", event) for number, event in enumerate(started)]
        for writer in writers:
            writer.start()
        for event in started:
            assert event.wait(30)
        killing = threading.Timer(random_delay.uniform(0, 0.4), server.kill)
        killing.start()
        for thread in (killing, *writers):
            thread.join()
        for writer in writers:
            acknowledged |= writer.acknowledged

        server.start()
        status, listed = server.request("GET", PATH)
        assert status == 200
        found = {one["metadata"]["name"]: one for one in listed["items"]}
        found.pop(ROOT_CA, None)
        assert acknowledged.keys() <= found.keys()
        assert all(found[name]["metadata"]["resourceVersion"] == version for name, version in acknowledged.items())
        assert all(one["data"] == {"filling": "x" * 500} for one in found.values())
        # At most the one write that each writer was waiting for is there besides.
        assert len(found) <= len(acknowledged) + WRITERS * (round_ + 1)
        assert int(listed["metadata"]["resourceVersion"]) >= max(map(int, acknowledged.values()))


def test_a_stopped_server_takes_up_where_it_was(server: ServerProcess) -> None:
    _, made = server.request("POST", PATH, {"metadata": {"name": "kept"}, "data": {"a": "b"}})
    ca = (server.directory / "pki" / "ca.crt").read_bytes()
    assert server.stop() == 0
    server.start()
    assert server.request("GET", f"{PATH}/kept") == (200, made)
    assert (server.directory / "pki" / "ca.crt").read_bytes() == ca
    _, next_ = server.request("POST", PATH, {"metadata": {"name": "next"}})
    assert int(next_["metadata"]["resourceVersion"]) > int(made["metadata"]["resourceVersion"])
