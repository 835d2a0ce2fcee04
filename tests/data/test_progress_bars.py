"""Progress bars: on stderr, of the right length, and only for those who ask and have to wait."""

import pytest
from tqdm import tqdm

from ntp_lib import NTPData
from ntp_lib.data import text_file, tokens
from ntp_lib.data.text import cut_text, data_from_text_file, encode_text_file, read_text

TEXT = "the cat sat on the mat, the cat ran"


class Impatient(tqdm):
    """A bar that is drawn at once and at every change."""

    def __init__(self, *args, delay, **options):
        assert delay > 0, "short work shows no bar"
        super().__init__(*args, **options, mininterval=0, miniters=1, ascii=True)


@pytest.fixture
def path(tmp_path):
    (tmp_path / "text.txt").write_text(TEXT)
    return tmp_path / "text.txt"


@pytest.fixture
def impatient(monkeypatch):
    monkeypatch.setattr(text_file, "tqdm", Impatient)
    monkeypatch.setattr(tokens, "tqdm", Impatient)
    monkeypatch.setattr(text_file, "CHUNK_BYTES", 10)


READERS = [read_text, encode_text_file, lambda path, **options: cut_text(path, **options), data_from_text_file]
COUNTERS = [
    lambda path, **options: NTPData.from_tokens(TEXT.split(), dim=2, **options),
    lambda path, **options: NTPData.from_tokens(TEXT.split(), dim=2, **options),
    data_from_text_file,
]


@pytest.mark.parametrize("work", [*READERS, *COUNTERS])
def test_nothing_is_shown_unless_asked_for(work, path, impatient, capsys):
    work(path)
    work(path, progress=False)
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("work", READERS)
def test_reading_counts_the_bytes_of_the_file(work, path, impatient, capsys):
    work(path, progress=True)
    out, err = capsys.readouterr()
    assert out == ""
    assert "reading text.txt: " in err
    for count in (10, 20, 30, 35):
        assert f"{count}.0/35.0 " in err
    assert "reading text.txt: 100%|" in err
    assert "B/s" in err


@pytest.mark.parametrize("length", [1, 2, 3, 8])
def test_counting_ends_with_every_position_done(length, impatient, capsys):
    NTPData.from_tokens(TEXT.split(), context_length=length - 1 or 1, dim=2, progress=True)
    out, err = capsys.readouterr()
    steps = max(length, 2)
    assert out == ""
    assert "counting contexts:   0%|" in err
    assert f" {steps}/{steps} " in err.rstrip().rsplit("\r", 1)[-1]


@pytest.mark.parametrize("work", [*READERS, *COUNTERS])
def test_short_work_shows_no_bar(work, path, capsys):
    work(path, progress=True)
    assert capsys.readouterr() == ("", "")
