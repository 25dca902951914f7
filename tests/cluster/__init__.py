"""A Milvus cluster of real processes, which these tests start, and kill process by process."""
