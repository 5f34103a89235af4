"""Coming in: passwords, sessions that end, forgery refused, and nobody learns whether a name exists."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from server import accounts
from server.access import AccessError
from server.service import now_ms
from tests.console.browser import DESK, TOWN, Browser, Office, said

GOOD = "河边的老榕树下乘凉吃粥"


def sign_in(office: Office, name: str, password: str) -> tuple[Browser, int]:
    browser = office.browser()
    return browser, browser.post("/sign-in", {"name": name, "password": password}).status_code


@pytest.fixture
def password(office: Office) -> str:
    return accounts.give_password(office.database, DESK, now_ms())


def test_a_given_password_must_be_changed_before_anything_else_opens(office: Office, password: str) -> None:
    browser, status = sign_in(office, DESK, password)
    assert status == 303
    assert browser.get(f"/t/{TOWN}/audit").headers["Location"] == "/password"
    browser.post("/password", {"old": password, "new": GOOD, "again": GOOD})
    assert browser.get(f"/t/{TOWN}/audit").status_code == 200
    assert sign_in(office, DESK, password)[1] == 401
    assert sign_in(office, DESK, GOOD)[1] == 303


def test_a_wrong_name_and_a_wrong_password_are_answered_alike(office: Office, password: str) -> None:
    answers = [office.browser().post("/sign-in", {"name": n, "password": "x" * 12}) for n in (DESK, "没有这人")]
    assert [answer.status_code for answer in answers] == [401, 401]
    assert all("姓名或密码不对" in answer.text for answer in answers)


def test_after_five_wrong_tries_even_the_right_password_waits(office: Office, password: str) -> None:
    for _ in range(accounts.FREE_TRIES):
        assert sign_in(office, DESK, "wrong wrong")[1] == 401
    browser = office.browser()
    assert "分钟后再试" in browser.post("/sign-in", {"name": DESK, "password": password}).text
    later = now_ms() + accounts.LONGEST_WAIT_MS
    assert accounts.sign_in(office.database, DESK, password, later)


def test_a_name_that_does_not_exist_waits_like_one_that_does(office: Office, password: str) -> None:
    for name in (DESK, "从没有过的人"):
        said_so = []
        for _ in range(accounts.FREE_TRIES + 1):
            said_so.append("分钟后再试" in office.browser().post("/sign-in", {"name": name, "password": "x" * 12}).text)
        assert said_so == [False] * accounts.FREE_TRIES + [True], name


def test_many_tries_at_once_are_counted_one_by_one(office: Office, password: str) -> None:
    now = now_ms()

    def attempt(_: int) -> bool:
        with pytest.raises(accounts.SignInError) as refused:
            accounts.sign_in(office.database, DESK, "wrong wrong", now)
        return "姓名或密码不对" in str(refused.value)

    with ThreadPoolExecutor(8) as pool:
        judged = sum(pool.map(attempt, range(16)))
    assert 0 < judged <= accounts.FREE_TRIES


def test_the_present_password_cannot_be_guessed_from_an_open_session(office: Office, password: str) -> None:
    browser = office.browser(DESK)
    for _ in range(accounts.FREE_TRIES):
        browser.post("/password", {"old": "guess guess", "new": GOOD, "again": GOOD})
    assert "分钟后再试" in browser.post("/password", {"old": password, "new": GOOD, "again": GOOD}).text
    assert [act.action for act in office.trail("")].count("sign_in_failed") == accounts.FREE_TRIES


def test_a_session_ends_when_idle_when_old_when_signed_out_and_with_a_new_password(office: Office) -> None:
    browser = office.browser(DESK)
    with browser.client.session_transaction() as session:
        session["seen"] -= accounts.IDLE_MS + 1000
        secret = session["secret"]
    assert browser.get(f"/t/{TOWN}/audit").headers["Location"].startswith("/sign-in")
    assert accounts.session_of(office.database, secret, now_ms() + accounts.LONGEST_MS + 1) is None
    signed_out = office.browser(DESK)
    with signed_out.client.session_transaction() as session:
        kept = session["secret"]
    signed_out.post("/sign-out")
    assert accounts.session_of(office.database, kept, now_ms()) is None
    other = office.browser(DESK)
    accounts.give_password(office.database, DESK, now_ms())
    assert other.get(f"/t/{TOWN}/audit").status_code == 302


def test_whoever_signs_in_comes_back_to_the_page_and_never_to_another_site(office: Office, password: str) -> None:
    browser = office.browser()
    sent = browser.get(f"/t/{TOWN}/audit?by=x").headers["Location"]
    assert sent == f"/sign-in?next=%2Ft%2F{TOWN}%2Faudit%3Fby%3Dx"
    for target in ("https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:alert(1)"):
        form = {"name": DESK, "password": password, "next": target}
        assert office.browser().post("/sign-in", form).headers["Location"] == "/"


def test_a_form_without_its_token_is_refused_and_changes_nothing(office: Office) -> None:
    browser = office.browser(DESK)
    answer = browser.client.post("/sign-out")
    assert answer.status_code == 400
    assert "页面放得太久" in answer.text
    assert browser.get(f"/t/{TOWN}/audit").status_code == 200


def test_a_part_of_a_page_asked_for_after_the_session_ended_sends_the_whole_page_to_sign_in(office: Office) -> None:
    answer = office.browser().get(f"/t/{TOWN}/audit", part=True)
    assert answer.headers["HX-Redirect"] == "/sign-in"


@pytest.mark.parametrize("weak", ["short", "passwordpassword", "1234561234", "aaaaaaaaaaaa", "韦桌员韦桌员韦桌员"])
def test_a_password_that_is_easy_to_guess_is_refused_in_words(weak: str) -> None:
    with pytest.raises(AccessError):
        accounts.check_password("韦桌员", weak)


def test_signing_in_wrong_tries_and_new_passwords_stand_in_the_trail(office: Office, password: str) -> None:
    sign_in(office, DESK, "nonsense!!")
    sign_in(office, DESK, password)
    actions = [act.action for act in office.trail("") if act.action in ("password", "sign_in", "sign_in_failed")]
    assert actions == ["password", "sign_in_failed", "sign_in"]


def test_the_console_speaks_english_when_asked_to(office: Office) -> None:
    browser = office.browser(DESK)
    browser.post("/language", {"language": "en", "next": f"/t/{TOWN}/audit"})
    page = browser.page(f"/t/{TOWN}/audit")
    assert "Audit trail" in page
    assert 'lang="en"' in page


def test_wrong_tries_at_one_server_make_nobody_wait_at_another(office: Office, still: Office) -> None:
    for _ in range(8):
        still.browser().post("/sign-in", {"name": "没有此人", "password": "x"})
    browser = office.browser()
    assert "姓名或密码不对" in said(browser.post("/sign-in", {"name": "没有此人", "password": "x"}), browser)


def test_what_cannot_be_signed_in_with_is_said_on_the_page(office: Office) -> None:
    browser = office.browser()
    assert "姓名或密码不对" in said(browser.post("/sign-in", {"name": "", "password": ""}), browser)
