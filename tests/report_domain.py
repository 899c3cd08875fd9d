"""Made-up runs for the report: any class names, any outcome, without training anything."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import tensorflow as tf

from modules.core.arms import ALL_ARMS, ARMS, PRETRAINED, SCRATCH, WARM_START, ZERO_SHOT
from modules.evaluation.evaluation_report import evaluation_report
from modules.evaluation.gate import judge
from modules.models.mapping_report import compare_weights
from modules.models.served_model import Answers
from modules.report.contract import REPORT_INPUTS, ReportSettings
from modules.report.drawing.pictures import encoded_picture, preprocessed_picture
from modules.report.evidence.drawn_examples import (
    MOST_FEATURE_CLASSES,
    ClassSamples,
    FeatureSample,
    HardExample,
)
from modules.report.evidence.feature_geometry import FeatureSet
from modules.report.evidence.label_audit import SplitAudit, SuspectLabel
from modules.report.evidence.lineage import ArtifactFact
from modules.report.evidence.predictions import Predictions
from modules.report.evidence.projector import ProjectedExamples
from modules.report.inputs import ReportData
from modules.settings import GateSettings, PreprocessingSettings
from modules.training.record import FIRST_PASS_STEPS, TrainingRecord
from modules.transfer.transferability.estimates import Estimate

HOSTILE_NAMES = (
    "<script>document.title = 'run'; document.body.remove()</script>",
    "<img src=x onerror=\"document.title='run'\">",
    "\"double\" and 'single' quotes & an ampersand",
    "emoji \N{UNICORN FACE} \N{WOMAN}\N{ZERO WIDTH JOINER}\N{ROCKET}",
    "x" * 300,
    r"$\frac{1}{2}$ and $unbalanced",
    "turned \N{RIGHT-TO-LEFT OVERRIDE} around",
    "a line\nbreak, a \x00 and a lone \udc80 surrogate",
    "</style></title></svg><!--run-facts-->{{ 7 * 7 }}",
    "\N{HEBREW LETTER ALEF}\N{HEBREW LETTER BET} and \N{CJK UNIFIED IDEOGRAPH-8C93}",
)
DIGITS = tuple("0123456789")

_NO_LABELS = np.zeros(0, np.int64)
_NO_FEATURES = np.zeros((0, 2), np.float32)
_NOTHING_PROJECTED = ProjectedExamples(
    [], [], _NO_LABELS, _NO_FEATURES, _NO_FEATURES, _NO_LABELS, _NO_LABELS
)


def report_data(
    names: Sequence[str] = DIGITS,
    *,
    right: Sequence[float] = (0.75, 0.8, 0.95),
    per_class: int = 30,
    domain: str = "optdigits",
    method: str = "joint",
    uneven: float = 0.0,
    source_names: Sequence[str] | None = None,
    kind: str = ZERO_SHOT,
) -> ReportData:
    """Makes all that a report shows.

    Args:
        names: Of the classes.
        right: Share of right answers of each arm, and of the served model if there is one.
        per_class: Evaluation examples of each class.
        domain: Name of the target.
        method: Of the transfer.
        uneven: How far the classes' shares of right answers lie from the arm's, at most.
        source_names: Names of the source's classes, unless they are the target's.
        kind: What the pretrained arm is, `probe` or `zero_shot`.

    Returns:
        Data whose parts agree with each other.
    """
    gate = GateSettings()
    predictions = _predictions(len(names), right, per_class, uneven)
    answers = {
        arm: Answers(
            predictions.example_ids,
            predictions.labels,
            predictions.predicted[arm],
            predictions.confidence[arm].astype(np.float32),
        )
        for arm in predictions.predicted
    }
    evaluation = evaluation_report(
        answers,
        {
            "accuracy": 0.99,
            "accuracy_after_transfer": 0.98,
            "examples": 1000,
            "classes": list(source_names or names),
        },
        judge(predictions.labels, predictions.predicted, names, gate),
        names,
        source_name="mnist",
        target_name=domain,
        shots=10,
        seed=0,
        pretrained_kind=kind,
        served_version=1795539541,
    )
    shown = range(min(len(names), MOST_FEATURE_CLASSES))
    return ReportData(
        evaluation=evaluation,
        predictions=predictions,
        samples=[
            ClassSamples(label, _raw(label), _raw(label + 1), _preprocessed(label))
            for label in shown
        ],
        hardest=[
            HardExample(int(row), _raw(int(row)), _preprocessed(int(row)))
            for row in predictions.hardest(6)
        ],
        features=_features(list(shown)),
        projected=_NOTHING_PROJECTED,
        curves={
            PRETRAINED: {"loss": {20: 2.0, 40: 1.0, 60: 0.2}},
            SCRATCH: {},
            WARM_START: {
                "loss": {20: 0.5, 40: 0.1},
                "loss/center_loss": {20: 0.1, 40: 0.05},
                "loss/target_cross_entropy": {20: 0.4, 40: 0.05},
                "learning_rate": {20: 1e-3, 40: 0.0},
            },
        },
        records={
            arm: TrainingRecord(
                arm=arm,
                steps=0 if arm == SCRATCH else 60,
                seconds=1.5,
                examples_per_second=900.0,
                precision="float32",
                labelled_examples=0 if arm == SCRATCH else 100,
                seed=0,
                metrics={"center_loss": 0.05, "restored_target_accuracy": 0.8}
                | ({FIRST_PASS_STEPS: 40} if arm == PRETRAINED else {}),
                transfer={"method": method, "chosen_because": "the configuration names it"},
            )
            for arm in ARMS
        },
        source_validation=_validation("mnist", "source", source_names or names, 100),
        target_validation=_validation(domain, "target", names, 10)
        | {
            "label_skew": {"train": {"l_infinity": 0.01, "jensen_shannon": 0.001}},
            "covariate_shift": {
                "examples": 100,
                "pixels": {"l_infinity": 0.2, "jensen_shannon": 0.03},
                "classifier_auc": 0.975,
                "p_value": 1e-9,
            },
            "shifts": ["covariate"],
        },
        mapping=compare_weights(
            {"conv/kernel": (5, 5, 1, 2), "logits/kernel": (4, len(names))},
            {"conv/kernel": (5, 5, 1, 2), "logits/kernel": (4, 99), "old/bias": (3,)},
            checkpoint="pretrained/checkpoint",
            fingerprint="pretrained_model".ljust(64, "0"),
        ),
        transferability={
            "leep": Estimate(-0.5),
            "log_me": Estimate(0.25),
            "h_score": Estimate(None, "This needs two labelled images of a class."),
        },
        lineage=[
            ArtifactFact(key, f"artifacts/{key}", "Model", number, key.ljust(64, "0"))
            for number, key in enumerate(REPORT_INPUTS, start=1)
        ],
        blessed_model_id=list(REPORT_INPUTS).index("warm_start_model") + 1,
        settings=ReportSettings(
            gate=gate, preprocessing=PreprocessingSettings(), restore="rebuild"
        ),
        label_audit=[
            SplitAudit("train", 100, 0.95, False, None, [_suspect(0, names), _suspect(1, names)]),
            SplitAudit("eval", 100, 0.1, True, None, []),
        ],
    )


def without_features(data: ReportData) -> ReportData:
    """The same run, had too few classes examples in both domains."""
    return replace(data, features=None)


def _predictions(
    num_classes: int, right: Sequence[float], per_class: int, uneven: float
) -> Predictions:
    labels = np.tile(np.arange(num_classes), per_class)
    rng = np.random.default_rng(0)
    luck = rng.random(len(labels))
    ease = uneven * np.random.default_rng(1).uniform(-1.0, 1.0, num_classes)
    wrong = (labels + 1 + labels % max(1, num_classes - 1)) % num_classes
    wrong = np.where(wrong == labels, (labels + 1) % num_classes, wrong)
    return Predictions(
        [f"eval/{number:08d}" for number in range(len(labels))],
        labels,
        {
            arm: np.where(luck < share + ease[labels], labels, wrong)
            for arm, share in zip(ALL_ARMS, right, strict=False)
        },
        {arm: rng.uniform(0.3, 1.0, len(labels)) for arm in ALL_ARMS[: len(right)]},
    )


def _features(classes: Sequence[int]) -> FeatureSample:
    labels = np.tile(np.array(classes), 16)
    is_target = np.arange(len(labels)) >= len(labels) // 2
    rng = np.random.default_rng(0)
    centers = rng.normal(size=(len(classes), 12)) * 3.0
    noise = rng.normal(size=(len(labels), 12))
    sets = [
        FeatureSet(centers[labels] + gap * is_target[:, None] + noise, labels, is_target)
        for gap in (2.0, 0.5)
    ]
    return FeatureSample(sets[0], sets[1], classes)


def _validation(domain: str, role: str, names: Sequence[str], per_class: int) -> dict:
    counts = {name: per_class + number % 3 for number, name in enumerate(names)}
    split = {"examples": sum(counts.values()), "examples_per_class": counts}
    finding = {
        "split": "train",
        "feature": "extra",
        "expected": "no such feature",
        "found": "one that the schema does not have",
        "fix": "It is not used.",
        "stops_the_run": False,
    }
    return {
        "domain": domain,
        "role": role,
        "valid": True,
        "notes": ["An eval split was drawn."] if role == "source" else [],
        "findings": [finding] if role == "target" else [],
        "splits": {"train": split, "eval": split},
        "label_skew": {},
        "covariate_shift": None,
        "shifts": [],
        "duplicates": {"images": 100, "leaked": 0, "contradictory": 0, "dropped": 0},
        "shared_images": {"images": 200, "evaluated": 0} if role == "target" else None,
    }


def _suspect(number: int, names: Sequence[str]) -> SuspectLabel:
    given, likely = names[number], names[(number + 1) % len(names)]
    return SuspectLabel(f"train/{number:08d}", given, likely, _raw(number))


def _raw(number: int) -> str:
    pixels = np.full((8, 8, 3), (29 * number) % 256, np.uint8)
    return encoded_picture(tf.io.encode_png(pixels).numpy())


def _preprocessed(number: int) -> str:
    return preprocessed_picture(
        np.linspace(-1.0, 1.0 + number, 64, dtype=np.float32).reshape(8, 8, 1)
    )
