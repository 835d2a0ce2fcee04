"""Buttons that lead to the repository: all there, or none."""

import copy
from typing import Any

import pytest
import yaml
from small_project import ROOT

from ntp_lib.companion.pages.addresses import BUTTONS, book_address, with_addresses
from ntp_lib.companion.reproduction.errors import PublicationError


@pytest.fixture
def config() -> dict[str, Any]:
    """The book's own configuration."""
    result: dict[str, Any] = yaml.safe_load((ROOT / "_config.yml").read_text("utf-8"))
    return result


@pytest.mark.parametrize("url", ["", None, "  "])
def test_no_address_no_buttons(config: dict[str, Any], url: str | None) -> None:
    """Without an address nothing of it is left in the configuration."""
    config["repository"]["url"] = url
    result = with_addresses(config)
    assert not any(result["html"][button] for button in BUTTONS)
    assert "repository" not in result
    assert "launch_buttons" not in result


@pytest.mark.parametrize(
    "url", ["https://github.com/o/n", "https://github.com/o/n.git", "https://github.com/o/n/"]
)
def test_address_switches_all_buttons_on(config: dict[str, Any], url: str) -> None:
    """With an address every button is there, and the address is written in one way."""
    config["repository"]["url"] = url
    result = with_addresses(config)
    assert all(result["html"][button] for button in BUTTONS)
    assert result["repository"]["url"] == "https://github.com/o/n"
    assert result["repository"]["branch"] == "main"
    assert set(result["launch_buttons"]) == {"notebook_interface", "binderhub_url", "colab_url"}


def test_colab_opens_github_only(config: dict[str, Any]) -> None:
    """A repository elsewhere gets no button that could not work."""
    config["repository"]["url"] = "https://gitlab.com/o/n"
    assert "colab_url" not in with_addresses(config)["launch_buttons"]


def test_configuration_is_left_as_it_is(config: dict[str, Any]) -> None:
    """The function is pure."""
    config["repository"]["url"] = "https://github.com/o/n"
    before = copy.deepcopy(config)
    with_addresses(config)
    assert config == before


@pytest.mark.parametrize(
    "url", ["github.com/o/n", "http://github.com/o/n", "https://github.com/o", "https://example.org/o/n"]
)
def test_unusable_address_is_refused(config: dict[str, Any], url: str) -> None:
    """An address the theme cannot link to is an error that shows a valid one."""
    config["repository"]["url"] = url
    with pytest.raises(PublicationError, match=r"https://github\.com/OWNER/NAME"):
        with_addresses(config)


@pytest.mark.parametrize(
    ("url", "baseurl", "address"),
    [
        ("", "", ""),
        ("https://github.com/o/n", "", "https://o.github.io/n"),
        ("https://github.com/o/o.github.io", "", "https://o.github.io"),
        ("https://gitlab.com/o/n", "", "https://o.gitlab.io/n"),
        ("https://github.com/o/n", "https://book.example/", "https://book.example"),
        ("", "https://book.example/x", "https://book.example/x"),
    ],
)
def test_book_is_read_where_its_repository_publishes(
    config: dict[str, Any], url: str, baseurl: str, address: str
) -> None:
    """An address of the book's own comes first; without any, Sphinx is told of none."""
    config["repository"]["url"] = url
    config["html"]["baseurl"] = baseurl
    assert book_address(config) == address
    assert with_addresses(config)["html"]["baseurl"] == (f"{address}/" if address else "")


def test_unusable_address_of_the_book_is_refused(config: dict[str, Any]) -> None:
    """What is no address of a web site is an error that names it."""
    config["html"]["baseurl"] = "book.example"
    with pytest.raises(PublicationError, match=r"html: baseurl: 'book\.example'"):
        book_address(config)
