"""Every page that links lead to, opened by every role in both languages: it opens, it keeps the rules of a page, and nothing has changed."""

from collections.abc import Iterator

import pytest

from tests.console.browser import ADMIN, COUNTY, DESK, Office
from tests.console.crawl import Crawl, Opened
from tests.console.leaf import HAN, Leaf
from tests.console.stocked import Stocked, make_stocked

pytestmark = pytest.mark.timeout(400)  # with the making of its office, on a busy machine

WHO = [("desk", "zh"), ("leader", "zh"), ("village leader", "zh"), ("county", "zh"), ("admin", "zh"), ("cadre", "zh"), ("", "zh"),
       ("desk", "en"), ("admin", "en")]  # fmt: skip


@pytest.fixture(scope="module")
def latin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stocked]:
    """An office in which nothing that anybody wrote is Chinese."""
    office = make_stocked(tmp_path_factory.mktemp("latin") / "office", latin=True)
    yield office
    office.close()


@pytest.mark.parametrize(("role", "language"), WHO, ids=[f"{role or 'nobody'} {language}" for role, language in WHO])
def test_every_page_opens_keeps_the_rules_and_changes_nothing(latin: Stocked, role: str, language: str) -> None:
    latin.put_back()
    browser = latin.as_role(role)
    with browser.client.session_transaction() as session:
        session["language"] = language
    before, files = latin.tables(), latin.files()
    faults, pages = [], list(Crawl(browser, filters=(role, language) == ("desk", "zh")).walk("/"))
    for opened in pages:
        faults += [f"{opened.url} (from {opened.found_on}): {fault}" for fault in wrong(opened, language)]
    after, files_after = latin.tables(), latin.files()
    faults += [f"the table {name} has changed" for name in after if after[name] != before.get(name)]
    faults += [
        f"the file {name} has changed"
        for name in files_after.keys() | files.keys()
        if files_after.get(name) != files.get(name)
    ]
    assert not faults, f"{len(faults)} faults on {len(pages)} pages:\n" + "\n".join(dict.fromkeys(faults))


def test_an_office_on_its_first_day_has_pages_too(still: Office) -> None:
    """Nothing was written yet: every page says so in words, and opens."""
    for name in (DESK, COUNTY, ADMIN):
        for opened in Crawl(still.browser(name), alike=1).walk("/"):
            assert not wrong(opened, "zh"), (opened.url, wrong(opened, "zh"))


def wrong(opened: Opened, language: str) -> list[str]:
    """What is wrong with a page."""
    if opened.status != 200:
        return [f"answers {opened.status}"]
    if not opened.is_page:
        return []
    leaf = Leaf(opened.html)
    if "/api/docs" in opened.url:
        return []
    said = [f"not translated: {text!r}" for text in (leaf.chinese() if language == "en" else leaf.english())]
    return leaf.faults() + said


def test_a_part_of_a_page_is_no_whole_page(latin: Stocked) -> None:
    """Whatever htmx asks for into a place of a page must not bring a frame of its own along."""
    for opened in Crawl(latin.as_role("desk")).walk("/"):
        if opened.is_page and "/api/docs" not in opened.url:
            assert opened.html.lower().count("<html") <= 1, opened.url


def test_the_reader_of_pages_finds_what_is_wrong() -> None:
    """Able to fail: a page with every fault has every fault found."""
    bad = (
        '<html><head><title> · x</title><script>1</script><style></style></head><body onload="x"><h1>a</h1><h1>b</h1><h3>c</h3>'
        '<a href="javascript:alert(1)">j</a><a href="https://evil.example/">e</a><form method="post" action="/x"><input name="q"></form>'
        '<div style="color:red" hx-on:click="x" id="d"></div><p id="d"></p><button></button><img src="/x.png"><table><th>h</th></table></div>'
    )
    found = "\n".join(Leaf(bad).faults())
    for word in (
        "2 h1", "no language", "no title", "inline <script>", "inline <style>", "onload", "style=", "hx-on:click", "javascript:",
        "evil.example", "no token", "no label", "says nothing", "no alt", "no scope", "stands twice", "level 3", "ends nothing",
    ):  # fmt: skip
        assert word in found, word
    assert HAN.search("汉")
    assert Leaf("<p>汉字</p>").chinese()
    assert not Leaf("<button lang='zh-CN'>中文</button>").chinese()
    assert Leaf("<p>Nothing fits</p>").english()
    assert not Leaf("<code>Nothing fits</code>").english()
