"""Whether a process grows is read from a line, not from two lucky samples."""

import pytest

from tests.soak.watching import Watched, fitted


def test_a_line_through_noise() -> None:
    times = [float(at) for at in range(0, 1000, 5)]
    noisy = [200 + 0.02 * at + (3 if number % 2 else -3) for number, at in enumerate(times)]
    first, last = fitted(times, noisy)
    assert first == pytest.approx(200, abs=0.5)
    assert last == pytest.approx(219.9, abs=0.5)
    assert Watched(first, last, (1, 1), (1, 1), 1).growth == pytest.approx(0.1, abs=0.005)


def test_one_point_is_no_line() -> None:
    with pytest.raises(ValueError, match="two points"):
        fitted([1.0], [1.0])
