"""What terminal and report say of spans, and of what a warm start began from."""

from __future__ import annotations

from modules.evaluation.spans.scores import score_spans
from modules.evaluation.spans.wording import describe_spans, describe_start
from modules.settings import GateSettings
from tests.modules.evaluation.spans.test_scores import SPANS, answers

ARMS = {
    "pretrained": answers((20, 30, 50)),
    "scratch": answers((10, 10, 90)),
    "warm_start": answers((30, 50, 95)),
}


def test_the_newest_span_stands_beside_all() -> None:
    (sentence,) = describe_spans(score_spans(ARMS, SPANS, GateSettings()))
    assert sentence == "Newest span (7): 95.0 % right; all 3 spans: 87.5 %."


def test_what_the_older_spans_lost_is_said_with_its_interval() -> None:
    arms = {**ARMS, "served": answers((38, 49, 10))}
    *_, sentence = describe_spans(score_spans(arms, SPANS, GateSettings()))
    assert sentence.startswith(
        "On the older 100 eval images it is 7.0 points worse than what is served (95 % interval -"
    )


def test_a_first_span_has_no_older_ones() -> None:
    only = score_spans(ARMS, SPANS * 0 + 3, GateSettings())
    assert describe_spans(only) == ["Newest span (3): 87.5 % right; the only span."]


def test_data_without_spans_and_the_usual_start_need_no_words() -> None:
    assert describe_spans(None) == []
    start = {"asked": "pretrained", "used": "pretrained", "version": None, "reason": ""}
    assert describe_start(start) == ""
    assert describe_start({}) == ""


def test_a_start_that_did_not_fit_says_why() -> None:
    start = {"asked": "served", "used": "pretrained", "version": None, "reason": "nothing is there"}
    assert describe_start(start) == (
        "The warm start began from the pretrained model: nothing is there."
    )
