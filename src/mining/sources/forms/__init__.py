"""Bytes become tables of strings: every file form, each within limits."""
