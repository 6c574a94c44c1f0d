"""处理说明: the document that carries a bundle from desk to desk."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from hedui.corrections.bundle.figures import Figures
from hedui.corrections.bundle.manifest import NO_DUMP, TIERS, Event
from hedui.corrections.bundle.paper import Paper
from hedui.corrections.bundle.shown import money
from hedui.corrections.model import DECISION_LABELS, BundlePlan, Decision, Dialect
from hedui.security.masking import mask_text

MODES: Final = {"execute": "本地直接执行", "dispatch": "上报下发，由对方执行"}
ENDS: Final = {
    "execute": "由复核人在平台确认结果，案件关闭。",
    "dispatch": "按行填写回执：已执行、未执行及原因，随方案编号返回。",
}
DIALECTS: Final = {
    Dialect.ORACLE: "Oracle",
    Dialect.POSTGRESQL: "PostgreSQL",
    Dialect.DM: "达梦（Oracle 兼容模式）",
    Dialect.OCEANBASE: "OceanBase（Oracle 模式）",
}
BASES: Final = {
    Decision.LOCAL_RIGHT: "按本站点权威来源矩阵，本级数据为准，由上级系统按本方案更正。",
    Decision.UPPER_RIGHT: "按本站点权威来源矩阵，上级数据为准，本地系统按本方案更正。",
    Decision.BOTH_WRONG: "双方数据均与凭证不符，按核实后的凭证分别更正，凭证编号逐件列明。",
    Decision.MANUAL: "由经办人员逐件核实后决定。",
    Decision.EXPLAINED: "差异可以解释。",
}


def write_explanation(path: Path, plan: BundlePlan, found: Figures, *, files: list[str], history: Sequence[Event]) -> None:
    """Writes the document; ``files`` are the bundle's other files, ``history`` what was done before."""
    paper = Paper(title=f"数据修改处理说明 {plan.id}", author=plan.target.name, date=plan.business_date, footer=plan.id)
    paper.title("数据修改处理说明", f"方案编号：{plan.id}　第 {plan.round} 轮")
    _summary(paper, plan, found)
    _problem(paper, plan, found)
    _analysis(paper, found)
    _scope(paper, plan, found)
    _basis(paper, plan, found)
    _steps(paper, plan)
    _rollback(paper, plan)
    _verification(paper)
    _risks(paper, plan, found)
    _enclosures(paper, plan, files)
    _history(paper, history)
    paper.signed([f"编制人：{plan.proposer}", f"{plan.business_date:%Y年%m月%d日}（数据日期）"])
    paper.save(path)


def _summary(paper: Paper, plan: BundlePlan, found: Figures) -> None:
    target = plan.target
    paper.facts(
        (
            ("目标系统", target.name),
            ("所属层级", f"{TIERS[target.tier]}（区划 {target.region}）"),
            ("数据库", DIALECTS[target.dialect]),
            ("执行方式", MODES[target.mode]),
            ("数据日期", plan.business_date.isoformat()),
            ("处理决定", DECISION_LABELS[plan.decision]),
            ("案件数", f"{found.cases:,} 件"),
            ("修改行数", f"{found.rows:,} 行"),
            ("涉及人数", f"{found.people:,} 人"),
            ("是否关键字段", "是，逐人办理、二次审核" if plan.key_field else "否"),
            ("修改前金额（元）", money(found.money.before_fen)),
            ("修改后金额（元）", money(found.money.after_fen)),
            *((("上一轮方案", plan.parent),) if plan.parent else ()),
        )
    )


def _problem(paper: Paper, plan: BundlePlan, found: Figures) -> None:
    paper.heading("一、问题描述")
    paper.text(
        f"{plan.business_date:%Y年%m月%d日}核对发现，{plan.target.name}中的 {found.rows:,} 行数据与应有的值不一致，"
        f"形成案件 {found.cases:,} 件，涉及 {found.people:,} 人。按核对规则分布如下：",
        intro=True,
    )
    paper.table(
        ("规则", "核对内容", "案件数"),
        [(rule, name, f"{count:,}") for rule, name, count in found.by_rule],
        widths=(2.2, 11.4, 2.2),
        right=(2,),
    )
    paper.text("以下为部分明细（个人信息已脱敏，全部明细见《修改前后对照表》）：", intro=True)
    paper.table(
        ("序号", "对象", "项目", "原值", "新值"),
        [(str(e.number), e.subject, e.column, e.old, e.new) for e in found.examples],
        widths=(1.4, 3.6, 2.8, 4.0, 4.0),
    )


def _analysis(paper: Paper, found: Figures) -> None:
    paper.heading("二、原因分析")
    total = sum(count for _, count in found.by_cause)
    paper.text("逐项比较原值与新值，错误的形成原因分布如下：", intro=True)
    paper.table(
        ("原因", "项数", "占比"),
        [(cause, f"{count:,}", f"{count / total:.1%}") for cause, count in found.by_cause],
        widths=(9.8, 3.0, 3.0),
        right=(1, 2),
    )
    paper.text("各项数据的分布：", intro=True)
    paper.table(
        ("数据表", "处理", "项目", "行数"),
        [(table, what, column, f"{count:,}") for table, what, column, count in found.by_column],
        widths=(4.6, 2.2, 6.4, 2.6),
        right=(3,),
    )
    _patterns(paper, found)


def _patterns(paper: Paper, found: Figures) -> None:
    if not found.by_pattern:
        return
    paper.text("同样的改动出现多次，可能出自同一次操作、导入或程序处理，建议责任单位据此查找源头：", intro=True)
    paper.table(
        ("项目", "原值", "新值", "行数"),
        [(column, old, new, f"{count:,}") for column, old, new, count in found.by_pattern[:8]],
        widths=(4.6, 4.4, 4.4, 2.4),
        right=(3,),
    )


def _history(paper: Paper, history: Sequence[Event]) -> None:
    if not history:
        return
    paper.heading("十、办理经过")
    rows = [(f"{event.at:%Y-%m-%d %H:%M}", event.who, event.what, mask_text(event.detail) or "") for event in history]
    paper.table(("时间", "办理人", "事项", "说明"), rows, widths=(3.6, 2.8, 4.0, 5.4))


def _scope(paper: Paper, plan: BundlePlan, found: Figures) -> None:
    paper.heading("三、影响范围")
    paper.table(
        ("数据表", "处理", "行数", "修改前（元）", "修改后（元）"),
        [(t, what, f"{n:,}", money(m.before_fen), money(m.after_fen)) for t, what, n, m in found.by_table],
        widths=(4.6, 2.2, 2.4, 3.3, 3.3),
        right=(2, 3, 4),
    )
    regions = "、".join(f"{region} {count:,} 行" for region, count in found.by_region)
    paper.text(f"区划分布：{regions}。变动金额（差额绝对值合计）{money(found.money.moved_fen)} 元。")
    batch = "、".join(f"{table.label or table.name}" for table in plan.tables if table.batch_column)
    marked = f"{batch}的批次列同时写入本方案编号；" if batch else ""
    paper.text(f"除上列项目外不修改任何其他列；{marked}执行后逐列核对其他列与修改前一致。")


def _basis(paper: Paper, plan: BundlePlan, found: Figures) -> None:
    paper.heading("四、处理依据")
    paper.text(BASES[plan.decision], intro=True)
    paper.table(
        ("差异类型", "判定依据", "处理决定", "案件数"),
        [(kind, basis, decision, f"{count:,}") for kind, basis, decision, count in found.by_basis],
        widths=(3.0, 6.8, 3.8, 2.2),
        right=(3,),
    )
    if found.evidence:
        paper.text("凭证：", intro=True)
        rows = [(str(number), mask_text(evidence) or "") for number, evidence in found.evidence]
        paper.table(("序号", "凭证编号"), rows, widths=(2.4, 13.4))


def _steps(paper: Paper, plan: BundlePlan) -> None:
    paper.heading("五、处理步骤")
    load = "SQL*Loader（.ctl）、外部表或 INSERT 脚本" if plan.target.dialect is Dialect.ORACLE else "CSV 或 INSERT 脚本"
    paper.steps(
        (
            "核对 SHA256SUMS（有条件时核对 SM3SUMS），任一文件不符即停止并退回。",
            f"建立暂存表（04_data/create_stage.sql），以{load}装入数据，装入行数须与清单一致。",
            "执行前检查（03_sql/00_precheck.sql）：暂存行数、主键、现值与原值逐行一致，任一项不符即停止。",
            "备份待修改的行（03_sql/10_backup.sql）。",
            "修改（03_sql/20_apply.sql）：一个事务内锁定、修改并核对，每条语句以原值为条件并核对行数，不符即全部撤销。",
            "执行后检查（03_sql/30_postcheck.sql），并由核对平台重新抽取受影响的数据复核。",
            "上述第 3 至 6 步也可由修改程序（02_修改程序/correct.sql）按参数 CHECK、APPLY 一次完成。",
            ENDS[plan.target.mode],
        )
    )


def _rollback(paper: Paper, plan: BundlePlan) -> None:
    paper.heading("六、回退方案")
    paper.text(
        "回退脚本为 03_sql/90_rollback.sql（或修改程序参数 ROLLBACK）。回退只针对仍保持本方案新值的行，"
        "从备份表恢复修改前的全部列并与备份逐列核对；若有行在执行后又被他人修改，回退整体停止，由双方核实后另行处理。"
    )
    paper.text("备份表在方案关闭且保留期满后，由 03_sql/99_cleanup.sql 清理。")


def _verification(paper: Paper) -> None:
    paper.heading("七、验证方法")
    paper.steps(
        (
            "封存后先在受影响数据的副本上演练：检查、备份、修改、复查、回退，回退后与原数据完全一致，并重新比对确认案件消除、未产生新差异。",
            "执行时每一步核对行数；执行后逐行核对新值、批次号，以及其他列未变。",
            "执行后重新读取受影响的主键再次比对，结果写入案件；仍不一致的再打开，进入下一轮方案。",
        )
    )


def _risks(paper: Paper, plan: BundlePlan, found: Figures) -> None:
    paper.heading("八、风险与控制")
    rows = [
        ("数据在方案形成后已被修改", "每条修改以原值为条件，任一行不符则整体不执行"),
        ("重复执行", "原值条件使第二次执行整体拒绝；平台执行另按方案编号与摘要登记"),
        ("执行中断", "修改在一个事务内完成，中断即全部撤销"),
        ("并发业务", "执行前锁定待修改的行，取不到锁即停止，另择时间执行"),
        ("文件被改动", "全部文件以摘要封存，改动后的文件在任何环节都会被拒绝"),
        ("个人信息泄露", "说明、对照表和审批单均已脱敏；04_data 含真实数据，按敏感数据传递和销毁"),
    ]
    if found.rows > 10_000:
        rows.append(("数据量较大", f"共 {found.rows:,} 行在一个事务内修改，请确认回滚段空间并避开业务高峰"))
    if plan.key_field:
        rows.append(("修改关键字段", "逐人办理，附凭证编号，业务部门审批后由分管领导二次审核"))
    paper.table(("风险", "控制措施"), rows, widths=(4.6, 11.2))


_PURPOSES: Final = (
    ("02_修改程序/", "带参数的修改程序及其建表语句"),
    ("03_sql/", "检查、备份、修改、复查、回退脚本"),
    ("04_data/", "修改数据及装载脚本（含真实数据）"),
)


def _enclosures(paper: Paper, plan: BundlePlan, files: list[str]) -> None:
    paper.heading("九、附件")
    counted = [(name, purpose, str(sum(file.startswith(name) for file in files))) for name, purpose in _PURPOSES]
    singles = [
        ("05_修改前后对照表.xlsx", "逐项原值、新值（脱敏）", "1"),
        ("06_数据修改审批单.xlsx", "审批用表", "1"),
        ("manifest.json、SHA256SUMS 等", "清单与摘要", "—"),
    ]
    paper.table(("文件", "内容", "个数"), [*counted, *singles], widths=(6.2, 7.4, 2.2), right=(2,))
    other = "未生成 DMP：目标数据库不使用 Oracle 的转储文件，数据以 CSV 和 INSERT 脚本提供"
    paper.text(f"{NO_DUMP if plan.target.dialect is Dialect.ORACLE else other}。")
