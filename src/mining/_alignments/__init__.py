"""Exact alignments of variants with small models."""

from mining._alignments.align import Alignments, Move, align
from mining._alignments.net import Net, Transition
from mining._alignments.precision import precision, precision_of
from mining._alignments.states import AlignmentLimit, StateGraph, explore, reach

__all__ = [
    "AlignmentLimit",
    "Alignments",
    "Move",
    "Net",
    "StateGraph",
    "Transition",
    "align",
    "explore",
    "precision",
    "precision_of",
    "reach",
]
