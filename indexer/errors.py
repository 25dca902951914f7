"""What can go wrong, as one small tree.

DatelineError
├── ArticleError        one article cannot be taken; it is rejected and the rest goes on
├── SourceError         a file or folder cannot be read at all
├── ModelError          an embedding model is missing, damaged or not the one the index was built with
├── SettingError        a setting cannot be used here (a port that is taken)
├── IndexMissing        there is no index where one was expected
├── IndexDamaged        a file of the index is not what its checksum or count says
├── GenerationMissing   there is no generation of that number, or none to go back to
├── EngineError         the engine that keeps articles elsewhere refused a call
│   ├── EngineLacks     the engine has not what a call needs
│   └── EngineUnavailable the engine cannot be reached, or is not ready
├── IndexBusy           another process is writing to the index
│   └── BuildUnderWay   a generation is being built, and another cannot be built or activated meanwhile
├── BodyTooLarge        a request has more than any article
├── BodyEncoded         a request is compressed
├── BodyAmbiguous       a request says in two ways where it ends
├── DiskFull            there is no room to store a write
├── VersionConflict     a write does not follow the version that is stored
├── TakenDown           an article was taken down and cannot be stored again
├── AccessDenied        a key is missing, unknown, or not for this
├── QueryError          a question that cannot be answered as asked (bad cursor, bad filter)
├── CursorExpired       a page of results that are no longer held
├── ArticleNotFound     no article with that id
└── StoryNotFound       no story with that id

Every message names the value, what was expected, and the fix.
"""


class DatelineError(Exception):
    """Any failure that Dateline foresees; its text is fit for a user."""


class ArticleError(DatelineError):
    """One article cannot be taken; the batch goes on without it."""


class SourceError(DatelineError):
    """A file or folder given as a source cannot be read."""


class ModelError(DatelineError):
    """An embedding model is missing, damaged, or does not fit the index."""


class SettingError(DatelineError):
    """A setting that is well-formed cannot be used on this machine."""


class IndexMissing(DatelineError):
    """There is no index, or no generation, where one was expected."""


class IndexDamaged(DatelineError):
    """A file of the index differs from what its manifest says."""


class IndexOpening(DatelineError):
    """A service has just started and is reading its index; ask again in a moment."""


class GenerationMissing(DatelineError):
    """There is no generation of a number, or none that served before."""


class IndexBusy(DatelineError):
    """Another process holds the lock for writing."""


class BuildUnderWay(IndexBusy):
    """A generation is being built, activated or copied; another cannot be at the same time."""


class BodyTooLarge(DatelineError):
    """The body of a request is larger than any article."""


class BodyEncoded(DatelineError):
    """The body of a request is compressed, so that nobody knows how large it is."""


class BodyAmbiguous(DatelineError):
    """A request says by a length and by chunks where it ends: two servers may take it for two different ones."""


class DiskFull(DatelineError):
    """There is no room to store a write; nothing of it was stored."""


class VersionConflict(DatelineError):
    """A write does not follow the version that is stored: it came late, or somebody else wrote meanwhile."""

    def __init__(self, article_id: str, stored: int, expected: int) -> None:
        super().__init__(
            f"article {article_id!r} is at version {stored}, and the write follows version {expected}; "
            "read the article again and repeat the write if it still holds"
            if stored
            else f"article {article_id!r} is not stored, and the write follows version {expected}; leave the version out"
        )
        self.stored = stored


class TakenDown(DatelineError):
    """An article was taken down; nothing is stored under its id or address again."""

    def __init__(self, article_id: str, at: str) -> None:
        super().__init__(f"article {article_id!r}, or its address, was taken down at {at} and cannot be stored again")


class AccessDenied(DatelineError):
    """What was asked for needs a key: none was given, it is unknown (`known` false), or it is not for this."""

    def __init__(self, message: str, *, known: bool) -> None:
        super().__init__(message)
        self.known = known


class QueryError(DatelineError):
    """A question that cannot be answered as asked."""


class CursorExpired(DatelineError):
    """The results that a cursor pages through are no longer held."""

    def __init__(self) -> None:
        super().__init__(
            "the index was rebuilt since the first page of these results; repeat the query without its cursor"
        )


class ArticleNotFound(DatelineError):
    """No visible article has the id."""

    def __init__(self, article_id: str) -> None:
        super().__init__(f"no article with id {article_id!r}; ids come from search hits or from the ingested records")
        self.article_id = article_id


class StoryNotFound(DatelineError):
    """No story that readers may see has the id."""

    def __init__(self, story_id: str) -> None:
        super().__init__(f"no story with id {story_id!r}; ids come from search hits and from /v1/stories")
        self.story_id = story_id


class EngineError(DatelineError):
    """The engine that keeps articles elsewhere refused a call that should have been right."""


class EngineLacks(EngineError):
    """The engine has not what a call needs; its message says what, and from which version it is there."""


class EngineUnavailable(EngineError):
    """The engine cannot be reached, or is not ready; ask again after `retry_after_s` seconds."""

    def __init__(self, message: str, retry_after_s: int = 5) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s
