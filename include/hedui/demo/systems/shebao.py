"""市社保业务库: PostgreSQL, LD/T 92 names, validity tables for master data, money in yuan."""

from __future__ import annotations

from typing import Final

from hedui.demo.systems.spec import Column, Table, enrolment_ideal, person_ideal

PERSON_NO: Final = "CAST(1000000000 + i AS VARCHAR)"
_MONEY: Final = "numeric(16,2)"

PERSON: Final = Table(
    source="shebao",
    dataset="person",
    name="ac01",
    label="人员基本信息",
    ideal=person_ideal(person_no=PERSON_NO, id_number="id_number", name="name"),
    columns=(
        Column(name="aac001", sql="person_no", label="人员编号"),
        Column(name="aac058", sql="id_type", label="证件类型"),
        Column(name="aac147", sql="id_number", label="证件号码"),
        Column(name="aac002", sql="social_security_no", label="社会保障号码"),
        Column(name="aac003", sql="name", label="姓名"),
        Column(name="aac004", sql="sex", label="性别"),
        Column(name="aac005", sql="ethnicity", label="民族"),
        Column(name="aac006", sql="day8(birth_date)", label="出生日期"),
        Column(name="aac007", sql="day8(first_work_date)", label="参加工作日期"),
        Column(name="aic162", sql="day8(retirement_date)", label="离退休日期"),
        Column(name="aae138", sql="day8(death_date)", label="死亡日期"),
        Column(name="aab001", sql="unit_no", label="单位编号"),
        Column(name="aab301", sql="region", label="行政区划"),
        Column(name="aae005", sql="phone", label="联系电话"),
        Column(name="zzq012", sql="village_of(region, i)", label="村（居）代码"),
    ),
)
UNIT: Final = Table(
    source="shebao",
    dataset="unit",
    name="ab01",
    label="单位基本信息",
    ideal="""
        SELECT u, unit_no_of(u) AS unit_no, CAST(NULL AS VARCHAR) AS tax_unit_no, uscc, name, unit_type, '1' AS unit_state,
            region_of(district) AS region, tax_office_of(district) AS tax_office, '150' AS economic_type, '50' AS subordination
        FROM base_unit""",
    columns=(
        Column(name="aab001", sql="unit_no", label="单位编号"),
        Column(name="aab998", sql="uscc", label="统一社会信用代码"),
        Column(name="aab004", sql="name", label="单位名称"),
        Column(name="aab019", sql="ltrim(unit_type, '?')", label="单位类型"),
        Column(name="aab051", sql="unit_state", label="单位缴费状态"),
        Column(name="aab301", sql="region", label="行政区划"),
        Column(name="aaf020", sql="tax_office", label="主管税务部门"),
        Column(name="aab020", sql="ltrim(economic_type, '?')", label="经济类型"),
        Column(name="aab021", sql="ltrim(subordination, '?')", label="隶属关系"),
        Column(name="aae006", sql="address_of(region, u)", label="地址"),
    ),
)
_ENROLMENTS: Final = enrolment_ideal(
    person_no=PERSON_NO,
    id_number="id_number",
    name="name",
    insurances="('E', '110'), ('E', '210'), ('E', '410'), ('R', '150')",
)
ENROLMENT: Final = Table(
    source="shebao",
    dataset="enrolment",
    name="ac02",
    label="参保信息",
    ideal=f"""
        SELECT *, CASE insurance WHEN '150' THEN '30' ELSE '10' END AS person_category, CAST(NULL AS VARCHAR) AS change_reason,
            CAST(NULL AS DATE) AS change_date
        FROM ({_ENROLMENTS})""",
    columns=(
        Column(name="aac001", sql="person_no", label="人员编号"),
        Column(name="aac147", sql="id_number", label="证件号码"),
        Column(name="aac003", sql="name", label="姓名"),
        Column(name="aae140", sql="insurance", label="险种类型"),
        Column(name="aac008", sql="enrol_state", label="参保状态"),
        Column(name="aac031", sql="pay_state", label="缴费状态"),
        Column(name="aac049", sql="first_month", label="首次参保年月"),
        Column(name="aae030", sql="day8(start_date)", label="开始日期"),
        Column(name="aae031", sql="day8(end_date)", label="终止日期"),
        Column(name="aab001", sql="unit_no", label="单位编号"),
        Column(name="aaa027", sql="pool_region", label="统筹区编码"),
        Column(name="aae180", sql="yuan(pay_base_fen)", label="缴费基数（元）", type=_MONEY),
        Column(name="aae201", sql="months_paid", label="实际缴费月数", type="integer"),
        Column(name="aac012", sql="person_category", label="个人身份"),
        Column(name="aae160", sql="change_reason", label="变更原因"),
        Column(name="aae035", sql="day8(change_date)", label="变更日期"),
        Column(name="aab034", sql="office_of(pool_region, i)", label="社保经办机构编号"),
    ),
)
LEVY: Final = Table(
    source="shebao",
    dataset="levy",
    name="ac43",
    label="征集通知明细",
    ideal="",
    columns=(
        Column(name="aaz288", sql="levy_no", label="征集通知流水号"),
        Column(name="aaa027", sql="pool_region", label="统筹区编码"),
        Column(name="aab034", sql="agency_code", label="社保经办机构编号"),
        Column(name="aae140", sql="insurance", label="险种类型"),
        Column(name="aac001", sql="person_no", label="人员编号"),
        Column(name="aac147", sql="id_number", label="证件号码"),
        Column(name="aab001", sql="unit_no", label="单位编号"),
        Column(name="aae003", sql="period", label="对应费款所属期"),
        Column(name="aaa115", sql="ltrim(payment_type, '?')", label="缴费类型"),
        Column(name="aae180", sql="yuan(pay_base_fen)", label="缴费基数（元）", type=_MONEY),
        Column(name="aaa042", sql="ratio(unit_rate)", label="单位缴费比例", type="numeric(7,6)"),
        Column(name="aaa041", sql="ratio(person_rate)", label="个人缴费比例", type="numeric(7,6)"),
        Column(name="aae021", sql="yuan(unit_due_fen)", label="单位应缴金额（元）", type=_MONEY),
        Column(name="aae022", sql="yuan(person_due_fen)", label="个人应缴金额（元）", type=_MONEY),
        Column(name="aae036", sql="coalesce(bad, day8(own_date))", label="征集日期"),
        Column(name="aae418", sql="delivered", label="传输日期", type="date"),
    ),
)
PAYMENT: Final = Table(
    source="shebao",
    dataset="payment",
    name="ac44",
    label="社保到账明细",
    ideal="",
    columns=(
        Column(name="aaz083", sql="detail_no", label="缴费明细流水号"),
        Column(name="aaz288", sql="levy_no", label="征集通知流水号"),
        Column(name="aad009", sql="voucher_no", label="电子税票号码"),
        Column(name="aaa027", sql="pool_region", label="统筹区编码"),
        Column(name="aab034", sql="agency_code", label="社保经办机构编号"),
        Column(name="aae140", sql="ltrim(insurance, '?')", label="险种类型"),
        Column(name="aac001", sql="person_no", label="人员编号"),
        Column(name="aac147", sql="id_number", label="证件号码"),
        Column(name="aab001", sql="unit_no", label="单位编号"),
        Column(name="aae003", sql="period", label="对应费款所属期"),
        Column(name="aaa115", sql="ltrim(payment_type, '?')", label="缴费类型"),
        Column(name="aab165", sql="CASE payment_flag WHEN 'pay' THEN '缴费' ELSE '退费' END", label="缴费标识"),
        Column(name="aae180", sql="yuan(pay_base_fen)", label="缴费基数（元）", type=_MONEY),
        Column(name="aae021", sql="yuan(unit_due_fen)", label="单位应缴金额（元）", type=_MONEY),
        Column(name="aae022", sql="yuan(person_due_fen)", label="个人应缴金额（元）", type=_MONEY),
        Column(name="aae080", sql="yuan(unit_paid_fen)", label="单位实缴金额（元）", type=_MONEY),
        Column(name="aae082", sql="yuan(person_paid_fen)", label="个人实缴金额（元）", type=_MONEY),
        Column(name="aae056", sql="yuan(late_fee_fen)", label="滞纳金（元）", type=_MONEY),
        Column(name="bac121", sql="yuan(unit_interest_fen)", label="单位部分利息（元）", type=_MONEY),
        Column(name="aae239", sql="yuan(person_interest_fen)", label="个人部分利息（元）", type=_MONEY),
        Column(name="aic152", sql="yuan(subsidy_fen)", label="其他补助（元）", type=_MONEY),
        Column(name="aae078", sql="full_flag", label="足额到账标志"),
        Column(name="aae017", sql="paid_status", label="到账状态"),
        Column(name="aae035", sql="coalesce(bad, day8(own_date))", label="缴费日期"),
        Column(
            name="aae531",
            sql="CASE WHEN entered IS NOT NULL THEN day8(coalesce(treasury_date, own_date)) END",
            label="入国库时间",
        ),
        Column(name="aae112", sql="booked_flag", label="记账标志"),
        Column(name="aae081", sql="yuan(unit_account_fen)", label="单位缴费划入个人账户金额（元）", type=_MONEY),
        Column(name="aae083", sql="yuan(person_account_fen)", label="个人缴费划入个人账户金额（元）", type=_MONEY),
        Column(name="aae034", sql="yuan(central_subsidy_fen)", label="中央财政补助金额（元）", type=_MONEY),
        Column(name="aae024", sql="yuan(province_subsidy_fen)", label="省级财政补助金额（元）", type=_MONEY),
        Column(name="aae026", sql="yuan(city_subsidy_fen)", label="市级财政补助金额（元）", type=_MONEY),
        Column(name="aae028", sql="yuan(county_subsidy_fen)", label="县级财政补助金额（元）", type=_MONEY),
        Column(name="aae418", sql="delivered", label="传输日期", type="date"),
    ),
)
SNAPSHOTS: Final = (PERSON, UNIT, ENROLMENT)
