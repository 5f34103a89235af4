"""`ruhu certificate` and `ruhu enrol --url`: what phones trust is made once, and every invitation carries it."""

import io
import os
import ssl
import stat
from datetime import timedelta
from pathlib import Path

import pytest
import segno
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID

from server.certificate import make_certificate, open_certificate
from shared.sync.invitation import Invitation
from tests.tls.world import NOW, Office

URL = "https://192.168.1.10:8000"


def load(office: Office) -> x509.Certificate:
    return x509.load_pem_x509_certificate((office.folder / "tls.pem").read_bytes())


def test_a_certificate_is_made_for_names_and_addresses_and_ten_years(office: Office) -> None:
    told = office.json("certificate", "--name", "192.168.1.10", "--name", "Ruhu.lan", "--name", "fe80::1")
    assert told["made"]
    assert told["names"] == ["ruhu.lan", "192.168.1.10", "fe80::1"]
    assert told["days_left"] in (3649, 3650)
    made = load(office)
    key = made.public_key()
    assert isinstance(key, ec.EllipticCurvePublicKey)
    assert key.curve.name == "secp256r1"
    usage = made.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(usage) == [ExtendedKeyUsageOID.SERVER_AUTH]
    assert not made.extensions.get_extension_for_class(x509.BasicConstraints).value.ca


def test_only_the_owner_reads_the_key(office: Office) -> None:
    mask = os.umask(0)
    try:
        office.json("certificate")
    finally:
        os.umask(mask)
    assert stat.S_IMODE((office.folder / "tls.pem").stat().st_mode) == 0o600
    assert not [path for path in office.folder.iterdir() if path.name.startswith(".")], "nothing half-made is left"


def test_one_that_is_there_is_shown_and_never_replaced_unasked(office: Office) -> None:
    first, before = office.json("certificate"), (office.folder / "tls.pem").read_bytes()
    again = office.json("certificate", "--name", "other.lan", "--days", "1")
    assert (again["made"], again["fingerprint"], again["not_after"]) == (
        False,
        first["fingerprint"],
        first["not_after"],
    )
    assert (office.folder / "tls.pem").read_bytes() == before
    words = office.run("certificate", "--name", "other.lan").output
    assert "未作改动" in words
    assert "--force" in words
    assert first["not_after"][:10] in words


def test_force_makes_another_keeps_the_old_beside_and_says_what_it_costs(office: Office) -> None:
    first, before = office.json("certificate"), (office.folder / "tls.pem").read_bytes()
    second = office.json("certificate", "--force")
    assert second["fingerprint"] != first["fingerprint"]
    kept = Path(second["kept"])
    assert kept.read_bytes() == before
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert "重新注册" in office.run("certificate", "--force").output
    assert len(list(office.folder.glob("tls-old-*.pem"))) == 2


def test_what_is_no_name_is_told_and_nothing_is_made(office: Office) -> None:
    for name in ("https://192.168.1.10", "192.168.1.10:8000", "a b", "乡镇", ""):
        assert "主机名" in office.fails("certificate", "--name", name)
    assert not (office.folder / "tls.pem").exists()


def test_a_broken_file_is_told_and_stays_until_another_is_asked_for(office: Office) -> None:
    (office.folder / "tls.pem").write_text("not a certificate")
    assert "读不出来" in office.fails("certificate")
    assert "读不出来" in office.fails("enrol", "韦敏", "--url", URL)
    assert office.ask("SELECT count(*) FROM enrolment_code") == [(0,)]
    assert office.json("certificate", "--force")["made"]


def test_a_context_serves_tls_1_2_and_later_only(office: Office) -> None:
    assert open_certificate(office.certificate().path).minimum_version == ssl.TLSVersion.TLSv1_2


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--tls"], "ruhu certificate"),
        (["--certificate", "missing.pem"], "无法用这张证书"),
        (["--key", "k.pem"], "--certificate"),
    ],
)
def test_serving_without_a_certificate_says_what_to_do(office: Office, words: list[str], told: str) -> None:
    result = office.run("serve", *words)
    assert result.exit_code == 1
    assert told in result.stderr


def test_several_workers_and_our_own_tls_do_not_go_together(office: Office) -> None:
    office.certificate()
    result = office.run("serve", "--tls", "--workers", "2")
    assert result.exit_code == 1
    assert "TLS 代理" in result.stderr


# --- the invitation --------------------------------------------------------------------------------------------------


def test_an_invitation_carries_url_code_and_fingerprint(office: Office) -> None:
    fingerprint = office.json("certificate")["fingerprint"]
    told = office.json("enrol", "韦敏", "--url", URL + "/")
    assert (told["url"], told["fingerprint"]) == (URL, fingerprint)
    assert Invitation.read(told["invitation"]) == Invitation(URL, told["code"], fingerprint)


def test_a_clerk_sees_the_code_the_text_and_a_qr_to_scan(office: Office) -> None:
    office.json("certificate")
    words = office.run("enrol", "韦敏", "--url", URL).output
    invitation = Invitation.read(next(word for word in words.split() if word.startswith("ruhu://")))
    assert invitation.code in words
    drawn = io.StringIO()
    segno.make(invitation.text(), micro=False).terminal(drawn, border=2, compact=True)
    assert drawn.getvalue() in words


@pytest.mark.parametrize("name", ["qr.png", "qr.svg"])
def test_a_qr_is_kept_as_a_file_for_its_owner_only(office: Office, tmp_path: Path, name: str) -> None:
    told = office.json("enrol", "韦敏", "--url", URL, "--qr", str(tmp_path / name))
    expected = io.BytesIO()
    segno.make(told["invitation"], micro=False).save(expected, kind=name[3:], scale=8)
    assert (tmp_path / name).read_bytes() == expected.getvalue()
    assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600
    assert office.json("enrol", "韦敏", "--url", URL, "--qr", str(tmp_path / name))["code"] != told["code"]


def test_without_a_certificate_of_ours_there_is_no_fingerprint(office: Office) -> None:
    assert office.json("enrol", "韦敏", "--url", URL)["fingerprint"] == ""
    office.json("certificate")
    assert office.json("enrol", "韦敏", "--url", "https://ruhu.example.org", "--no-pin")["fingerprint"] == ""
    assert office.json("enrol", "韦敏", "--url", "http://127.0.0.1:8000")["fingerprint"] == ""


def test_a_code_alone_still_does(office: Office) -> None:
    assert list(office.json("enrol", "韦敏")) == ["code"]


def test_what_cannot_be_drawn_is_told_before_a_code_is_made(office: Office, tmp_path: Path) -> None:
    assert "网址" in office.fails("enrol", "韦敏", "--url", "192.168.1.10:8000")
    assert "--url" in office.fails("enrol", "韦敏", "--qr", str(tmp_path / "q.png"))
    assert ".svg" in office.fails("enrol", "韦敏", "--url", URL, "--qr", str(tmp_path / "q.gif"))
    assert ".svg" in office.fails("enrol", "韦敏", "--url", URL, "--qr", str(tmp_path / "missing" / "q.png"))
    assert office.ask("SELECT count(*) FROM enrolment_code") == [(0,)]


def test_the_days_left_are_counted_from_the_day_it_is_asked(office: Office) -> None:
    made, _ = make_certificate(office.config, ["ruhu.lan"], 10, NOW)
    assert made.days_left(NOW) == 10
    assert made.days_left(NOW + timedelta(days=11)) == -1
