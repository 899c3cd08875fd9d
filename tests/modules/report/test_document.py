"""The report as a document: whole, safe, accessible and the same for the same run."""

from __future__ import annotations

import itertools
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from modules.core.arms import SCRATCH, WARM_START
from modules.core.wording import display_name
from modules.report.document import build_report
from modules.report.inputs import ReportData
from modules.report.script import page_script
from modules.report.sections.arms import arms_section
from modules.report.sections.calibration import calibration_section
from modules.report.sections.classes.accuracy import classes_section
from modules.report.sections.classes.confusion import confusion_section
from modules.report.sections.learning import learning_section
from modules.report.sections.samples import samples_section
from tests.report_domain import DIGITS, HOSTILE_NAMES, report_data, without_features

_VOID = {"meta", "link", "img", "br", "input"}


class Outline(HTMLParser):
    """What a page consists of, as a browser's parser sees it."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.open: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in _VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]

    def values(self, attribute: str) -> list[str]:
        return [
            value for _, attributes in self.tags if (value := attributes.get(attribute)) is not None
        ]


@pytest.fixture(scope="module")
def digits() -> ReportData:
    return report_data()


@pytest.fixture(scope="module")
def page(digits: ReportData) -> Outline:
    return Outline(build_report(digits))


@pytest.fixture(scope="module")
def hostile_html() -> str:
    return build_report(report_data(HOSTILE_NAMES, domain=HOSTILE_NAMES[0], method="<b>joint</b>"))


@pytest.fixture(scope="module")
def hostile_page(hostile_html: str) -> Outline:
    return Outline(hostile_html)


def test_sections_come_in_the_order_of_interest(page: Outline) -> None:
    assert [section["id"] for section in page.all("section")] == [
        "arms",
        "comparison",
        "samples",
        "classes",
        "confusion",
        "hardest",
        "labels",
        "features",
        "calibration",
        "learning",
        "data",
        "transferability",
        "mapping",
        "lineage",
        "time",
        "reproduce",
    ]


def test_every_section_is_in_the_contents(page: Outline) -> None:
    links = [link["href"] for link in page.all("a")]
    assert links[1:] == [f"#{section['id']}" for section in page.all("section")]


def test_every_element_is_closed(page: Outline, hostile_page: Outline) -> None:
    assert page.open == []
    assert hostile_page.open == []


def test_headings_descend_one_level_at_a_time(page: Outline) -> None:
    levels = [int(tag[1]) for tag, _ in page.tags if re.fullmatch(r"h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))


def test_ids_are_unique_and_every_reference_leads_somewhere(page: Outline) -> None:
    ids = page.values("id")
    assert len(ids) == len(set(ids))
    referred = [name for value in page.values("aria-labelledby") for name in value.split()]
    referred += [value[1:] for value in page.values("href") if value.startswith("#")]
    referred += re.findall(r"url\(#([^)]+)\)", " ".join(page.values("clip-path")))
    assert referred
    assert set(referred) <= set(ids)


def test_every_picture_has_words(page: Outline) -> None:
    assert all(image["alt"] for image in page.all("img"))
    figures = [svg for svg in page.all("svg") if svg.get("class") != "key"]
    assert len(figures) == 12
    assert all(figure["role"] == "img" for figure in figures)
    assert len(page.all("title")) == len(page.all("desc")) + 1 == len(figures) + 1


def test_the_language_is_declared_and_what_scrolls_can_be_reached_by_keyboard(
    page: Outline,
) -> None:
    assert page.all("html")[0]["lang"] == "en"
    scrolling = [
        attributes
        for attributes in page.all("div")
        if "scroll" in (attributes.get("class") or "").split()
    ]
    assert scrolling
    for attributes in scrolling:
        assert attributes["tabindex"] == "0"
        assert attributes["role"] == "region"
        assert attributes["aria-label"]


@pytest.mark.parametrize("names", [DIGITS, HOSTILE_NAMES])
def test_nothing_is_loaded_and_only_the_own_script_runs(names: tuple[str, ...]) -> None:
    html = build_report(report_data(names))
    page = Outline(html)
    tags = [tag for tag, _ in page.tags]
    assert not {*tags} & {"iframe", "object", "embed", "base", "form"}
    assert tags.count("script") == 1
    assert f"<script>{page_script().source}</script>" in html
    assert not [name for _, attributes in page.tags for name in attributes if name.startswith("on")]
    for attribute in ("src", "href", "xlink:href"):
        for value in page.values(attribute):
            assert value.startswith(("data:", "#"))
    policies = [meta["content"] for meta in page.all("meta") if "http-equiv" in meta]
    assert policies[0] is not None
    assert policies[0].startswith("default-src 'none'")
    assert f"script-src '{page_script().hash}';" in policies[0]
    css = " ".join([*page.values("style"), page.text])
    assert "@import" not in css
    assert all(target.startswith("#") for target in re.findall(r"url\(['\"]?([^)]*)", css))


@pytest.mark.parametrize("name", HOSTILE_NAMES)
def test_hostile_class_names_are_shown_as_text(hostile_page: Outline, name: str) -> None:
    assert display_name(name) in hostile_page.text


def test_a_hostile_report_is_utf_8_without_control_characters(hostile_html: str) -> None:
    hostile_html.encode("utf-8")
    assert not re.search(r"[\x00-\x08\x0b-\x1f\u202a-\u202e]", hostile_html)


def test_a_name_cannot_pretend_to_be_the_place_of_the_runs_facts(hostile_html: str) -> None:
    assert hostile_html.count("<!--run-facts-->") == 1


def test_equal_data_give_equal_bytes(digits: ReportData) -> None:
    assert build_report(digits) == build_report(report_data())


@pytest.mark.parametrize("count", [2, 26, 1000])
def test_any_number_of_classes_has_a_small_report_that_names_them_all(count: int) -> None:
    names = [f"class <{number}>" for number in range(count)]
    html = build_report(report_data(names, per_class=120 if count == 2 else 4))
    assert len(html.encode()) < 1_500_000
    page = Outline(html)
    assert page.open == []
    assert all(name in page.text for name in names)
    assert ("taken for" in page.text) == (count > 30)
    assert len(page.all("input")) == (count > 30)


def test_a_probe_is_explained(page: Outline) -> None:
    assert "linear probe" not in page.text
    probed = Outline(build_report(report_data(kind="probe", source_names=["cat", "dog"])))
    assert "the pretrained model answers through a linear probe" in probed.text
    assert "Pretrained (linear probe)" in probed.text
    assert "above a linear probe on the pretrained model (p" in probed.text
    assert "10 classes are only in the target. 2 classes are only in the source." in probed.text


@pytest.mark.parametrize(
    ("lacking", "words"),
    [
        (slice(0, 0), "The same classes in mnist and in optdigits."),
        (slice(0, 1), "the same in mnist, where it has them."),
        (slice(0, 10), "mnist and optdigits have no class in common"),
    ],
)
def test_classes_that_the_source_lacks_are_told(
    digits: ReportData, lacking: slice, words: str
) -> None:
    without = {sample.label for sample in digits.samples[lacking]}
    samples = [
        replace(sample, source=None if sample.label in without else sample.source)
        for sample in digits.samples
    ]
    content = samples_section(replace(digits, samples=samples)).content
    assert words in content
    assert content.count(">none<") == len(without)


def test_losses_differ_in_colour_dashes_and_marks(digits: ReportData) -> None:
    steps = range(20, 200, 20)
    parts = {f"loss/part {part}": dict.fromkeys(steps, 0.1 + part) for part in range(6)}
    curves = {**digits.curves, WARM_START: {"loss": dict.fromkeys(steps, 15.6), **parts}}
    figure = learning_section(replace(digits, curves=curves)).values["rows"][-1]["figure"]
    looks = re.findall(r'style="(fill: none; [^"]*var\(--class-\d\)[^"]*)"', figure)
    assert len(set(looks)) == 6
    assert all(f"part {part}</text>" in figure for part in range(6))


def test_an_arm_that_was_not_evaluated_is_left_out(digits: ReportData) -> None:
    arms = {arm: each for arm, each in digits.evaluation["arms"].items() if arm != SCRATCH}
    data = replace(digits, evaluation={**digits.evaluation, "arms": arms})
    for section in (arms_section, classes_section, confusion_section, calibration_section):
        assert "From scratch" not in section(data).content


def test_a_run_without_common_classes_is_told_not_drawn(digits: ReportData) -> None:
    page = Outline(build_report(without_features(digits)))
    assert "nothing to compare" in page.text
    assert not any("features-pca" in name for name in page.values("id"))


def test_an_arm_that_was_not_trained_is_told_not_drawn(page: Outline) -> None:
    assert "This arm was not trained" in page.text
    assert "learning-scratch-title" not in page.values("id")
    assert "learning-warm-start-title" in page.values("id")


def test_the_steps_whose_loss_is_a_held_out_one_are_told(page: Outline) -> None:
    assert page.text.count("every image is new: held-out loss") == 1
    assert "every image new in the first 40 steps" in page.text


def test_held_centers_are_told(page: Outline, digits: ReportData) -> None:
    assert "center loss held" not in page.text
    record = digits.records[WARM_START]
    held = replace(record, metrics={**record.metrics, "held_centers": 10.0})
    html = build_report(replace(digits, records={**digits.records, WARM_START: held}))
    assert "center loss held 10 centers, of classes with too few labelled examples" in html


def test_colours_follow_light_and_dark(page: Outline) -> None:
    for style in page.values("style"):
        assert not re.search(r"#[0-9a-fA-F]{3,8}\b|rgb\(", style), style


def test_findings_and_unrestored_weights_are_listed(page: Outline) -> None:
    assert "An eval split was drawn." in page.text
    assert "found one that the schema does not have. It is not used." in page.text
    assert "1 of 2 weights" in page.text
    assert "different shape: trained from initial values" in page.text
    assert "only in the checkpoint: not used" in page.text


def test_a_training_that_ended_early_says_why(digits: ReportData) -> None:
    why = "the mean loss of 20 steps fell by less than 0.001 within 40 steps"
    assert why not in build_report(digits)
    record = replace(digits.records[WARM_START], stopped=why)
    page = build_report(replace(digits, records={**digits.records, WARM_START: record}))
    assert f"ended early, as {why}" in page
