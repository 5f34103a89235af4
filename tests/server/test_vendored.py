"""Vendored files are the ones their list names, by SHA-256, and no page asks the outside for anything."""

import hashlib
import re
from pathlib import Path

import server

ROOT = Path(server.__file__).parent
VENDOR = ROOT / "static" / "vendor"


def test_every_vendored_file_is_listed_with_its_sum() -> None:
    listed = dict(re.findall(r"^\| (\S+) \|.*\| ([0-9a-f]{64}) \|$", (VENDOR / "README.md").read_text(), re.MULTILINE))
    found = {str(p.relative_to(VENDOR)) for p in VENDOR.rglob("*") if p.suffix in (".js", ".css")}
    assert found == set(listed)
    for name, digest in listed.items():
        assert hashlib.sha256((VENDOR / name).read_bytes()).hexdigest() == digest


def test_no_page_asks_the_outside_for_anything() -> None:
    for page in (ROOT / "templates").rglob("*.html"):
        assert not re.search(r"(src|href)=\"(https?:)?//", page.read_text()), page.name
        assert "<script>" not in page.read_text(), page.name
