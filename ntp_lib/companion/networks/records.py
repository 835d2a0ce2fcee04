"""What is kept of a trained network, and the report of several: read strictly, written whole or not at all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path

from ntp_lib.companion.reproduction import records
from ntp_lib.companion.reproduction.project import Project

SCHEMA = "ntp-networks-1"
NAME = "transformer-text.json"
REMEDY = "train them again with: ntp networks"


@dataclass(frozen=True)
class Network:
    """A transformer on the beginning of the language reference; all else is as in `train_transformer`.

    Attributes:
        name: what sets it apart.
        slice_tokens: tokens of the text.
        slice_vocab_size: V; rarer words are merged.
        dim: d.
        steps: of AdamW.
        step_size: the largest.
        decay: decoupled weight decay.
        seed: of the weights.
    """

    name: str
    slice_tokens: int = 3000
    slice_vocab_size: int = 100
    dim: int = 64
    steps: int = 800
    step_size: float = 3e-3
    decay: float = 0.0
    seed: int = 0


# One thing differs from the first in every row.
NETWORKS = (
    Network("64 dimensions"),
    Network("another start", seed=1),
    Network("1500 steps", steps=1500),
    Network("decay 1", decay=1.0),
    Network("32 dimensions", dim=32),
    Network("36 dimensions", dim=36),
    Network("40 dimensions", dim=40),
    Network("48 dimensions", dim=48),
    Network("128 dimensions", dim=128),
    Network("10 000 tokens", slice_tokens=10_000),
)

# The same in little, for tests of the code.
SMALL_NETWORKS = tuple(
    replace(
        network, slice_tokens=network.slice_tokens // 10, slice_vocab_size=12, dim=8, steps=network.steps // 80
    )
    for network in NETWORKS
)


@dataclass(frozen=True)
class Outcome:
    """One network at its last step, its embeddings held fixed; null where there is no such number.

    Attributes:
        network: what was trained.
        contexts: m.
        shared: how many contexts have both of the two tokens that meet most often.
        excess_loss: CE − entropy, nats.
        margin: least margin of the logits, nats.
        log_odds_error: distance of the in-support logits from the log-odds, relative.
        compatible: verdict on the embeddings.
        separable: verdict on the embeddings; null where undecided in the time given.
        finite_error: ‖P_F W − W*‖/‖W*‖.
        cosine: of P_⊥ W with W^mm.
        attained: margin of P_⊥ W over the largest at its length.
        words_margin: agreement of words with Λ^mm.
        contexts_margin: agreement of contexts with Λ^mm.
        words_path: agreement of words with a point of the ridge path, λ = 10⁻³.
        contexts_path: agreement of contexts with it.
        seconds: of the processor, for training and verdicts.
    """

    network: Network
    contexts: int
    shared: int
    excess_loss: float
    margin: float
    log_odds_error: float
    compatible: bool | None
    separable: bool | None
    finite_error: float | None
    cosine: float | None
    attained: float | None
    words_margin: float
    contexts_margin: float
    words_path: float
    contexts_path: float
    seconds: float


@dataclass(frozen=True)
class NetworksReport:
    """All networks, from one machine.

    Attributes:
        command: what was typed.
        started: ISO time, UTC.
        finished: ISO time of the last network, UTC.
        machine: processor, cores, system, BLAS.
        versions: of Python and of what computes.
        time_limit: seconds that the search for a margin may take.
        outcomes: one for each network.
    """

    command: str
    started: str
    finished: str
    machine: Mapping[str, str | int]
    versions: Mapping[str, str]
    time_limit: float
    outcomes: tuple[Outcome, ...]

    def outcome(self, name: str) -> Outcome:
        """The network of that name.

        Raises:
            KeyError: there is none.
        """
        for outcome in self.outcomes:
            if outcome.network.name == name:
                return outcome
        raise KeyError(name)

    def with_outcome(self, outcome: Outcome, finished: str) -> NetworksReport:
        """The report with one network more, or again."""
        others = tuple(one for one in self.outcomes if one.network.name != outcome.network.name)
        return replace(self, outcomes=(*others, outcome), finished=finished)

    def missing(self, networks: Sequence[Network]) -> list[str]:
        """Names of the networks that it does not hold, or holds with other settings."""
        there = {outcome.network for outcome in self.outcomes}
        return [network.name for network in networks if network not in there]


def report_file(project: Project) -> Path:
    """Where the committed report lies, whether or not it exists."""
    return project.measured / NAME


def save_networks(report: NetworksReport, path: Path) -> None:
    """Write a report; whoever reads the path finds the earlier file or the whole new one."""
    records.write_json({"schema": SCHEMA, **asdict(report)}, path)


def load_networks(path: Path) -> NetworksReport:
    """Read a report.

    Raises:
        ReproductionError: there is no file, or it is no report of this schema; the message names the field and
            says what to do.
    """
    return records.load_report(
        NetworksReport, path, schema=SCHEMA, name="report on networks", problems=_problems, remedy=REMEDY
    )


def _problems(report: NetworksReport) -> Iterator[str]:
    for moment in (report.started, report.finished):
        try:
            datetime.fromisoformat(moment)
        except ValueError:
            yield f"started or finished is {moment[:40]!r}; valid: an ISO time"
    names = [outcome.network.name for outcome in report.outcomes]
    for number, outcome in enumerate(report.outcomes):
        where = f"outcomes[{number}]"
        if outcome.network.name in names[:number]:
            yield f"{where}: name {outcome.network.name[:80]!r} is given twice"
        if not 0 <= outcome.shared <= outcome.contexts:
            yield f"{where}: shared is {outcome.shared}; valid: 0 to contexts, which is {outcome.contexts}"
        if outcome.excess_loss < 0 or outcome.seconds < 0:
            yield f"{where}: excess_loss and seconds must be at least 0"
        # Only a margin gives W^mm, and only compatibility W*.
        if (outcome.cosine is not None) > bool(outcome.separable):
            yield f"{where}: cosine is {outcome.cosine}; valid without a margin: null"
        if (outcome.finite_error is not None) > bool(outcome.compatible):
            yield f"{where}: finite_error is {outcome.finite_error}; valid for incompatible embeddings: null"
