"""The book's own address: which buttons a page shows, decided in one place."""

import copy
from typing import Any
from urllib.parse import urlparse

from ntp_lib.companion.reproduction.errors import PublicationError
from ntp_lib.companion.reproduction.fields import mapping, read_yaml
from ntp_lib.companion.reproduction.project import Project

# Where the pages of a repository are read.
PAGES = {"github.com": "github.io", "gitlab.com": "gitlab.io"}
HOSTS = tuple(PAGES)
BUTTONS = ("use_repository_button", "use_edit_page_button", "use_issues_button")


def repository_url(config: dict[str, Any]) -> str:
    """Return the repository's address from a Jupyter Book configuration, empty when none is set.

    Raises:
        PublicationError: the address is not that of a repository on a host the theme can link to.
    """
    url = str((config.get("repository") or {}).get("url") or "").strip().removesuffix(".git").rstrip("/")
    parts = urlparse(url)
    owner_and_name = [part for part in parts.path.split("/") if part]
    if url and (parts.scheme != "https" or parts.netloc not in HOSTS or len(owner_and_name) != 2):
        valid = " or ".join(f"https://{host}/OWNER/NAME" for host in HOSTS)
        raise PublicationError(
            f"_config.yml: repository: url: {url!r} is not usable; give {valid} or leave it empty"
        )
    return url


def book_address(config: dict[str, Any]) -> str:
    """Return where the built book is read: `html: baseurl`, else the repository's own pages, empty without either.

    Raises:
        PublicationError: the address is not one of a web site, or the repository's is unusable.
    """
    given = str((config.get("html") or {}).get("baseurl") or "").strip().rstrip("/")
    if given and not given.startswith(("https://", "http://")):
        raise PublicationError(
            f"_config.yml: html: baseurl: {given!r} is not usable; give https://… or leave it out"
        )
    if given or not (url := repository_url(config)):
        return given
    owner, name = urlparse(url).path.strip("/").split("/")
    host = PAGES[urlparse(url).netloc]
    own_site = name.lower() == f"{owner}.{host}".lower()
    return f"https://{owner}.{host}" + ("" if own_site else f"/{name}")


def project_addresses(project: Project) -> tuple[str, str]:
    """Return the addresses of a project's book and of its repository, empty where it has none."""
    config = dict(mapping(read_yaml(project.root / "_config.yml", "_config.yml"), "_config.yml"))
    return book_address(config), repository_url(config)


def with_addresses(config: dict[str, Any]) -> dict[str, Any]:
    """Return the configuration with repository, edit, issue and launch buttons all on, or all absent.

    They are on when `repository: url:` is set. Binder opens GitHub and GitLab, Colab only GitHub.
    The argument is left as it is.
    """
    result = copy.deepcopy(config)
    url = repository_url(config)
    html = result.setdefault("html", {})
    html.update(dict.fromkeys(BUTTONS, bool(url)))
    if address := book_address(config):
        html["baseurl"] = f"{address}/"
    result.pop("launch_buttons", None)
    if not url:
        result.pop("repository", None)
        return result
    result["repository"] = {"branch": "main", "path_to_book": "", **result["repository"], "url": url}
    result["launch_buttons"] = {"notebook_interface": "jupyterlab", "binderhub_url": "https://mybinder.org"}
    if urlparse(url).netloc == "github.com":
        result["launch_buttons"]["colab_url"] = "https://colab.research.google.com"
    return result
