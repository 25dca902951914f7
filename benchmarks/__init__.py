"""Measurements of Dateline at sizes, and beside other engines, that no test needs."""
