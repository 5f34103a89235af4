"""What each grant gives, to see and to write."""

import pytest

from shared.grants import Grant, GrantError, sight

HOME = "0190a3f2-7b1c-7d31-9c5e-2f64a1b0c3d4"
OTHER = "0190a3f2-7b1c-7d31-9c5e-2f64a1b0c3d5"
VILLAGE = Grant.read("village:451422103201")
TOWNSHIP = Grant.read("township:451422103")
HOUSEHOLD = Grant.read(f"household:{HOME}")


def test_a_village_gives_its_records_whole_and_no_others() -> None:
    assert sight([VILLAGE], "451422103201", None) == "whole"
    assert sight([VILLAGE], "451422103202", None) is None


def test_a_household_gives_its_own_records_without_their_secrets() -> None:
    assert sight([HOUSEHOLD], "451422103201", HOME) == "part"
    assert sight([HOUSEHOLD], "451422103201", OTHER) is None
    assert sight([HOUSEHOLD], "451422103201", None) is None


def test_the_wider_grant_decides_how_much_is_seen() -> None:
    assert sight([HOUSEHOLD, VILLAGE], "451422103201", HOME) == "whole"


def test_a_township_gives_everything_in_it() -> None:
    assert sight([TOWNSHIP], "451422103299", OTHER) == "whole"


def test_what_the_township_shares_everybody_reads_and_only_the_township_writes() -> None:
    for grant in (VILLAGE, HOUSEHOLD, TOWNSHIP):
        assert sight([grant], None, None) == "whole"
        assert grant.covers(None, None) is (grant is TOWNSHIP)


@pytest.mark.parametrize(
    "text", ["", "village:1", "village:45142210320a", "township:4514221030", "household:x", f"household:{HOME.upper()}"]
)
def test_what_is_no_grant_is_said_in_words(text: str) -> None:
    with pytest.raises(GrantError, match="授权写法不对"):
        Grant.read(text)


def test_a_grants_text_comes_back() -> None:
    for grant in (VILLAGE, HOUSEHOLD, TOWNSHIP):
        assert Grant.read(str(grant)) == grant
