"""How files of tests are dealt to the workers of `make test`.

A long file that is begun last keeps one worker busy while the others wait: long files come first.
"""

from __future__ import annotations

from collections import Counter

import pytest
from xdist.scheduler import LoadFileScheduling

# These go to one worker, which makes the quick run that all of them use. Those that run again in
# its folder come first.
ON_THE_QUICK_RUN = (
    "tests/e2e/test_transfer_run.py",
    "tests/e2e/serving/test_served_model.py",
    "tests/e2e/test_model_use.py",
    "tests/e2e/serving/test_pushed_model.py",
    "tests/e2e/test_tensorboard.py",
    "tests/e2e/interruption/test_full_disk.py",
    "tests/e2e/interruption/test_terminal.py",
    "tests/e2e/interruption/test_kill.py",
    "tests/kubeflow/test_replay.py",
)
# These go to one worker too, and share its hosts and their workers.
ON_THE_ENGINE = ("tests/distributed/test_engines.py", "tests/distributed/test_hosts.py")
# And these, which share the process that starts the pods.
ON_THE_PODS = (
    "tests/plugins/test_plugin_replay.py",
    "tests/kubeflow/test_replay_new_classes.py",
    "tests/kubeflow/test_replay_spans.py",
)
# Others that take long, the longest first.
LONG = (
    "tests/e2e/test_readme.py",
    "tests/e2e/spans/test_spans.py",
    "tests/e2e/test_targets.py",
    "tests/e2e/test_study.py",
    "tests/e2e/networks/test_networks.py",
    "tests/e2e/networks/test_imported_model.py",
    "tests/e2e/test_hostile_run.py",
    "tests/e2e/test_groups.py",
    "tests/plugins/test_plugin_run.py",
    "tests/e2e/interruption/test_interruption.py",
    "tests/distributed/test_training_workers.py",
    *ON_THE_ENGINE,
    "tests/e2e/test_bad_input.py",
    *ON_THE_PODS,
    "tests/e2e/test_other_domains.py",
    "tests/components/test_label_relations.py",
    "tests/distributed/test_unsupervised_workers.py",
    "tests/modules/transfer/test_every_method.py",
    "tests/components/test_transfer_report.py",
    "tests/modules/models/imported/test_importing.py",
    "tests/modules/transfer/test_imported_start.py",
    "tests/modules/transfer/test_warm_start.py",
    "tests/modules/models/test_serving.py",
    "tests/modules/study/test_cell_runner.py",
)
_RANKS = {file: rank for rank, file in enumerate((*ON_THE_QUICK_RUN, *LONG))}


class LongestFilesFirst(LoadFileScheduling):
    """Deals whole files, in the order of the collection."""

    def _split_scope(self, nodeid: str) -> str:
        file: str = super()._split_scope(nodeid)
        shared = {
            "the quick run": ON_THE_QUICK_RUN,
            "the engine": ON_THE_ENGINE,
            "the pods": ON_THE_PODS,
        }
        return next((name for name, those in shared.items() if file in those), file)


def sort_by_length(items: list[pytest.Item]) -> None:
    """Puts long files first, then those of many tests."""
    tests = Counter(_file(item) for item in items)

    def place(item: pytest.Item) -> tuple[int, int, str]:
        file = _file(item)
        return _RANKS.get(file, len(_RANKS)), -tests[file], file

    items.sort(key=place)


def _file(item: pytest.Item) -> str:
    return item.nodeid.partition("::")[0]
