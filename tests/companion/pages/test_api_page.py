"""The reference of the library: complete, and its programme runs."""

import re

import pytest
from small_project import ROOT

import ntp_lib as ntp

PAGE = (ROOT / "book/api.md").read_text("utf-8")
LISTED = re.findall(r"^\.\. auto(?:function|class|exception):: (\w+)$", PAGE, re.MULTILINE)


def test_every_name_has_an_entry_and_every_entry_a_name() -> None:
    modules, aliases = {"synthetic"}, {"references"}
    assert sorted(LISTED) == sorted({*ntp.__all__} - modules - aliases)
    assert ".. automodule:: ntp_lib.data.synthetic" in PAGE
    assert "`ntp.references`" in PAGE


def test_the_programme_runs(capsys: pytest.CaptureFixture[str]) -> None:
    (programme,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    exec(programme, {})
    printed = capsys.readouterr().out
    assert printed.startswith("True True\n")
    assert "cosine_corrected" in printed
