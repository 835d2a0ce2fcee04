"""The ledger `notebooks/claims.yml`: what the book claims, where it stands, and the checks that support it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from ntp_lib.companion.reproduction.errors import ReproductionError, unknown
from ntp_lib.companion.reproduction.fields import mapping, read_yaml, shown, text, texts
from ntp_lib.companion.reproduction.labels import Place, book_labels
from ntp_lib.companion.reproduction.manifest import IDENTIFIER, Manifest, load_manifest
from ntp_lib.companion.reproduction.project import Project

CLAIM_FIELDS = ("statement", "paper", "label", "assumptions", "state", "checks")
CHECK_NAME = re.compile(r"[a-z0-9-]+/\S+")


# A block of one of these kinds says that a proof stands with it.
PROVED_BLOCKS = ("prf:theorem", "prf:lemma", "prf:proposition", "prf:corollary")


class ClaimState(Enum):
    """On what a claim rests; the value says it in words."""

    PROVED = "proved"
    DERIVED = "derived"
    HEURISTIC = "heuristic"
    OBSERVED = "observed"
    CORRECTED = "corrected"


@dataclass(frozen=True)
class Claim:
    """One claim.

    Attributes:
        id: its name.
        statement: what is claimed, as MyST inline markup.
        paper: where the paper says it, or None for a claim of the book's own.
        label: label of the block, equation or figure of the book that states it.
        place: where that label stands.
        assumptions: what has to hold, one phrase each.
        state: on what it rests.
        checks: names of the checks that support it, as `notebook/what`.
    """

    id: str
    statement: str
    paper: str | None
    label: str
    place: Place
    assumptions: tuple[str, ...]
    state: ClaimState
    checks: tuple[str, ...]

    @property
    def reference(self) -> str:
        """The place in the book, as a MyST cross-reference."""
        return f"{{{self.place.role}}}`{self.label}`"


@dataclass(frozen=True)
class Ledger:
    """All claims in the order of the file, and the ids that must be among them."""

    required: tuple[str, ...]
    claims: Mapping[str, Claim]

    @property
    def missing(self) -> tuple[str, ...]:
        """Required ids without a claim."""
        return tuple(name for name in self.required if name not in self.claims)


def load_ledger(project: Project, manifest: Manifest | None = None) -> Ledger:
    """Read and validate the ledger.

    Args:
        project: the project whose ledger to read.
        manifest: its manifest, if already read.

    Returns:
        The ledger; every label it names is one of a chapter or of a figure, and no state contradicts the block.

    Raises:
        ReproductionError: the file is missing or an entry is not valid; the message names the claim, the
            field and what would be valid.
    """
    where = project.relative(project.ledger)
    top = mapping(read_yaml(project.ledger, where), where, ("required", "claims"))
    figures = (manifest or load_manifest(project)).figures
    places = {**book_labels(project), **dict.fromkeys(figures, Place("numref"))}
    claims = {
        str(name): _claim(str(name), value, f"{where}: claim {name!r}", places)
        for name, value in mapping(top.get("claims") or {}, f"{where}: claims").items()
    }
    return Ledger(required=texts(top, "required", where), claims=claims)


def _claim(name: str, value: Any, where: str, places: Mapping[str, Place]) -> Claim:
    if not IDENTIFIER.fullmatch(name):
        raise ReproductionError(f"{where}: not a valid id; valid: lower-case letters, digits and single '-'")
    fields = mapping(value, where, CLAIM_FIELDS)
    label = text(fields, "label", where)
    if label not in places:
        raise ReproductionError(f"{where}: {unknown('label', label, places)}")
    checks = texts(fields, "checks", where)
    if wrong := [check for check in checks if not CHECK_NAME.fullmatch(check)]:
        raise ReproductionError(f"{where}: checks lists {shown(wrong[0])}; valid: notebook/what")
    return Claim(
        id=name,
        statement=text(fields, "statement", where),
        paper=text(fields, "paper", where, optional=True) or None,
        label=label,
        place=places[label],
        assumptions=texts(fields, "assumptions", where),
        state=_state(text(fields, "state", where), places[label], where),
        checks=checks,
    )


def _state(value: str, place: Place, where: str) -> ClaimState:
    states = {state.value: state for state in ClaimState}
    if value not in states:
        raise ReproductionError(f"{where}: {unknown('state', value, states)}")
    state, block = states[value], place.block.removeprefix("prf:")
    if place.block in PROVED_BLOCKS and state not in (ClaimState.PROVED, ClaimState.CORRECTED):
        raise ReproductionError(f"{where}: {value}, yet its label is that of a {block}; valid: proved, corrected")
    if place.block == "prf:conjecture" and state is ClaimState.PROVED:
        raise ReproductionError(
            f"{where}: proved, yet its label is that of a conjecture; valid: heuristic, observed"
        )
    return state
