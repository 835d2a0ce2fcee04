import pytest


@pytest.fixture
def file(tmp_path):
    """Write a text, or bytes, to a file of its own."""

    def write(content):
        path = tmp_path / "text.txt"
        path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
        return path

    return write
