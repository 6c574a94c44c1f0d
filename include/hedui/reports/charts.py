"""Native charts, plain and in the report's colours."""

from __future__ import annotations

from typing import Any

from openpyxl.chart import BarChart, LineChart, Reference
from openpyxl.chart.label import DataLabelList
from openpyxl.chart.series import SeriesLabel
from openpyxl.chart.shapes import GraphicalProperties
from openpyxl.chart.text import RichText
from openpyxl.drawing.line import LineProperties
from openpyxl.drawing.spreadsheet_drawing import AnchorMarker, TwoCellAnchor
from openpyxl.drawing.text import CharacterProperties, Font, Paragraph, ParagraphProperties
from openpyxl.utils import column_index_from_string

from hedui.reports.content import Chart
from hedui.reports.layout import ACCENT, HEADING_FONT, LINE, QUIET, SERIES_COLOURS
from hedui.reports.painter import Area

CHART_ROWS = 15


def chart_rows(chart: Chart, names: int) -> int:
    """Rows that a chart with so many names needs: lying bars want a line each."""
    shown = min(names, chart.rows or names)
    return max(CHART_ROWS, shown + 6) if chart.kind in ("bar", "stacked") else CHART_ROWS


def _text(size: int, colour: str, *, bold: bool = False) -> RichText:
    font = Font(typeface=HEADING_FONT)
    properties = CharacterProperties(sz=size * 100, b=bold, solidFill=colour, latin=font, ea=font)
    return RichText(p=[Paragraph(pPr=ParagraphProperties(defRPr=properties), endParaRPr=properties)])


def _set_title(chart: Any, title: str) -> None:
    font = Font(typeface=HEADING_FONT)
    chart.title = title
    paragraph = chart.title.tx.rich.p[0]
    properties = CharacterProperties(sz=1200, b=True, solidFill=ACCENT, latin=font, ea=font)
    paragraph.pPr = ParagraphProperties(defRPr=properties)
    for run in paragraph.r:
        run.rPr = properties
    chart.title.overlay = False


def chart_anchor(*, row: int, rows: int, first: int, last: int) -> Any:
    """Pins a chart to cells: from ``row`` over ``rows`` rows, from column ``first`` to ``last``, so that it fits in every program."""
    inset = 60_000
    start = AnchorMarker(col=first - 1, colOff=0, row=row - 1, rowOff=0)
    return TwoCellAnchor(editAs="oneCell", _from=start, to=AnchorMarker(col=last, colOff=-inset, row=row + rows - 2, rowOff=0))


def make_chart(chart: Chart, worksheet: Any, area: Area) -> Any:
    """The chart over the drawn table's cells."""
    made = LineChart() if chart.kind == "line" else BarChart()
    if isinstance(made, BarChart):
        made.type = "col" if chart.kind == "column" else "bar"
        made.gapWidth = 60
        if chart.kind == "stacked":
            made.grouping, made.overlap = "stacked", 100
    last = area.last if chart.rows is None else min(area.last, area.first + chart.rows - 1)
    for key in chart.series:
        column = column_index_from_string(area.letters[key])
        made.add_data(Reference(worksheet, min_col=column, min_row=area.first, max_row=last))
        made.series[-1].tx = SeriesLabel(v=area.titles[key])  # the cell above the values is empty where headings are merged
    names = column_index_from_string(area.letters[chart.categories])
    made.set_categories(Reference(worksheet, min_col=names, min_row=area.first, max_row=last))
    _set_title(made, chart.title)
    _set_looks(made, chart)
    return made


def _set_looks(made: Any, chart: Chart) -> None:
    for index, series in enumerate(made.series):
        colour = SERIES_COLOURS[index % len(SERIES_COLOURS)]
        if chart.kind == "line":
            series.graphicalProperties = GraphicalProperties(ln=LineProperties(solidFill=colour, w=22_000))
            series.marker.symbol, series.marker.size = "circle", 6
            series.marker.graphicalProperties = GraphicalProperties(solidFill=colour, ln=LineProperties(solidFill=colour))
            series.smooth = False
        else:
            series.graphicalProperties = GraphicalProperties(solidFill=colour)
            series.invertIfNegative = False
    for axis in (made.x_axis, made.y_axis):
        axis.delete = False
        axis.txPr = _text(9, QUIET)
        axis.graphicalProperties = GraphicalProperties(ln=LineProperties(solidFill=LINE))
    made.y_axis.majorGridlines.spPr = GraphicalProperties(ln=LineProperties(solidFill="E3E8EE"))
    made.y_axis.number_format = "#,##0"
    made.x_axis.number_format = "mm-dd" if chart.kind == "line" else "General"
    made.x_axis.tickLblPos = "low"
    made.x_axis.tickLblSkip = 1 if chart.kind != "line" else None
    if chart.kind in ("bar", "stacked"):
        made.x_axis.scaling.orientation = "maxMin"
        made.y_axis.crosses = "max"
    if len(made.series) == 1:
        made.legend = None
        made.dataLabels = DataLabelList(
            showVal=True, showSerName=False, showCatName=False, showLegendKey=False, txPr=_text(8, QUIET)
        )
    else:
        made.legend.position = "b"
        made.legend.txPr = _text(9, QUIET)
    made.graphical_properties = GraphicalProperties(ln=LineProperties(solidFill=LINE))
