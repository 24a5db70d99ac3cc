from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from event_rows import START

from warehouse import findings
from warehouse.records.evidence import Finding
from warehouse.store import Warehouse

HOUR = timedelta(hours=1)
RANGE = Finding(
    "range", "failed", "critical", "steps", "latency_ms", "in range", "3 rows are below 0", "-5", ">= 0", 7, START
)
NOTICE = Finding(
    "schema_change", "notice", "info", "steps", "'; DROP TABLE findings; --", "<b>\x1b[31m", "A field is new."
)


def test_findings_come_back_newest_first(tmp_path: Path) -> None:
    with Warehouse.in_memory(tmp_path) as warehouse:
        findings.record(warehouse, [], now=START)
        assert findings.recent(warehouse, since=START, limit=9) == []
        findings.record(warehouse, [RANGE], now=START)
        findings.record(warehouse, [NOTICE, RANGE], now=START + HOUR)
        assert findings.recent(warehouse, since=START, limit=9) == [
            (START + HOUR, RANGE),
            (START + HOUR, NOTICE),
            (START, RANGE),
        ]
        assert findings.recent(warehouse, since=START + HOUR, limit=1) == [(START + HOUR, RANGE)]
        assert findings.recent(warehouse, since=START + 2 * HOUR, limit=9) == []
