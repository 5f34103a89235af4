"""The rules of identity numbers: what is tidied, what is judged wrong, what a number says, how it is shown."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.rules import identity

MAN = "451499197011204915"
WOMAN = "451499196206132849"
ENDS_IN_X = "45149920030823209X"

birth_dates = st.dates(min_value=date(1850, 1, 1), max_value=date(2199, 12, 31))


@st.composite
def numbers(draw: st.DrawFn) -> str:
    place = draw(st.integers(110000, 659999))
    order = draw(st.integers(0, 999))
    first17 = f"{place}{draw(birth_dates):%Y%m%d}{order:03d}"
    return first17 + identity.check_character(first17)


@pytest.mark.parametrize("number", [MAN, WOMAN, ENDS_IN_X, "11010519491231002X"])
def test_a_right_number_is_valid(number: str) -> None:
    assert identity.fault(number) is None


@given(numbers())
def test_every_number_with_its_check_character_is_valid(number: str) -> None:
    assert identity.is_valid(number)


@given(numbers(), st.integers(0, 17), st.sampled_from("0123456789X"))
def test_one_wrong_character_anywhere_is_found(number: str, place: int, character: str) -> None:
    wrong = number[:place] + character + number[place + 1 :]
    assert identity.is_valid(wrong) == (wrong == number)


@given(numbers(), st.integers(0, 16))
def test_two_neighbours_in_the_wrong_order_are_found(number: str, place: int) -> None:
    wrong = number[:place] + number[place + 1] + number[place] + number[place + 2 :]
    assert identity.is_valid(wrong) == (wrong == number)


@given(numbers())
def test_a_number_gives_its_birth_date_and_sex(number: str) -> None:
    assert f"{identity.birth_date(number):%Y%m%d}" == number[6:14]
    assert identity.sex(number) == ("male" if number[16] in "13579" else "female")


@given(numbers(), st.sampled_from(["\u200b", "\ufeff", " ", "\u3000", "\u00a0", "\n"]), st.integers(0, 18))
def test_full_width_digits_spaces_invisible_characters_and_a_small_x_are_tidied(
    number: str, odd: str, place: int
) -> None:
    wide = "".join(chr(ord(character) + 0xFEE0) for character in number.lower())
    assert identity.normalise(wide[:place] + odd + wide[place:]) == number


@given(st.text())
def test_tidying_twice_is_tidying_once_and_never_fails(text: str) -> None:
    once = identity.normalise(text)
    assert identity.normalise(once) == once
    identity.fault(once)


def test_an_apostrophe_that_kept_the_number_as_text_is_dropped() -> None:
    assert identity.normalise("'" + MAN) == MAN


def test_the_faults_are_told_apart() -> None:
    assert identity.fault(MAN[:-1]) == "length"
    assert identity.fault("٤" * 18) == "length"
    assert identity.fault(MAN[:-1] + "6") == "check_character"
    impossible = "45149919700230123"
    assert identity.fault(impossible + identity.check_character(impossible)) == "birth_date"


def test_a_number_that_is_not_valid_says_nothing() -> None:
    with pytest.raises(ValueError, match="not a valid"):
        identity.birth_date(MAN[:-1] + "6")
    with pytest.raises(ValueError, match="not a valid"):
        identity.sex("")
    with pytest.raises(ValueError, match="17 digits"):
        identity.check_character("4514991970112049")


def test_a_masked_number_shows_three_and_four() -> None:
    assert identity.mask(ENDS_IN_X) == "451***********209X"
    assert identity.mask("13812341234") == "138****1234"


def test_what_is_too_short_to_mask_is_covered_whole() -> None:
    assert identity.mask("1234567") == "*******"
    assert identity.mask("") == ""
