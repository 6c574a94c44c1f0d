"""Monthly contributions, pension accounts and benefits as the three tiers hold them, each with its own columns, codes and units.

Ordinary rows: contributions and accounts of scheme 110 for every fourth employee, accounts and benefits of scheme 150 for residents who
receive them; a few employees receive benefits of 110, and men who reach the age in 2026 have an application that is not decided.
"""

from __future__ import annotations

from typing import Final

from hedui.demo.systems import guotong, shebao, sheng
from hedui.demo.systems.spec import Column, Table

PERIODS: Final = ("202603", "202604", "202605")
BENEFIT_PERIOD: Final = "202605"
YEAR: Final = "2025"
SAMPLE: Final = "(kind = 'R' OR i % 4 = 0)"
PENSIONER: Final = (
    "(p.kind = 'E' AND p.sex = '2' AND p.birth_date < DATE '1976-01-01' AND p.enrol_state = '4' AND p.death_date IS NULL)"
)
APPLICANT: Final = "(p.kind = 'E' AND p.sex = '1' AND p.birth_date < DATE '1966-02-01' AND p.enrol_state = '1')"
RECEIVER: Final = "(p.kind = 'R' AND p.enrol_state = '1' AND p.pay_state = '3')"
CHANGED: Final = "DATE '2026-05-20'"
_MONEY: Final = "numeric(16,2)"
_SHENG_ID: Final = "CASE WHEN i % 3 = 0 THEN lower(id_number) ELSE id_number END"


def _months(person_no: str, id_number: str = "id_number") -> str:
    return f"""
        SELECT i, {person_no} AS person_no, {id_number} AS id_number, '110' AS insurance, m.period, '10' AS payment_type, unit.uscc,
            region_of(p.district) AS pool_region, p.base_fen AS pay_base_fen, p.base_fen * 16 // 100 AS unit_paid_fen,
            p.base_fen * 8 // 100 AS person_paid_fen, p.base_fen * 8 // 100 AS account_fen, {CHANGED} AS changed_on, p.kind
        FROM base_person AS p JOIN base_unit AS unit USING (u) JOIN (VALUES {", ".join(f"('{p}')" for p in PERIODS)}) AS m (period) ON TRUE
        WHERE p.kind = 'E' AND p.enrol_state = '1' AND p.pay_state = '1'"""


def _accounts(person_no: str, id_number: str = "id_number", *, residents: bool = True) -> str:
    return f"""
        SELECT i, {person_no} AS person_no, {id_number} AS id_number, insurance, '{YEAR}' AS year, opening AS opening_fen,
            principal AS principal_fen, opening * 3 // 100 AS interest_fen, expense AS expense_fen,
            opening + principal + opening * 3 // 100 - expense AS closing_fen,
            opening + principal + opening * 3 // 100 - expense AS accumulated_fen,
            months_paid - months_year AS months_before, months_year, months_paid, months_deemed,
            months_paid + months_deemed AS months_total, account_state, pool_region, {CHANGED} AS changed_on, kind
        FROM (
            SELECT p.i, p.id_number, p.kind, CASE p.kind WHEN 'E' THEN '110' ELSE '150' END AS insurance, p.months_paid,
                least(12, p.months_paid) AS months_year, (p.months_paid - least(12, p.months_paid)) * 32000 + p.i % 1000 * 7 AS opening,
                least(12, p.months_paid) * 38400 AS principal,
                CASE WHEN {PENSIONER} OR {RECEIVER} THEN p.i % 1000 * 7 ELSE 0 END AS expense,
                CASE WHEN {PENSIONER} THEN greatest(0, 200 - p.months_paid) ELSE p.i % 7 END AS months_deemed,
                CASE WHEN p.death_date IS NOT NULL THEN '2' WHEN {PENSIONER} OR {RECEIVER} THEN '4'
                     WHEN p.enrol_state = '4' THEN '5' ELSE '1' END AS account_state,
                region_of(p.district) AS pool_region
            FROM base_person AS p WHERE p.kind = 'E'{f" OR {RECEIVER}" if residents else ""})"""


def _benefits(person_no: str, id_number: str = "id_number", *, residents: bool = True) -> str:
    return f"""
        SELECT i, {person_no} AS person_no, {id_number} AS id_number, insurance, '{BENEFIT_PERIOD}' AS period,
            CASE insurance WHEN '110' THEN '1' ELSE '4' END AS category, '{BENEFIT_PERIOD}' AS start_month, basic AS basic_fen,
            account AS account_fen, transition AS transition_fen, CAST(0 AS BIGINT) AS survivor_fen, other AS other_fen,
            CAST(0 AS BIGINT) AS adjustment_fen, basic + account + transition + other AS due_fen,
            basic + account + transition + other AS paid_fen, '62170099' || lpad(CAST(i AS VARCHAR), 11, '0') AS bank_account,
            benefit_state, pool_region, {CHANGED} AS changed_on, kind
        FROM (
            SELECT p.i, p.id_number, p.kind, CASE p.kind WHEN 'E' THEN '110' ELSE '150' END AS insurance,
                CASE WHEN {APPLICANT} THEN 0 WHEN p.kind = 'E' THEN 150000 + p.i % 900 * 100 ELSE 12000 + p.i % 50 * 100 END AS basic,
                CASE WHEN {APPLICANT} THEN 0 ELSE 3000 + p.i % 700 END AS account,
                CASE WHEN {PENSIONER} THEN 20000 ELSE 0 END AS transition, CASE WHEN {RECEIVER} THEN p.i % 3 * 500 ELSE 0 END AS other,
                CASE WHEN {APPLICANT} THEN '0' ELSE '1' END AS benefit_state, region_of(p.district) AS pool_region
            FROM base_person AS p WHERE {PENSIONER} OR {APPLICANT}{f" OR {RECEIVER}" if residents else ""})"""


def _table(source: str, dataset: str, name: str, label: str, ideal: str, columns: tuple[Column, ...]) -> Table:
    sampled = dataset != "benefit"
    return Table(
        source=source, dataset=dataset, name=name, label=label, ideal=ideal, columns=columns, ordinary=SAMPLE if sampled else "TRUE"
    )


def _yuan(name: str, field: str, label: str) -> Column:
    return Column(name=name, sql=f"yuan({field})", label=f"{label}（元）", type=_MONEY)


def _local() -> tuple[Table, ...]:
    """市社保业务库: LD/T 92 names, money in yuan."""
    person = (Column(name="aac001", sql="person_no", label="人员编号"), Column(name="aac147", sql="id_number", label="证件号码"))
    scheme = Column(name="aae140", sql="insurance", label="险种类型")
    rest = (
        Column(name="aaa027", sql="pool_region", label="统筹区编码"),
        Column(name="zzz003", sql="day8(changed_on)", label="修改日期"),
    )
    months = (
        *person, scheme,
        Column(name="aae003", sql="period", label="对应费款所属期"),
        Column(name="aaa115", sql="payment_type", label="缴费类型"),
        Column(name="aab998", sql="uscc", label="单位统一社会信用代码"),
        _yuan("aae180", "pay_base_fen", "缴费基数"), _yuan("aae080", "unit_paid_fen", "单位实缴金额"),
        _yuan("aae082", "person_paid_fen", "个人实缴金额"), _yuan("aae083", "account_fen", "划入个人账户金额"),
        *rest,
    )  # fmt: skip
    accounts = (
        *person, scheme,
        Column(name="aae001", sql="year", label="年度"),
        _yuan("aic200", "opening_fen", "年初储存额"), _yuan("zzb001", "principal_fen", "当年本金"),
        _yuan("zzb002", "interest_fen", "当年利息"), _yuan("aic340", "expense_fen", "当年支出"),
        _yuan("zzb005", "closing_fen", "年末储存额"), _yuan("aic268", "accumulated_fen", "累计本息"),
        Column(name="aic042", sql="months_before", label="历年缴费月数", type="integer"),
        Column(name="aic079", sql="months_year", label="本年缴费月数", type="integer"),
        Column(name="aae201", sql="months_paid", label="实际缴费月数", type="integer"),
        Column(name="aae200", sql="months_deemed", label="视同缴费月数", type="integer"),
        Column(name="eac047", sql="months_total", label="累计缴费月数", type="integer"),
        Column(name="eac040", sql="account_state", label="个人账户状态"),
        *rest,
    )  # fmt: skip
    benefits = (
        *person, scheme,
        Column(name="aae002", sql="period", label="待遇所属期"),
        Column(name="aic161", sql="category", label="离退休类别"),
        Column(name="aic160", sql="start_month", label="待遇享受开始年月"),
        _yuan("jcylj", "basic_fen", "基础养老金"), _yuan("grzhylj", "account_fen", "个人账户养老金"),
        _yuan("gdxylj", "transition_fen", "过渡性养老金"), _yuan("aic250", "survivor_fen", "抚恤金"),
        _yuan("qtdy", "other_fen", "其他待遇"), _yuan("bkfje", "adjustment_fen", "补扣发金额"),
        _yuan("yfhj", "due_fen", "应发合计"), _yuan("sfje", "paid_fen", "实发金额"),
        Column(name="aae010", sql="bank_account", label="银行账号"),
        Column(name="aae116", sql="benefit_state", label="待遇发放状态"),
        *rest,
    )  # fmt: skip
    number = shebao.PERSON_NO
    return (
        _table("shebao", "contribution_month", "ac50", "逐月缴费", _months(number), months),
        _table("shebao", "pension_account", "ac51", "养老保险个人账户", _accounts(number), accounts),
        _table("shebao", "benefit", "ac60", "待遇发放", _benefits(number), benefits),
    )


def _plain(*names: tuple[str, str]) -> tuple[Column, ...]:
    return tuple(Column(name=name, sql=sql) for name, sql in names)


def _fen(*names: tuple[str, str]) -> tuple[Column, ...]:
    return tuple(Column(name=name, sql=f"CAST({field} AS VARCHAR)") for name, field in names)


def _provincial() -> tuple[Table, ...]:
    """省集中系统: its own names and codes, money in fen. 90 is another account state in each scheme; 31 has come with the 4th of June."""
    scheme = "CASE insurance WHEN '110' THEN 'A1' WHEN '150' THEN 'A5' ELSE insurance END"
    state = (
        "CASE WHEN insurance = '110' AND account_state = '2' OR insurance = '150' AND account_state = '4' THEN '90' "
        "WHEN account_state = '3' THEN '31' ELSE account_state || '0' END"
    )
    head = _plain(("GRBH", "person_no"), ("ZJHM", "id_number"), ("XZ", scheme))
    tail = _plain(("TCQ", "pool_region"), ("XGRQ", "CAST(changed_on AS VARCHAR)"))
    months = (
        *head, *_plain(("SSQ", "period"), ("JFLX", "payment_type"), ("DWXYDM", "CASE WHEN i % 5 = 0 THEN lower(uscc) ELSE uscc END")),
        *_fen(("JFJS", "pay_base_fen"), ("DWSJ", "unit_paid_fen"), ("GRSJ", "person_paid_fen"), ("HZJE", "account_fen")), *tail,
    )  # fmt: skip
    accounts = (
        *head, *_plain(("ND", "year")),
        *_fen(
            ("NCYE", "opening_fen"), ("DNBJ", "principal_fen"), ("DNLX", "interest_fen"), ("DNZC", "expense_fen"),
            ("NMYE", "closing_fen"), ("LJBX", "accumulated_fen"), ("LNYS", "months_before"), ("BNYS", "months_year"),
            ("SJYS", "months_paid"), ("STYS", "months_deemed"), ("LJYS", "months_total"),
        ),
        *_plain(("ZHZT", state)), *tail,
    )  # fmt: skip
    benefits = (
        *head, *_plain(("DYSSQ", "period"), ("LTXLB", "category"), ("DYKSNY", "start_month")),
        *_fen(
            ("JCYLJ", "basic_fen"), ("ZHYLJ", "account_fen"), ("GDYLJ", "transition_fen"), ("FXJ", "survivor_fen"),
            ("QTDY", "other_fen"), ("BKF", "adjustment_fen"), ("YFHJ", "due_fen"), ("SFJE", "paid_fen"),
        ),
        *_plain(("YHZH", "bank_account"), ("FFZT", "'F' || benefit_state")), *tail,
    )  # fmt: skip
    number = sheng.PERSON_NO
    return (
        _table("sheng", "contribution_month", "ZYJF", "逐月缴费", _months(number, _SHENG_ID), months),
        _table("sheng", "pension_account", "GRZH", "个人账户", _accounts(number, _SHENG_ID), accounts),
        _table("sheng", "benefit", "DYFF", "待遇发放", _benefits(number, _SHENG_ID), benefits),
    )


def _national() -> tuple[Table, ...]:
    """全国统筹系统: Chinese names, money in yuan, scheme 110 alone."""
    day = "strftime(changed_on, '%Y/%m/%d')"
    state = "CASE benefit_state WHEN '0' THEN '待核定' WHEN '1' THEN '正常' WHEN '2' THEN '暂停' ELSE '终止' END"
    head = _plain(("个人编号", "person_no"), ("证件号码", "id_number"))
    tail = _plain(("统筹区", "pool_region"), ("修改日期", day))
    months = (
        *head, *_plain(("费款所属期", "period"), ("缴费类型", "payment_type"), ("单位统一社会信用代码", "uscc")),
        _yuan("缴费基数", "pay_base_fen", ""), _yuan("单位缴费", "unit_paid_fen", ""), _yuan("个人缴费", "person_paid_fen", ""),
        _yuan("划入账户", "account_fen", ""), *tail,
    )  # fmt: skip
    accounts = (
        *head, *_plain(("年度", "year")),
        _yuan("年初储存额", "opening_fen", ""), _yuan("当年本金", "principal_fen", ""), _yuan("当年利息", "interest_fen", ""),
        _yuan("当年支出", "expense_fen", ""), _yuan("年末储存额", "closing_fen", ""), _yuan("累计本息", "accumulated_fen", ""),
        *_fen(
            ("历年月数", "months_before"), ("本年月数", "months_year"), ("实际缴费月数", "months_paid"),
            ("视同缴费月数", "months_deemed"), ("累计缴费月数", "months_total"),
        ),
        *_plain(("账户状态", "account_state")), *tail,
    )  # fmt: skip
    benefits = (
        *head, *_plain(("待遇所属期", "period"), ("离退休类别", "category"), ("待遇开始年月", "start_month")),
        _yuan("基础养老金", "basic_fen", ""), _yuan("个人账户养老金", "account_fen", ""), _yuan("过渡性养老金", "transition_fen", ""),
        _yuan("抚恤金", "survivor_fen", ""), _yuan("其他待遇", "other_fen", ""), _yuan("补扣发", "adjustment_fen", ""),
        _yuan("应发合计", "due_fen", ""), _yuan("实发金额", "paid_fen", ""),
        *_plain(("银行账号", "bank_account"), ("发放状态", state)), *tail,
    )  # fmt: skip
    numbers = _plain(("国统个人编号", "person_no"), ("市级人员编号", "lower_no"))
    mapped = f"SELECT i, {guotong.PERSON_NO} AS person_no, {shebao.PERSON_NO} AS lower_no, kind FROM base_person WHERE kind = 'E'"
    number = guotong.PERSON_NO
    return (
        _table("guotong", "contribution_month", "逐月缴费", "逐月缴费", _months(number), months),
        _table("guotong", "pension_account", "个人账户", "个人账户", _accounts(number, residents=False), accounts),
        _table("guotong", "benefit", "待遇发放", "待遇发放", _benefits(number, residents=False), benefits),
        _table("guotong", "person_map", "人员编号对照", "人员编号对照", mapped, numbers),
    )  # fmt: skip


SNAPSHOTS: Final = (*_local(), *_provincial(), *_national())
