"""Where data came from: a table of plain values there and back, and which library made them."""

import pytest

from ntp_lib import NTPDataError
from ntp_lib.data import source
from ntp_lib.data.source import Source, library_version
from ntp_lib.data.text import data_from_text_file


def refusal(values):
    with pytest.raises(NTPDataError) as raised:
        Source.from_dict(values)
    return str(raised.value)


@pytest.fixture
def values(tmp_path):
    (tmp_path / "text.txt").write_text("the cat sat on the mat")
    return data_from_text_file(tmp_path / "text.txt", dim=2).source.as_dict()


def test_a_source_is_a_table_of_its_fields(values):
    assert Source.from_dict(values) == Source(**values)
    assert refusal("me") == "source is 'me'; a table of its fields is needed"
    assert refusal(values | {"colour": 1}) == "source: the field 'colour' is unknown"
    assert refusal(values | {"unit": 3}) == "source: unit is 3; it must be str"
    for name in values:
        less = {key: value for key, value in values.items() if key != name}
        assert refusal(less) == f"source: the field {name!r} is missing"
        wrong = values | {name: [name]}
        assert refusal(wrong).startswith(f"source: {name} is [")
    assert Source.from_dict(values | {"vocab_size": None}).vocab_size is None
    assert Source.from_dict(values | {"vocab_size": 9}).vocab_size == 9


def test_the_version_is_unknown_where_the_library_is_not_installed(monkeypatch):
    def absent(name):
        raise source.PackageNotFoundError(name)

    monkeypatch.setattr(source, "version", absent)
    assert library_version() == "unknown"
