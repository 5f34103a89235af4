"""Made-up names: of people, villages, hamlets; and telephone numbers that ring nowhere.

Composed from syllables that are common in Guangxi, so any likeness is chance. Promises: no user name comes twice on a server.
"""

from collections.abc import Collection

from server.demo.chance import Chance

_SURNAMES = {
    "韦": 12, "黄": 12, "农": 9, "陆": 8, "覃": 7, "李": 7, "梁": 6, "陈": 5, "莫": 4, "蒙": 3, "罗": 3, "潘": 3, "卢": 3,
    "苏": 2, "何": 2, "林": 2, "廖": 2, "岑": 2, "闭": 2, "赵": 2, "许": 2, "凌": 2, "甘": 1, "谭": 1, "吴": 1, "杨": 1,
    "方": 1, "周": 1, "邓": 1, "滕": 1, "马": 1, "钟": 1, "曾": 1, "零": 1,
}  # fmt: skip
_FIRST = {"male": "志文建家永春世海立光兴荣振德瑞启承耀", "female": "秀美春玉丽彩月桂雪艳小凤金素爱翠红婉"}
_SECOND = {"male": "强华明军生福宝林山贵才成勇安东源达宁", "female": "英兰珍芳莲花梅娟连妹群琼萍香荣仙婵柳"}
_SINGLE = {"male": "强勇军斌峰涛辉杰鹏亮", "female": "芳敏丽燕娟玲艳霞静兰"}

_PLACE_FIRST = "那板岜弄陇驮渠布咘六逢叫念派枯百古江伏浦"
_PLACE_SECOND = "怀楼贵桐隆何荣莲昌梅松桂岩良兰敢旺朗排造仁意利谷礼甲考茶勒林晓"

TELEPHONE_MIDDLE = "0000"
"""The middle four digits of every made-up telephone number: no line has them."""


class Names:
    """Draws names. `taken` are the user names that are on the server already."""

    def __init__(self, chance: Chance, taken: Collection[str] = ()) -> None:
        self._chance = chance
        self._taken = set(taken)

    def surname(self) -> str:
        return self._chance.weighted(_SURNAMES)

    def person(self, sex: str, surname: str | None = None) -> str:
        """A full name; `surname` where it is the family's."""
        chance = self._chance
        if chance.happens(0.12):
            given = chance.choice(_SINGLE[sex])
        else:
            given = chance.choice(_FIRST[sex]) + chance.choice(_SECOND[sex])
        return (surname or self.surname()) + given

    def user(self, place: str) -> str:
        """The name of somebody with an account; with the village or township in brackets where the name alone is taken."""
        while True:
            name = self.person("male" if self._chance.happens(0.68) else "female")
            found = next((one for one in (name, f"{name}（{place}）") if one not in self._taken), None)
            if found:
                self._taken.add(found)
                return found

    def place(self, taken: Collection[str]) -> str:
        """The stem of a village's or hamlet's name, other than those `taken`."""
        while True:
            stem = self._chance.choice(_PLACE_FIRST) + self._chance.choice(_PLACE_SECOND)
            if stem not in taken:
                return stem

    def telephone(self) -> str:
        """Eleven digits in the shape of a mobile number."""
        chance = self._chance
        return f"1{chance.choice('3578')}{chance.randrange(10)}{TELEPHONE_MIDDLE}{chance.randrange(10_000):04d}"
