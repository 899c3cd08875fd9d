"""What the pipeline needs of Beam, as small jobs with known results.

Some runners drop what they do not know without an error. So nothing here trusts a runner's verdict:
workers write what they computed into files, and the process that asked reads them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import apache_beam as beam
import pyarrow as pa
from apache_beam.io.filesystems import FileSystems
from apache_beam.pvalue import (
    AsDict,
    AsIter,
    AsList,
    AsSingleton,
    PBegin,
    PCollection,
    TaggedOutput,
)

_KEPT = "kept.json"
_LARGE = 8 * 2**20  # bytes: TFT hands whole vocabularies and graphs over as one element


def read_kept(folder: str) -> list[Any]:
    """Reads the results that `keep` wrote, sorted; none if there are none."""
    found: list[Any] = []
    for path in _files(folder, _KEPT):
        with FileSystems.open(path) as file:
            found += json.loads(file.read())
    return sorted(found)


def keep(results: PCollection, folder: str) -> PCollection:
    """Writes a collection's elements, which JSON can hold, into one file of a folder."""
    return (
        results
        | "OneKey" >> beam.Map(lambda result: (0, result))
        | "Gather" >> beam.GroupByKey()
        | "Keep" >> beam.Map(_write, folder)
    )


@dataclass(frozen=True)
class Primitive:
    """Something that a runner must get right.

    Attributes:
        name: Unique; words for a table.
        build: Takes a pipeline's begin and a folder of its own; returns the results to keep, or
            what wrote them.
        expected: The results, sorted.
        read: Reads the results from the folder. By default `build` returns them to be kept.
    """

    name: str
    build: Callable[[PBegin, str], PCollection]
    expected: Sequence[Any]
    read: Callable[[str], list[Any]] | None = None

    def apply(self, pipeline: beam.Pipeline, folder: str) -> None:
        """Adds it to a pipeline that keeps its results below the folder."""
        mine = self._folder(folder)
        FileSystems.mkdirs(mine)
        _ = pipeline | self.name >> _Built(self, mine)

    def found(self, folder: str) -> list[Any]:
        """The results, after the job has ended."""
        return (self.read or read_kept)(self._folder(folder))

    def _folder(self, folder: str) -> str:
        return FileSystems.join(folder, "".join(c if c.isalnum() else "_" for c in self.name))


class _Built(beam.PTransform):
    def __init__(self, primitive: Primitive, folder: str) -> None:
        super().__init__()
        self._primitive, self._folder = primitive, folder

    def expand(self, pbegin: PBegin) -> PCollection:
        results = self._primitive.build(pbegin, self._folder)
        return results if self._primitive.read else keep(results, self._folder)


class _FinishingBundles(beam.DoFn):
    """Gives its sum only when a bundle ends, as BatchElements does."""

    def start_bundle(self) -> None:
        self._sum = 0

    def process(self, number: int) -> Iterator[int]:
        self._sum += number
        return iter(())

    def finish_bundle(self) -> Iterator[Any]:
        yield beam.transforms.window.GlobalWindows.windowed_value(self._sum)


def _tagged(number: int) -> Iterator[Any]:
    yield TaggedOutput("odd" if number % 2 else "even", number)
    yield number * 10


def _numbers(pbegin: PBegin) -> PCollection:
    return pbegin | "Numbers" >> beam.Create(range(6), reshuffle=True)


def _tags(pbegin: PBegin, _: str) -> PCollection:
    outputs = _numbers(pbegin) | beam.FlatMap(_tagged).with_outputs("odd", "even", main="all")
    named = [
        outputs[tag] | tag >> beam.Map(lambda number, tag=tag: f"{tag} {number}")
        for tag in ("all", "even", "odd")
    ]
    return named | beam.Flatten()


def _leaves(pbegin: PBegin, folder: str) -> PCollection:
    numbers = _numbers(pbegin)
    for name in ("a", "b"):
        branch = numbers | f"Only{name}" >> beam.Map(lambda number, name=name: f"{name} {number}")
        keep_in = FileSystems.join(folder, name)
        _ = branch | f"Leaf{name}" >> _Kept(keep_in)
    return numbers | "Third" >> beam.Map(str) | "LeafC" >> _Kept(FileSystems.join(folder, "c"))


class _Kept(beam.PTransform):
    def __init__(self, folder: str) -> None:
        super().__init__()
        self._folder = folder

    def expand(self, results: PCollection) -> PCollection:
        return keep(results, self._folder)


def _read_leaves(folder: str) -> list[Any]:
    return [len(read_kept(FileSystems.join(folder, name))) for name in ("a", "b", "c")]


def _side_inputs(pbegin: PBegin, _: str) -> PCollection:
    side = pbegin | "Side" >> beam.Create([1, 2])
    pairs = side | "Pairs" >> beam.Map(lambda number: (str(number), number))
    total = side | "Total" >> beam.CombineGlobally(sum)
    return (
        pbegin
        | "Main" >> beam.Create([0])
        | beam.FlatMap(
            lambda _, total, listed, iterated, by_name: [
                f"singleton {total}",
                f"list {sorted(listed)}",
                f"iterable {sorted(iterated)}",
                f"dictionary {sorted(by_name.items())}",
            ],
            AsSingleton(total),
            AsList(side),
            AsIter(side),
            AsDict(pairs),
        )
    )


def _several_combines(pbegin: PBegin, _: str) -> PCollection:
    numbers = _numbers(pbegin)
    combined = [
        numbers | name >> beam.CombineGlobally(function)
        for name, function in (("Sum", sum), ("Max", max), ("Min", min))
    ]
    return combined | beam.Flatten()


def _combine_nothing(pbegin: PBegin, _: str) -> PCollection:
    nothing = _numbers(pbegin) | beam.Filter(lambda number: number > 100)
    return nothing | beam.CombineGlobally(sum)


def _per_key(pbegin: PBegin, _: str) -> PCollection:
    pairs = _numbers(pbegin) | "Key" >> beam.Map(lambda number: (number % 2, number))
    return pairs | beam.CombinePerKey(sum) | beam.Map(list)


def _grouped(pbegin: PBegin, _: str) -> PCollection:
    pairs = _numbers(pbegin) | "Key" >> beam.Map(lambda number: (number % 2, number))
    return pairs | beam.GroupByKey() | beam.Map(lambda pair: [pair[0], sorted(pair[1])])


def _arrow(pbegin: PBegin, _: str) -> PCollection:
    batches = _numbers(pbegin) | "Batch" >> beam.Map(
        lambda number: pa.RecordBatch.from_arrays([pa.array([number] * 3)], ["number"])
    )
    return batches | beam.Reshuffle() | "Rows" >> beam.Map(lambda batch: batch.num_rows)


def _write_records(pbegin: PBegin, folder: str) -> PCollection:
    records = _numbers(pbegin) | beam.Map(lambda number: b"%d" % number)
    return records | beam.io.WriteToTFRecord(
        FileSystems.join(folder, "records"), file_name_suffix=".gz", num_shards=2
    )


def _read_records(folder: str) -> list[Any]:
    import tensorflow as tf

    paths = _files(folder, "records*.gz")
    return sorted(int(r) for r in tf.data.TFRecordDataset(paths, "GZIP").as_numpy_iterator())


def _records_there_and_back(pbegin: PBegin, folder: str) -> PCollection:
    from tensorflow.io import TFRecordWriter

    path = FileSystems.join(folder, "given.tfrecord")
    with TFRecordWriter(path) as writer:
        for number in range(6):
            writer.write(b"%d" % number)
    return pbegin | beam.io.ReadFromTFRecord(path) | beam.Map(int)


NEEDED = (
    Primitive("create and reshuffle", lambda p, _: _numbers(p), range(6)),
    Primitive(
        "tagged outputs",
        _tags,
        [
            *("all 0", "all 10", "all 20", "all 30", "all 40", "all 50"),
            *("even 0", "even 2", "even 4", "odd 1", "odd 3", "odd 5"),
        ],
    ),
    Primitive("several leaves", _leaves, [6, 6, 6], _read_leaves),
    Primitive(
        "side inputs",
        _side_inputs,
        ["dictionary [('1', 1), ('2', 2)]", "iterable [1, 2]", "list [1, 2]", "singleton 3"],
    ),
    Primitive("group by key", _grouped, [[0, [0, 2, 4]], [1, [1, 3, 5]]]),
    Primitive("combine globally", lambda p, _: _numbers(p) | beam.CombineGlobally(sum), [15]),
    Primitive("combine per key", _per_key, [[0, 6], [1, 9]]),
    Primitive("combine an empty collection", _combine_nothing, [0]),
    Primitive("several combines of one collection", _several_combines, [0, 5, 15]),
    Primitive(
        "finish_bundle",
        lambda p, _: (
            _numbers(p) | beam.ParDo(_FinishingBundles()) | "S" >> beam.CombineGlobally(sum)
        ),
        [15],
    ),
    Primitive(
        "batch elements",
        lambda p, _: (
            _numbers(p)
            | beam.BatchElements(min_batch_size=2, max_batch_size=2)
            | beam.Map(len)
            | "S" >> beam.CombineGlobally(sum)
        ),
        [6],
    ),
    Primitive("Arrow batches", _arrow, [3] * 6),
    Primitive(
        "elements of 8 MiB",
        lambda p, _: (
            p
            | beam.Create([_LARGE])
            | beam.Map(bytes)
            | beam.Reshuffle()
            | "Length" >> beam.Map(len)
        ),
        [_LARGE],
    ),
    Primitive("read TFRecord files", _records_there_and_back, range(6)),
    Primitive("write TFRecord files", _write_records, list(range(6)), _read_records),
)


def _files(folder: str, pattern: str) -> list[str]:
    (match,) = FileSystems.match([FileSystems.join(folder, pattern)])
    return sorted(metadata.path for metadata in match.metadata_list)


def _write(keyed: tuple[int, Iterator[Any]], folder: str) -> None:
    if not FileSystems.exists(folder):
        FileSystems.mkdirs(folder)
    with FileSystems.create(FileSystems.join(folder, _KEPT), "text/plain") as file:
        file.write(json.dumps(sorted(keyed[1])).encode())
