"""How a chapter is built: its head, what comes first, one notation, titles that tell pages apart."""

import json
import re
from itertools import combinations
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[3]
HEAD = ("From the paper", "Not in the paper", "Needs", "Runs in", "Reading time")
# Pages of the four parts that state no theorem of their own.
WITHOUT_THEOREM = {"explore", "open-questions", "what-is-new", "benchmarks"}
STATEMENT = re.compile(r"^```+\{prf:(?:theorem|proposition)\}", re.MULTILINE)
PICTURE = re.compile(r"^```+\{(?:ntp-)?figure\}", re.MULTILINE)
PROOF = re.compile(r"^```+\{prf:proof\}", re.MULTILINE)
OLD_NOTATION = re.compile(r"\\mathsf\s*\{?T\b|\^\\top\b|_\{j[vz]\}|\bntp_lib\.[a-z_]+\(")
BY_HAND = re.compile(r"\b(?:Theorem|Lemma|Proposition|Corollary|Definition|Example|Remark)s? \d+\.\d+")


def _files() -> list[str]:
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text("utf-8"))
    return [chapter["file"] for part in toc["parts"][:4] for chapter in part["chapters"]]


CHAPTERS = [Path(file).name for file in _files()]
PROVED = [name for name in CHAPTERS if name not in WITHOUT_THEOREM]


def text_of(name: str) -> str:
    return (ROOT / "book" / f"{name}.md").read_text("utf-8")


def head_of(text: str) -> list[str]:
    """The first column of a chapter's first table."""
    table = re.search(r"^\| \| \|\n\|---\|---\|\n((?:\|.*\n)+)", text, re.MULTILINE)
    return [row.split("|")[1].strip() for row in table[1].splitlines()] if table else []


def in_order(names: list[str]) -> bool:
    return bool(names) and names == [name for name in HEAD if name in names]


def late(text: str) -> list[str]:
    """What a reader meets only after the first proof."""
    proof = PROOF.search(text)
    front = text[: proof.start()] if proof else text
    return [name for name, kind in (("theorem", STATEMENT), ("picture", PICTURE)) if not kind.search(front)]


def collisions(titles: dict[str, str]) -> list[tuple[str, str]]:
    """Pages whose titles consist of the same words."""
    words = {page: frozenset(re.findall(r"\w+", title.lower())) for page, title in titles.items()}
    return [pair for pair in combinations(sorted(words), 2) if words[pair[0]] == words[pair[1]]]


def titles() -> dict[str, str]:
    found = {path.name: _title(path.read_text("utf-8")) for path in (ROOT / "book").glob("*.md")}
    for path in (ROOT / "notebooks").glob("*.ipynb"):
        cells = json.loads(path.read_text("utf-8"))["cells"]
        found[path.name] = _title("".join(next(c["source"] for c in cells if c["cell_type"] == "markdown")))
    return found


def _title(text: str) -> str:
    return re.search(r"^# (.+)$", text, re.MULTILINE)[1]  # type: ignore[index]


@pytest.mark.parametrize("name", CHAPTERS)
def test_the_head_is_one_kind_of_table(name: str) -> None:
    if name in ("open-questions", "what-is-new"):
        pytest.skip("has no head")
    assert in_order(head_of(text_of(name))), head_of(text_of(name))


@pytest.mark.parametrize("name", PROVED)
def test_theorem_and_picture_stand_before_the_first_proof(name: str) -> None:
    assert late(text_of(name)) == []


@pytest.mark.parametrize("name", CHAPTERS)
def test_one_notation(name: str) -> None:
    assert OLD_NOTATION.findall(text_of(name)) == []
    assert BY_HAND.findall(text_of(name)) == []


@pytest.mark.parametrize("name", PROVED)
def test_words_of_the_glossary_are_linked(name: str) -> None:
    assert "{term}`" in text_of(name)


def test_titles_tell_pages_apart() -> None:
    assert collisions(titles()) == []


def test_controls() -> None:
    """Each rule notices a chapter that nearly keeps it."""
    assert not in_order(["Covers", "Needs"])
    assert not in_order(["Needs", "From the paper"])
    statement, picture, proof = "```{prf:theorem} T\n", "```{ntp-figure} f\n", "```{prf:proof}\n"
    assert late(statement + picture + proof) == []
    assert late("```{prf:lemma} L\n" + proof + statement + picture) == ["theorem", "picture"]
    assert late(statement + proof + picture) == ["picture"]
    for word in (r"W^{\mathsf T}", r"\mu_{jv}", r"W^\top", "`ntp_lib.train(data)`"):
        assert OLD_NOTATION.search(word), word
    assert not OLD_NOTATION.search(r"W^{\T}, \mu_{j,v}, `ntp.train(data)`, `ntp_lib.features`")
    assert BY_HAND.search("by Theorem 5.1")
    assert not BY_HAND.search("the paper's Theorem 2")
    assert collisions({"a": "When can the loss reach it?", "b": "When the loss can reach it"}) == [("a", "b")]
