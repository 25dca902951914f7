"""The tables of the archive, and what must hold between them."""

SCHEMA_VERSION = "4"

PLACES = """
CREATE INDEX articles_by_time ON articles (published);
CREATE INDEX articles_by_group ON articles (text_group);
CREATE INDEX articles_by_story ON articles (story);
CREATE TABLE stories (
    story INTEGER PRIMARY KEY AUTOINCREMENT,
    story_id TEXT NOT NULL UNIQUE,
    merged_into INTEGER REFERENCES stories
);
CREATE INDEX stories_by_merge ON stories (merged_into) WHERE merged_into IS NOT NULL;
CREATE TABLE term_prints (seq INTEGER PRIMARY KEY REFERENCES articles, terms BLOB NOT NULL);
CREATE TABLE term_counts (term INTEGER PRIMARY KEY, articles INTEGER NOT NULL);
"""

LINES = """
CREATE TABLE sites (
    site INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    pages INTEGER NOT NULL DEFAULT 0,
    unclean INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE site_pages (site INTEGER NOT NULL REFERENCES sites, seq INTEGER NOT NULL, PRIMARY KEY (site, seq)) WITHOUT ROWID;
CREATE INDEX site_pages_by_article ON site_pages (seq);
CREATE TABLE site_lines (
    line_id INTEGER PRIMARY KEY AUTOINCREMENT,
    site INTEGER NOT NULL REFERENCES sites,
    line INTEGER NOT NULL,
    articles INTEGER NOT NULL,
    shared REAL NOT NULL,
    first_page INTEGER NOT NULL,
    kept INTEGER NOT NULL,
    text TEXT,
    UNIQUE (site, line)
);
"""

HISTORY = """
CREATE INDEX versions_by_time ON versions (known_from) WHERE version > 1;
CREATE TABLE tombstones (
    article_id TEXT PRIMARY KEY,
    at TEXT NOT NULL,
    reason TEXT NOT NULL,
    seq INTEGER NOT NULL,
    purged INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE tombstone_urls (url_hash BLOB PRIMARY KEY, article_id TEXT NOT NULL) WITHOUT ROWID;
"""

CHUNKS = """
CREATE TABLE chunks (
    seq INTEGER NOT NULL REFERENCES articles,
    version INTEGER NOT NULL,
    recipe TEXT NOT NULL,
    ordinal INTEGER NOT NULL,
    first INTEGER NOT NULL,
    past INTEGER NOT NULL,
    text_hash BLOB NOT NULL,
    PRIMARY KEY (seq, version, recipe, ordinal)
) WITHOUT ROWID;
"""

SCHEMA = f"""
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE articles (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    article_id TEXT NOT NULL UNIQUE,
    url_key TEXT,
    version INTEGER NOT NULL,
    change INTEGER NOT NULL,
    content_hash BLOB NOT NULL,
    text_key INTEGER NOT NULL,
    published INTEGER,
    text_group INTEGER NOT NULL,
    story INTEGER REFERENCES stories
);
CREATE INDEX articles_by_url ON articles (url_key) WHERE url_key IS NOT NULL;
CREATE INDEX articles_by_text ON articles (text_key);
CREATE INDEX articles_by_change ON articles (change);
CREATE TABLE versions (
    seq INTEGER NOT NULL REFERENCES articles,
    version INTEGER NOT NULL,
    received_at TEXT NOT NULL,
    record TEXT NOT NULL,
    known_from INTEGER NOT NULL,
    deleted INTEGER NOT NULL,
    PRIMARY KEY (seq, version)
) WITHOUT ROWID;
CREATE TABLE embeddings (
    model TEXT NOT NULL,
    text_hash BLOB NOT NULL,
    vector BLOB NOT NULL,
    PRIMARY KEY (model, text_hash)
) WITHOUT ROWID;
CREATE TABLE changes (
    change INTEGER PRIMARY KEY AUTOINCREMENT,
    seq INTEGER NOT NULL,
    at TEXT NOT NULL
);
{CHUNKS}{PLACES}{LINES}{HISTORY}"""

CROSS_REFERENCES = {
    "articles lack their current version": "SELECT count(*) FROM articles LEFT JOIN versions USING (seq, version) "
    "WHERE versions.record IS NULL",
    "articles have a change number that the change log lacks": "SELECT count(*) FROM articles "
    "WHERE change NOT IN (SELECT change FROM changes)",
    "chunks belong to no version of an article": "SELECT count(*) FROM chunks LEFT JOIN versions USING (seq, version) "
    "WHERE record IS NULL",
    "chunks have no embedding": "SELECT count(*) FROM chunks LEFT JOIN embeddings ON "
    "embeddings.text_hash = chunks.text_hash AND embeddings.model = substr(recipe, 1, instr(recipe, '/') - 1) "
    "WHERE vector IS NULL",
    "embeddings have another size than the others of their model": "SELECT count(*) FROM embeddings JOIN "
    "(SELECT model, max(length(vector)) AS size FROM embeddings GROUP BY model) USING (model) WHERE length(vector) != size",
    "articles belong to a story that is not listed": "SELECT count(*) FROM articles LEFT JOIN stories USING (story) "
    "WHERE articles.story IS NOT NULL AND story_id IS NULL",
    "articles belong to a story that stands for another": "SELECT count(*) FROM articles JOIN stories USING (story) "
    "WHERE merged_into IS NOT NULL",
    "articles were taken down and are still there": "SELECT count(*) FROM articles JOIN tombstones USING (article_id)",
    "versions hold no readable record": "SELECT count(*) FROM versions WHERE NOT json_valid(record)",
}
"""What must never be found, and the query that counts it."""
