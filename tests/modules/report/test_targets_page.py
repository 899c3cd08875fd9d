"""The page of several targets leads to each report, and says what failed."""

from __future__ import annotations

from typing import Any

from modules.report.targets_page import build_targets_page


def outcome(name: str, verdict: str, warm_start: float) -> dict[str, Any]:
    def arm(accuracy: float) -> dict[str, Any]:
        return {"accuracy": accuracy, "ci95": [accuracy - 0.02, accuracy + 0.02]}

    return {
        "verdict": verdict,
        "target": {"name": name, "shots": 10},
        "arms": {
            "pretrained": arm(0.9),
            "scratch": arm(0.8),
            "warm_start": arm(warm_start),
        },
        "comparisons": {
            "warm_start_vs_pretrained": {"difference": warm_start - 0.9, "ci95": [0.01, 0.09]}
        },
        "pushed_to": f"targets/{name}/serving/1" if verdict == "blessed" else None,
        "report": f"targets/{name}/report.html",
    }


TARGETS = {
    "north": outcome("north", "blessed", 0.95),
    "south": outcome("south", "not_blessed", 0.91),
    "east": {"verdict": "failed", "error": "data/east: expected <images>, found none."},
}


def test_each_finished_target_has_its_figures_and_a_link_to_its_report() -> None:
    page = build_targets_page("sites", TARGETS)
    for name, accuracy in (("north", "95.0"), ("south", "91.0")):
        assert f'<a href="targets/{name}/report.html">' in page
        assert f"{accuracy}\N{NO-BREAK SPACE}%" in page
    assert "+5.0" in page
    assert "targets/north/serving/1" in page
    assert "3 targets; blessed: 1, not blessed: 1, failed: 1." in page


def test_a_failed_target_is_named_with_the_reason_and_has_no_link() -> None:
    page = build_targets_page("sites", TARGETS)
    assert "data/east: expected &lt;images&gt;, found none." in page
    assert "targets/east" not in page


def test_without_a_failure_there_is_no_section_about_one() -> None:
    done = {name: TARGETS[name] for name in ("north", "south")}
    assert "What failed" not in build_targets_page("sites", done)


def test_it_loads_and_runs_nothing_and_is_the_same_every_time() -> None:
    page = build_targets_page("sites", TARGETS)
    assert "<script" not in page
    assert "http" not in page.replace("http-equiv", "")
    assert page == build_targets_page("sites", TARGETS)
