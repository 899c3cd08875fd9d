"""Which stack and interpreter a host gets, and what it is told when it fits none."""

from dataclasses import replace

import pytest

from scripts.stacks import STACKS, Host, Interpreter, UnfitHostError, choose

OLD_HOST = Host(system="Linux", machine="x86_64", glibc=(2, 36), compiler=True)
NEW_HOST = replace(OLD_HOST, glibc=(2, 41))


def python(*version: int, has_header: bool = True, folder: str = "/opt") -> Interpreter:
    return Interpreter(f"{folder}/python{version[0]}.{version[1]}", version, has_header)


EVERY_PYTHON = [python(3, minor, 1) for minor in range(8, 15)]


def complaint(host: Host, interpreters: list[Interpreter]) -> str:
    with pytest.raises(UnfitHostError) as caught:
        choose(host, interpreters)
    return str(caught.value)


def test_old_glibc_gets_the_old_stack_on_python_3_10() -> None:
    stack, interpreter = choose(OLD_HOST, EVERY_PYTHON)
    assert (stack.name, interpreter.version) == ("TFX 1.16", (3, 10, 1))


@pytest.mark.parametrize("glibc", [(2, 39), (2, 41), (3, 0)])
def test_new_glibc_gets_the_new_stack_on_the_newest_python(glibc: tuple[int, ...]) -> None:
    stack, interpreter = choose(replace(OLD_HOST, glibc=glibc), EVERY_PYTHON)
    assert (stack.name, interpreter.version) == ("TFX 1.21", (3, 13, 1))


@pytest.mark.parametrize("minor", [11, 12, 13])
def test_the_new_stack_takes_any_of_its_pythons(minor: int) -> None:
    stack, interpreter = choose(NEW_HOST, [python(3, 9, 9), python(3, minor, 0)])
    assert (stack.name, interpreter.version) == ("TFX 1.21", (3, minor, 0))


def test_new_glibc_with_only_python_3_10_falls_back_to_the_old_stack() -> None:
    stack, _ = choose(NEW_HOST, [python(3, 10, 12)])
    assert stack.name == "TFX 1.16"


def test_of_equal_versions_the_first_found_wins() -> None:
    found = [python(3, 10, 2, folder="/first"), python(3, 10, 14, folder="/second")]
    assert choose(OLD_HOST, found)[1].path == "/first/python3.10"


def test_an_interpreter_without_its_header_is_passed_over() -> None:
    found = [python(3, 13, 0, has_header=False), python(3, 12, 0)]
    assert choose(NEW_HOST, found)[1].version == (3, 12, 0)


def test_without_a_fit_interpreter_the_message_says_which_and_how_to_get_it() -> None:
    text = complaint(OLD_HOST, [python(3, 11, 7), python(3, 13, 0)])
    assert "needs Python 3.10, and no usable one was found" in text
    assert "Found instead: 3.11.7, 3.13.0." in text
    assert "pyenv install 3.10" in text
    assert "python3.10-dev" in text
    assert "WARMSTART_PYTHON=" in text


def test_without_any_interpreter_the_message_says_so() -> None:
    assert "Found instead: none at all." in complaint(OLD_HOST, [])


def test_a_near_miss_is_named_with_what_it_lacks() -> None:
    text = complaint(OLD_HOST, [python(3, 10, 4, has_header=False)])
    assert "/opt/python3.10 lacks the header Python.h (package python3.10-dev)." in text
    assert "Found instead" not in text


@pytest.mark.parametrize(
    ("host", "words"),
    [
        (replace(OLD_HOST, system="Darwin", machine="arm64"), "this is Darwin on arm64"),
        (replace(OLD_HOST, machine="aarch64"), "this is Linux on aarch64"),
        (replace(OLD_HOST, glibc=()), "musl"),
        (
            replace(OLD_HOST, glibc=(2, 17)),
            "2.28 or newer, and this host has glibc 2.17",
        ),
        (replace(OLD_HOST, compiler=False), "apt-get install g++"),
    ],
)
def test_an_unfit_host_is_told_what_is_missing(host: Host, words: str) -> None:
    assert words in complaint(host, EVERY_PYTHON)


def test_stacks_are_ordered_and_share_no_python() -> None:
    assert [stack.glibc for stack in STACKS] == sorted((s.glibc for s in STACKS), reverse=True)
    versions = [version for stack in STACKS for version in stack.pythons]
    assert len(versions) == len(set(versions))
