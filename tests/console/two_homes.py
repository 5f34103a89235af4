"""An office with a household in each of two villages of its township: what the tests of households and of lists begin with."""

from dataclasses import dataclass

from tests.console.browser import SECOND_VILLAGE, TOWN, Office

IDENTITY, PHONE = "451422196205010076", "13877112233"


@dataclass
class Town:
    """An office with a household in each of two villages."""

    office: Office
    home: str
    member: str
    other: str
    other_member: str

    def url(self, home: str = "", more: str = "") -> str:
        return f"/t/{TOWN}/households{f'/{home}' if home else ''}{more}"


def make_town(office: Office) -> Town:
    """Put a household of two villages each into the office."""
    home = office.write(
        "household",
        {"head_name": "黄秀英", "household_no": "0076", "hamlet": "那排屯", "phone": PHONE, "categories": ["registered_poor"],
         "poverty_causes": ["illness"], "water_source": "tank"},
    )  # fmt: skip
    member = office.write(
        "member", {"name": "韦小强", "relation": "son", "identity": IDENTITY, "health": ["chronic"]}, household=home
    )
    other = office.write(
        "household", {"head_name": "农文达", "household_no": "0901", "phone": "13977445566"}, village=SECOND_VILLAGE
    )
    other_member = office.write(
        "member", {"name": "农小妹", "identity": "451422197001015678"}, village=SECOND_VILLAGE, household=other
    )
    office.write("problem", {"description": "邻村的问题", "category": "water"}, village=SECOND_VILLAGE, household=other)
    return Town(office, home, member, other, other_member)
