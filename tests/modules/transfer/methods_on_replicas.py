"""Run by test_every_method.py: each method on one replica, and on two."""

from __future__ import annotations

import keras
import numpy as np
import tensorflow as tf

from modules.examples.input_pipeline import PreprocessedExamples
from modules.training.batches import BatchStream
from modules.training.loop import forward_streams
from modules.training.objectives import Objective
from modules.transfer.methods import (
    TRANSFER_METHODS,
    create_transfer_method,
)
from tests.modules.transfer.tiny_transfer import (
    PROGRESS,
    context,
    domains,
    network,
    preparation,
)

# Moved off the start: there, the penalties on a distance to the start are at rest.
_SHIFT = 0.01


def _prepared(name: str, data: dict[str, PreprocessedExamples]) -> tuple[keras.Model, Objective]:
    model = network()
    method = create_transfer_method(name, context(center_loss=None))
    method.prepare(preparation(model, data))
    model.set_weights([weight + _SHIFT for weight in model.get_weights()])
    return model, method


def _loss_and_gradient(
    model: keras.Model, method: Objective, batch: dict
) -> tuple[tf.Tensor, tf.Tensor]:
    logits = model.get_layer("logits").kernel.value
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(logits)
        streams = forward_streams(model, batch, training=False)
        loss = tf.add_n(list(method.losses(streams, tf.constant(PROGRESS)).values()))
    return loss, tape.gradient(loss, logits)


def _check(name: str, mirrored: tf.distribute.Strategy) -> None:
    kind = TRANSFER_METHODS.find(name)
    used = kind.required_streams | kind.optional_streams
    data = {stream: part for stream, part in domains().items() if stream in used}
    shards = [
        {key: BatchStream(key, part, 6, seed=0).batch(step) for key, part in data.items()}
        for step in (0, 1)
    ]
    model, method = _prepared(name, data)
    alone = [_loss_and_gradient(model, method, shard) for shard in shards]

    with mirrored.scope():
        model, method = _prepared(name, data)
    distributed = mirrored.experimental_distribute_values_from_function(
        lambda replica: shards[replica.replica_id_in_sync_group]
    )
    run = tf.function(
        lambda batch: mirrored.run(
            lambda shard: _loss_and_gradient(model, method, shard), args=(batch,)
        ),
        autograph=False,
    )
    for together, parts in zip(run(distributed), zip(*alone, strict=True), strict=True):
        total = mirrored.reduce(tf.distribute.ReduceOp.SUM, together, axis=None)
        expected = np.mean([part.numpy() for part in parts], axis=0)
        np.testing.assert_allclose(total.numpy(), expected, rtol=1e-3, atol=1e-5, err_msg=name)


def main() -> None:
    (cpu,) = tf.config.list_physical_devices("CPU")
    tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
    mirrored = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
    assert mirrored.num_replicas_in_sync == 2
    methods = [name for name in TRANSFER_METHODS.names() if TRANSFER_METHODS.find(name).trains()]
    for name in methods:
        _check(name, mirrored)
    print(f"{len(methods)} methods agree")


if __name__ == "__main__":
    main()
