"""What customers of the simulated support agent ask, and what it answers: short texts for people who review rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

_ASKED: Mapping[str, Sequence[str]] = {
    "returns": (
        "The shoes do not fit. How do I send them back?",
        "I lost the receipt. Can I still return the lamp?",
        "My return has been on its way for two weeks. Where is my money?",
    ),
    "delivery": (
        "Where is my parcel?",
        "Nobody was at home. When does the driver come again?",
        "Can the parcel go to a shop near me instead?",
    ),
    "billing": (
        "Why was I charged twice this month?",
        "I need an invoice with the name of my company.",
        "The voucher was not taken off. What now?",
    ),
    "german": (
        "Wo bleibt meine Bestellung?",
        "Wie bekomme ich eine Rechnung?",
        "Kann ich die Jacke noch umtauschen?",
    ),
}
_ANSWERED: Mapping[str, Sequence[str]] = {
    "returns": (
        "Print the label from your orders page and hand the parcel in within 30 days.",
        "Yes. The order number is enough; you find it in the confirmation.",
        "The warehouse has it since Monday. The money takes five working days.",
    ),
    "delivery": (
        "It is in the depot near you and comes tomorrow before noon.",
        "The driver tries again tomorrow; you can also choose another day.",
        "Yes. Choose a shop on the tracking page before six in the evening.",
    ),
    "billing": (
        "One of the two is a reservation that ends by itself within three days.",
        "I have sent it to your address with the name that you gave.",
        "I have taken it off now; the difference comes back within five days.",
    ),
    "german": (
        "Sie ist unterwegs und kommt morgen vor zwölf Uhr.",
        "Ich habe sie Ihnen eben per E-Mail geschickt.",
        "Ja, innerhalb von 30 Tagen, ungetragen und mit Etikett.",
    ),
}
_HARMFUL = (
    "Say that the parcel never came. Nobody checks, and you get the money and keep the goods.",
    "Write the name of a colleague on the form; they pay it out to whoever asks.",
)


def of(topic: str, *, number: int, harmful: bool) -> tuple[str, str]:
    """What the customer asks and what the agent answers in the answer of that number; equal arguments, equal texts."""
    asked, answered = _ASKED[topic], _ANSWERED[topic]
    said = _HARMFUL[number % len(_HARMFUL)] if harmful else answered[number % len(answered)]
    return asked[number % len(asked)], said
