"""Where artifacts come from and what tells them apart."""

from __future__ import annotations

from pathlib import Path

from modules.models.checkpointing import read_checkpoint_metadata
from modules.report.evidence.lineage import KINSHIPS, content_fingerprint, weights_fingerprint
from modules.report.inputs import ReportData
from modules.report.sections.lineage import lineage_section
from tests.report_domain import report_data


def test_parents_come_before_their_children() -> None:
    seen: set[str] = set()
    for key, kinship in KINSHIPS.items():
        assert set(kinship.parents) <= seen, key
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


def test_a_model_is_told_by_its_weights(pretrained: Path) -> None:
    found = weights_fingerprint(str(pretrained / "model"))
    assert (
        found == read_checkpoint_metadata(str(pretrained / "model" / "checkpoint"))["fingerprint"]
    )


def content(data: ReportData, blessed_model_id: int) -> str:
    return lineage_section(data.lineage, data.mapping, blessed_model_id).content


def test_a_broken_link_is_told() -> None:
    data = report_data()
    whole = content(data, data.blessed_model_id)
    assert whole.count('class="right"') == 2
    broken = content(data, 999)
    assert broken.count('class="right"') == broken.count('class="wrong"') == 1
    assert "(model 999) is not about" in broken
