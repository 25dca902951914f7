"""Milvus as what articles are kept in and searched: the only package that imports pymilvus, and only once it connects."""
