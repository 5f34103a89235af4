"""Two tus clients that nobody here wrote, at a real server: tuspy, and tus-js-client in Chromium. Whole, cut off and resumed, sent twice."""

import base64
import hashlib
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, sync_playwright
from tusclient.client import TusClient
from tusclient.exceptions import TusCommunicationError
from tusclient.storage.filestorage import FileStorage

from bench.client import TOWNSHIP
from bench.photos import change, new_phone, picture
from bench.township import VILLAGES, Office, open_office
from shared.photos import name_of
from tests.browser.rig import launch, why_not

TUS_JS = Path(__file__).parent / "vendor" / "tus.min.js"
TUS_JS_SHA = "8cbb1b63fccc3bba0ae73ad1deb160ce046c3750851d0c3e94921ae3ef070eb8"
CHUNK = 20_000


@dataclass
class Named:
    """A picture that a visit of an enrolled phone names, at a running server."""

    office: Office
    token: str
    visit: str
    data: bytes

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.office.port}/api/v1/photos"

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": self.token}

    @property
    def about(self) -> dict[str, str]:
        return {"name": name_of(self.data), "kind": "visit", "id": self.visit}

    @property
    def is_held(self) -> bool:
        return self.office.service.photos.held(TOWNSHIP, name_of(self.data)) is not None


@pytest.fixture(scope="module")
def office() -> Iterator[Office]:
    with open_office("sqlite") as office:
        yield office


@pytest.fixture
def named(office: Office) -> Named:
    """Synced by a phone; none of its picture's bytes have been sent."""
    phone, clock = new_phone(office, VILLAGES[0])
    visit, data = str(uuid.uuid4()), picture(uuid.uuid4().int)
    reply = phone.sync([change(phone, clock, VILLAGES[0], {"photos": [name_of(data)]}, visit)])
    assert reply["refused"] == []
    return Named(office, phone._headers["Authorization"], visit, data)


# --- tuspy -----------------------------------------------------------------------------------------------------------


def tuspy(named: Named, tmp_path: Path, **options: Any) -> Any:
    """An uploader of tuspy for this picture."""
    file = tmp_path / "photo.jpg"
    file.write_bytes(named.data)
    client = TusClient(named.url, headers=named.headers)
    return client.uploader(str(file), chunk_size=CHUNK, metadata=named.about, **options)


def test_tuspy_sends_a_photo_chunk_by_chunk(named: Named, tmp_path: Path) -> None:
    uploader = tuspy(named, tmp_path)
    uploader.upload()
    assert uploader.offset == len(named.data)
    assert named.is_held


def test_tuspy_goes_on_where_another_run_of_it_was_cut_off(named: Named, tmp_path: Path) -> None:
    first = tuspy(named, tmp_path, store_url=True, url_storage=FileStorage(str(tmp_path / "urls.json")))
    first.upload(stop_at=3 * CHUNK)
    assert not named.is_held
    again = tuspy(named, tmp_path, store_url=True, url_storage=FileStorage(str(tmp_path / "urls.json")))
    assert again.offset == 3 * CHUNK
    again.upload()
    assert named.is_held


def test_tuspy_is_told_that_a_photo_was_never_named(named: Named, tmp_path: Path) -> None:
    named.visit = str(uuid.uuid4())
    with pytest.raises(TusCommunicationError) as refused:
        tuspy(named, tmp_path).upload()
    assert refused.value.status_code == 404
    assert not named.is_held


def test_tuspy_finds_a_photo_that_is_held_already_whole(named: Named, tmp_path: Path) -> None:
    tuspy(named, tmp_path).upload()
    again = tuspy(named, tmp_path, retries=1, retry_delay=0)
    again.upload()
    assert again.offset == len(named.data)


# --- tus-js-client ---------------------------------------------------------------------------------------------------

SEND = """
async ([url, headers, metadata, coded, chunkSize, stopAt, resume]) => {
  const bytes = Uint8Array.from(atob(coded), one => one.charCodeAt(0))
  const file = new File([bytes], "photo.jpg", { type: "image/jpeg", lastModified: 1 })
  const seen = { first: null, url: null, error: null, whole: false }
  await new Promise(done => {
    const upload = new tus.Upload(file, {
      endpoint: url, headers, metadata, chunkSize, retryDelays: [0, 0], fingerprint: async () => metadata.name,
      onError: error => { seen.error = String(error); done() },
      onSuccess: () => { seen.whole = true; done() },
      onChunkComplete: (size, accepted) => {
        if (seen.first === null) seen.first = accepted - size
        if (stopAt && accepted >= stopAt) upload.abort().then(done)
      },
    })
    const begin = () => upload.start()
    if (resume) upload.findPreviousUploads().then(found => { if (found.length) upload.resumeFromPreviousUpload(found[0]); begin() })
    else begin()
    seen.upload = upload
  })
  return { first: seen.first, url: seen.upload.url, error: seen.error, whole: seen.whole }
}
"""


@pytest.fixture(scope="module")
def page(office: Office) -> Iterator[Page]:
    """A page of our own origin with tus-js-client in it."""
    missing = why_not()
    if missing.startswith("needs root"):
        pytest.skip(missing)
    assert not missing, missing
    assert hashlib.sha256(TUS_JS.read_bytes()).hexdigest() == TUS_JS_SHA
    with sync_playwright() as playwright:
        browser = launch(playwright)
        page = browser.new_context(bypass_csp=True).new_page()  # the client is no part of our pages
        page.goto(f"http://127.0.0.1:{office.port}/sign-in")
        page.add_script_tag(path=TUS_JS)
        yield page
        browser.close()


def send(page: Page, named: Named, stop_at: int = 0, resume: bool = False) -> dict[str, Any]:
    coded = base64.b64encode(named.data).decode()
    found: dict[str, Any] = page.evaluate(SEND, [named.url, named.headers, named.about, coded, CHUNK, stop_at, resume])
    return found


def test_tus_js_client_sends_a_photo_chunk_by_chunk(page: Page, named: Named) -> None:
    seen = send(page, named)
    assert (seen["error"], seen["whole"], seen["first"]) == (None, True, 0)
    assert named.is_held


def test_tus_js_client_aborts_and_goes_on_at_the_next_byte(page: Page, named: Named) -> None:
    seen = send(page, named, stop_at=3 * CHUNK)
    assert (seen["error"], seen["whole"]) == (None, False)
    assert not named.is_held
    again = send(page, named, resume=True)
    assert (again["error"], again["whole"], again["first"]) == (None, True, 3 * CHUNK)
    assert again["url"] == seen["url"]
    assert named.is_held


def test_tus_js_client_is_told_in_words_what_is_no_picture(page: Page, named: Named, office: Office) -> None:
    phone, clock = new_phone(office, VILLAGES[0])
    named.data = b"no picture, " * 2000
    phone.sync([change(phone, clock, VILLAGES[0], {"photos": [name_of(named.data)]}, named.visit)])
    seen = send(page, named)
    assert not seen["whole"]
    assert "not_a_picture" in seen["error"]
    assert not named.is_held


def test_tus_js_client_finds_a_photo_that_is_held_already_whole(page: Page, named: Named) -> None:
    assert send(page, named)["whole"]
    again = send(page, named)
    assert (again["error"], again["whole"]) == (None, True)
