"""The summary at the end of a run: plain words, a table, at most 80 columns."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from pipelines.running.summary import print_summary


def arm(correct: int) -> dict[str, Any]:
    accuracy = correct / 899
    return {
        "accuracy": accuracy,
        "ci95": [accuracy - 0.01, accuracy + 0.01],
        "correct": correct,
        "total": 899,
    }


def copies(images: int, leaked: int = 0, contradictory: int = 0) -> dict[str, int]:
    return {
        "images": images,
        "leaked": leaked,
        "contradictory": contradictory,
        "dropped": 0,
    }


def audit(split: str, examples: int, suspects: int = 0, **found: Any) -> dict[str, Any]:
    return {
        "split": split,
        "examples": examples,
        "agreement": 0.9,
        "are_unrelated": False,
        "permutation": None,
        "suspects": [{}] * suspects,
        **found,
    }


@pytest.fixture
def result() -> dict[str, Any]:
    return {
        "source": {
            "name": "mnist",
            "accuracy": 0.99,
            "accuracy_after_transfer": 0.985,
            "examples": 10000,
        },
        "target": {"name": "optdigits", "shots": 10, "eval_examples": 899},
        "arms": {
            "pretrained": {"kind": "zero_shot", **arm(820)},
            "scratch": arm(830),
            "warm_start": arm(890),
        },
        "comparisons": {"warm_start_vs_pretrained": {"difference": 70 / 899}},
        "assumptions": {"independent": True, "groups": None},
        "attempt": {"number": 1, "level": 0.05},
        "data": {
            "source": copies(70_000),
            "target": copies(1797),
            "shared": {"images": 71_797, "evaluated": 0, "trained": 0},
            "labels": [audit("train", 898), audit("eval", 899)],
        },
        "trainings": {
            arm: {"steps": 400, "stopped": None, "seconds": 20.0}
            for arm in ("pretrained", "scratch", "warm_start")
        },
        "verdict": "blessed",
        "pushed_arm": "warm_start",
        "spans": None,
        "transfer": {"method": "joint"},
        "reasons": ["the warm start fixed 72 errors and made 2 [sic]"],
        "pushed_to": "/runs/a/serving/1",
        "cached": ["Pusher"],
        "seconds": {"total": 61.2, "start": 6.0, "Trainer": 30.0, "Pusher": 0.1},
    }


def printed(result: dict[str, Any]) -> str:
    stream = io.StringIO()
    print_summary(result, Path("/runs/a"), Console(file=stream, width=80))
    return stream.getvalue()


def test_each_arm_is_shown_with_its_interval(result: dict[str, Any]) -> None:
    text = printed(result)
    assert "91.2%" in text
    assert "98.0% to 100.0%" in text
    assert "890/899" in text


def test_the_verdict_comes_with_its_reasons_and_where_the_model_is(result: dict[str, Any]) -> None:
    text = printed(result)
    assert "Blessed: 99.0% right on optdigits, a real gain of 7.8 points." in text
    assert "fixed 72 errors and made 2 [sic]" in text
    assert "/runs/a/serving/1" in text
    assert "61.2 s; 1 of 2 components cached" in text


def test_without_blessing_it_says_that_serving_is_untouched(result: dict[str, Any]) -> None:
    result |= {"verdict": "not_blessed", "pushed_arm": None, "pushed_to": None}
    text = printed(result)
    assert "Not blessed: 99.0% right on optdigits; serving is untouched." in text
    assert "serving is untouched" in text
    assert "Pushed to" not in text


def test_it_says_what_counts_as_evidence_and_how_often_it_was_asked(
    result: dict[str, Any],
) -> None:
    text = " ".join(printed(result).split())
    assert "Assumed: 899 eval images that are independent of each other." in text
    assert "Attempt 1 on this eval split: tested at level 0.05." in text
    result |= {
        "assumptions": {"independent": False, "groups": 12},
        "attempt": {"number": 3, "level": 0.05 / 6},
    }
    text = " ".join(printed(result).split())
    assert "12 groups of images are evidence, not each of the 899 images" in text
    assert "Attempt 3 on this eval split: tested at level 0.0083, for each try is a" in text


def test_it_says_which_training_ended_early_and_why(result: dict[str, Any]) -> None:
    assert "ended at step" not in printed(result)
    why = "the mean loss of 20 steps fell by less than 0.001 within 40 steps"
    result["trainings"]["scratch"] |= {"steps": 140, "stopped": why}
    assert f"Scratch control ended at step 140: {why}." in " ".join(printed(result).split())


def test_it_fits_eighty_columns(result: dict[str, Any]) -> None:
    assert max(len(line) for line in printed(result).splitlines()) <= 80


def test_reasons_are_indented_and_their_names_obeyed_by_no_terminal(
    result: dict[str, Any],
) -> None:
    result |= {"reasons": [f"Class '\x1b[31m[red]{'x' * 90}\n\u202e' falls by 9 points."] * 2}
    text = printed(result)
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "[31m[red]xxx" in text
    lines = text.splitlines()
    assert max(map(len, lines)) <= 80
    first = next(number for number, line in enumerate(lines) if line.startswith(" - Class"))
    assert lines[first + 1].startswith("   ")
    assert "".join(text.split()).count("x" * 90) == 2


def test_it_is_said_when_model_servers_take_another_version(
    result: dict[str, Any], tmp_path: Path
) -> None:
    for version in ("1", "2"):
        (tmp_path / version).mkdir()
    assert "which is newer" not in printed(result | {"pushed_to": str(tmp_path / "2")})
    text = printed(result | {"pushed_to": str(tmp_path / "1")})
    assert "(model servers take 2, which is newer)" in text


def test_a_repeated_run_says_that_its_model_is_served_already(
    result: dict[str, Any], tmp_path: Path
) -> None:
    (tmp_path / "1").mkdir()
    result["pushed_to"] = str(tmp_path / "1")
    assert "it is served already" in printed(result)
    assert "it is served already" not in printed(result | {"cached": []})


def test_the_model_that_is_served_now_is_an_arm_with_its_version(result: dict[str, Any]) -> None:
    assert "served model" not in printed(result)
    result["arms"]["served"] = {"version": 1795539541, **arm(894)}
    text = printed(result)
    assert "served model (1795539541)" in text
    assert "894/899" in text
    assert max(len(line) for line in text.splitlines()) <= 80


def test_it_is_said_which_other_arm_is_pushed_instead(result: dict[str, Any]) -> None:
    result |= {"verdict": "not_blessed", "pushed_arm": "scratch"}
    text = " ".join(printed(result).split())
    assert "Not blessed: 99.0% right on optdigits." in text
    assert "Pushed instead: the scratch control, with 92.3%." in text


def test_long_names_of_domains_are_cut(result: dict[str, Any]) -> None:
    result["source"]["name"], result["target"]["name"] = "s" * 90, "t" * 90
    text = printed(result)
    assert "s" * 20 not in text
    assert "t" * 20 not in text
    title = text.splitlines()[0].rstrip()
    assert title.endswith("10 labels per class")


def test_sound_data_are_one_line(result: dict[str, Any]) -> None:
    text = printed(result)
    assert "No copies among 71,797 images across splits, classes and domains." in text
    assert "may be wrong" not in text


def test_copies_and_doubtful_labels_are_told(result: dict[str, Any]) -> None:
    result["data"] = {
        "source": copies(70_000),
        "target": copies(1797, leaked=10, contradictory=1),
        "shared": {"images": 71_797, "evaluated": 3, "trained": 0},
        "labels": [
            audit("train", 898, suspects=9, permutation="labels that look [permuted]"),
            audit("eval", 899, are_unrelated=True),
        ],
    }
    text = " ".join(printed(result).split())
    assert (
        "Target: Copies: 1,797 images compared, 10 eval images in the train split, too, and 1 "
        "image in two classes; all of them were used." in text
    )
    assert "the source trains on 3 eval images of the target" in text
    assert "The target's train split has labels that look [permuted]." in text
    assert "The labels of the target's eval split have nothing to do with its images" in text
    assert "9 labels of the target (0.5\N{NO-BREAK SPACE}%) may be wrong" in printed(result)


def test_without_a_source_the_target_alone_was_searched(result: dict[str, Any]) -> None:
    result["data"] |= {"source": None, "shared": None}
    assert "No copies among 1,797 images" in printed(result)
