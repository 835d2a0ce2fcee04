"""A file is replaced by a whole one or not at all, and nothing else is left behind."""

import pytest

from ntp_lib.numerics.whole_file import whole_file


def test_a_file_is_replaced(tmp_path):
    path = tmp_path / "text"
    for content in ("first", "second"):
        with whole_file(path) as temporary:
            temporary.write_text(content)
        assert path.read_text() == content
    assert list(tmp_path.iterdir()) == [path]


def write_half(path):
    with whole_file(path) as temporary:
        temporary.write_text("half")
        raise KeyboardInterrupt


def test_what_breaks_off_leaves_the_earlier_file(tmp_path):
    path = tmp_path / "text"
    path.write_text("before")
    with pytest.raises(KeyboardInterrupt):
        write_half(path)
    assert path.read_text() == "before"
    assert list(tmp_path.iterdir()) == [path]
