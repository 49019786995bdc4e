"""A stranger's system needs one file of a few lines, and gets a verdict that makes sense."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.stranger.conftest import Prometheus

ROOT = Path(__file__).parents[2]
FILE = """\
name: metrics
services:
  prometheus:
    url: {url}
    health: {{path: {path}, format: none}}
    release: {{from: none}}
"""


def smoke(folder: Path, url: str, *, path: str = "/-/ready") -> tuple[int, dict[str, Any]]:
    (folder / "metrics.yaml").write_text(FILE.format(url=url, path=path))
    done = subprocess.run(
        [sys.executable, "-m", "harness", "smoke", "--env", "./metrics.yaml", "--format", "json"],
        cwd=folder,
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout)


def failed(document: dict[str, Any]) -> list[str]:
    return [result["id"] for result in document["results"] if result["outcome"] == "fail"]


def test_a_healthy_prometheus_is_go(tmp_path: Path, prometheus: Prometheus) -> None:
    code, document = smoke(tmp_path, prometheus.url)
    assert (code, document["verdict"]) == (0, "GO"), document["reasons"]
    assert "health.prometheus" in {result["id"] for result in document["results"]}


@pytest.mark.parametrize("path", ["/-/nothing", "/graph-of-nothing"])
def test_one_that_does_not_answer_as_declared_is_no_go(
    tmp_path: Path, prometheus: Prometheus, path: str
) -> None:
    code, document = smoke(tmp_path, prometheus.url, path=path)
    assert (code, document["verdict"], failed(document)) == (10, "NO_GO", ["health.prometheus"])


def test_one_that_is_gone_is_no_go(tmp_path: Path, prometheus: Prometheus) -> None:
    prometheus.process.kill()
    prometheus.process.wait()
    code, document = smoke(tmp_path, prometheus.url)
    assert (code, document["verdict"]) == (10, "NO_GO")
    assert "health.prometheus" in failed(document)


def test_a_file_that_expects_draft_06_says_what_it_got(
    tmp_path: Path, prometheus: Prometheus
) -> None:
    (tmp_path / "lines.yaml").write_text(
        f"name: lines\nservices:\n  prometheus:\n    url: {prometheus.url}\n"
        "    health: {path: /-/ready}\n    release: {from: none}\n"
    )
    done = subprocess.run(
        [sys.executable, "-m", "harness", "smoke", "--env", "lines.yaml"],
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 10
    assert "health.prometheus" in done.stdout
    assert "no-store" in done.stdout
