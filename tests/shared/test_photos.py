"""What both ends agree on about photographs."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.fields import Photos
from shared.kinds import KINDS
from shared.photos import metadata, name_of, names_in, photo_fields, read_metadata

NAME = name_of(b"a picture")


def test_a_name_is_the_hash_of_the_very_bytes_that_are_sent():
    assert name_of(b"") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert Photos("照片", "Photos").check([NAME, name_of(b"another")]) is None


@pytest.mark.parametrize("wrong", [NAME.upper(), NAME[:-1], f"{NAME}\n", "", 7, None, "../../etc/passwd"])
def test_what_is_no_name_is_refused_in_words(wrong: object):
    assert KINDS["visit"].errors({"photos": [wrong]})["photos"] == [
        "应为照片的 SHA-256 / must be a photo's SHA-256 in lower-case hex"
    ]


def test_a_check_has_pictures_from_before_and_after():
    assert photo_fields(KINDS["cleanup_check"]) == ["photos_before", "photos"]
    values = {"photos": ["b" * 64], "photos_before": ["a" * 64], "remark": "…"}
    assert list(names_in(KINDS["cleanup_check"], values)) == [("photos_before", "a" * 64), ("photos", "b" * 64)]
    assert list(names_in(KINDS["household"], {"photos": ["a" * 64]})) == []


@given(st.dictionaries(st.from_regex(r"[a-z_]{1,12}", fullmatch=True), st.text(max_size=40), max_size=4))
def test_what_is_said_of_an_upload_comes_back_as_it_was(said: dict[str, str]):
    assert read_metadata(metadata(said)) == said


def test_a_key_without_a_value_says_yes():
    assert read_metadata("is_private") == {"is_private": ""}


@pytest.mark.parametrize("broken", ["name %%%", "name YQ==,name YQ==", ",", "name /w=="])
def test_a_header_that_is_broken_is_refused(broken: str):
    with pytest.raises(ValueError):
        read_metadata(broken)
