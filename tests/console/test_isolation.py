"""Whoever holds one village sees that village: no word, no total and no chart of another one tells on any page.

Shown twice: no page holds a word that was written elsewhere, and no page changes when things are written elsewhere.
"""

import re
from collections.abc import Iterator

import pytest

from tests.console.crawl import Crawl
from tests.console.stocked import Filler, Stocked, make_stocked

pytestmark = pytest.mark.timeout(400)  # with the making of its office, on a busy machine

CLOSED: dict[str, tuple[str, ...]] = {
    "village leader": ("thereword", "awayword"),
    "village desk": ("thereword", "awayword"),
    "desk": ("awayword",),
    "leader": ("awayword",),
    "neighbour": ("hereword", "thereword"),
    "admin": ("household remark", "member name", "problem description", "visit summary", "household head_name"),
}
"""Role to the beginnings of what he may not read. The administrator keeps the machine running and reads about no household."""
SHARED_WORDS = re.compile(r"(here|away)word (campaign|policy) \w+")

NEW_EACH_TIME = re.compile(r'(csrf_token" value="|X-CSRFToken": "|name="id" value=")[^"]+|(打印于|数据截至) [-0-9: ]+')


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stocked]:
    office = make_stocked(tmp_path_factory.mktemp("isolation") / "office")
    yield office
    office.close()


def pages_of(office: Stocked, role: str) -> dict[str, str]:
    """Every page as it reads, without what is new at every opening."""
    browser = office.as_role(role)
    found = {}
    for opened in Crawl(browser, alike=6).walk("/"):
        if opened.is_page and "/api/docs" not in opened.url:
            found[opened.url] = NEW_EACH_TIME.sub("", opened.html)
    return found


@pytest.mark.parametrize("role", CLOSED)
def test_no_page_holds_a_word_that_was_written_elsewhere(office: Stocked, role: str) -> None:
    faults = []
    for url, html in pages_of(office, role).items():
        read = SHARED_WORDS.sub("", html)
        faults += [
            f"{url}: …{read[read.index(word) - 60 : read.index(word) + 60]}…" for word in CLOSED[role] if word in read
        ]
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize(
    ("role", "elsewhere"),
    [
        ("village leader", "there"),
        ("village desk", "there"),
        ("village leader", "away"),
        ("desk", "away"),
        ("leader", "away"),
        ("neighbour", "here"),
    ],
)
def test_no_page_changes_when_something_is_written_elsewhere(office: Stocked, role: str, elsewhere: str) -> None:
    office.put_back()
    before = pages_of(office, role)
    assert len(before) > 3
    place = getattr(office, elsewhere)
    filler = Filler(office)
    filler.where = elsewhere
    home = filler.add(place, "household", {})
    for _ in range(3):
        filler.add(place, "member", {}, home, relation="head", status="active")
        problem = filler.add(place, "problem", {}, home)
        filler._calls(place, home, {"problem": problem})
        filler._steps(place, home, problem)
        filler.add(place, "cleanup_check", {}, home, target="household")
        filler.add(place, "feedback", {})
    filler._numbers[place.ids["token"]] = 3
    filler.phone_writes(place, "household", home, {"categories": ["key"], "remark": "x"})
    assert office.tables()
    after = pages_of(office, role)
    office.put_back()
    changed = [
        f"{url}: {_difference(before[url], after[url])}"
        for url in before.keys() & after.keys()
        if before[url] != after[url]
    ]
    assert not changed, "\n".join(changed)
    assert before.keys() == after.keys()


def _difference(before: str, after: str) -> str:
    place = next(
        (n for n, (a, b) in enumerate(zip(before, after, strict=False)) if a != b), min(len(before), len(after))
    )
    return f"…{before[place - 80 : place + 40]}… became …{after[place - 20 : place + 40]}…".replace("\n", " ")
