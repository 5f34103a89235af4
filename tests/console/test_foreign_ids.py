"""What a form carries may name somebody else's record: an id in a field is judged like one in the path, and nothing is changed by it.

The township's own clerk with ids of the neighbouring township, and a clerk who holds one village with ids of the village next to it.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from tests.console.browser import TOWN
from tests.console.stocked import Place, Stocked, make_stocked

Form = Callable[[Place, Place], tuple[str, Mapping[str, Any]]]
"""(one's own place, the other's) to a path and a form."""

FORMS: dict[str, Form] = {
    "ticked conflicts": lambda own, far: ("/conflicts/settle", {"conflicts": f"{far.ids['conflict']} x", "keep": "standing"}),
    "conflicts alike": lambda own, far: ("/conflicts/same", {"sample": far.ids["conflict"], "count": "1", "keep": "standing"}),
    "short visits": lambda own, far: ("/review/short", {"visits": far.ids["visit"], "to": "accepted"}),
    "a household for a link": lambda own, far: (
        "/party-links", {"household": far.ids["household"], "member": own.ids["person"], "from_date": "2026-01-01"},
    ),
    "a member for a link": lambda own, far: (
        "/party-links", {"household": own.ids["household"], "member": far.ids["person"], "from_date": "2026-01-01"},
    ),
    "a twin": lambda own, far: (f"/review/join/household/{own.ids['household']}/{far.ids['twin']}", {}),
    "the record of a twin": lambda own, far: (f"/review/join/household/{far.ids['household']}/{own.ids['twin']}", {}),
    "handing over to": lambda own, far: (
        f"/households/{own.ids['household']}/hand-over", {"from": "韦干部", "to": far.ids["person"]},
    ),
    "taking back with others' links": lambda own, far: (
        f"/households/{own.ids['household']}/hand-back",
        {"from": "韦干部", "to": own.ids["person"], "ended": f"{far.ids['party_link']}:2026-01-01", "begun": far.ids["party_link"], "given": "1"},
    ),
    "a village as a grant": lambda own, far: (f"/people/{own.ids['person']}/grants", {"grant": f"village:{far.village}"}),
    "a household as a grant": lambda own, far: (f"/people/{own.ids['person']}/grants", {"grant": f"household:{far.ids['household']}"}),
    "a township as a grant": lambda own, far: (f"/people/{own.ids['person']}/grants", {"grant": f"township:{far.township}"}),
    "a new person's village": lambda own, far: ("/people", {"name": "新人", "role": "cadre", "village": far.village}),
    "a new person's household": lambda own, far: ("/people", {"name": "新人", "role": "party_member", "household": far.ids["household"]}),
    "a role beyond one's own": lambda own, far: ("/people", {"name": "新人", "role": "admin", "village": own.village}),
    "a village to move to": lambda own, far: (f"/households/{own.ids['household']}/move", {"village": far.village}),
    "ticked problems": lambda own, far: ("/ledger", {"step": "accepted", "problem": f"{far.ids['problem']}:3"}),
    "ticked new problems": lambda own, far: ("/ledger", {"step": "accepted", "problem": f"{far.ids['new_problem']}:0"}),
    "a new problem's village": lambda own, far: (
        "/ledger/new", {"id": "01a206a2-1030-7a72-8aa1-c2012efb5892", "village": far.village, "category": "env", "source": "online", "description": "x"},
    ),
    "a new problem's id": lambda own, far: (
        "/ledger/new", {"id": far.ids["problem"], "village": own.village, "category": "env", "source": "online", "description": "overwritten"},
    ),
    "a list of another village": lambda own, far: ("/lists/nonsense/export", {"village": far.village, "as": "csv"}),
}  # fmt: skip


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stocked]:
    office = make_stocked(tmp_path_factory.mktemp("foreign") / "office")
    yield office
    office.close()


@pytest.mark.parametrize("what", FORMS)
@pytest.mark.parametrize(("role", "elsewhere"), [("desk", "away"), ("village desk", "there")])
def test_a_form_that_names_what_is_not_ones_own_changes_nothing(
    office: Stocked, role: str, elsewhere: str, what: str
) -> None:
    if (elsewhere, what) == ("away", "a new problem's id"):
        return  # an id is a township's own: another's record of the same id is another record
    office.put_back()
    browser = office.as_role(role)
    token = browser.token()
    before, files = office.version(), office.looks()
    path, form = FORMS[what](office.here, getattr(office, elsewhere))
    answer = browser.client.post(f"/t/{TOWN}{path}", data={**form, "csrf_token": token})
    assert answer.status_code in (303, 400, 403, 404, 422), answer.status_code
    assert office.version() == before, (
        f"{what}: something was written ({answer.status_code}); tables: {_changed(office)}"
    )
    assert office.looks() == files


def _changed(office: Stocked) -> list[str]:
    """Which tables differ from how the office was made."""
    now = office.tables()
    office.put_back()
    made = office.tables()
    return [name for name in now if now[name] != made[name]]


@pytest.mark.parametrize(
    "what",
    ["ticked conflicts", "short visits", "a member for a link", "ticked new problems", "a new problem's village"],
)
def test_the_same_form_with_ones_own_does_change_something(office: Stocked, what: str) -> None:
    """Able to fail: it is the other's id that stops them."""
    office.put_back()
    browser = office.as_role("desk")
    path, form = FORMS[what](office.here, office.here)
    if what == "ticked conflicts":
        page = browser.page(f"/t/{TOWN}/conflicts")
        ticked = page[page.index(office.here.ids["conflict"] + " ") :]
        form = {**form, "conflicts": ticked[: ticked.index('"')]}
    before = office.version()
    answer = browser.post(f"/t/{TOWN}{path}", form)
    assert answer.status_code == 303, answer.status_code
    assert office.version() != before
    office.put_back()
