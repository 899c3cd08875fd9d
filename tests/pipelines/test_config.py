"""The configuration: what is read, overridden and refused."""

from __future__ import annotations

import contextlib
import itertools
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modules.core.errors import ConfigError
from modules.settings.config_errors import valid_keys
from pipelines.config import Config, load_config
from pipelines.targets.scenario import load_scenario

MINIMAL = """
name: pair
source: {name: mnist, path: data/mnist}
target: {name: optdigits, path: data/optdigits}
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "config.yaml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("path", sorted(Path("configs").glob("*.yaml")), ids=lambda path: path.stem)
def test_every_committed_scenario_is_valid(path: Path, tmp_path: Path) -> None:
    # The folders that a scenario of several targets names are made by the commands of its header.
    (tmp_path / "site").mkdir()
    has_several = "\ntargets:" in path.read_text(encoding="utf-8")
    overrides = [f"targets={tmp_path}/*"] if has_several else []
    loaded = load_scenario(path, overrides)
    config = loaded if isinstance(loaded, Config) else loaded.branches["site"]
    assert config.name == path.stem


def test_what_is_not_given_has_a_default(tmp_path: Path) -> None:
    config = load_config(write(tmp_path, MINIMAL))
    assert config.target.shots == 10
    assert config.transfer.method == "auto"


@pytest.mark.parametrize(
    ("override", "message"),
    [
        (
            "target.shots=x",
            "target.shots: input should be a valid integer, or input should be 'all'",
        ),
        (
            "transfer.schedule=cosin",
            "transfer.schedule: input should be 'constant', 'cosine' or 'one_cycle', or input "
            "should be a section of keys; found 'cosin'",
        ),
        ("network=[1]", "network: input should be a section of keys; found [1]"),
        ("target.classes=3", "target.classes: input should be a list; found 3"),
        ("target.classes=[1, a]", "target.classes.0: input should be a valid string; found 1"),
    ],
)
def test_a_wrong_value_is_explained_in_one_line_by_its_own_key(
    tmp_path: Path, override: str, message: str
) -> None:
    with pytest.raises(ConfigError) as refused:
        load_config(write(tmp_path, MINIMAL), [override])
    _, line = str(refused.value).splitlines()
    assert message in line


def test_scientific_notation_without_a_dot_is_a_number(tmp_path: Path) -> None:
    config = load_config(write(tmp_path, MINIMAL + "pretraining: {learning_rate: 1e-4}"))
    assert config.pretraining.learning_rate == 1e-4


def test_overrides_reach_nested_keys_and_are_read_as_yaml(tmp_path: Path) -> None:
    overrides = [
        "target.shots=all",
        "transfer.center_loss.weight=0",
        "seed=7",
        "network.dropout=0.5",
    ]
    config = load_config(write(tmp_path, MINIMAL + "network: lenet"), overrides)
    assert config.target.shots == "all"
    assert config.transfer.center_loss is not None
    assert config.transfer.center_loss.weight == 0
    assert config.seed == 7
    assert (config.network.name, config.network.dropout) == ("lenet", 0.5)


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("target.shotz=3", "did you mean 'target.shots'"),
        ("pretraning.steps=3", "did you mean 'pretraining'"),
        ("transfer.alpha=0.1", "did you mean 'transfer.center_loss.alpha'"),
        ("pretraining.steps=many", "pretraining.steps: input should be a valid integer"),
        ("pretraining.steps=0", "pretraining.steps: input should be greater than 0"),
        ("pretraining.steps='5'", "found '5'"),
        ("target.shots=-1", "target.shots"),
        ("target.format=png", "target.format: no format is named 'png'; known: idx, image_folder"),
        ("source.format=tfrecords", "no format is named 'tfrecords'; did you mean 'tfrecord'?"),
        ("seed=true", "seed: input should be a valid integer"),
        ("name=../escape", "name: string should match pattern"),
        ("seed.deep=1", "'seed' is a value, not a section"),
        ("target.shots", "expected key.path=value"),
        ("target.shots=[1", "not a YAML value"),
        ("target.\udcff=1", "expected key.path=value"),
        ('network="\\ud800"', "not a YAML value: '\\ud800' is not valid Unicode"),
    ],
)
def test_a_refused_override_says_why(tmp_path: Path, override: str, message: str) -> None:
    text = MINIMAL + "seed: 0"
    with pytest.raises(ConfigError) as refusal:
        load_config(write(tmp_path, text), [override])
    assert message in str(refusal.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name: [", "not valid YAML"),
        ("- a list", "expected a mapping"),
        ("", "expected a mapping"),
        ("name: a\nname: b", "given twice"),
        ("name: !!python/object/apply:os.system ['true']", "not valid YAML"),
        ("name: a\ntarget: {name: b, path: c}", "source: missing"),
        ("name: 0x" + "f" * 6000, "found 0xfff"),
        ('name: a\nsource: {name: a, path: "a\\0b"}', "source.path: string should match"),
        ("a: &a [x, x]\nb: *a\n? [c]\n: d", "not valid YAML"),
        ("? {a: 1}\n: b", "not valid YAML"),
        ('name: a\n"\\ud800": b', "not valid YAML: '\\ud800' is not valid Unicode"),
        ('name: a\nnetwork: "lenet\\udcff"', "not valid YAML: 'lenet\\udcff' is not valid Unicode"),
    ],
)
def test_a_refused_file_is_named_with_the_reason(tmp_path: Path, text: str, message: str) -> None:
    path = write(tmp_path, text)
    with pytest.raises(ConfigError) as refusal:
        load_config(path)
    assert str(path) in str(refusal.value)
    assert message in str(refusal.value)


@pytest.mark.parametrize(
    "override", ["transfer.method=self_training", "transfer.self_training.weight=0.5"]
)
def test_self_training_is_refused_with_the_two_methods_it_became(
    tmp_path: Path, override: str
) -> None:
    with pytest.raises(ConfigError) as refusal:
        load_config(write(tmp_path, MINIMAL), [override])
    _, line = str(refusal.value).splitlines()
    assert line.startswith("  transfer: 'self_training' is now two methods.")
    for key in ("method: information_maximization", "pseudo_labels.kept_share"):
        assert key in line


def test_a_short_file_cannot_make_an_endless_message(tmp_path: Path) -> None:
    names = "abcdefghijklmnopqrstuvwxyz"
    lines = [f"{new}: &{new} [*{old}, *{old}, *{old}]" for old, new in itertools.pairwise(names)]
    path = write(tmp_path, "\n".join(["a: &a [x]", *lines, "name: *z"]))
    with pytest.raises(ConfigError, match="name: input should be a valid string") as refusal:
        load_config(path)
    assert len(str(refusal.value)) < 10_000


def test_batches_that_the_workers_cannot_share_are_refused(tmp_path: Path) -> None:
    path = write(tmp_path, MINIMAL)
    assert load_config(path, ["training.workers=2"]).training.workers == 2
    message = r"training.workers is 3.*found pretraining.batch_size 100, transfer.source_batch_size"
    with pytest.raises(ConfigError, match=message):
        load_config(path, ["training.workers=3"])


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no such configuration file"):
        load_config(tmp_path / "absent.yaml")


def test_a_file_that_is_not_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_bytes(b"\xff\xfe\x00name")
    with pytest.raises(ConfigError, match="cannot be read"):
        load_config(path)


@given(text=st.text(max_size=200))
def test_no_text_ends_in_anything_but_a_config_or_a_config_error(
    tmp_path_factory: pytest.TempPathFactory, text: str
) -> None:
    path = tmp_path_factory.mktemp("fuzz") / "config.yaml"
    path.write_text(text, encoding="utf-8", errors="surrogatepass")
    with contextlib.suppress(ConfigError):
        assert isinstance(load_config(path), Config)


def test_every_valid_key_of_the_contract_exists() -> None:
    assert {
        "name",
        "seed",
        "source.path",
        "target.shots",
        "preprocessing.framing",
        "preprocessing.augmentation",
        "network",
        "pretraining.steps",
        "transfer.method",
        "transfer.center_loss.weight",
        "transfer.center_loss.alpha",
        "gate",
        "training.precision",
        "beam",
        "output",
    } <= set(valid_keys(Config))


APPLICATION = MINIMAL + "network: {name: keras_application, model: MobileNetV3Small}\n"


def test_a_network_that_scales_pixels_itself_gets_them_as_they_are(tmp_path: Path) -> None:
    assert not load_config(write(tmp_path, APPLICATION)).preprocessing.standardize
    assert load_config(write(tmp_path, MINIMAL)).preprocessing.standardize
    with pytest.raises(ConfigError, match="standardize is true, and network keras_application"):
        load_config(write(tmp_path, APPLICATION), ["preprocessing.standardize=true"])


def test_weights_are_refused_beside_a_model_that_is_there(tmp_path: Path) -> None:
    both = ["network.weights=imagenet", "pretraining.from=own.keras"]
    with pytest.raises(ConfigError, match="give one of them"):
        load_config(write(tmp_path, APPLICATION), both)
    scaled = ["pretraining.from=own", "pretraining.pixels=symmetric"]
    with pytest.raises(ConfigError, match="it takes unit"):
        load_config(write(tmp_path, APPLICATION), scaled)


def test_a_path_of_weights_is_made_absolute_and_a_name_is_not(tmp_path: Path) -> None:
    path = load_config(write(tmp_path, APPLICATION), ["network.weights=some.weights.h5"])
    assert path.with_absolute_paths().network.weights == str(Path("some.weights.h5").resolve())
    name = load_config(write(tmp_path, APPLICATION), ["network.weights=imagenet"])
    assert name.with_absolute_paths().network.weights == "imagenet"


def test_arguments_of_an_optimizer_stand_beside_its_name(tmp_path: Path) -> None:
    text = MINIMAL + "pretraining: {optimizer: SGD}\ntransfer: {schedule: {name: CosineDecay}}"
    overrides = ["pretraining.optimizer.momentum=0.9", "transfer.schedule.alpha=0.1"]
    config = load_config(write(tmp_path, text), overrides)
    assert config.pretraining.optimizer.arguments == {"momentum": 0.9}
    assert config.pretraining.optimizer.name == "SGD"
    schedule = config.transfer.schedule
    assert not isinstance(schedule, str)
    assert (schedule.name, schedule.arguments) == ("CosineDecay", {"alpha": 0.1})
    assert Config.model_validate_json(config.model_dump_json()) == config


def test_a_saved_graph_takes_no_layer_decay(tmp_path: Path) -> None:
    overrides = ["transfer.restore=graph", "transfer.layer_decay=0.5"]
    with pytest.raises(ConfigError, match="a saved graph does not say how deep its layers are"):
        load_config(write(tmp_path, MINIMAL), overrides)
