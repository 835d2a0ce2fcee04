"""Cases where the NTP-SVM is a machine known by another name, and the paper's plane."""

import numpy as np
import pytest
import scipy.optimize

import ntp_lib as ntp

SEEDS = range(8)


def one_hot_problem(seed, m, d, V):
    """Labels from a random linear teacher, so that the classes are separable."""
    rng = np.random.default_rng(seed)
    embeddings = rng.standard_normal((m, d))
    labels = np.argmax(embeddings @ rng.standard_normal((d, V)), axis=1)
    return ntp.NTPData(embeddings, np.full(m, 1 / m), np.eye(V)[labels]), labels


def least_norm(start, constraints):
    found = scipy.optimize.minimize(
        lambda w: (w @ w / 2, w), start, jac=True, method="SLSQP",
        constraints={"type": "ineq", "fun": lambda w: constraints @ w - 1, "jac": lambda w: constraints},
        options={"ftol": 1e-14, "maxiter": 1000},
    )  # fmt: skip
    assert found.success, found.message
    return found.x


@pytest.mark.parametrize("seed", SEEDS)
def test_two_tokens_make_a_binary_machine_through_the_origin(seed):
    data, labels = one_hot_problem(seed, m=8, d=3, V=2)
    signs = np.where(labels == 0, 1.0, -1.0)
    w = least_norm(np.zeros(3), signs[:, None] * data.embeddings)
    found = ntp.ntp_svm(data).W
    # W = (w/2, −w/2): the two rows share the normal, and ‖W‖² = ‖w‖²/2.
    assert found == pytest.approx(np.array([w / 2, -w / 2]), abs=1e-6 * np.linalg.norm(w))
    assert np.linalg.norm(found) == pytest.approx(np.linalg.norm(w) / np.sqrt(2), rel=1e-6)
    assert found != pytest.approx(np.array([w, -w]), rel=1e-3)


@pytest.mark.parametrize("seed", SEEDS)
def test_one_hot_labels_make_a_multiclass_machine(seed):
    """Hard-margin Crammer and Singer: w_y·x − w_k·x ≥ 1 for every wrong class k, least Σ‖w_k‖²."""
    data, labels = one_hot_problem(seed, m=7, d=3, V=3)
    rows = []
    for x, y in zip(data.embeddings, labels, strict=True):
        for k in {0, 1, 2} - {int(y)}:
            row = np.zeros((3, 3))
            row[y], row[k] = x, -x
            rows.append(row.ravel())
    expected = least_norm(np.zeros(9), np.array(rows)).reshape(3, 3)
    found = ntp.ntp_svm(data).W
    assert found == pytest.approx(expected, abs=1e-5 * np.linalg.norm(expected))
    assert found != pytest.approx(1.001 * expected, abs=1e-5 * np.linalg.norm(expected))


def test_one_context_by_hand():
    """S tokens tied at height a, the others at b, a − b = 1, least norm: a = (V−S)/V, b = −S/V along h/‖h‖²."""
    data = ntp.NTPData([[3.0, 4.0]], [1.0], [[0.2, 0.8, 0, 0, 0]])
    heights = np.array([0.6, 0.6, -0.4, -0.4, -0.4])
    found = ntp.ntp_svm(data).W
    assert found == pytest.approx(np.outer(heights, [3, 4]) / 25, abs=1e-9)


def test_the_plane_of_the_paper():
    data = ntp.synthetic.toy_2d()
    W = ntp.ntp_svm(data).W
    assert np.linalg.norm(W) == pytest.approx(2.7325, abs=5e-5)
    assert np.linalg.norm(W) == pytest.approx(np.sqrt(112 / 15), rel=1e-9)
    assert ntp.subspace(data).dim == 6
    # Words 1 and 5 follow the same contexts; word 3 follows A alone, at 90 degrees.
    assert W[0] == pytest.approx(W[4], abs=1e-9)
    assert W[2, 0] == pytest.approx(0, abs=1e-9)
    assert W[2, 1] > 0.5
    # Controls: the other words differ, and W* tells words 1 and 5 apart.
    assert np.linalg.norm(W[1] - W[3]) > 0.1
    W_star = ntp.compatibility(data).W_finite
    assert np.linalg.norm(W_star[0] - W_star[4]) > 0.1
