"""The notebook of examples/ runs as it stands there, and leaves its process as it was."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

pytestmark = pytest.mark.e2e

NOTEBOOK = Path("examples/quickstart.ipynb")
BEFORE = """
import logging, os, signal, sys

def state():
    return {
        "descriptors": [os.fstat(number)[:3] for number in (1, 2)],
        "signals": [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)],
        "streams": (sys.stdout, sys.stderr),
        "handlers": list(logging.getLogger().handlers),
        "level": logging.getLogger().level,
    }

before = state()
"""
DURING = """
seen = []
original = show

def show(update):
    original(update)
    seen.append((update, os.fstat(1)[:3], os.fstat(2)[:3], signal.getsignal(signal.SIGTERM)))
"""
AFTER = """
import threading

assert state() == before
working = [update for update, *_ in seen if update.state == "working"]
trained = [update for update in working if update.component == "PretrainTrainer"]
assert trained[-1].done == trained[-1].total == 60
assert {tuple(found[1:3]) for found in seen} == {tuple(before["descriptors"])}
assert {found[3] for found in seen} == {before["signals"][1]}

again, states = [], []

def repeat():
    found = warmstart.run(config, output=here / "run", progress=lambda u: states.append(u.state))
    again.append(found)

thread = threading.Thread(target=repeat)
thread.start()
thread.join()
assert again[0].accuracies == result.accuracies
assert "working" not in states, states
assert state() == before
"""


@pytest.fixture(scope="module")
def cells() -> list[Any]:
    """The cells of the notebook after its execution."""
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    assert not any(cell.get("outputs") for cell in notebook.cells)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    run = next(cell for cell in code if "warmstart.run(" in cell.source)
    executed = [nbformat.v4.new_code_cell(BEFORE)]
    for cell in code:
        if cell is run:
            define, call = cell.source.split("\n\n\n")
            executed += [nbformat.v4.new_code_cell(text) for text in (define, DURING, call)]
        else:
            executed.append(cell)
    executed.append(nbformat.v4.new_code_cell(AFTER))
    notebook.cells = executed
    path = os.pathsep.join([str(Path.cwd()), os.environ.get("PYTHONPATH", "")])
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", path)
        client = NotebookClient(
            notebook, timeout=400, resources={"metadata": {"path": str(NOTEBOOK.parent)}}
        )
        client.execute()
    return notebook.cells


def shown(cells: list[Any], source: str) -> Any:
    """What the cell with a text in its source has shown."""
    cell = next(cell for cell in cells if source in cell.source)
    (data,) = [output.data for output in cell.outputs if output.output_type == "execute_result"]
    return data


def test_the_report_is_shown_inline(cells: list[Any]) -> None:
    html = shown(cells, "warmstart.run(config, output=here")["text/html"]
    assert html.startswith("<iframe sandbox=")
    assert "warm start" in html
    assert len(html) > 50_000


def test_progress_is_printed_and_nothing_else(cells: list[Any]) -> None:
    cell = next(cell for cell in cells if "result = warmstart.run(" in cell.source)
    streams = [output for output in cell.outputs if output.get("name") == "stdout"]
    lines = "".join(stream.text for stream in streams).splitlines()
    assert "PretrainTrainer: finished" in " ".join(lines)
    strange = [line for line in lines if not line.endswith(("started", "finished", "cached"))]
    assert strange == []


def test_a_study_shows_a_table_and_a_plot(cells: list[Any]) -> None:
    html = shown(cells, "warmstart.study(")["text/html"]
    assert "<td>joint</td>" in html
    assert "data:image/png;base64," in html
