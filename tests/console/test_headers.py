"""The headers of every page: no script or style but our own files, no other site's frame, nothing kept by whoever stands between."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.console.browser import TOWN
from tests.console.crawl import Crawl
from tests.console.stocked import Stocked, make_stocked


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stocked]:
    office = make_stocked(tmp_path_factory.mktemp("headers") / "office")
    yield office
    office.close()


def policy(text: str) -> dict[str, list[str]]:
    """A Content-Security-Policy as directive to sources."""
    return {part.split()[0]: part.split()[1:] for part in text.split(";") if part.strip()}


def test_every_page_forbids_script_and_style_that_are_not_our_own_files(office: Stocked) -> None:
    browser = office.as_role("desk")
    for opened in Crawl(browser, alike=1).walk("/"):
        if opened.url.startswith("/api/"):
            continue
        headers = browser.get(opened.url).headers
        csp = policy(headers["Content-Security-Policy"])
        assert csp["default-src"] == ["'none'"], opened.url
        assert csp["script-src"] == csp["style-src"] == csp["connect-src"] == ["'self'"], opened.url
        assert csp["form-action"] == ["'self'"]
        assert csp["base-uri"] == csp["frame-ancestors"] == csp["object-src"] == ["'none'"]
        assert not re.search(r"unsafe|\*|https?:", headers["Content-Security-Policy"]), opened.url
        assert headers["X-Frame-Options"] == "DENY"
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "same-origin"
        assert "no-store" in headers["Cache-Control"], (
            f"{opened.url} may be kept by a browser that somebody else uses next"
        )


def test_an_error_is_a_page_with_the_same_headers(office: Stocked) -> None:
    browser = office.as_role("leader")
    for url, status in ((f"/t/{TOWN}/audit", 403), ("/nothing", 404), ("/t/999999999/audit", 404)):
        answer = browser.get(url)
        assert answer.status_code == status
        assert policy(answer.headers["Content-Security-Policy"])["script-src"] == ["'self'"]
        assert "no-store" in answer.headers["Cache-Control"]
        assert answer.text.count("<h1") == 1
        assert "Traceback" not in answer.text
    assert browser.client.post("/sign-out").status_code == 400
    assert browser.client.get("/sign-out").status_code == 405


def test_the_session_is_for_this_site_alone_and_no_script_reads_it(office: Stocked) -> None:
    client = office.app.test_client()
    plain = client.get("/sign-in").headers["Set-Cookie"]
    assert "HttpOnly" in plain
    assert "SameSite=Lax" in plain
    assert "Secure" not in plain
    tls = office.app.test_client().get("/sign-in", base_url="https://localhost").headers["Set-Cookie"]
    assert "Secure" in tls
    assert "HttpOnly" in tls


def test_what_never_changes_may_be_kept_and_what_may_change_may_not(office: Stocked) -> None:
    browser = office.as_role("desk")
    html = browser.page("/password")
    for address in re.findall(r'(?:href|src)="(/static/[^"]+)"', html):
        answer = browser.get(address)
        assert answer.status_code == 200, address
        assert "immutable" in answer.headers["Cache-Control"], address
    assert "immutable" not in browser.get("/static/console.css").headers["Cache-Control"]


def test_nothing_outside_the_folder_of_our_own_files_is_served(office: Stocked) -> None:
    client = office.app.test_client()
    for path in ("../app.py", "..%2fapp.py", "%2e%2e/app.py", "/etc/passwd", "..\\app.py", "vendor/../../app.py"):
        assert client.get(f"/static/{path}", follow_redirects=True).status_code == 404, path
    assert (Path(office.app.static_folder or "") / ".." / "app.py").exists()
