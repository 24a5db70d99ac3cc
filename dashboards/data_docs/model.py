"""What the page of a stream's data checks shows beside the kept results."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from checks.quality.data_docs import StreamDocs


@dataclass(frozen=True, slots=True)
class DocsPage:
    """One page: the stream's results, when it was made, the other streams' pages as (name, file), and the main page.

    `limit` is the largest number of runs and of findings that was read.
    """

    docs: StreamDocs
    made_at: datetime
    version: str
    simulated: bool
    pages: tuple[tuple[str, str], ...]
    main_page: str
    limit: int
