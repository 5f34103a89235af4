"""What a page offers can be done: every form on every page, sent as it stands there by whoever sees it, is answered in words.

It may say that something is missing; it may not say that the button is not his, that there is no such thing, or that the server failed.
"""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.console.browser import Browser
from tests.console.crawl import Crawl
from tests.console.leaf import Leaf, Tag
from tests.console.stocked import Stocked, make_stocked

pytestmark = pytest.mark.timeout(400)  # with the making of its office, on a busy machine

BUTTONS = ("keep", "choice", "as", "to", "step", "reason", "language")
"""Names by which the buttons of one form are told apart: the same form on many pages is sent once."""
LEFT_OUT = ("/sign-out", "/sign-in", "/password", "/language")


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stocked]:
    office = make_stocked(tmp_path_factory.mktemp("offered") / "office")
    yield office
    office.close()


def filled(leaf: Leaf, form: Tag) -> list[dict[str, Any]]:
    """What each button of a form sends when nobody types anything."""
    data: dict[str, Any] = {}
    buttons: list[tuple[str, str, str]] = []
    for tag in leaf.inputs(form):
        name, sort = tag["name"], tag["type"]
        if tag.name == "button":
            if sort in ("", "submit"):
                buttons.append((name, tag["value"], tag["formaction"]))
        elif not name or "disabled" in tag.attributes or sort == "file":
            continue
        elif sort in ("checkbox", "radio"):
            if "checked" in tag.attributes or (sort == "radio" and name not in data):
                data.setdefault(name, []).append(tag["value"] or "on")
        elif tag.name == "select":
            options = [one for one in leaf.all("option") if tag in one.within]
            chosen = next((one for one in options if "selected" in one.attributes), options[0] if options else None)
            data[name] = chosen["value"] if chosen else ""
        elif tag.name == "textarea":
            data[name] = tag.text.removeprefix("\n")
        else:
            data[name] = tag["value"]
    buttons += [
        (t["name"], t["value"], t["formaction"]) for t in leaf.all("button") if t["form"] and t["form"] == form["id"]
    ]
    return [{**data, **({name: value} if name else {}), "": action} for name, value, action in buttons]


@pytest.mark.parametrize("role", ["desk", "leader", "village leader", "county", "admin", "neighbour", "cadre"])
def test_every_form_on_every_page_can_be_sent_by_whoever_sees_it(office: Stocked, role: str) -> None:
    office.put_back()
    browser: Browser = office.as_role(role)
    office.keep()
    faults, sent = [], set()
    for opened in list(Crawl(browser, alike=3).walk("/")):
        if not opened.is_page or "/api/docs" in opened.url:
            continue
        leaf = Leaf(opened.html)
        for form in leaf.forms("post"):
            for data in filled(leaf, form):
                action = data.pop("") or form["action"] or opened.url
                key = (
                    action.partition("?")[0],
                    tuple(sorted((n, str(value)) for n, value in data.items() if n in BUTTONS)),
                )
                if action.startswith(LEFT_OUT) or key in sent:
                    continue
                sent.add(key)
                before = office.version()
                answer = browser.client.post(action, data=data, headers={"Referer": f"http://localhost{opened.url}"})
                if answer.status_code not in (200, 302, 303, 409, 413, 422):
                    faults.append(f"{opened.url}: the form to {action} with {data} answers {answer.status_code}")
                elif answer.status_code in (302, 303):
                    landed = browser.client.get(answer.headers["Location"], follow_redirects=True)
                    if landed.status_code != 200:
                        faults.append(
                            f"{opened.url}: after {action} comes {answer.headers['Location']}: {landed.status_code}"
                        )
                    leaf_after = Leaf(landed.text) if landed.content_type.startswith("text/html") else None
                    faults += [f"after {action}: {fault}" for fault in leaf_after.faults()] if leaf_after else []
                elif answer.content_type.startswith("text/html"):
                    faults += [f"{action} ({answer.status_code}): {fault}" for fault in Leaf(answer.text).faults()]
                if office.version() != before:
                    office.put_back()
    assert not faults, f"{len(faults)} of {len(sent)}:\n" + "\n".join(dict.fromkeys(faults))
