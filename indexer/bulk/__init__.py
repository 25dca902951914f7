"""Embedding many articles by many processes, on one machine or several, into Parquet shards that `dateline ingest` takes.

```
 sources ──> plan ──> portions ──> on_ray: a worker each on CPUs or GPUs of a cluster ──> shards ──> dateline ingest
             (kept in FOLDER/.bulk)          reads, cuts and embeds a portion
```

`job` is a whole run, `embedding` what a worker does with one portion. Only `on_ray` knows Ray.
"""
