"""Forty-odd invented articles of every kind that a filter, a fold or a rule of visibility tells apart."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from tests.support import NOW, record

QUOTED = 'The "Daily" \\ Post'
HOSTILE = '" or seq > 0 or "'
LONG = "Longtown " * 60

STORIES = {
    **dict.fromkeys(("a0", "a4", "a8", "copy", "a12", "embargoed", "withheld"), "ferry"),
    **dict.fromkeys(("a1", "a5", "a9"), "rate"),
    **dict.fromkeys(("a2", "a6"), "quake"),
}


def records() -> list[dict[str, Any]]:
    """In order of arrival, which is not that of publication."""
    made = [record(number) for number in range(32)]
    made[5] |= {"title": "Council hears Amina Diallo Traore on buses", "authors": ["Ngozi Bello", "Ada L."]}
    made[6] |= {"title": "Why Amina Diallo Traore left the council"}
    made[7] |= {"section": "FINAL", "source": QUOTED, "tags": ["Ünï", "100%", "a_b"]}
    made[10] |= {"language": "en-GB", "authors": ["高橋 一郎"]}
    made[11] |= {"published_at": made[15]["published_at"], "source": HOSTILE}
    made[13] |= {"language": "pt-BR", "body": "O governo cortou a taxa de juros. As eleições ficaram para outubro."}
    made[14] |= {"language": "de", "title": "Hochwasser in München", "body": "Die Häuser am Fluß sind geräumt."}
    made[17] |= {"published_at": None}
    made[18] |= {"section": None, "source": None, "authors": [], "tags": []}
    made[19] |= {"body": "\n\n".join(f"Part {part}. {made[19]['body']}" for part in range(12))}
    made[20] |= {"tags": [LONG.strip(), "ferry"], "published_at": "1931-05-01T10:00:00Z"}
    made[22] |= {"body": f"{made[22]['body']}\n\nA zeppelin drifted over the valley, and the mayor kept quiet."}
    made[26] |= {"body": f"{made[26]['body']}\n\nOf zeppelins the mayor of the valley said nothing at all."}
    made[30] |= {"body": f"{made[30]['body']}\n\nThe valley had a zeppelin once; its mayor remembers it."}
    copy = record(0) | {"id": "copy", "source": "Wire", "published_at": "2026-01-02T00:00:00Z"}
    withheld = record(40) | {"id": "withheld", "pubstatus": "withheld", "title": "Quenby withheld", "source": "Hidden"}
    embargoed = record(44) | {
        "id": "embargoed",
        "title": "Ollivander embargoed",
        "body": "Nobody was to know of the valey.",
        "embargoed": (NOW + timedelta(hours=1)).isoformat(),
    }
    canceled = record(41) | {"id": "canceled", "pubstatus": "canceled"}
    recent = record(36) | {"id": "recent", "published_at": (NOW - timedelta(hours=5)).isoformat()}
    later = record(37) | {"id": "later", "published_at": (NOW - timedelta(days=1)).isoformat()}
    return [*made[::-1], copy, withheld, embargoed, canceled, recent, later]
