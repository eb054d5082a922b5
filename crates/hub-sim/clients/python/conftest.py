"""Starts the simulated Hub and lets the official Python client loose on it."""

import json
import os
import subprocess
import urllib.request

import pytest


class Sim:
    """A running `hub-sim`, with a hand that reaches into its world."""

    def __init__(self, *options):
        binary = os.environ.get("HUB_SIM_BIN")
        if not binary:
            pytest.exit("HUB_SIM_BIN must name the hub-sim program", returncode=2)
        self.process = subprocess.Popen(
            [binary, "--world", "conformance", "--watch-stdin", *options],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        hello = json.loads(self.process.stdout.readline())
        self.endpoint = hello["endpoint"]
        self.tokens = hello["tokens"]

    def post(self, path, **body):
        return self._send("POST", path, json.dumps(body).encode())

    def clear_faults(self):
        self._send("DELETE", "/_sim/faults")

    def stats(self):
        return self._send("GET", "/_sim/stats")

    def stop(self):
        self.process.stdin.close()
        self.process.wait(timeout=10)

    def _send(self, method, path, data=None):
        request = urllib.request.Request(
            self.endpoint + path, data=data, method=method, headers={"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=10) as response:
            text = response.read()
        return json.loads(text) if text else None


@pytest.fixture(scope="session")
def shared_sim(tmp_path_factory):
    os.environ["HF_HOME"] = str(tmp_path_factory.mktemp("hf-home"))
    sim = Sim("--step-ms", "400", "--page-size", "4")
    yield sim
    sim.stop()


@pytest.fixture
def sim(shared_sim):
    yield shared_sim
    shared_sim.clear_faults()


@pytest.fixture
def new_sim():
    sims = []

    def start(*options):
        sims.append(Sim(*options))
        return sims[-1]

    yield start
    for sim in sims:
        sim.stop()


@pytest.fixture
def api(sim):
    return client(sim, "hf_alice_write")


def client(sim, token):
    from huggingface_hub import HfApi

    return HfApi(endpoint=sim.endpoint, token=token)
