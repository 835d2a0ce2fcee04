"""Run the splitting on a working set until one of the two answers is proved, over all pairs."""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from tqdm import tqdm

from ntp_lib.data.ntp_data import NTPData
from ntp_lib.data.threads import one_blas_thread
from ntp_lib.margins.working_set import linear_half
from ntp_lib.margins.working_set.face import Closing
from ntp_lib.margins.working_set.iteration import WorkingSetSplitting
from ntp_lib.margins.working_set.pairs import Pairs
from ntp_lib.margins.working_set.problem import SparseProblem
from ntp_lib.margins.working_set.scan import Scan, scan
from ntp_lib.numerics.aliases import Bools, Floats

MAX_ITERATIONS = 20_000
# Iterations between two passes over all logits; fewer where this small a share of the
# violation is in the working set.
ROUND, SHORT_ROUND, SOLVED = 40, 10, 0.05
# The penalty suits unit embeddings of texts; the iteration corrects it, ever more rarely.
FIRST_PENALTY, BALANCE_SPACING = 10.0, 1.5
# Pairs of a context at first; at most those taken in after a pass: so many, and more where more are active.
FIRST_PAIRS, MOST_ADDED, FEW_ADDED, ADDED_PER_ACTIVE = 8, 60, 12, 3
# What clears its margin by this much and has no multiplier is idle; idle pairs go once they are this share of all.
FAR, IDLE = 0.3, 0.25
# Bytes of matrices beyond which only the worst of the violated pairs are taken in.
MAX_BYTES = 2**31
# Violation and gap from which faces are tried, and the factor by which they fall before the next try.
NEAR, NEARER = 0.03, 0.25
# ... once what is violated outside the working set is this share of it: faces that take in much run away.
COMPLETE = 2e-3
# Faces that need not halve the violation, where the working set is solved and pairs are missing.
FREE_FACES = 2
# Violation and gap from which, and iterations after which, float64 takes the place of float32.
SHARPEN, MAX_IN_FLOAT32 = 3e-3, 600
# Faces are solved to this tolerance even where a larger one is asked for.
SHARP = 1e-10
# Without a margin the dual value outgrows the primal one: from here on a certificate is looked for, each time that
# the margin left possible has fallen by the factor DIVERGING and the iterations have grown by SEARCH_SPACING.
HOPELESS, DIVERGING, SEARCH_SPACING = -5.0, 0.8, 1.5
# Margin of unit decoders on unit embeddings that a certificate must exclude.
CERTIFICATE_TOLERANCE = 1e-13


# Where there are many pairs and few become active, a working set is faster than arrays over all of them: from so
# many multiplications m·V·d, contexts per dimension, and pairs for every one in support. Beyond MANY pairs arrays
# over all of them are too large.
LARGE, CROWDED, SPARSE, MANY = 10**7, 3, 8, 2**24


@dataclass(frozen=True, eq=False)
class WorkingSetOutcome:
    """How the search ended.

    Attributes:
        separable: True: `dual` solves the NTP-SVM to the tolerance; False: it is a certificate; None: undecided.
        dual: A, (m, V), for embeddings of the problem's lengths (not the unit ones).
        iterations: of the splitting, plus faces solved.
        working_pairs: pairs (j, v) in the last working set.
        violation: of (6a) and (6b) over all pairs, in units of the margin, at the last pass.
    """

    separable: bool | None
    dual: sp.csr_array
    iterations: int
    working_pairs: int
    violation: float


def suits(data: NTPData) -> bool:
    """Whether a working set is the way to solve a problem: large, in NumPy, and with few pairs that matter."""
    m, d, V = data.num_contexts, data.dim, data.vocab_size
    worth_it = m * V * d >= LARGE and m >= CROWDED * d and SPARSE * data.probs.nnz <= m * V
    return data.kind.is_numpy and (worth_it or m * V > MANY)


def solve(
    data: NTPData,
    *,
    tolerance: float = 1e-7,
    time_limit: float = np.inf,
    unit_lengths: bool = False,
    progress: bool = False,
) -> WorkingSetOutcome:
    """Solve the NTP-SVM or find a certificate that it has no solution.

    Memory is that of the data, of V·d and m·d numbers, and of the matrices of the working set; up to
    6000 contexts also of m² numbers, with which faces are solved.

    Args:
        data: the problem.
        tolerance: on (6a), (6b) relative to the margin, over all pairs, and on the relative duality gap.
        time_limit: seconds after which the search ends undecided.
        unit_lengths: set the lengths of all embeddings to one, here and in the dual variable returned.
        progress: show a progress bar on stderr.
    """
    problem = SparseProblem.of(data, unit_lengths=unit_lengths)
    deadline = time.monotonic() + time_limit
    with one_blas_thread(), tqdm(desc="working set", unit="iteration", disable=not progress) as bar:
        search = _Search(problem, tolerance, deadline)
        while search.separable is None and search.iterations < MAX_ITERATIONS and time.monotonic() < deadline:
            before = search.iterations
            search.round()
            bar.set_postfix(pairs=len(search.pairs.keys), violation=f"{search.violation:.1e}", refresh=False)
            bar.update(search.iterations - before)
    multipliers = search.A / problem.lengths[search.pairs.contexts]
    dual = search.pairs.array(multipliers)
    dual.eliminate_zeros()
    return WorkingSetOutcome(search.separable, dual, search.iterations, search.working_pairs, search.violation)


class _Search:
    """The state between two rounds: the splitting, and the best that it has led to."""

    def __init__(self, problem: SparseProblem, tolerance: float, deadline: float = np.inf) -> None:
        self.problem, self.tolerance = problem, tolerance
        self.closing = Closing(problem, deadline)
        self.splitting = WorkingSetSplitting(problem, first_pairs(problem), FIRST_PENALTY)
        self.separable: bool | None = None
        self.pairs, self.A = self.splitting.pairs, self.splitting.dual
        self.violation, self._inside = np.inf, np.nan
        self._next_balance, self._next_search = ROUND, 0
        self._near, self._excluded = NEAR, np.inf

    @property
    def iterations(self) -> int:
        """Iterations and faces so far."""
        return self.splitting.iterations + self.closing.faces

    @property
    def working_pairs(self) -> int:
        """Pairs in the working set."""
        return len(self.splitting.pairs.keys)

    @property
    def _solved(self) -> bool:
        """Whether the working set is solved, but for pairs that are missing from it."""
        return self._inside <= SOLVED * min(self.violation, 1.0)

    def round(self) -> None:
        """Iterate, look at all pairs, try to end, and mend the working set."""
        splitting = self.splitting
        # Where the working set is solved and pairs are missing, more iterations on it are of no use.
        splitting.advance(SHORT_ROUND if self._solved else ROUND)
        restricted, A = splitting.problem, splitting.dual
        W = restricted.decoder(A)
        seen = scan(W, self.problem, splitting.pairs, above=0.0, most=MOST_ADDED, precision=splitting.precision)
        self.pairs, self.A, self.violation = splitting.pairs, A, max(seen.violation, seen.spread)
        slacks = restricted.slacks(seen.logits)
        self._inside = max(seen.spread, float(slacks.max()))
        gap = restricted.gap(A, W)
        if self._ended(seen, gap, restricted.excluded_margin(A, W)):
            return
        # Without a margin the dual variable runs straight only at a fixed penalty (book, prop-splitting-gap).
        if gap > HOPELESS and splitting.iterations >= self._next_balance:
            self._next_balance = int(splitting.iterations * BALANCE_SPACING) + ROUND
            splitting.rebalance()
        self._mend(seen, A, slacks > -FAR)

    def _ended(self, seen: Scan, gap: float, excluded: float) -> bool:
        reached = max(self.violation, abs(gap))
        faces = self.problem.products is not None
        complete = np.sum(~self.pairs.places(seen.keys)[1]) <= COMPLETE * len(self.pairs.keys)
        if faces and complete and reached <= self._near:
            self._near = NEARER * reached
            self._take(
                self.closing.solution(self.pairs, self.A, tolerance=min(self.tolerance, SHARP), free_steps=2), True
            )
        elif faces and gap < HOPELESS and self._due(excluded):
            self._take(self.closing.certificate(self.pairs, self.A, tolerance=CERTIFICATE_TOLERANCE), False)
        if self.separable is None and reached <= self.tolerance and seen.precise:
            self.separable = True
        late = reached <= SHARPEN or self.splitting.iterations >= MAX_IN_FLOAT32
        if self.separable is None and late and self.splitting.precision != np.float64:
            self.splitting.sharpen()
        return self.separable is not None

    def _due(self, excluded: float) -> bool:
        """Whether the dual variable has diverged enough since the last search for a certificate."""
        if self.splitting.iterations < self._next_search or excluded > DIVERGING * self._excluded:
            return False
        self._next_search, self._excluded = int(SEARCH_SPACING * self.splitting.iterations), excluded
        return True

    def _take(self, found: tuple[Pairs, Floats, float] | None, separable: bool) -> None:
        if found is not None:
            self.separable = separable
            self.pairs, self.A, self.violation = found

    def _mend(self, seen: Scan, A: Floats, near: Bools) -> None:
        """Take in what is violated, and drop what is idle where there is much of it."""
        pairs = self.splitting.pairs
        kept: Bools = pairs.support | (A < 0) | near
        if np.mean(~kept) < IDLE:
            kept = np.ones_like(kept)
        new = ~pairs.places(seen.keys)[1] & _among_the_worst(seen, pairs, A)
        keys, missed = seen.keys[new], seen.missed[new]
        if not keys.size and kept.all():
            return
        itemsize = np.dtype(self.splitting.precision).itemsize
        while True:
            grown = Pairs.of(np.concatenate([pairs.keys[kept], keys]), self.problem.probs)
            small = linear_half.bytes_of(grown, self.problem.rows.shape[1], itemsize) <= MAX_BYTES
            if small or not keys.size:
                break
            worst = missed > np.median(missed)
            keys, missed = keys[worst], missed[worst]
        self.splitting.move_to(grown, A)


def first_pairs(problem: SparseProblem) -> Pairs:
    """The supports and the worst tokens of every context for the decoder W = Σ_j (uniform on S_j) ĥ_jᵀ."""
    probs = problem.probs
    sizes = np.diff(probs.indptr)
    uniform = sp.csr_array((np.repeat(1 / sizes, sizes), probs.indices, probs.indptr), shape=probs.shape)
    supports = Pairs.of(np.empty(0, dtype=np.int64), probs)
    W = np.asarray(uniform.T.tocsr() @ problem.rows)
    seen = scan(W, problem, supports, above=-np.inf, most=FIRST_PAIRS, precision=np.float32)
    return Pairs.of(seen.keys, probs)


def _among_the_worst(seen: Scan, pairs: Pairs, A: Floats) -> Bools:
    """Which of the pairs seen are taken in: the worst of every context, more where more are active."""
    active = pairs.sums(np.where(~pairs.support & (A < 0), 1.0, 0.0))
    contexts = seen.keys // pairs.shape[1]
    order = np.lexsort((-seen.missed, contexts))
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(len(order)) - np.searchsorted(contexts, contexts)[order]
    return np.asarray(rank < FEW_ADDED + ADDED_PER_ACTIVE * active[contexts])
