"""What center loss adds to a training step, alone and in joint training."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from benchmarks.figure import Figure, at_most
from benchmarks.loop_speed import BATCH, STEPS, loop_speed, source_batches
from benchmarks.random_digits import random_digits
from modules.examples.input_pipeline import PreprocessedExamples
from modules.networks.precision import choose_precision
from modules.settings import CenterLossSettings, TransferSettings
from modules.training.batches import BatchStream, batch_dataset
from modules.training.loop import MakeBatches
from modules.training.objectives import SOURCE, TARGET, CrossEntropy, Objective
from modules.transfer.losses.center_loss_objective import CenterLossObjective
from modules.transfer.methods import MethodContext
from modules.transfer.methods.center_loss import WithCenterLoss
from modules.transfer.methods.joint import Joint

_CONTEXT = MethodContext(TransferSettings(), num_classes=10, feature_dim=1024, seed=0)


def measure(repeats: int) -> list[Figure]:
    """Alternates trainings with and without center loss."""
    examples = random_digits(STEPS * BATCH)
    return [
        _added("cross-entropy", partial(CrossEntropy, SOURCE), source_batches(examples), repeats),
        _added("joint", partial(Joint, _CONTEXT), _joint_batches(examples), repeats),
    ]


def _added(
    name: str, make_objective: Callable[[], Objective], make_batches: MakeBatches, repeats: int
) -> Figure:
    precision = choose_precision("auto")
    values = []
    for _ in range(repeats):
        without = loop_speed(precision, make_objective(), make_batches)
        center_loss = CenterLossObjective(
            CenterLossSettings(), _CONTEXT.num_classes, _CONTEXT.feature_dim
        )
        objective = WithCenterLoss(_CONTEXT, make_objective(), center_loss)
        values.append(without / loop_speed(precision, objective, make_batches))
    name = f"step with center loss / without, {name}"
    return Figure(name, values, "times", at_most(1.05))


def _joint_batches(examples: PreprocessedExamples) -> MakeBatches:
    streams = {
        name: BatchStream(name, examples, TransferSettings().batch_size, seed=0)
        for name in (SOURCE, TARGET)
    }
    return partial(batch_dataset, streams)
