"""The invitation's text: what was written is read back the same, however it was scanned, pasted or typed; the rest is told in words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.sync.invitation import Invitation, InvitationError, clean_fingerprint, clean_url

PRINT = "ab" * 32
GOOD = Invitation("https://192.168.1.10:8000", "451422103-CKHQX-6YR82-AJ2MK-GBMNG", PRINT)

LABEL = st.text("abcdefghijklmnopqrstuvwxyz0123456789", min_size=1, max_size=12)
HOST = st.one_of(
    st.lists(LABEL, min_size=1, max_size=4).map(".".join),
    st.ip_addresses(v=4).map(str),
    st.ip_addresses(v=6).map(lambda address: f"[{address}]"),
)
PORT = st.one_of(st.just(""), st.integers(1, 65535).map(":{}".format))
PATH = st.lists(st.text("abcXYZ019-_~.", min_size=1, max_size=6), max_size=3).map(
    lambda parts: "".join(map("/{}".format, parts))
)
CODE = st.lists(st.text("23456789ABCDEFGHJKLMNPQRSTUVWXYZ", min_size=1, max_size=9), min_size=1, max_size=6).map(
    "-".join
)
HEX = st.text("0123456789abcdef", min_size=64, max_size=64)
INVITATIONS = st.one_of(
    st.builds(lambda h, p, t, c, f: Invitation(f"https://{h}{p}{t}", c, f), HOST, PORT, PATH, CODE, st.just("") | HEX),
    st.builds(lambda h, p, t, c: Invitation(f"http://{h}{p}{t}", c), HOST, PORT, PATH, CODE),
)
INVISIBLE = st.sampled_from([" ", "\n", "\r\n", "\t", "\u3000", "\u200b", "\ufeff", "\u00ad", "\u2028"])
WIDE = {ord(sign): chr(ord(sign) + 0xFEE0) for sign in ":/?=&.-"}


@given(INVITATIONS)
def test_what_was_written_is_read_back_the_same(invitation: Invitation) -> None:
    assert invitation.text().isascii()
    assert Invitation.read(invitation.text()) == invitation
    assert Invitation.of(invitation.url, invitation.code, invitation.fingerprint) == invitation


@given(INVITATIONS, st.data())
def test_a_pasted_invitation_may_have_gaps_wide_signs_small_letters_and_words_before_it(
    invitation: Invitation, data: st.DataObject
) -> None:
    text = invitation.text().replace(invitation.code, invitation.code.lower())
    if data.draw(st.booleans()):
        text = text.translate(WIDE)
    for _ in range(data.draw(st.integers(0, 4))):
        at = data.draw(st.integers(0, len(text)))
        text = text[:at] + data.draw(INVISIBLE) + text[at:]
    opening = data.draw(st.sampled_from(["", "Ruhu 邀请：", "请扫码或粘贴 / paste this:\n"]))
    assert Invitation.read(opening + text) == invitation


@given(
    st.one_of(
        st.text(max_size=60),
        st.text("ruhu://enrolcfu=?&-:.[]0a", max_size=60).map("ruhu://enrol?".__add__),
        st.builds(
            lambda text, at, cut, new: text[:at] + new + text[at + cut :],
            INVITATIONS.map(Invitation.text), st.integers(0, 120), st.integers(0, 9), st.text(max_size=4),
        ),
    )
)  # fmt: skip
def test_garbage_is_told_in_words_and_never_another_error(text: str) -> None:
    found = read(text)
    if isinstance(found, InvitationError):
        assert " / " in str(found)
        assert found.code == "bad_invitation"
    else:
        assert Invitation.read(found.text()) == found


def read(text: str) -> Invitation | InvitationError:
    try:
        return Invitation.read(text)
    except InvitationError as error:
        return error


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ruhu://enrol?",
        "https://192.168.1.10:8000",
        GOOD.code,
        GOOD.text()[:-40],
        f"ruhu://enrol?c={GOOD.code}",
        f"ruhu://enrol?u={GOOD.url}",
        f"{GOOD.text()}&c=OTHER",
        f"ruhu://enrol?c={GOOD.code}&f={PRINT}&u=http://192.168.1.10:8000",
        f"ruhu://enrol?c={GOOD.code}&f={PRINT[:40]}&u={GOOD.url}",
        f"ruhu://enrol?c={GOOD.code}&u=ftp://192.168.1.10",
        f"ruhu://enrol?c={GOOD.code}&u=https://wei@192.168.1.10",
        f"ruhu://enrol?c={GOOD.code}&u=https://192.168.1.10:80000",
        f"ruhu://enrol?c={GOOD.code}&u=https://",
        f"ruhu://enrol?c=' OR 1=1&u={GOOD.url}",
        "x" * 1_000_000,
        GOOD.text() + "x" * 1_000_000,
    ],
)
def test_what_is_no_invitation_says_what_to_do(text: str) -> None:
    with pytest.raises(InvitationError, match="乡镇办公室"):
        Invitation.read(text)


def test_parts_that_a_later_version_adds_are_left_alone() -> None:
    assert Invitation.read(GOOD.text() + "&new=1&") == GOOD


def test_a_fingerprint_may_be_written_as_other_programs_print_it() -> None:
    printed = ":".join(PRINT[i : i + 2] for i in range(0, 64, 2)).upper()
    assert clean_fingerprint(printed) == clean_fingerprint(f" {PRINT}\n") == PRINT
    assert clean_fingerprint("") == ""
    for short in ("ab" * 16, "ab" * 20, "ab" * 31, "zz" * 32):  # MD5 and SHA-1 are no fingerprints of ours
        with pytest.raises(InvitationError):
            clean_fingerprint(short)


def test_a_typed_url_finds_its_one_form() -> None:
    assert clean_url(" HTTPS：／／Ruhu.Lan:8000/ ") == "https://ruhu.lan:8000"
    assert clean_url("https://192。168。1。10、Town") == "https://192.168.1.10/Town"


def test_it_fits_a_small_code() -> None:
    assert len(GOOD.text()) <= 154  # QR version 7, 45 modules a side: read from a terminal by an old camera
