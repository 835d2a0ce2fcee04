"""scipy's integrators stepped by hand, with errors measured as the flow needs it, and Newton's equations solved
as the caller likes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from scipy.integrate import BDF, DOP853

from ntp_lib.errors import DidNotConvergeError
from ntp_lib.numerics.aliases import Floats
from ntp_lib.numerics.linearisation import Linearisation

# Steps after which an integration is given up; ordinary ones take a few hundred.
MAX_STEPS = 20_000
# In log t, and √rtol where that is shorter: the first step is of order one, and its error stays. scipy's own guess
# evaluates the right-hand side as far away as the integration goes.
FIRST_STEP = 0.1
# Newton's method ends at this share of the local error asked for, or where its steps are rounding, relative to y.
NEWTON_SHARE = 0.03
NEWTON_ROUNDING = 1e-13


@dataclass(frozen=True, eq=False)
class _Scaled:
    """c·J, still unformed."""

    factor: float
    jacobian: Linearisation


@dataclass(frozen=True, eq=False)
class _Jacobian:
    """J as scipy's step sees it: something that can be multiplied by a number."""

    jacobian: Linearisation
    __array_ufunc__ = None

    def __rmul__(self, factor: float) -> _Scaled:
        return _Scaled(float(factor), self.jacobian)


class _Identity:
    """I as scipy's step sees it: something from which c·J can be taken away."""

    def __sub__(self, scaled: _Scaled) -> _Scaled:
        return scaled


class FlowBDF(BDF):  # type: ignore[misc]  # scipy is untyped
    """BDF whose Newton equations (I − cJ) x = b are solved by a `Linearisation`.

    scipy's integrators take dense or sparse Jacobians only. Step and order control, predictor and error estimate
    stay scipy's; only its factorisation is replaced. Given an empty sparse Jacobian to begin with, scipy forms
    nothing that is larger than the state.

    The local error of an entry y_i is at most atol + rtol·|y_i|. That of the first `jointly` entries is at most
    atol + rtol·max |y_i|, the maximum over them all: a small one beside large ones is their rounding.
    """

    def __init__(
        self,
        fun: Callable[[float, Floats], Floats],
        start: float,
        state: Floats,
        end: float,
        *,
        linearise: Callable[[float, Floats], Linearisation],
        rtol: float,
        atol: float,
        jointly: int = 0,
    ) -> None:
        first_step = min(FIRST_STEP, float(np.sqrt(rtol)), end - start)
        empty = sp.csc_array((len(state), len(state)))
        super().__init__(
            fun, start, state, end, jac=lambda t, y: empty, rtol=rtol, atol=atol, first_step=first_step
        )
        # scipy asks Newton's method for more than rounding leaves where tolerances are small, and stalls there.
        self.newton_tol = min(NEWTON_SHARE, max(rtol**0.5, NEWTON_ROUNDING / rtol))
        self.rtol = np.where(np.arange(len(state)) < jointly, 0.0, rtol)
        self._tolerances, self._jointly = (rtol, atol), jointly
        self._linearise = linearise
        self.jac = self._jacobian
        self.J = self._jacobian(start, state)
        self.I = _Identity()
        self.lu = self._factorise
        self.solve_lu = lambda solve, right: solve(right)

    @property
    def log_time(self) -> float:
        """log t."""
        return float(self.t)

    def step(self) -> str | None:
        """One step."""
        (rtol, atol), together = self._tolerances, slice(0, self._jointly)
        self.atol = np.full(self.n, atol)
        self.atol[together] += rtol * np.abs(self.y[together]).max(initial=0.0)
        message: str | None = super().step()
        return message

    def _jacobian(self, t: float, y: Floats) -> _Jacobian:
        # At the last accepted state, not at scipy's prediction (t, y): where the flow runs into a barrier after a
        # long free stretch, a prediction may lie hundreds of nats beyond, with a useless Jacobian.
        self.njev += 1
        return _Jacobian(self._linearise(self.t, self.y))

    def _factorise(self, scaled: _Scaled) -> Callable[[Floats], Floats]:
        self.nlu += 1
        return scaled.jacobian.factorised(scaled.factor)


class FlowExplicit(DOP853):  # type: ignore[misc]  # scipy is untyped
    """Explicit Runge–Kutta steps in t > 0 whose errors are relative to the longest entry of a part.

    The local error of an entry is at most rtol times the largest among the first `jointly` ones or among the rest,
    or its rounding.
    """

    def __init__(
        self,
        fun: Callable[[float, Floats], Floats],
        start: float,
        state: Floats,
        end: float,
        *,
        rtol: float,
        first_step: float,
        jointly: int,
        rounding: Floats,
    ) -> None:
        super().__init__(fun, start, state, end, rtol=rtol, atol=0.0, first_step=first_step)
        self._parts, self._rounding = (slice(0, jointly), slice(jointly, None)), rounding

    @property
    def log_time(self) -> float:
        """log t."""
        return float(np.log(self.t))

    def step(self) -> str | None:
        """One step."""
        # What the step adds counts too: at the very beginning there is nothing else.
        size = np.maximum(np.abs(self.y), self.h_abs * np.abs(self.f))
        self.atol = np.maximum(self._rounding, np.finfo(float).tiny)
        for part in self._parts:
            self.atol[part] = np.maximum(self.atol[part], self.rtol * size[part].max(initial=0.0))
        message: str | None = super().step()
        return message


def walk(
    solver: FlowBDF | FlowExplicit,
    times: list[float],
    record: Callable[[float, Floats], None],
    *,
    finished: Callable[[float, Floats], bool] = lambda t, y: False,
) -> None:
    """Step until the integrator's end, or until `finished` says so; `times` are met by dense output.

    Args:
        solver: an integrator at its start.
        times: increasing; taken from the front as they are recorded.
        record: called with a time and the state there.
        finished: asked before every step.

    Raises:
        DidNotConvergeError: the step size fell below the resolution of float64, or too many steps were taken.
    """
    for _ in range(MAX_STEPS):
        if solver.status != "running" or finished(solver.t, solver.y):
            return
        # A trial step may leave the range of float64; BDF sees that it is not finite and shortens it.
        with np.errstate(over="ignore", invalid="ignore"):
            message = solver.step()
        if solver.status == "failed":
            raise DidNotConvergeError(f"the flow's integrator stopped at log t = {solver.log_time:.6g}: {message}")
        if times and times[0] <= solver.t:
            interpolant = solver.dense_output()
            while times and times[0] <= solver.t:
                record(times[0], interpolant(times[0]))
                times.pop(0)
    stopped = f"it stopped at log t = {solver.log_time:.6g}"
    raise DidNotConvergeError(f"the flow took more than {MAX_STEPS} steps; {stopped}")
