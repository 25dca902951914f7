"""Dateline beside txtai, Chroma and LanceDB: the same passages, model, queries and cores."""
