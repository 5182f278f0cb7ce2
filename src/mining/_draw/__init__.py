"""Pictures: the only importer of matplotlib, seaborn and graphlay, each loaded when something is first drawn."""

from mining._draw.beside import draw_beside
from mining._draw.charts import draw_bars, draw_curve
from mining._draw.flow import draw_flow
from mining._draw.grid import GridCell, GridFold, GridLine, draw_grid
from mining._draw.heatmap import draw_heatmap
from mining._draw.picture import Fragment, Picture, Raster
from mining._draw.scatter import draw_scatter
from mining._draw.sheet import draw_sheet
from mining._draw.table import Writing, html_table, plainly

__all__ = [
    "Fragment",
    "GridCell",
    "GridFold",
    "GridLine",
    "Picture",
    "Raster",
    "Writing",
    "draw_bars",
    "draw_beside",
    "draw_curve",
    "draw_flow",
    "draw_grid",
    "draw_heatmap",
    "draw_scatter",
    "draw_sheet",
    "html_table",
    "plainly",
]
