"""The terminal phone's photos after a sync, where the lane must look for itself."""

from tests.mobile.photographs import PhotoTownship
from tests.mobile.test_terminal import Script, file, house, office, run
from tests.mobile.township import VILLAGE, Township

__all__ = ["file", "house", "office", "run"]


def test_after_the_township_was_set_back_a_sync_offers_it_again_what_was_sent(
    run: Script, house: str, file: str, office: PhotoTownship, township: Township
) -> None:
    problem = run("write", "problem", "--village", VILLAGE, "description=漏雨")["id"]
    photo = run("photo", "add", "problem", problem, "photos", file)
    assert run("sync")["photos"] == {"arrived": 1, "waiting": 0}
    office.held.clear()
    township.epoch = "epoch-2"
    assert run("sync")["photos"] == {"arrived": 1, "waiting": 0}
    assert list(office.held) == [photo["name"]]
    assert "photos" not in run("sync"), "nothing to say where nothing was to be sent"
