"""The examples in docstrings do what they say."""

import doctest
import importlib
import pkgutil

import pytest

import ntp_lib

MODULES = [
    module.name
    for module in pkgutil.walk_packages(ntp_lib.__path__, "ntp_lib.")
    if not module.name.startswith(("ntp_lib.companion", "ntp_lib.__main__"))
]


@pytest.mark.parametrize("name", MODULES)
def test_examples(name):
    found = doctest.testmod(importlib.import_module(name), optionflags=doctest.ELLIPSIS)
    assert found.failed == 0


def test_there_are_examples_and_a_wrong_one_fails():
    finder = doctest.DocTestFinder(exclude_empty=True)
    examples = [test for name in MODULES for test in finder.find(importlib.import_module(name)) if test.examples]
    assert len(examples) >= 10
    wrong = doctest.DocTestParser().get_doctest(">>> 1 + 1\n3\n", {}, "wrong", None, None)
    assert doctest.DocTestRunner(verbose=False).run(wrong, out=lambda text: None).failed == 1
