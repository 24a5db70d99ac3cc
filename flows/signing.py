"""Signatures of webhook messages: made by the sender, checked by the receiver.

Three headers go with the body: `Gatehold-Id` (the idempotency key), `Gatehold-Timestamp` (whole seconds since 1970) and
`Gatehold-Signature` (`v1=` and the hexadecimal HMAC-SHA256 of `<id>.<timestamp>.<body>` under the shared secret).
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from warehouse.records.errors import DeliveryError

ID_HEADER = "Gatehold-Id"
TIMESTAMP_HEADER = "Gatehold-Timestamp"
SIGNATURE_HEADER = "Gatehold-Signature"
TOLERANCE = timedelta(minutes=5)

# No dot: else one signed text could be cut into id, time and body in two ways.
_ID = re.compile(r"[A-Za-z0-9_-]{1,128}")
_SECONDS = re.compile(r"[0-9]{1,12}")


@dataclass(frozen=True, slots=True)
class Signed:
    """A message whose signature fits: its id, when it was sent, and whether this id was taken before.

    A repeated message is to be answered like the first one (2xx) and not acted on again.
    """

    id: str
    sent_at: datetime
    repeated: bool


def sign(secret: str, id: str, body: bytes, *, now: datetime) -> dict[str, str]:
    """The three headers for `body`, signed at `now`."""
    timestamp = str(int(now.timestamp()))
    return {
        ID_HEADER: id,
        TIMESTAMP_HEADER: timestamp,
        SIGNATURE_HEADER: f"v1={_mac(secret, id, timestamp, body)}",
    }


def verify(
    secret: str | Sequence[str],
    headers: Mapping[str, str],
    body: bytes,
    *,
    now: datetime,
    tolerance: timedelta = TOLERANCE,
    seen: Container[str] = frozenset(),
) -> Signed:
    """What is known of a message that carries a good signature; `body` is the bytes as received.

    Several secrets may be given while one is being replaced. `seen` holds the ids taken before: keep them for at least
    as long as a sender tries (half a day), since a message is sent again when its answer was lost.

    Raises:
        DeliveryError: a header is missing or malformed, the signature does not fit, or the message was signed more than
            `tolerance` before or after `now`. Answer 401 and do nothing.
    """
    lowered = {name.lower(): value for name, value in headers.items()}
    id, timestamp, signature = (lowered.get(h.lower(), "") for h in (ID_HEADER, TIMESTAMP_HEADER, SIGNATURE_HEADER))
    if not (_ID.fullmatch(id) and _SECONDS.fullmatch(timestamp) and signature.startswith("v1=")):
        raise DeliveryError(
            f"The message needs the headers {ID_HEADER}, {TIMESTAMP_HEADER} and {SIGNATURE_HEADER} (v1=...).",
            transient=False,
        )
    secrets = [secret] if isinstance(secret, str) else list(secret)
    given = signature.removeprefix("v1=").encode("utf-8", "replace")
    # Every secret is tried, so that the time taken does not tell which one fits.
    fits = [hmac.compare_digest(_mac(each, id, timestamp, body).encode(), given) for each in secrets if each]
    if not any(fits):
        raise DeliveryError("The signature does not fit: another secret, or changed on the way.", transient=False)
    sent_at = datetime.fromtimestamp(int(timestamp), UTC)
    if abs(now - sent_at) > tolerance:
        raise DeliveryError(
            f"The message was signed at {sent_at.isoformat()}, more than {tolerance} from now. "
            "Is it a replay, or is a clock wrong?",
            transient=False,
        )
    return Signed(id, sent_at, id in seen)


def _mac(secret: str, id: str, timestamp: str, body: bytes) -> str:
    return hmac.new(secret.encode(), f"{id}.{timestamp}.".encode() + body, hashlib.sha256).hexdigest()
