"""What is looked at before the service starts: who could read and write it, and what its settings may have meant."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from difflib import get_close_matches

from pydantic import ValidationError
from pydantic_settings import SettingsError

from indexer.errors import IndexDamaged, SettingError
from search_api.keys import Keys
from search_api.reads import Reads, is_loopback
from search_api.settings import Settings

PREFIX = "DATELINE_"


def access_notice(keys: Keys, host: str, reads: Reads) -> str | None:
    """What to say of a service without keys; raises SettingError for one that nobody could ask, or everybody by oversight."""
    try:
        held = keys.all()
    except IndexDamaged as error:
        if reads.need_key(host):
            raise
        return f"warning: {error}"
    if held:
        return None
    if not is_loopback(host):
        if reads is Reads.OPEN:
            return f"Reads on {host} are open to all (DATELINE_READS=open); there are no keys, so nobody can write over HTTP."
        raise SettingError(
            f"{keys.path} holds no keys, so the service is bound to this machine only, not to {host}: make a key "
            "(dateline keys --new NAME --scope read), or set DATELINE_READS=open for reads that are open to all"
        )
    if reads is Reads.KEY:
        return "Reads need a key (DATELINE_READS=key), and there are none yet: dateline keys --new NAME --scope read makes one."
    return "Reads are open, on this machine only; writes need a key: dateline keys --new NAME --scope write makes one."


CLIENTS_KEY = "DATELINE_KEY"
"""Not the service's: what scripts send."""


def unknown_variables(names: Iterable[str]) -> Iterator[str]:
    """A line for each variable that looks like a setting and is none, with the one that it may have been meant for."""
    known = [f"{PREFIX}{name.upper()}" for name in Settings.model_fields]
    others = {name for name in names if name.upper().startswith(PREFIX)} - {*known, CLIENTS_KEY}
    for name in sorted(name for name in others if name.upper() not in known):
        nearest = get_close_matches(name.upper(), known, n=1, cutoff=0.0)
        yield f"{name} is no setting and counts for nothing; the nearest that there is: {nearest[0]}"


def wrong_settings(error: SettingsError | ValidationError) -> Iterator[str]:
    """A line for each setting that cannot be used: its variable, its value, and what is expected."""
    if isinstance(error, SettingsError):  # no JSON
        field = re.search(r'field "(\w+)"', str(error))
        name = f"{PREFIX}{field.group(1)}".upper() if field else ""
        given = os.environ.get(name)
        yield (
            str(error)
            if given is None
            else f'{name} is {given!r}; expected a list as JSON, such as ["first", "second"]'
        )
        return
    for item in error.errors():
        name = f"{PREFIX}{item['loc'][0]}".upper() if item["loc"] else "settings"
        given = os.environ.get(name, str(item["input"]))
        yield f"{name} is {_without_password(given)!r}: {_without_password(item['msg'].removeprefix('Value error, '))}"


def _without_password(text: str) -> str:
    return re.sub(r"(?<=//)[^/@\s]*@", "...@", text)
