"""税务中间库: PostgreSQL, every business column text as is usual there, tax codes, money in yuan."""

from __future__ import annotations

from typing import Final

from hedui.demo.systems.spec import Column, Table

PERSON_NO: Final = "'T' || CAST(9900000000 + i * 5 AS VARCHAR)"
_INSURANCE: Final = (
    "CASE insurance WHEN '110' THEN '1101' WHEN '150' THEN '1102' WHEN '210' THEN '1103' WHEN '410' THEN '1104' "
    "ELSE ltrim(insurance, '?') END"
)
_FLAG: Final = "CASE payment_flag WHEN 'pay' THEN '1' ELSE '2' END"
_DAY: Final = "CAST(own_date AS VARCHAR)"

UNIT: Final = Table(
    source="shuiwu",
    dataset="unit",
    name="swdj101",
    label="税务登记单位信息",
    ideal="""
        SELECT u, tax_unit_no_of(u) AS unit_no, tax_unit_no_of(u) AS tax_unit_no, uscc,
            CASE WHEN u % 3 = 0 THEN translate(name, '（）', '()') ELSE name END AS name,
            unit_type, '1' AS unit_state, region_of(district) AS region, tax_office_of(district) AS tax_office
        FROM base_unit""",
    columns=(
        Column(name="swdwbh", sql="tax_unit_no", label="税务单位编号"),
        Column(name="aab998", sql="uscc", label="统一社会信用代码"),
        Column(name="aab004", sql="name", label="单位名称"),
        Column(name="aab301", sql="region", label="行政区划"),
        Column(name="aaf020", sql="tax_office", label="主管税务部门"),
    ),
)
TAX_REGISTRATION: Final = Table(
    source="shuiwu",
    dataset="tax_registration",
    name="swdj102",
    label="职工个人信息",
    ideal=f"""
        SELECT i, {PERSON_NO} AS person_no, '01' AS id_type, CASE WHEN i % 41 = 0 THEN ' ' || id_number ELSE id_number END AS id_number,
            noisy(name, i % 43, '・') AS name, sex, birth_date, scheme.insurance, pay_state, tax_unit_no_of(u) AS tax_unit_no,
            region_of(district) AS region, tax_office_of(district) AS tax_office
        FROM base_person JOIN (VALUES ('110'), ('210'), ('410')) AS scheme (insurance) ON kind = 'E'""",
    columns=(
        Column(name="swrybh", sql="person_no", label="税务人员编号"),
        Column(name="aac058", sql="CASE id_type WHEN '01' THEN '201' WHEN '03' THEN '227' ELSE id_type END", label="证件类型"),
        Column(name="aac147", sql="id_number", label="证件号码"),
        Column(name="aac003", sql="name", label="姓名"),
        Column(name="aac004", sql="CASE sex WHEN '1' THEN 'M' WHEN '2' THEN 'F' ELSE sex END", label="性别"),
        Column(name="aac006", sql="CAST(birth_date AS VARCHAR)", label="出生日期"),
        Column(name="aae140", sql=_INSURANCE, label="险种类型"),
        Column(name="jfzt", sql="pay_state", label="缴费状态"),
        Column(name="swdwbh", sql="tax_unit_no", label="税务单位编号"),
        Column(name="aab301", sql="region", label="行政区划"),
        Column(name="aaf020", sql="tax_office", label="主管税务部门"),
    ),
)
_AMOUNTS: Final = (
    Column(name="aae082", sql="yuan(person_paid_fen)", label="个人实缴金额（元）"),
    Column(name="aae056", sql="yuan(late_fee_fen)", label="滞纳金（元）"),
    Column(name="bac121", sql="yuan(unit_interest_fen)", label="单位部分利息（元）"),
    Column(name="aae239", sql="yuan(person_interest_fen)", label="个人部分利息（元）"),
    Column(name="aic152", sql="yuan(subsidy_fen)", label="其他补助（元）"),
)
_DELIVERED: Final = Column(name="aae418", sql="delivered", label="传输日期", type="date")
PAYMENT: Final = Table(
    source="shuiwu",
    dataset="payment",
    name="jfxx102",
    label="职工个人缴费明细信息",
    ideal="",
    columns=(
        Column(name="aaz083", sql="detail_no", label="缴费明细流水号"),
        Column(name="aaz288", sql="levy_no", label="征集通知流水号"),
        Column(name="aad009", sql="voucher_no", label="电子税票号码"),
        Column(name="aaa027", sql="pool_region", label="统筹区编码"),
        Column(name="aab034", sql="agency_code", label="社保经办机构编号"),
        Column(name="aae140", sql=_INSURANCE, label="险种类型"),
        Column(name="zspm", sql="levy_item", label="征收品目"),
        Column(name="aac001", sql="person_no", label="人员编号"),
        Column(name="aac147", sql="id_number", label="证件号码"),
        Column(name="aab001", sql="unit_no", label="单位编号"),
        Column(name="aae003", sql="period", label="对应费款所属期"),
        Column(name="aaa115", sql="ltrim(payment_type, '?')", label="缴费类型"),
        Column(name="aab165", sql=_FLAG, label="缴费标识"),
        Column(name="aae180", sql="yuan(pay_base_fen)", label="缴费基数（元）"),
        Column(name="aae021", sql="yuan(unit_due_fen)", label="单位应缴金额（元）"),
        Column(name="aae022", sql="yuan(person_due_fen)", label="个人应缴金额（元）"),
        Column(name="aae080", sql="coalesce(bad, yuan(unit_paid_fen))", label="单位实缴金额（元）"),
        *_AMOUNTS,
        Column(name="aae078", sql="full_flag", label="足额到账标志"),
        Column(name="aae017", sql="paid_status", label="到账状态"),
        Column(name="aae035", sql=_DAY, label="缴费日期"),
        Column(name="aae531", sql="CAST(coalesce(treasury_date, own_date) AS VARCHAR)", label="入国库时间"),
        _DELIVERED,
    ),
)
PAYMENT_UNIT: Final = Table(
    source="shuiwu",
    dataset="payment_unit",
    name="jfxx101",
    label="单位缴费明细信息",
    ideal="",
    columns=(
        Column(name="aaz083", sql="detail_no", label="缴费明细流水号"),
        Column(name="aaz288", sql="levy_no", label="征集通知流水号"),
        Column(name="aad009", sql="voucher_no", label="电子税票号码"),
        Column(name="aaa027", sql="pool_region", label="统筹区编码"),
        Column(name="aab034", sql="agency_code", label="社保经办机构编号"),
        Column(name="aae140", sql=_INSURANCE, label="险种类型"),
        Column(name="aab001", sql="unit_no", label="单位编号"),
        Column(name="aae003", sql="period", label="对应费款所属期"),
        Column(name="aaa115", sql="ltrim(payment_type, '?')", label="缴费类型"),
        Column(name="aab165", sql=_FLAG, label="缴费标识"),
        Column(name="aab119", sql="CAST(head_count AS VARCHAR)", label="缴费人数"),
        Column(name="aae017", sql="paid_status", label="到账状态"),
        Column(name="aae080", sql="yuan(unit_paid_fen)", label="单位实缴金额（元）"),
        *_AMOUNTS,
        Column(name="aae035", sql=_DAY, label="缴费日期"),
        _DELIVERED,
    ),
)
DAILY_TOTAL: Final = Table(
    source="shuiwu",
    dataset="daily_total",
    name="dzxx101",
    label="社保费对账信息",
    ideal="",
    columns=(
        Column(name="aae310", sql=_DAY, label="报表时间起"),
        Column(name="aae311", sql=_DAY, label="报表时间止"),
        Column(name="aaa027", sql="pool_region", label="统筹区编码"),
        Column(name="aab034", sql="agency_code", label="社保经办机构编号"),
        Column(name="aae140", sql=_INSURANCE, label="险种类型"),
        Column(name="aab165", sql=_FLAG, label="缴费标识"),
        Column(name="jls", sql="CAST(row_count AS VARCHAR)", label="记录数"),
        Column(name="aae080", sql="yuan(unit_paid_fen)", label="单位入库总金额（元）"),
        *_AMOUNTS,
        _DELIVERED,
    ),
)
SNAPSHOTS: Final = (UNIT, TAX_REGISTRATION)
