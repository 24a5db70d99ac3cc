"""Who may label what, and take it back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from checks.acts.refusal import Missing
from warehouse.records.reviews import Given, Item

UNDO_FOR = timedelta(minutes=15)
"""How long a label can be taken back."""


def needed(item: Item) -> int:
    """Labels that the row needs."""
    return 2 if item.doubled else 1


def against_label(
    item: Item, given: Sequence[Given], person: str, label: str, labels: Sequence[str], now: datetime
) -> Missing | None:
    """What stands against a person's label of a row; None when nothing does.

    `given` are all labels of the row so far, skips left out. Nobody labels a row twice, and nobody labels one that has
    all its labels, is past its time, or was handed on.
    """
    if label not in labels:
        return Missing("label_unknown", f"{label!r} is not an answer here; allowed: {', '.join(labels)}.")
    if item.handed_in or now >= item.due_at:
        return Missing("item_closed", "The time for this row is over; it is handed on as it is.")
    if any(one.person == person for one in given):
        return Missing("labelled_already", "You have labelled this row already; nobody labels a row twice.")
    if len(given) >= needed(item):
        return Missing("item_done", "Somebody else has labelled this row in the meantime.")
    return None


def against_undo(item: Item, given: Sequence[Given], person: str, now: datetime) -> Missing | None:
    """What stands against taking a label back: only one's own, soon, and before anybody could have seen it."""
    own = next((one for one in given if one.person == person), None)
    if own is None:
        return Missing("no_label", "There is no label of yours on this row.")
    if item.handed_in or any(one.at > own.at for one in given):
        return Missing("label_seen", "The row has been handed on or labelled again since; the label stands.")
    if now - own.at > UNDO_FOR:
        return Missing("label_old", f"A label can be taken back for {UNDO_FOR.seconds // 60} minutes; it stands.")
    return None
