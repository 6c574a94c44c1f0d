from __future__ import annotations

import numpy as np
import pytest

from hedui.demo.numbers import ID_CHECKS, id_check, id_check_index, id_numbers, org_check, uscc, uscc_check


@pytest.mark.parametrize(
    "number",
    [
        pytest.param("11010519491231002X", id="example of GB 11643, a woman"),
        pytest.param("440524188001010014", id="example of GB 11643, a man"),
    ],
)
def test_id_check_agrees_with_the_standards_examples(number: str) -> None:
    assert id_check(number[:17]) == number[17]


def test_id_check_equals_the_handbooks_other_form() -> None:
    """(12 - sum mod 11) mod 11 with X for 10 is the same as the table 10X98765432."""
    weights = [pow(2, 17 - position, 11) for position in range(17)]
    numbers = [99010119800101000 + 7919 * step for step in range(200)]
    for number in numbers:
        value = (12 - sum(int(digit) * weight for digit, weight in zip(str(number), weights, strict=True)) % 11) % 11
        assert id_check(str(number)) == ("X" if value == 10 else str(value))


def test_id_check_index_of_a_column_is_that_of_each_number() -> None:
    numbers = np.array([99010119800101001, 99010620091231999], dtype=np.int64)
    assert [ID_CHECKS[index] for index in id_check_index(numbers)] == [id_check(str(number)) for number in numbers]


def test_id_numbers_hold_district_birth_and_serial() -> None:
    births = np.array(["1980-02-29", "2009-12-31"], dtype="datetime64[D]")
    first17, _ = id_numbers(district=np.array([1, 6]), births=births, serial=np.array([7, 998]))
    assert list(first17) == [99010119800229007, 99010620091231998]


def test_uscc_check_agrees_with_the_standards_example() -> None:
    assert uscc_check("91350100M000100Y4") == "3"


def test_org_check_agrees_with_the_standards_example() -> None:
    assert org_check("D2143569") == "X"


def test_uscc_holds_region_and_a_checked_organisation_code() -> None:
    code = uscc(region="990103", serial=31000004)
    assert code[:8] == "91990103"
    assert code[16] == org_check(code[8:16])
    assert code[17] == uscc_check(code[:17])
