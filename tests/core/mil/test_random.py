"""Random operations: their distribution, and that a seed repeats them."""

import numpy as np
import pytest

from .single import run_single

SHAPE = np.array([100, 200], np.int32)


@pytest.mark.parametrize(
    ("name", "constants", "mean", "deviation"),
    [
        ("random_uniform", {"low": np.float32(2), "high": np.float32(6)}, 4.0, 4 / 12**0.5),
        ("random_normal", {"mean": np.float32(1), "stddev": np.float32(3)}, 1.0, 3.0),
        ("random_bernoulli", {"prob": np.float32(0.25)}, 0.25, (0.25 * 0.75) ** 0.5),
    ],
)
def test_that_numbers_have_the_distribution_and_repeat_with_their_seed(name, constants, mean, deviation) -> None:
    kind = [("fp32", (100, 200))]
    first, again, other = (
        run_single(name, "iOS15", {"shape": SHAPE}, {**constants, "seed": np.int32(seed)}, kind)[0]
        for seed in (3, 3, 4)
    )
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)
    assert first.mean() == pytest.approx(mean, abs=5 * deviation / 141)
    assert first.std() == pytest.approx(deviation, rel=0.05)


@pytest.mark.parametrize("mode", ["logits", "probs"])
def test_that_categories_come_as_often_as_their_probability_says(mode: str) -> None:
    wanted = np.array([[0.2, 0.5, 0.3], [1.0, 0.0, 0.0]], np.float32)
    x = wanted if mode == "probs" else np.log(wanted + 1e-30).astype(np.float32)
    settings = {"mode": mode, "size": np.int32(5000), "seed": np.int32(1)}
    (drawn,) = run_single("random_categorical", "iOS15", {"x": x}, settings, [("fp32", (2, 5000))])
    shares = np.stack([(drawn == k).mean(1) for k in range(3)], 1)
    np.testing.assert_allclose(shares, wanted, atol=0.03)
