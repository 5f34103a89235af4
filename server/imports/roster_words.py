"""The words offices use in a roster (headings, relations, categories, health), and what is said of a doubtful row.

Promises: every code is one of the kinds' own; every message is Chinese and English, says what to do next, and holds no
name, phone or identity number. Leaves to others: reading a cell (`roster_cells`), grouping rows (`roster`).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


def _words(table: Mapping[str, str]) -> dict[str, str]:
    return {word: code for code, words in table.items() for word in words.split()}


FIELD_OF = _words(
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

RELATION = _words(
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
RELATIONS = tuple(dict.fromkeys(RELATION.values()))

CATEGORY = _words(
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

HEALTH = _words(
    {
        "healthy": "健康 良好 正常 健康或良好",
        "chronic": "长期慢性病 慢性病 患慢性病 患有慢性病 患长期慢性病 患有长期慢性病",
        "serious": "患有大病 大病 患大病 重病 患重病 患有重病 重大疾病 重特大疾病",
        "disabled": "残疾 残疾人 有残疾 肢体残疾 视力残疾 听力残疾 言语残疾 智力残疾 精神残疾 多重残疾",
    }
)

SEX = {"男": "male", "男性": "male", "m": "male", "女": "female", "女性": "female", "f": "female"}
NOTHING = {"", "无", "暂无", "没有", "不详", "未知", "空", "-", "--", "—", "——", "/", "\\", "n/a"}
TOTALS = re.compile(r"[合总小共累]\s*计")
FOOT = re.compile(
    r"(注|备注|(填表)?说明|填[表报](人|单位|日期|时间)|制表人?|审[核批]人?|(单位)?负责人|经办人|联系人)"
    r"([(（].*?[)）])?[:：]"
)
COUNT = re.compile(r"[\d.]+[人户口]?")  # in the name's place: a total, or the line that numbers the columns

MESSAGES = {
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
    "value_left_out": (
        "“{zh}”{why_zh}，该项未导入；请改正",
        "{en} {why_en}; it is left out. Correct it",
    ),
    "removed_here": (
        "系统中已将其移除，导入不会恢复；如属误删请在系统中恢复",
        "was removed here; the import does not bring it back. Restore it here if that was a mistake",
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


@dataclass(frozen=True)
class Finding:
    row: int  # as Excel shows it, from 1
    code: str
    message: str  # Chinese / English, with what to do next
    sheet: int = 1

    def as_json(self) -> dict[str, Any]:
        return {"row": self.row, "code": self.code, "message": self.message}


class Findings:
    """What was doubtful and what was not imported, collected sheet by sheet."""

    def __init__(self, several: bool) -> None:
        self._several = several
        self._sheet = 1
        self._warnings: list[tuple[int, Finding]] = []
        self._rejected: list[tuple[int, Finding]] = []

    def begin(self, sheet: int) -> None:
        """What is found from now on stands in this sheet (from 1)."""
        self._sheet = sheet

    @property
    def sheet(self) -> int:
        return self._sheet

    def warn(self, row: int, code: str, *, sheet: int | None = None, **words: str) -> None:
        sheet = sheet or self._sheet
        self._warnings.append((sheet, self._finding(sheet, row, code, words)))

    def reject(self, row: int, code: str) -> None:
        self._rejected.append((self._sheet, self._finding(self._sheet, row, code, {})))

    def where(self, row: int, sheet: int | None = None) -> str:
        """A row's name in a message; with its sheet when there are several."""
        return f"{sheet or self._sheet}!{row}" if self._several else str(row)

    def in_order(self) -> tuple[tuple[Finding, ...], tuple[Finding, ...]]:
        """(warnings, rejected), each by sheet and row."""
        warnings, rejected = (
            tuple(finding for _, finding in sorted(found, key=lambda pair: (pair[0], pair[1].row)))
            for found in (self._warnings, self._rejected)
        )
        return warnings, rejected

    def _finding(self, sheet: int, row: int, code: str, words: Mapping[str, str]) -> Finding:
        message = worded(code, **words)
        if self._several:
            chinese, _, english = message.partition(" / ")
            message = f"工作表 {sheet}：{chinese} / Sheet {sheet}: {english}"
        return Finding(row, code, message, sheet)


def worded(code: str, **words: str) -> str:
    """A finding's message, Chinese / English."""
    return " / ".join(part.format(**words) for part in MESSAGES[code])
