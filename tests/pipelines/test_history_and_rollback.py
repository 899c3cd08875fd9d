"""`warmstart history` and `warmstart rollback` on serving folders with real models."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import filelock
import pytest
from click.testing import CliRunner, Result
from rich.cells import cell_len

from modules.core.checksums import check_checksums
from modules.core.errors import DataError
from modules.models.serving_folder import ROLLBACK_FILE, find_model, pushed_versions
from pipelines.cli import main
from pipelines.running.history import HISTORY_FILE, read_history, record_run
from tests.pushed_models import push


def invoke(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, list(map(str, arguments)))


def result(pushed_to: Path | None = None, *, seed: int = 0, minute: int = 0) -> dict[str, Any]:
    arms = {"pretrained": 0.932, "scratch": 0.95, "warm_start": 0.994}
    return {
        "finished": f"2026-11-24T17:{minute:02d}:00+00:00",
        "name": "mnist_to_optdigits",
        "source": {"name": "mnist"},
        "target": {"name": "optdigits", "shots": 10},
        "config": {"transfer": {"method": "auto"}},
        "transfer": {"method": "joint", "chosen_because": "all labels are known"},
        "seed": seed,
        "attempt": {"number": minute + 1, "level": 0.05},
        "spans": None,
        "verdict": "blessed" if pushed_to else "not_blessed",
        "arms": {arm: {"accuracy": accuracy} for arm, accuracy in arms.items()},
        "pushed_to": pushed_to and str(pushed_to),
        "cached": ["Pusher"],
        "seconds": {"total": 70.0, "Transform": 6.0, "Pusher": 0.1},
        "timeline": {"Transform": [0.0, 6.0], "Pusher": [6.0, 6.1]},
    }


@pytest.fixture
def output(pretrained: Path, tmp_path: Path) -> Path:
    """A run's output folder with two pushed models."""
    folder = tmp_path / "runs" / "digits"
    first = shutil.copytree(pretrained / "model", tmp_path / "models" / "1")
    second = shutil.copytree(pretrained / "model", tmp_path / "models" / "2")
    for minute, model in enumerate((first, second)):
        record_run(result(push(model, folder), seed=minute, minute=minute), folder)
    return folder


def numbers(output: Path) -> list[int]:
    return [version.number for version in pushed_versions(output / "serving")]


def test_a_record_keeps_the_seconds_of_what_the_cache_did_not_serve(output: Path) -> None:
    assert read_history(output)[-1].seconds == {"Transform": 6.0}


def test_each_run_is_listed_with_its_attempt_on_the_eval_split(output: Path) -> None:
    document = json.loads(invoke("history", output, "--format", "json").output)
    assert [run["attempt"] for run in document["runs"]] == [1, 2]


def test_a_chain_of_spans_is_told_with_what_each_run_began_from(output: Path) -> None:
    outcome = result(seed=7, minute=9)
    outcome["transfer"]["start"] = {"asked": "served", "used": "served", "version": 1795539541}
    outcome["spans"] = {"newest": 12}
    record_run(outcome, output)
    rows = json.loads(invoke("history", output, "--format", "json").output)["runs"]
    assert [(row["span"], row["start"]) for row in rows] == [
        (None, None),
        (None, None),
        (12, "1795539541"),
    ]
    lines = invoke("history", output).output.splitlines()
    assert max(map(cell_len, lines)) <= 80
    (last,) = [line for line in lines if "17:09" in line]
    assert last.split()[-3:] == ["12", "1795539541", "10"]


def test_the_accuracy_of_what_was_served_is_kept_where_something_was(output: Path) -> None:
    outcome = result()
    outcome["arms"]["served"] = {"accuracy": 0.998}
    record_run(outcome, output)
    rows = json.loads(invoke("history", output, "--format", "json").output)["runs"]
    assert [row.get("served") for row in rows] == [None, None, 0.998]


def test_the_runs_below_a_folder_are_listed_with_their_last_outcome(output: Path) -> None:
    other = output.parent / "other" / "deep"
    other.mkdir(parents=True)
    record_run(result(seed=2**31 - 1, minute=30), other)
    shown = invoke("history", output.parent)
    assert shown.exit_code == 0, shown.output
    assert max(map(cell_len, shown.output.splitlines())) <= 80
    (first,) = [line for line in shown.output.splitlines() if line.startswith(" digits")]
    for word in ("digits", "2026-11-24 17:01", "blessed", "93.2%", "95.0%", "99.4%"):
        assert word in first
    assert str(numbers(output)[-1]) in first
    assert "other/deep" in shown.output
    runs = json.loads(invoke("history", output.parent, "--format", "json").output)["runs"]
    assert [run["run"] for run in runs] == ["digits", "other/deep"]
    assert runs[1]["pushed_version"] is None
    assert invoke("history", output.parent, "--format", "csv").output.count("\n") == 3


def test_one_runs_history_has_all_its_runs_and_versions(output: Path) -> None:
    document = json.loads(invoke("history", output, "--format", "json").output)
    assert [run["seed"] for run in document["runs"]] == [0, 1]
    assert [version["state"] for version in document["versions"]] == ["superseded", "served"]


def test_no_run_at_all_is_said(tmp_path: Path) -> None:
    shown = invoke("history", tmp_path)
    assert shown.exit_code == 1
    assert "expected finished runs, found none" in shown.output


def test_a_damaged_line_is_named(output: Path) -> None:
    with (output / HISTORY_FILE).open("a") as file:
        file.write('{"finished": 1}\n')
    shown = invoke("history", output)
    assert shown.exit_code == 1
    assert f"{HISTORY_FILE}, line 3" in shown.output
    assert len((output / HISTORY_FILE).read_text().splitlines()) == 3


def test_a_rollback_serves_the_version_before_under_a_higher_number(output: Path) -> None:
    first, second = numbers(output)
    before = {path: path.read_bytes() for path in output.glob("serving/*/*") if path.is_file()}
    shown = invoke("rollback", output)
    assert shown.exit_code == 0, shown.output
    *kept, made = numbers(output)
    assert kept == [first, second]
    assert made > second
    assert shown.output == f"Version {first} is served again, as {made}.\n"
    assert all(path.read_bytes() == content for path, content in before.items())
    new = output / "serving" / str(made)
    check_checksums(str(new), "")
    assert (new / ".pushed_by").read_text() == (
        output / "serving" / str(first) / ".pushed_by"
    ).read_text()
    versions = json.loads(invoke("history", output, "--format", "json").output)["versions"]
    assert versions[-1]["state"] == f"rolled back to {first}, served"


def test_rolling_back_twice_finds_nothing_older_and_says_so(output: Path) -> None:
    first, second = numbers(output)
    assert invoke("rollback", output).exit_code == 0
    again = invoke("rollback", output)
    assert again.exit_code == 1
    assert f"pushed before {first}, found none" in again.output
    forward = invoke("rollback", output, "--to", str(second))
    assert forward.exit_code == 0, forward.output
    assert (output / "serving" / str(numbers(output)[-1]) / ROLLBACK_FILE).read_text() == (
        f"{second}\n"
    )


def test_the_pusher_takes_a_rolled_back_model_for_pushed(output: Path, tmp_path: Path) -> None:
    assert invoke("rollback", output).exit_code == 0
    versions = numbers(output)
    assert push(tmp_path / "models" / "1", output).name == str(versions[-1])
    assert numbers(output) == versions


def test_what_cannot_be_rolled_back_is_refused_and_nothing_changes(output: Path) -> None:
    first, second = numbers(output)
    served = output / "serving" / str(first) / "saved_model.pb"
    mistakes: list[tuple[list[Any], str]] = [
        ([output / "absent"], "expected a folder of pushed versions, found nothing"),
        ([output, "--to", second], "found the same one"),
        ([output, "--to", 7], "7: expected a pushed version, found nothing"),
    ]
    for arguments, message in mistakes:
        refused = invoke("rollback", *arguments)
        assert refused.exit_code == 1
        assert message in refused.output
    assert not (output / "absent").exists()
    content = served.read_bytes()
    served.write_bytes(content[:-1])
    assert "it was changed since" in invoke("rollback", output).output
    served.unlink()
    refused = invoke("rollback", output)
    assert (refused.exit_code, "saved_model.pb" in refused.output) == (1, True)
    assert numbers(output) == [first, second]


def test_of_several_targets_one_has_to_be_named(tmp_path: Path) -> None:
    north = tmp_path / "targets" / "north"
    north.mkdir(parents=True)
    (north / "result.json").touch()
    (tmp_path / "result.json").touch()
    refused = invoke("rollback", tmp_path)
    assert refused.exit_code == 1
    assert f"such as {north}" in " ".join(refused.output.split())
    with pytest.raises(DataError, match=rf"a run of 1 target\. Pass .* such as {north}"):
        find_model(tmp_path)


def test_a_run_that_holds_the_folder_is_left_alone(output: Path) -> None:
    with filelock.FileLock(output / ".lock"):
        refused = invoke("rollback", output)
    assert refused.exit_code == 1
    assert "another run is using this folder" in refused.output
    assert len(numbers(output)) == 2


def test_a_rollback_that_fails_leaves_no_part_of_a_version(
    output: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copyfile = shutil.copyfile

    def full(source: str, target: str, **options: Any) -> str:
        if source.endswith("variables.index"):
            raise OSError(28, "No space left on device")
        return copyfile(source, target, **options)

    monkeypatch.setattr(shutil, "copyfile", full)
    before = sorted((output / "serving").iterdir())
    refused = invoke("rollback", output)
    assert refused.exit_code == 1
    assert "the disk is full" in refused.output
    assert sorted((output / "serving").iterdir()) == before


def test_a_history_survives_the_next_run(output: Path) -> None:
    record_run(result(minute=5), output)
    assert [record.verdict for record in read_history(output)] == [
        "blessed",
        "blessed",
        "not_blessed",
    ]
    assert not list(output.glob("*.partial"))
