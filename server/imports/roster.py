"""Reads a township's roster workbook into households and persons, and says what was doubtful in it.

Promises: pure (a file and the township's village names in, values out); nothing is guessed: a wrong or ruined identity
number is left out and reported, an unknown village rejects its household; reading again gives the same; no finding
ever holds a name, a phone or an identity number.
Leaves to others: finding the header and the merged cells (`workbook`), ids, what is new, what to write (the importer).
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from openpyxl.utils.datetime import from_excel

from server.imports.workbook import Row, Table, WorkbookError, heading_key, read_tables, tidy
from shared.rules import identity

__all__ = ["Finding", "HouseholdRow", "PersonRow", "Roster", "WorkbookError", "read_roster"]


@dataclass(frozen=True)
class PersonRow:
    row: int  # as Excel shows it, from 1
    name: str
    relation: str  # a code of RELATIONS
    sex: str | None  # male or female; from the identity number when that is valid
    identity: str | None  # only when valid
    birth_date: str | None  # ISO date
    birth_month: str | None  # YYYY-MM, only when no day is known
    health: tuple[str, ...]
    phone: str | None  # 11 digits
    remark: str | None


@dataclass(frozen=True)
class HouseholdRow:
    row: int
    village: str  # 12-digit code
    hamlet: str | None
    household_no: str | None
    categories: tuple[str, ...]
    head_name: str | None
    phone: str | None
    persons: tuple[PersonRow, ...]


@dataclass(frozen=True)
class Finding:
    row: int
    code: str
    message: str  # Chinese / English, with what to do next


@dataclass(frozen=True)
class Roster:
    households: tuple[HouseholdRow, ...]
    warnings: tuple[Finding, ...]
    rejected: tuple[Finding, ...]

    @property
    def household_count(self) -> int:
        return len(self.households)

    @property
    def person_count(self) -> int:
        return sum(len(household.persons) for household in self.households)


def read_roster(
    path: Any, villages: Mapping[str, str], *, progress: Callable[[int, int], None] | None = None
) -> Roster:
    """The roster in the workbook at `path`; `villages` are the names and codes of one township.

    `progress` is called with (rows read, rows in all). WorkbookError when the file can't be read as a roster.
    """
    tables = read_tables(path, _FIELD_OF.get, _is_roster)
    total = sum(len(table.rows) for table in tables)
    reading = _Reading(_Villages(villages), several=len(tables) > 1)
    done = 0
    for table in tables:
        reading.begin(table)
        for row in table.rows:
            reading.take(row)
            done += 1
            if progress and (done % 500 == 0 or done == total):
                progress(done, total)
    return reading.roster()


def _is_roster(fields: Iterable[str]) -> bool:
    # A list of persons that says nothing of households (disabled persons, voters) is not a roster.
    known = set(fields)
    return "name" in known and bool(known & {"relation", "household_no", "head_name"}) and len(known) >= 3


# ---------------------------------------------------------------------------------------------------- words of offices


def _words(table: Mapping[str, str]) -> dict[str, str]:
    return {word: code for code, words in table.items() for word in words.split()}


_FIELD_OF = _words(
    {
        "serial": "序号 序 顺序号 编号 行号 no",
        "village": (
            "行政村 村 村名 村名称 村别 村委 村委会 村民委员会 居委会 社区 村社区 村居 村屯社区 所在村 所属村 "
            "所在行政村 所属行政村 行政村名 行政村名称 行政村社区 村委会名称 村社区名称 村级"
        ),
        "hamlet": (
            "自然屯 屯 屯名 屯别 屯级 屯组 自然屯名称 所在屯 所属屯 自然村 自然村屯 自然村名称 村民小组 小组 "
            "组 组别 组名 村小组 村组 所在组 生产队 队 队别 网格"
        ),
        "household_no": (
            "户编号 户号 户编码 户代码 户序号 户次 户籍号 户口编号 户口号 户口簿号 户口簿编号 户口本号 "
            "家庭编号 家庭编码 家庭户号 家庭户编号 农户编号 农户编码 住户编号 户主编号"
        ),
        "categories": (
            "户类别 户类型 户别 户属性 户性质 户类 类别 类型 属性 农户类别 农户类型 农户属性 农户性质 "
            "家庭类别 家庭类型 家庭属性 对象类别 对象类型 人群类别 识别类别 贫困户属性 贫困属性 贫困类型 "
            "贫困户类型 户识别类型"
        ),
        "head_name": "户主姓名 户主 户主名 户主名字 户主名称 家庭户主 户主信息姓名",
        "name": (
            "姓名 名字 成员姓名 家庭成员姓名 家庭成员 家庭成员信息姓名 家庭成员情况姓名 成员 人员姓名 "
            "家庭人员姓名 人口姓名 本人姓名 农户姓名 居民姓名"
        ),
        "relation": (
            "与户主关系 与户主的关系 与户主之关系 和户主关系 同户主关系 户主关系 与户主 关系 家庭关系 "
            "成员关系 家庭成员关系 称谓 家庭成员与户主关系 本人与户主关系"
        ),
        "sex": "性别",
        "identity": (
            "身份证号 身份证号码 身份证 身份证编号 身份证件号 身份证件号码 身份号码 证件号 证件号码 证件编号 "
            "证号 有效证件号码 公民身份号码 公民身份证号 公民身份证号码 居民身份证 居民身份证号 "
            "居民身份证号码 本人身份证号 本人身份证号码 家庭成员身份证号 家庭成员身份证号码 成员身份证号 "
            "成员身份证号码 家庭成员证件号码 成员证件号码"
        ),
        "birth": "出生年月 出生年月日 出生日期 出生时间 出生 出生日 生日",
        "health": "健康状况 健康情况 健康状态 健康 身体状况 身体情况 身体健康状况 身体健康情况",
        "phone": (
            "联系电话 联系方式 联系手机 联系号码 联系电话号码 电话 电话号码 手机 手机号 手机号码 移动电话 "
            "本人电话 户主电话 户主联系电话 户主手机号 户主手机号码 户主联系方式 家庭电话"
        ),
        "remark": "备注 备考 附注 说明 情况说明 备注说明 其他 其它",
    }
)

_RELATION = _words(
    {
        "head": "户主 本人 家主 户主本人 本人户主 户长",
        "spouse": "配偶 妻 妻子 夫 丈夫 爱人 老婆 老公 夫妻",
        "son": "子 儿子 儿 男 养子 继子",
        "daughter": "女 女儿 养女 继女",
        "daughter_in_law": "儿媳 儿媳妇 媳 媳妇",
        "son_in_law": "女婿 婿",
        "grandson": "孙 孙子 孙儿",
        "granddaughter": "孙女 孙女儿",
        "maternal_grandson": "外孙 外孙子",
        "maternal_granddaughter": "外孙女",
        "father": "父 父亲 爸爸 爸 继父 养父",
        "mother": "母 母亲 妈妈 妈 继母 养母",
        "father_in_law": "岳父 公公 家公 岳丈",
        "mother_in_law": "岳母 婆婆 家婆",
        "grandfather": "祖父 爷爷 外祖父 外公",
        "grandmother": "祖母 奶奶 外祖母 外婆",
        "other": "其他 其它 其他亲属 其他家庭成员 非亲属",
    }
)
RELATIONS = tuple(dict.fromkeys(_RELATION.values()))

_CATEGORY = _words(
    {
        "registered_poor": "贫困户 贫困 建档立卡户 建档立卡贫困户 建档立卡 一般贫困户",
        "removed": "剔除户 剔除",
        "key": "重点户 重点",
        "low_allowance": "低保户 低保 农村低保户 农村低保",
        "disabled": "残疾户 残疾 残疾人户 残疾人家庭 有残疾人户",
        "borderline": "边缘户 边缘",
        "general": "一般户 一般农户 一般 普通户 普通农户 非贫困户",
        "exited_poor": "脱贫户 已脱贫户 已脱贫 脱贫",
        "unstable_exited": "脱贫不稳定户 脱贫不稳定",
        "borderline_at_risk": "边缘易致贫户 边缘易致贫",
        "sudden_hardship": "突发严重困难户 突发严重困难",
        "special_support": "特困供养户 特困供养 特困户 特困 特困人员 五保户 五保",
        "anti_poverty_target": "防止返贫致贫对象 防止返贫致贫户 防返贫致贫对象 防返贫致贫户",
    }
) | {"低保贫困户": "registered_poor low_allowance", "五保贫困户": "registered_poor special_support"}

_HEALTH = _words(
    {
        "healthy": "健康 良好 正常 健康或良好",
        "chronic": "长期慢性病 慢性病 患慢性病 患有慢性病 患长期慢性病 患有长期慢性病",
        "serious_illness": "患有大病 大病 患大病 重病 患重病 患有重病 重大疾病 重特大疾病",
        "disabled": "残疾 残疾人 有残疾 肢体残疾 视力残疾 听力残疾 言语残疾 智力残疾 精神残疾 多重残疾",
    }
)

_SEX = {"男": "male", "男性": "male", "m": "male", "女": "female", "女性": "female", "f": "female"}
_NOTHING = {"", "无", "暂无", "没有", "不详", "未知", "空", "-", "--", "—", "——", "/", "\\", "n/a"}
_TOTALS = re.compile(r"[合总小共累]\s*计")
_FOOT = re.compile(
    r"(注|备注|(填表)?说明|填[表报](人|单位|日期|时间)|制表人?|审[核批]人?|(单位)?负责人|经办人|联系人)"
    r"([(（].*?[)）])?[:：]"
)
_COUNT = re.compile(r"[\d.]+[人户口]?")  # in the name's place: a total, or the line that numbers the columns

_MESSAGES = {
    "repeated_row": (
        "与同户第 {other} 行完全重复，只导入一次；请在表中删去此行",
        "repeats row {other} of the same household exactly and is imported once; delete this row from the sheet",
    ),
    "identity_check_character": (
        "身份证号校验码不对，此人已导入但不带证号；请核对证件后补录",
        "the identity number's check character is wrong; the person is imported without it. Enter it from the card",
    ),
    "identity_ruined": (
        "身份证号被 Excel 存成数值，不再可靠，此人已导入但不带证号；请把该列设为“文本”，核对证件后补录",
        "ruined by Excel, which stored it as a number; the person is imported without it. Enter it as text from the card",
    ),
    "number_unclear": (
        "证件号码不是 18 位，或其中的出生日期不存在，此人已导入但不带证号；请核对证件后补录",
        "not 18 characters, or no real birth date in it; the person is imported without it. Enter it from the card",
    ),
    "same_number_twice": (
        "证件号码与第 {other} 行的另一人相同，两人都已导入；请核对证件，改正其中一人",
        "the number of another person in row {other} too; both are imported. Check the cards and correct one of them",
    ),
    "household_number_twice": (
        "户编号与第 {other} 行的另一户相同，两户都已导入；请核对，改正其中一户",
        "another household in row {other} has this number too; both are imported. Check and correct one of them",
    ),
    "household_number_missing": (
        "没有户编号，按单独一户导入到上面各行所在的村；请补填户编号",
        "no household number; imported as a household of its own in the village of the rows above. Fill in its number",
    ),
    "head_missing": (
        "该户没有户主，已导入；请补填户主",
        "this household has no head; it is imported. Fill in its head",
    ),
    "head_name_differs": (
        "“户主姓名”与户主本人的姓名不一致，户内以户主本人一行为准；请核对",
        "the head's name in the household differs from the head's own row, which stands. Check it",
    ),
    "relation_unknown": (
        "与户主关系不明，按“其他”导入，原词留在备注；请改为常用称谓",
        "the relation is not known; imported as 'other', with the word kept in the remark. Use a usual word",
    ),
    "sex_differs": (
        "性别与身份证号不一致，以身份证号为准；请核对",
        "the sex differs from the identity number, which stands. Check it",
    ),
    "sex_unclear": ("性别看不明白，未导入；请填“男”或“女”", "the sex can't be read and is left out. Write 男 or 女"),
    "birth_differs": (
        "出生日期与身份证号不一致，以身份证号为准；请核对",
        "the birth date differs from the identity number, which stands. Check it",
    ),
    "date_unclear": (
        "出生日期看不明白，未导入；请按 1980-02-03 或 1980-02 填写",
        "the birth date can't be read and is left out. Write it as 1980-02-03 or 1980-02",
    ),
    "phone_doubtful": (
        "联系电话不是一个 11 位手机号，未导入或只取其中第一个；请核对",
        "the phone is not one mobile number of 11 digits; it is left out, or the first one is taken. Check it",
    ),
    "category_unknown": (
        "户类别中有不认识的词，该词未导入；请改为常用类别",
        "a word among the household's categories is not known and is left out. Use a usual category",
    ),
    "health_unknown": (
        "健康状况中有不认识的词，该词未导入；请改为健康、慢性病、大病或残疾",
        "a word of the health column is not known and is left out. Use 健康, 慢性病, 大病 or 残疾",
    ),
    "column_not_used": (
        "这些列没有对应的字段，未导入：{columns}；如需导入请改列名",
        "these columns mean no field here and are not imported: {columns}. Rename a column that should be",
    ),
    "village_unknown": (
        "行政村不在本乡镇的名录中，本行未导入；请改正村名后重新导入",
        "the village is not one of this township; this row is not imported. Correct the name and import again",
    ),
    "name_missing": (
        "没有姓名，本行未导入；请补填姓名后重新导入",
        "the name is missing; this row is not imported. Fill it in and import again",
    ),
}


# -------------------------------------------------------------------------------------------------------- single cells


def _text(value: object) -> str | None:
    """A cell as text, None when it says nothing; a number without a fraction as Excel shows it."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    text = tidy(value)
    return None if text.lower() in _NOTHING else text


def _key(text: str) -> str:
    return re.sub(r"\s", "", unicodedata.normalize("NFKC", text)).lower()


def _name(value: object) -> str | None:
    """Names are padded to equal width with spaces (张　三); those go, but rare characters are not normalised away."""
    text = _text(value) if isinstance(value, str) else None
    return re.sub(r"(?<=[\u2e80-\U0003ffff]) (?=[\u2e80-\U0003ffff])", "", text) if text else None


def _household_number(value: object) -> str | None:
    text = _text(value)
    return unicodedata.normalize("NFKC", text).replace(" ", "") if text else None


def _relation_code(text: str) -> str | None:
    """The code of 户主之长子 and the like: without 户主, without the order of birth. None when it is not known."""
    word = re.sub(r"\([^()]*\)|[^\w]", "", _key(text))
    short = re.sub(r"^(是|为)?(户主|本人)?[之的其]?", "", word)
    unnumbered = re.sub(r"^(独生|老?[长大次二三四五六七八九小幼独])", "", short)
    return next((_RELATION[form] for form in (word, short, unnumbered) if form in _RELATION), None)


def _codes(text: str, words: Mapping[str, str]) -> tuple[list[str], bool]:
    """The codes in a cell whose words are joined by anything or nothing, and whether a word was not known."""
    longest_first = "|".join(sorted(map(re.escape, words), key=len, reverse=True))
    codes: dict[str, None] = {}
    unknown = False
    whole = _key(text)  # 健　康 is one word padded to the width of the others
    for token in [whole] if whole in words else re.split(r"[\W_]+", unicodedata.normalize("NFKC", text)):
        # Taken apart only when known words cover it whole: 非低保户 must not become 低保户.
        if token in words:
            found = [token]
        elif len(token) < 40 and re.fullmatch(rf"(?:(?:{longest_first})[和及与兼且]?)+", token):
            found = re.findall(longest_first, token)
        else:
            found = []
            unknown = unknown or bool(token)
        codes |= dict.fromkeys(code for word in found for code in words[word].split())
    return list(codes), unknown


def _birth(value: object, epoch: Any) -> tuple[str | None, str | None] | None:
    """(date, month) of a birth cell, at most one of them given; None when the cell can't be read with certainty."""
    if isinstance(value, datetime):
        return _known(value.year, value.month, value.day)
    if isinstance(value, (int, float)) and 10_000 <= value < 100_000:  # a date that lost its format: 22810
        return _birth(from_excel(value, epoch), epoch)
    if isinstance(value, float) and not value.is_integer() and repr(value).endswith(".1"):
        return None  # 1980.1 as a number is January, or October that lost its zero
    text = re.sub(r"[ T]\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?$", "", unicodedata.normalize("NFKC", _text(value) or ""))
    if not text:
        return None, None
    plain = re.sub(r"[年月./\\,、—–-]+", "-", re.sub(r"\s|(日|号)?(出?生)?$", "", text)).strip("-")
    if re.fullmatch(r"[0-9]{5}", plain):
        return _birth(int(plain), epoch)
    parts = re.fullmatch(r"([0-9]{4})-?([0-9]{2})(?:-?([0-9]{2}))?|([0-9]{4})-([0-9]{1,2})(?:-([0-9]{1,2}))?", plain)
    if not parts:
        return None
    year, month, day = parts.groups()[:3] if parts[1] else parts.groups()[3:]
    return _known(int(year), int(month), int(day) if day else None)


def _known(year: int, month: int, day: int | None) -> tuple[str | None, str | None] | None:
    try:
        checked = date(year, month, 1 if day is None else day)
    except ValueError:
        return None
    if not 1850 <= year <= 2100:
        return None
    return (None, f"{checked:%Y-%m}") if day is None else (checked.isoformat(), None)


def _phone(value: object) -> tuple[str | None, bool]:
    """The first mobile number of a cell, and whether the cell is anything else than that one number."""
    text = unicodedata.normalize("NFKC", _text(value) or "")
    for form in (text, re.sub(r"[\s-]", "", text)):
        if found := re.findall(r"(?<!\d)(?:(?:\+|00)?86[- ]?)?(1[3-9][0-9]{9})(?!\d)", form):
            return found[0], len(re.sub(r"\D", "", form)) > 15
    return None, bool(text)


class _Villages:
    """The villages of one township by any usual form of their names; never a choice between two."""

    def __init__(self, villages: Mapping[str, str]) -> None:
        self._exact: dict[str, set[str]] = {}
        self._loose: dict[str, set[str]] = {}
        self._cores: dict[str, str] = {}
        for name, code in villages.items():
            core, kind = self._parts(_key(name))
            self._exact.setdefault(_key(name), set()).add(code)
            self._exact.setdefault(code, set()).add(code)
            for form in {core, core + kind}:
                self._loose.setdefault(form, set()).add(code)
            self._cores[code] = core

    def find(self, text: str) -> str | None:
        """The code a cell means: by its exact name first, then by the name without 村委会, 社区居委会 and the like."""
        core, kind = self._parts(_key(text))
        codes = self._exact.get(_key(text)) or self._loose.get(core + kind, set())
        return next(iter(codes)) if len(codes) == 1 else None

    def mentioned(self, texts: Iterable[str]) -> str | None:
        """The one village that titles speak of, when they speak of exactly one."""
        words = _key(" ".join(texts))
        ending = "(村|社区|居委|居民)"
        found = {code for code, core in self._cores.items() if re.search(re.escape(core) + ending, words)}
        return found.pop() if len(found) == 1 else None

    @staticmethod
    def _parts(name: str) -> tuple[str, str]:
        """桐骨村民委员会 -> (桐骨, 村); a village and a community of the same core name stay two places."""
        if match := re.fullmatch(r"(.+?)(社区|(社区)?(居民委员会|居委会))", name):
            return match[1], "社区"
        if match := re.fullmatch(r"(.+?)(村|行政村|(村|行政村)?(村民委员会|村委会|村委))", name):
            return match[1], "村"
        return name, ""


# ------------------------------------------------------------------------------------------------ rows into households

_HOUSEHOLD_FIELDS = ("village", "hamlet", "household_no", "categories", "head_name")
_PERSON_FIELDS = ("name", "relation", "sex", "identity", "birth", "health", "phone", "remark")
_SAYS_PERSON = ("name", "relation", "sex", "identity", "birth", "health")


@dataclass
class _Draft:
    """A household while its rows are read. `village` None: its village is not known and all its rows are rejected."""

    row: int
    sheet: int
    place: str | None  # the village cell's words
    village: str | None
    number: str | None
    cells: dict[str, str]
    phone: str | None
    categories: dict[str, None] = field(default_factory=dict)
    category_texts: set[str] = field(default_factory=set)
    persons: list[PersonRow] = field(default_factory=list)
    seen: dict[tuple[object, ...], tuple[int, dict[str, str]]] = field(default_factory=dict)
    has_head: bool = False


class _Reading:
    """Takes rows in order and builds the roster; what belongs together is decided here, row by row."""

    def __init__(self, villages: _Villages, several: bool) -> None:
        self._villages = villages
        self._several = several
        self._drafts: list[_Draft] = []
        self._by_number: dict[tuple[str | None, str], _Draft] = {}
        self._identities: dict[str, str] = {}  # number -> where it stood
        self._warnings: list[tuple[int, Finding]] = []
        self._rejected: list[tuple[int, Finding]] = []

    def begin(self, table: Table) -> None:
        self._table = table
        self._current: _Draft | None = None
        self._hamlet: str | None = None
        # A sheet without a village column is one village's: its tab or its title says which.
        titled = None if "village" in table.columns else self._villages.find(table.title)
        if titled is None and "village" not in table.columns:
            titled = self._villages.mentioned((table.title, *table.above))
        self._place: str | None = titled
        if table.unused:
            self._warn(table.header_row, "column_not_used", columns="、".join(table.unused))
        if "household_no" not in table.columns:
            self._warn(table.header_row, "household_number_missing")

    def take(self, row: Row) -> None:
        own = {name: text for name, value in row.own.items() if (text := _text(value)) is not None}
        if self._is_aside(row, own):
            return
        filled = {name: text for name in _HOUSEHOLD_FIELDS if (text := _text(row.filled.get(name))) is not None}
        self._place = filled.get("village", self._place)
        if not any(own.get(name) for name in _SAYS_PERSON):
            if re.search("[0-9]", own.get("household_no", "")):  # a line for the household, its persons below
                self._current = self._open(row, filled, filled["household_no"])
            return
        household, earlier = self._household_of(row, own, filled)
        self._current = household
        if household.village is None:
            self._reject(row.number, "village_unknown")
        elif earlier is not None:
            self._warn(row.number, "repeated_row", other=str(earlier))
        else:
            self._add_categories(household, row.number, own.get("categories"))
            self._add_person(household, row, own, filled)

    def _is_aside(self, row: Row, own: Mapping[str, str]) -> bool:
        """Whether a row is no person's: blank, a total, a note, the header again, a village's name over its rows."""
        words = [*own.values(), *(text for _, value in row.extra if (text := _text(value)))]
        if len(words) == 1 and "name" not in own and not re.search("[0-9]", own.get("household_no", "")):
            if self._villages.find(words[0]):
                self._place, self._hamlet, self._current = words[0], None, None
            return True
        name = own.get("name", "")
        first = [own[key] for key in (*list(own)[:1], "household_no", "name") if key in own]
        return (
            not own
            or any(_TOTALS.search(text) for text in first)
            or any(_FOOT.match(text) for text in words)
            or _FIELD_OF.get(heading_key(name)) == "name"
            or bool(_COUNT.fullmatch(_key(name)))
        )

    # -- which household

    def _household_of(self, row: Row, own: Mapping[str, str], filled: dict[str, str]) -> tuple[_Draft, int | None]:
        """The household a person's row belongs to, opened when it is new, and the row that it repeats exactly."""
        number = _household_number(filled.get("household_no"))
        target = self._by_number.get((self._place_key(), number)) if number else self._current
        earlier = self._repeats(target, row, own) if target else None
        if target is not None and earlier is not None:
            return target, earlier
        if not self._is_head(own, filled):
            if target is None or (number is None and self._belongs_elsewhere(target, filled)):
                target = self._open(row, filled, number)
            return target, None
        if target is not None and not target.has_head and (number or not target.persons):
            return target, None
        # A second head inside one merged block: the number belongs to the first.
        return self._open(row, filled, number if "household_no" in own or target is None else None), None

    def _belongs_elsewhere(self, household: _Draft, filled: Mapping[str, str]) -> bool:
        """Whether a row without a number names another head or another village than the household above it."""
        other_head = "head_name" in filled and filled["head_name"] != household.cells.get("head_name")
        return other_head or household.place != self._place

    def _is_head(self, own: Mapping[str, str], filled: Mapping[str, str]) -> bool:
        if "relation" in own:
            return _relation_code(own["relation"]) == "head"
        return "name" in own and _name(own["name"]) == _name(filled.get("head_name"))

    def _place_key(self) -> str | None:
        return self._place and (self._villages.find(self._place) or self._place)

    def _open(self, row: Row, filled: dict[str, str], number: str | None) -> _Draft:
        number = _household_number(number)
        village = self._villages.find(self._place) if self._place else None
        if number and not filled.keys() & {"village", "hamlet"} and self._hamlet:
            filled = {**filled, "hamlet": self._hamlet}  # both written once over a group of households
        self._hamlet = filled.get("hamlet")
        phone, _ = _phone(row.filled.get("phone"))
        draft = _Draft(row.number, self._table.sheet, self._place, village, number, filled, phone)
        if number is not None:
            same = self._by_number.get((self._place_key(), number))
            if same is not None and village:
                self._warn(row.number, "household_number_twice", other=self._where(same.sheet, same.row))
            self._by_number[self._place_key(), number] = draft
        elif village and "household_no" in self._table.columns:
            self._warn(row.number, "household_number_missing")
        if village:
            self._add_categories(draft, row.number, filled.get("categories"))
        self._drafts.append(draft)
        return draft

    def _repeats(self, household: _Draft, row: Row, own: Mapping[str, str]) -> int | None:
        """The earlier row of the household with the same cells; household cells left blank say nothing different."""
        earlier = household.seen.get(self._signature(row))
        if earlier is None:
            return None
        number, cells = earlier
        return number if all(own[name] == cells.get(name) for name in _HOUSEHOLD_FIELDS if name in own) else None

    @staticmethod
    def _signature(row: Row) -> tuple[object, ...]:
        values = (row.own.get(name) for name in _PERSON_FIELDS)
        return (*(tidy(value) if isinstance(value, str) else value for value in values), row.extra)

    def _add_categories(self, household: _Draft, row: int, text: str | None) -> None:
        if text is None or text in household.category_texts:
            return
        household.category_texts.add(text)
        codes, unknown = _codes(text, _CATEGORY)
        household.categories |= dict.fromkeys(codes)
        if unknown:
            self._warn(row, "category_unknown")

    # -- the person

    def _add_person(self, household: _Draft, row: Row, own: Mapping[str, str], filled: Mapping[str, str]) -> None:
        is_head = self._is_head(own, filled)
        name = _name(row.own.get("name")) or (_name(filled.get("head_name")) if is_head else None)
        if name is None:
            self._reject(row.number, "name_missing")
            return
        household.seen[self._signature(row)] = (row.number, {**household.cells, **filled})
        household.has_head = household.has_head or is_head
        relation, remarks = self._relation(row, is_head)
        number, words = self._identity(row.number, row.own.get("identity"))
        born, month = self._born(row, number)
        phone, doubtful = _phone(row.own.get("phone"))
        if doubtful:
            self._warn(row.number, "phone_doubtful")
        remarks = [*remarks, *words, *([own["remark"]] if "remark" in own else [])]
        household.persons.append(
            PersonRow(
                row.number,
                name,
                relation,
                self._sex(row, number),
                number,
                born,
                month,
                self._health(row),
                phone,
                "；".join(remarks) or None,
            )
        )

    def _relation(self, row: Row, is_head: bool) -> tuple[str, list[str]]:
        text = _text(row.filled.get("relation"))
        code = "head" if is_head else _relation_code(text or "")
        if code is None or (code == "head" and not is_head):
            self._warn(row.number, "relation_unknown")
            return "other", [f"与户主关系：{text}"] if text else []
        return code, []

    def _identity(self, row: int, value: object) -> tuple[str | None, list[str]]:
        """The valid number, or None and the words that stood in its place."""
        text = _text(value)
        if text is None:
            return None, []
        number = identity.normalise(text)
        scientific = re.fullmatch(r"[0-9](\.[0-9]+)?E\+?[0-9]+|[0-9]{15,}\.0*|#.*", number)
        if not isinstance(value, str) or scientific:
            self._warn(row, "identity_ruined")
            return None, []
        if not re.search(r"[0-9*]", number):
            return None, [f"证件：{text}"]
        if (fault := identity.fault(number)) is not None:
            self._warn(row, "identity_check_character" if fault == "check_character" else "number_unclear")
            return None, []
        if number in self._identities:
            self._warn(row, "same_number_twice", other=self._identities[number])
        self._identities.setdefault(number, self._where(self._table.sheet, row))
        return number, []

    def _born(self, row: Row, number: str | None) -> tuple[str | None, str | None]:
        read = _birth(row.filled.get("birth"), self._table.epoch)
        if number is None:
            if read is None:
                self._warn(row.number, "date_unclear")
            return read or (None, None)
        born = identity.birth_date(number).isoformat()
        if read and any(part and not born.startswith(part) for part in read):
            self._warn(row.number, "birth_differs")
        return born, None

    def _sex(self, row: Row, number: str | None) -> str | None:
        text = _text(row.filled.get("sex"))
        read = _SEX.get(_key(text)) if text else None
        if text and read is None:
            self._warn(row.number, "sex_unclear")
        if number is None:
            return read
        if read and read != identity.sex(number):
            self._warn(row.number, "sex_differs")
        return identity.sex(number)

    def _health(self, row: Row) -> tuple[str, ...]:
        codes, unknown = _codes(_text(row.filled.get("health")) or "", _HEALTH)
        if unknown:
            self._warn(row.number, "health_unknown")
        return tuple(codes)

    # -- the report

    def roster(self) -> Roster:
        households = tuple(self._finished(draft) for draft in self._drafts if draft.village)
        in_order = [
            tuple(finding for _, finding in sorted(found, key=lambda pair: (pair[0], pair[1].row)))
            for found in (self._warnings, self._rejected)
        ]
        return Roster(households, *in_order)

    def _finished(self, draft: _Draft) -> HouseholdRow:
        head = next((person for person in draft.persons if person.relation == "head"), None)
        written = _name(draft.cells.get("head_name"))
        if head is None:
            self._warn(draft.row, "head_missing", sheet=draft.sheet)
        elif written not in (None, head.name):
            self._warn(draft.row, "head_name_differs", sheet=draft.sheet)
        phones = (head.phone if head else None, draft.phone, *(person.phone for person in draft.persons))
        return HouseholdRow(
            draft.row,
            draft.village or "",
            draft.cells.get("hamlet"),
            draft.number,
            tuple(draft.categories),
            head.name if head else written,
            next(filter(None, phones), None),
            tuple(draft.persons),
        )

    def _where(self, sheet: int, row: int) -> str:
        return f"{sheet}!{row}" if self._several else str(row)

    def _warn(self, row: int, code: str, *, sheet: int | None = None, **words: str) -> None:
        sheet = sheet or self._table.sheet
        self._warnings.append((sheet, self._finding(sheet, row, code, words)))

    def _reject(self, row: int, code: str) -> None:
        self._rejected.append((self._table.sheet, self._finding(self._table.sheet, row, code, {})))

    def _finding(self, sheet: int, row: int, code: str, words: Mapping[str, str]) -> Finding:
        chinese, english = (part.format(**words) for part in _MESSAGES[code])
        if self._several:
            chinese, english = f"工作表 {sheet}：{chinese}", f"Sheet {sheet}: {english}"
        return Finding(row, code, f"{chinese} / {english}")
