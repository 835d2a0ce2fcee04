"""Repeated tokens in sentences that select."""

import numpy as np

from ntp_lib.attention.selection import Selection
from ntp_lib.attention.stage_one import margin_values
from ntp_lib.attention.stage_two import StageTwo


def test_late_pushes_are_their_limits_times_exponentials_of_margins() -> None:
    data = Selection.from_sentences(
        ["aabcq", "bccq"], "BC", [*zip("abcq", "ABCQ", strict=True)], vocabulary="abcqABCQ"
    )
    W = np.zeros((8, 8))
    place = {name: i for i, name in enumerate(data.vocabulary)}
    # b decides the first sentence and c the second: let the first alone be late.
    W[place["b"], place["q"]] = 25.0
    for head in (None, margin_values(data, 2.0)):
        stage = StageTwo(data, head)
        look = stage.look(W)
        first = int(np.flatnonzero(data.tokens[:, 0] == place["b"])[0])
        real = data.losers[first]
        pushes = look.pushes[first][real] * np.exp(look.log_scale + look.margins[first][real])
        assert np.allclose(pushes, stage.limits[first][real], rtol=1e-8, atol=0)
        # a occurs twice, c and the query once.
        twice = data.counts[first, 1:][real] == 2
        assert twice.sum() == 1
        assert np.allclose(stage.limits[first][real][twice], 2 * stage.limits[first][real][~twice], rtol=1e-12)
