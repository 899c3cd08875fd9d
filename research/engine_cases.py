"""Beam primitives beyond those that the pipeline needs, and how a runner treats errors and time."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from typing import Any

import apache_beam as beam
from apache_beam.coders import StrUtf8Coder, VarIntCoder
from apache_beam.io.filesystems import FileSystems
from apache_beam.metrics import Metrics, MetricsFilter
from apache_beam.pvalue import AsMultiMap, AsSingleton, PBegin, PCollection
from apache_beam.transforms import userstate, window

from modules.core.errors import DataError
from pipelines.beam.engine_check import run_job
from pipelines.beam.primitives import Primitive, read_kept
from pipelines.beam.settings import BeamSettings

_MANY = 100_000


class _Bag(beam.DoFn):
    """Gives a key's sum so far."""

    _seen = beam.DoFn.StateParam(userstate.BagStateSpec("seen", VarIntCoder()))

    def process(self, pair: tuple[str, int], seen: Any = _seen) -> Iterator[int]:
        seen.add(pair[1])
        yield sum(seen.read())


class _Count(beam.DoFn):
    """Numbers a key's elements."""

    _number = beam.DoFn.StateParam(userstate.ReadModifyWriteStateSpec("number", VarIntCoder()))

    def process(self, pair: tuple[str, int], number: Any = _number) -> Iterator[int]:
        number.write((number.read() or 0) + 1)
        yield number.read()


class _Combining(beam.DoFn):
    """Gives a key's sum so far, combined by the runner."""

    _sum = beam.DoFn.StateParam(userstate.CombiningValueStateSpec("sum", combine_fn=sum))

    def process(self, pair: tuple[str, int], total: Any = _sum) -> Iterator[int]:
        total.add(pair[1])
        yield total.read()


class _AtTheEnd(beam.DoFn):
    """Gives what it has seen of a key when the window ends."""

    _END = userstate.TimerSpec("end", beam.TimeDomain.WATERMARK)
    _seen = beam.DoFn.StateParam(userstate.BagStateSpec("seen", StrUtf8Coder()))
    _end = beam.DoFn.TimerParam(_END)

    def process(
        self,
        pair: tuple[str, str],
        seen: Any = _seen,
        end: Any = _end,
        own_window: Any = beam.DoFn.WindowParam,
    ) -> Iterator[str]:
        seen.add(pair[1])
        end.set(own_window.max_timestamp())
        return iter(())

    @userstate.on_timer(_END)
    def finish(self, seen: Any = _seen) -> Iterator[str]:
        yield "".join(sorted(seen.read()))


class _WithSetUp(beam.DoFn):
    def setup(self) -> None:
        self._factor = 10

    def process(self, number: int) -> Iterator[int]:
        yield number * self._factor

    def teardown(self) -> None:
        self._factor = 0


def _pairs(pbegin: PBegin) -> PCollection:
    return pbegin | beam.Create([("a", 1), ("a", 2), ("b", 5)])


def _by_window(windows: window.WindowFn) -> Callable[[PBegin, str], PCollection]:
    def build(pbegin: PBegin, _: str) -> PCollection:
        times = pbegin | beam.Create([0, 5, 11, 42])
        stamped = times | "Stamp" >> beam.Map(lambda second: window.TimestampedValue("k", second))
        counts = stamped | beam.WindowInto(windows) | beam.combiners.Count.PerElement()
        numbers = counts | "Number" >> beam.Map(lambda pair: pair[1])
        return numbers | "Global" >> beam.WindowInto(window.GlobalWindows())

    return build


def _timed(pbegin: PBegin, _: str) -> PCollection:
    letters = pbegin | beam.Create([("k", "b"), ("k", "a")])
    windowed = letters | beam.WindowInto(window.FixedWindows(10))
    return windowed | beam.ParDo(_AtTheEnd()) | "Global" >> beam.WindowInto(window.GlobalWindows())


def _multimap(pbegin: PBegin, _: str) -> PCollection:
    return (
        pbegin
        | "Main" >> beam.Create(["a"])
        | beam.Map(lambda key, values: sorted(values[key]), AsMultiMap(_pairs(pbegin)))
    )


def _absent(pbegin: PBegin, _: str) -> PCollection:
    nothing = pbegin | "None" >> beam.Create([1]) | beam.Filter(lambda number: number > 1)
    side = AsSingleton(nothing, default_value=7)
    return pbegin | "Main" >> beam.Create([0]) | beam.Map(lambda _, value: value, side)


def _grouped_together(pbegin: PBegin, _: str) -> PCollection:
    others = pbegin | "Others" >> beam.Create([("a", "x")])
    joined = {"numbers": _pairs(pbegin), "letters": others} | beam.CoGroupByKey()
    return joined | beam.Map(
        lambda pair: [pair[0], sorted(pair[1]["numbers"]), *pair[1]["letters"]]
    )


def _partitioned(pbegin: PBegin, _: str) -> PCollection:
    small, large = pbegin | beam.Create(range(6)) | beam.Partition(lambda n, _: int(n > 3), 2)
    return (
        small | "Small" >> beam.combiners.Count.Globally(),
        large | "Large" >> beam.combiners.Count.Globally(),
    ) | beam.Flatten()


def _write_text(pbegin: PBegin, folder: str) -> PCollection:
    place = FileSystems.join(folder, "text")
    return pbegin | beam.Create(["a", "b"]) | beam.io.WriteToText(place, num_shards=1)


def _read_text(folder: str) -> list[Any]:
    (match,) = FileSystems.match([FileSystems.join(folder, "text*")])
    lines: list[str] = []
    for metadata in match.metadata_list:
        with FileSystems.open(metadata.path) as file:
            lines += file.read().decode().split()
    return sorted(lines)


def _lines_of_files(pbegin: PBegin, folder: str) -> PCollection:
    path = FileSystems.join(folder, "lines.txt")
    with FileSystems.create(path) as file:
        file.write(b"a\nb\n")
    return pbegin | beam.Create([path]) | beam.io.ReadAllFromText()


def _total(pbegin: PBegin, _: str) -> PCollection:
    return pbegin | beam.Create(range(_MANY)) | beam.Reshuffle() | beam.CombineGlobally(sum)


class _Highest(beam.PTransform):
    def expand(self, numbers: PCollection) -> PCollection:
        return numbers | beam.CombineGlobally(max)


OTHERS = (
    Primitive("side input: multimap", _multimap, [[1, 2]]),
    Primitive("side input: default for nothing", _absent, [7]),
    Primitive("state: bag", lambda p, _: _pairs(p) | beam.ParDo(_Bag()) | _Highest(), [5]),
    Primitive("state: value", lambda p, _: _pairs(p) | beam.ParDo(_Count()), [1, 1, 2]),
    Primitive(
        "state: combined", lambda p, _: _pairs(p) | beam.ParDo(_Combining()) | _Highest(), [5]
    ),
    Primitive("timers", _timed, ["ab"]),
    Primitive("fixed windows", _by_window(window.FixedWindows(10)), [1, 1, 2]),
    Primitive("session windows", _by_window(window.Sessions(10)), [1, 3]),
    Primitive("join of two collections", _grouped_together, [["a", [1, 2], "x"], ["b", [5]]]),
    Primitive("partition", _partitioned, [2, 4]),
    Primitive("distinct", lambda p, _: p | beam.Create([1, 1, 2]) | beam.Distinct(), [1, 2]),
    Primitive(
        "largest", lambda p, _: p | beam.Create(range(9)) | beam.combiners.Top.Largest(2), [[8, 7]]
    ),
    Primitive(
        "combine with fan-out",
        lambda p, _: p | beam.Create(range(9)) | beam.CombineGlobally(sum).with_fanout(3),
        [36],
    ),
    Primitive(
        "setup and teardown",
        lambda p, _: p | beam.Create([1, 2]) | beam.ParDo(_WithSetUp()),
        [10, 20],
    ),
    Primitive("100,000 elements", _total, [_MANY * (_MANY - 1) // 2]),
    Primitive("write text files", _write_text, ["a", "b"], _read_text),
    Primitive("read all of some files", _lines_of_files, ["a", "b"]),
)


def counters_arrive(settings: BeamSettings, folder: str) -> str | None:
    """Whether metrics that workers count come back with the result."""

    def count(number: int) -> int:
        Metrics.counter("battery", "elements").inc()
        return number

    result = run_job(settings, lambda pipeline: pipeline | beam.Create(range(6)) | beam.Map(count))
    found = result.metrics().query(MetricsFilter().with_name("elements"))["counters"]
    total = sum(counter.result or 0 for counter in found)
    return None if total == 6 else f"wrong: expected 6, found {total}"


def errors_arrive(settings: BeamSettings, folder: str) -> str | None:
    """Whether an error that names a file comes back as itself."""

    def fail(_: int) -> None:
        raise DataError("a.png", expected="an image", found="text", fix="Replace it.")

    try:
        run_job(settings, lambda pipeline: pipeline | beam.Create([1]) | beam.Map(fail))
    except DataError:
        return None
    return "wrong: the job ended well"


def workers(settings: BeamSettings, folder: str) -> str | None:
    """Whether more than one process works; says how many."""
    asked = Primitive(
        "workers",
        lambda p, _: p | beam.Create(range(40)) | beam.Reshuffle() | beam.Map(_process),
        (),
    )
    run_job(settings, lambda pipeline: asked.apply(pipeline, folder))
    count = len({tuple(answer) for answer in read_kept(FileSystems.join(folder, "workers"))})
    return f"{count} process{'es' if count > 1 else ''}"


def _process(_: int) -> list[str]:
    time.sleep(0.05)
    return [os.uname().nodename, str(os.getpid())]


def long_job(seconds: int) -> Callable[[BeamSettings, str], str | None]:
    """A job whose only element takes so many seconds; 60 is Beam's shortest deadline."""

    def run(settings: BeamSettings, folder: str) -> str | None:
        run_job(settings, lambda pipeline: pipeline | beam.Create([seconds]) | beam.Map(time.sleep))
        return None

    return run
