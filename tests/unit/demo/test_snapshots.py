from __future__ import annotations

import pytest

from hedui.demo.snapshots import in_slot, versions

A, B = ("1", "a"), ("1", "b")


@pytest.mark.parametrize(
    ("slots", "expected"),
    [
        pytest.param(dict.fromkeys(range(5), A), [(*A, "2020-01-01", "9999-12-31")], id="never changes"),
        pytest.param(
            {0: A, 1: A, 2: B, 3: B, 4: B},
            [(*A, "2020-01-01", "2026-06-04"), (*B, "2026-06-04", "9999-12-31")],
            id="changes on the second date",
        ),
        pytest.param(
            {0: A, 1: A, 3: A, 4: A}, [(*A, "2020-01-01", "2026-06-04"), (*A, "2026-06-05", "9999-12-31")], id="gone for a day"
        ),
        pytest.param({1: B}, [(*B, "2026-06-03", "2026-06-04")], id="one day only"),
        pytest.param({}, [], id="never there"),
    ],
)
def test_equal_slots_are_one_version(slots: dict[int, tuple[str, ...]], expected: list[tuple[str, ...]]) -> None:
    assert list(versions([slots])) == expected  # type: ignore[arg-type, list-item]


def test_a_file_shows_the_rows_of_its_slot() -> None:
    assert list(in_slot([{1: A, 2: B}, {2: A}, {}], 2)) == [B, A]
