"""根因, 豁免 and 口径说明: why there are differences, which are excused, and what every figure means."""

from __future__ import annotations

from hedui.reports.content import Block, Chart, Column, Notes, Sheet, Table
from hedui.reports.night import Night
from hedui.reports.sections import names
from hedui.rules import rules

CAUSES_IN_CHART = 10


def causes(night: Night) -> Sheet:
    """The patterns that explain the most findings."""
    columns = (
        Column(key="rank", title="序号", kind="int", width=7),
        Column(key="comparison", title="比对", width=30),
        Column(key="field", title="字段", width=16),
        Column(key="change", title="由 → 到", kind="wrap", width=40),
        Column(key="region", title="统筹区", width=14),
        Column(key="unit", title="单位", width=20),
        Column(key="findings", title="解释差异（条）", kind="int", width=15),
        Column(key="share", title="占该比对", kind="percent", width=11),
        Column(key="money", title="涉及金额", kind="diff", width=17),
    )
    rows = tuple(
        (rank, c.comparison, c.field, c.change, c.region or "—", c.unit or "—", c.findings, c.share, c.amount_fen)
        for rank, c in enumerate(night.causes, start=1)
    )
    table = Table(
        title="",
        columns=columns,
        rows=rows,
        note="只列解释两条以上差异的原因；个人信息类字段不列取值。",
        empty="没有能解释两条以上差异的共同原因",
        filtered=True,
        id="causes",
    )
    chart: tuple[Block, ...] = ()
    if len(rows) > 1:
        chart = (
            Chart(
                title="解释差异最多的原因（条）",
                kind="bar",
                table="causes",
                categories="change",
                series=("findings",),
                rows=CAUSES_IN_CHART,
            ),
        )
    top = f"最大一项解释 {night.causes[0].findings:,} 条" if night.causes else "无"
    return Sheet(
        name=names.CAUSES,
        title="根因分析表",
        lead="许多差异往往同出一因：哪个字段、由什么变成什么、集中在哪个统筹区和单位。先修根因，再逐条处理。",
        blocks=(table, *chart),
        summary=top,
    )


def exemptions(night: Night) -> Sheet:
    """The exemptions in force."""
    columns = (
        Column(key="subject", title="豁免范围", kind="wrap", width=36),
        Column(key="rule", title="规则", width=26),
        Column(key="reason", title="理由", kind="wrap", width=44),
        Column(key="approver", title="批准人", width=12),
        Column(key="from", title="生效", kind="date", width=12),
        Column(key="to", title="到期", kind="date", width=12),
        Column(key="cases", title="涉及差异（件）", kind="int", width=14, total=True),
    )
    rows = tuple((e.subject, e.rule, e.reason, e.approver, e.valid_from, e.expires_on, e.cases) for e in night.exemptions)
    table = Table(title="", columns=columns, rows=rows, total="合计", empty="本期没有生效的豁免", filtered=True, id="exemptions")
    return Sheet(
        name=names.EXEMPTIONS,
        title="豁免清单",
        lead="经批准、在有效期内不必处理的差异；仍列于明细并单独计数，到期自动恢复。",
        blocks=(table,),
        summary=f"{len(rows):,} 项生效",
    )


DEFINITIONS = (
    "业务日期：各来源数据所属的日期；夜间作业在次日凌晨处理。年龄一律按工作日（含调休）计。",
    "差异：一条规则在一个对象（人、单位、汇总组、批次）上不成立；同一规则、对象、险种、所属期、字段的差异跨夜为同一件。",
    "甲方、乙方、丙方：比对配置中的第一、第二、第三方；原值照来源原样显示，判断用规范化后的值。",
    "新增：首次出现；消除：数据中不再出现；重新出现：曾消除又出现；豁免：经批准在有效期内不必处理。",
    "在途：对方尚未到达且未超过约定工作日窗口，不作差异处理；跨期/日切：两方都有但业务日期不同；未到账/超期：超过窗口仍无对应记录。",
    "平衡：组内笔数与各金额组成相等；含在途：差额全部由在途或跨日款项解释；不平：仍有不能解释的差额；总额平明细不符：总额相等而明细有差。",
    "键值不可用：用于比对的键为空或不合规范；重复：同一方同一键有多行；两者单独列为差异，不参与匹配。",
    "拒收：值不能转换（日期、金额等）的行，整行不进入比对，见拒收文件；恒等式中单独列示。",
    "涉及金额：差异金额绝对值之和（元），单边记录计其全额；总额、汇总类差异与其明细重复，在途和跨日不是差异，均不计入。计算以分为单位的整数进行。",
    "沿用：本期没有运行的比对或检查（如来源缺失），其未结差异沿用最近一次的结果，既不消除也不新增。",
    "脱敏：姓名保留首字，证件号码保留前三位和后四位，其他个人编号至多保留一半，出生日期保留年月（未成年人保留年份）；单位名称照列。"
    "授权人员可凭明细文件中的来源行号（或对象代号）查到原行。",
)


def definitions(night: Night) -> Sheet:
    """What the figures mean and what they rest on."""
    used = sorted({(item.rule, item.severity) for item in night.kinds} | {(item.rule, item.severity) for item in night.quality})
    catalogue = rules()
    rule_rows = tuple(
        (rule, catalogue[rule].name if rule in catalogue else rule, names.severity_name(severity), night.code_version)
        for rule, severity in used
    )
    rule_table = Table(
        title="本期使用的规则",
        columns=(
            Column(key="id", title="规则", kind="code", width=10, span=2),
            Column(key="name", title="名称", width=40, span=6),
            Column(key="severity", title="严重程度", kind="severity", width=12, span=2),
            Column(key="version", title="规则版本", width=12, span=2),
        ),
        rows=rule_rows,
        id="rules",
    )
    input_table = Table(
        title="数据快照",
        columns=(
            Column(key="layer", title="层", width=12),
            Column(key="name", title="分区", width=40, span=3),
            Column(key="rows", title="行数", kind="int", width=12),
            Column(key="digest", title="内容摘要（SHA-256）", kind="code", width=70, span=6),
            Column(key="version", title="程序版本", kind="code", width=12),
        ),
        rows=tuple((i.layer, i.name, i.rows, i.digest, i.code_version) for i in night.inputs),
        id="inputs",
    )
    parameter_table = Table(
        title="参数",
        columns=(
            Column(key="name", title="参数", width=30, span=5),
            Column(key="value", title="取值", kind="wrap", width=60, span=7),
        ),
        rows=night.parameters,
        id="parameters",
    )
    return Sheet(
        name=names.DEFINITIONS,
        title="口径说明",
        blocks=(Notes(title="定义", lines=DEFINITIONS, numbered=True), rule_table, parameter_table, input_table),
        grid=(11.5,) * 12,
        summary="定义、规则、参数、数据快照与程序版本",
    )
