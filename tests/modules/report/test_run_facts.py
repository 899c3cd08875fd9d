"""What the runner adds to a finished report."""

from __future__ import annotations

import re
import subprocess
import sys
from html import unescape
from pathlib import Path

import pytest
import yaml

from modules.core.errors import DataError
from modules.report import add_run_facts
from modules.report.document import build_report
from tests.report_domain import report_data

FACTS = {
    "schema_version": 1,
    "seconds": {"total": 61.5, "start": 5.0, "Transform": 20.0, "Pusher": 0.1},
    "cached": ["Pusher"],
    "environment": {"python": "3.10.13", "cpus": 2},
    "seed": 7,
    "command": "warmstart run my.yaml --set 'name=<b>'",
    "pushed_to": "/serving/1",
    "config": {"source": {"path": "<i>data</i>"}, "seed": 7},
}


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("report") / "report.html"
    path.write_text(build_report(report_data()), encoding="utf-8")
    return path


def test_seconds_command_environment_and_seed_are_filled_in(report: Path, tmp_path: Path) -> None:
    before = report.read_bytes()
    add_run_facts(report, tmp_path / "report.html", FACTS)
    html = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "61.5 s" in html
    assert "Imports and start" in html
    assert "width:100.0%" in html
    assert "seed 7" in html
    assert "3.10.13" in html
    assert "/serving/1" in html
    assert html.count("cached</span>") == 1
    assert report.read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["report.html"]


def test_what_a_user_wrote_stays_text(report: Path, tmp_path: Path) -> None:
    add_run_facts(report, tmp_path / "report.html", FACTS)
    html = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "warmstart run my.yaml --set &#39;name=&lt;b&gt;&#39;" in html
    assert "&lt;i&gt;data&lt;/i&gt;" in html


def test_the_configuration_can_be_read_as_yaml_and_turns_no_text_around(
    report: Path, tmp_path: Path
) -> None:
    config = {"source": {"path": "a: b", "classes": None}, "framing": True, "shots": [1, "all"]}
    facts = {**FACTS, "config": config | {"name": "a\u202eb"}}
    add_run_facts(report, tmp_path / "report.html", facts)
    html = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "\u202e" not in html
    _, listed = re.findall(r"<pre><code>(.*?)</code></pre>", html, re.DOTALL)
    assert yaml.safe_load(unescape(listed)) == config | {"name": "a\N{REPLACEMENT CHARACTER}b"}


def test_facts_replace_older_ones_and_leave_the_rest(report: Path, tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    add_run_facts(report, path, FACTS)
    add_run_facts(path, path, {**FACTS, "seed": 8})
    html = path.read_text(encoding="utf-8")
    assert "seed 8" in html
    assert "seed 7" not in html
    place = re.compile("<!--run-facts-->.*<!--/run-facts-->", re.DOTALL)
    assert place.sub("", html) == place.sub("", report.read_text(encoding="utf-8"))


@pytest.mark.parametrize("key", [*FACTS, None])
def test_any_fact_may_be_missing(report: Path, tmp_path: Path, key: str | None) -> None:
    facts = {name: value for name, value in FACTS.items() if name != key and key is not None}
    add_run_facts(report, tmp_path / "report.html", facts)
    html = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert 'id="time"' in html
    assert 'id="reproduce"' in html


def test_another_file_is_refused_and_nothing_is_written(tmp_path: Path) -> None:
    (tmp_path / "other.html").write_text("<p>no report</p>")
    with pytest.raises(DataError, match=r"other\.html: expected a report"):
        add_run_facts(tmp_path / "other.html", tmp_path / "report.html", FACTS)
    assert not (tmp_path / "report.html").exists()


def test_the_runner_needs_neither_tensorflow_nor_matplotlib_for_it() -> None:
    code = (
        "import sys, modules.report;"
        "print([n for n in ('tensorflow', 'matplotlib', 'sklearn', 'numpy') if n in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
