"""Where artifacts come from and what tells them apart."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from modules.models.checkpointing import read_checkpoint_metadata
from modules.report.contract import REPORT_INPUTS
from modules.report.evidence.lineage import content_fingerprint, weights_fingerprint
from modules.report.sections.lineage import lineage_section
from tests.report_domain import report_data


def test_parents_come_before_their_children() -> None:
    seen: set[str] = set()
    for key, report_input in REPORT_INPUTS.items():
        assert set(report_input.parents) <= seen, key
        seen.add(key)


def test_content_decides_not_time_or_place(tmp_path: Path) -> None:
    for name in ("one", "two"):
        folder = tmp_path / name / "Split-eval"
        folder.mkdir(parents=True)
        (folder / "data").write_bytes(b"content")
    one, two = (content_fingerprint(str(tmp_path / name)) for name in ("one", "two"))
    assert one == two
    (tmp_path / "two" / "Split-eval" / "data").rename(tmp_path / "two" / "data")
    moved = content_fingerprint(str(tmp_path / "two"))
    assert moved != one
    (tmp_path / "two" / "data").write_bytes(b"Content")
    assert content_fingerprint(str(tmp_path / "two")) not in {one, moved}


def test_training_checkpoints_do_not_count(tmp_path: Path) -> None:
    (tmp_path / "training.json").write_text("{}")
    before = content_fingerprint(str(tmp_path))
    (tmp_path / "training_checkpoints").mkdir()
    (tmp_path / "training_checkpoints" / "ckpt-1").write_bytes(b"large")
    assert content_fingerprint(str(tmp_path)) == before


def test_a_model_is_identified_by_its_weights(pretrained: Path) -> None:
    found = weights_fingerprint(str(pretrained / "model"))
    assert (
        found == read_checkpoint_metadata(str(pretrained / "model" / "checkpoint"))["fingerprint"]
    )


def test_a_broken_link_is_reported() -> None:
    data = report_data()
    whole = lineage_section(data).content
    assert whole.count('class="right"') == 2
    broken = lineage_section(replace(data, blessed_model_id=999)).content
    assert broken.count('class="right"') == broken.count('class="wrong"') == 1
    assert "(model 999) is not about" in broken
