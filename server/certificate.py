"""The township's own certificate: made here, for a network in which no public authority vouches for anybody.

One file in the instance folder, `tls.pem`, mode 0600, holds the private key (ECDSA P-256) and the self-signed certificate, so that a power
cut never leaves one without the other. Phones do not look at its names or dates: the invitation gives them its SHA-256 fingerprint, and
they speak to no other. Promises: what phones trust is replaced only when that is asked for, and the old file stays beside.
Leaves to others: the invitation (`shared.sync.invitation`), serving with it (`server.tls`).
"""

import os
import re
import socket
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from server.access import AccessError
from server.config import Config
from server.disk import sync_to_disk
from server.upkeep.backup import temporary

FILE = "tls.pem"
DAYS = 3650
_DNS_NAME = re.compile(r"(\*\.)?[a-z0-9_]([a-z0-9_-]*[a-z0-9])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9])?)*", re.ASCII)


class CertificateError(AccessError):
    """The certificate cannot be made, read or served; the message says why and what to do, Chinese first."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """What is to be told about a certificate file. `fingerprint` is the SHA-256 of the certificate, 64 hex digits."""

    path: Path
    fingerprint: str
    names: tuple[str, ...]
    not_after: datetime

    def days_left(self, now: datetime) -> int:
        """Whole days until its date passes, negative after that."""
        return (self.not_after - now).days

    def as_json(self, now: datetime) -> dict[str, Any]:
        return {
            "file": str(self.path),
            "fingerprint": self.fingerprint,
            "names": list(self.names),
            "not_after": self.not_after.isoformat(),
            "days_left": self.days_left(now),
        }


def held_certificate(config: Config) -> Certificate | None:
    """The instance's own certificate, None when there is none. CertificateError when its file cannot be read."""
    path = config.instance / FILE
    return read_certificate(path) if path.exists() else None


def must_hold(config: Config) -> Certificate:
    """The instance's own certificate. CertificateError when there is none."""
    held = held_certificate(config)
    if held is None:
        raise CertificateError(
            "还没有证书，请先运行 ruhu certificate。 / No certificate yet; run ruhu certificate first."
        )
    return held


def read_certificate(path: Path) -> Certificate:
    """What a PEM file's first certificate says. CertificateError."""
    try:
        found = x509.load_pem_x509_certificate(path.read_bytes())
        names = _names_of(found)
    except (OSError, ValueError) as error:
        raise CertificateError(
            f"证书文件读不出来：{path}。请放回原来的文件；若已找不到，用 ruhu certificate --force 另做一张，每部手机需重新注册。"
            f" / The certificate cannot be read: {path}. Put the old file back, or make another with ruhu certificate --force;"
            " then every phone enrols again."
        ) from error
    return Certificate(path, found.fingerprint(SHA256()).hex(), names, found.not_valid_after_utc)


def make_certificate(config: Config, names: Sequence[str], days: int, now: datetime) -> tuple[Certificate, Path | None]:
    """A new certificate in the place of the old; returns it and where the old one now is, None if there was none.

    `names` are host names and IP addresses for browsers; this computer's own when none is given. CertificateError for what is neither.
    """
    path = config.instance / FILE
    pem = _self_signed(_subject_names(names or own_names()), days, now)
    kept = None
    with temporary(path, "new") as new:
        new.write_bytes(pem)
        sync_to_disk(new)
        if path.exists():
            kept = path.with_name(f"tls-old-{now:%Y%m%dT%H%M%S%f}.pem")
            os.link(path, kept)
        new.replace(path)
    sync_to_disk(path.parent)
    return read_certificate(path), kept


def own_names() -> list[str]:
    """What this computer may be called by without asking anybody."""
    host = socket.gethostname().lower()
    return [*([host] if _DNS_NAME.fullmatch(host) else []), "localhost", "127.0.0.1"]


def open_certificate(certificate: Path, key: Path | None = None) -> ssl.SSLContext:
    """A context to serve with: TLS 1.2 or later. `key` when it is not in the same file. CertificateError."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.num_tickets = 0  # phones begin anew each time: a ticket would be bytes for nothing
    try:
        context.load_cert_chain(certificate, key, password=_no_password)
    except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
        raise CertificateError(
            f"无法用这张证书提供 https：{certificate}（{error}）。请检查文件和私钥；本机证书用 ruhu certificate 查看。"
            f" / Cannot serve with this certificate: {certificate}. Check the file and its key; ruhu certificate shows our own."
        ) from error
    return context


def _no_password() -> str:
    raise ValueError("私钥有密码，请先去掉 / the key has a password; take it off first")


def _subject_names(names: Sequence[str]) -> list[x509.GeneralName]:
    found: list[x509.GeneralName] = []
    for name in dict.fromkeys(name.strip().lower() for name in names):
        try:
            found.append(x509.IPAddress(ip_address(name)))
        except ValueError:
            if not _DNS_NAME.fullmatch(name) or len(name) > 253:
                raise CertificateError(
                    f"这不是主机名或 IP 地址：{name}，应形如 192.168.1.10 或 ruhu.lan，不带 https:// 和端口。"
                    f" / Not a host name or IP address: {name}; write 192.168.1.10 or ruhu.lan, without https:// or port."
                ) from None
            found.append(x509.DNSName(name))
    return found


def _self_signed(names: list[x509.GeneralName], days: int, now: datetime) -> bytes:
    """Key and certificate as PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    who = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Ruhu 入户")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(who)
        .issuer_name(who)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))  # a browser whose clock is behind
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, SHA256())
    )
    plain = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return plain + certificate.public_bytes(Encoding.PEM)


def _names_of(certificate: x509.Certificate) -> tuple[str, ...]:
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return ()
    return (*names.get_values_for_type(x509.DNSName), *map(str, names.get_values_for_type(x509.IPAddress)))


def wall_clock() -> datetime:
    return datetime.now(UTC)
