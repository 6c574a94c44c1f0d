"""Workbooks about bundles: the register (处理方案台账) and the work order of one bundle (维护任务处理单)."""

from hedui.corrections.papers.order import make_order as make_order
from hedui.corrections.papers.register import make_register as make_register
