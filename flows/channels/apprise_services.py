"""A channel through one of the services that Apprise knows; each gets the format in which it can hide nothing."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

from flows.channels import as_guarded, as_html, as_markdown, as_mrkdwn
from flows.channels.fitting import fitted
from flows.channels.port import Alert
from flows.channels.text import headline
from flows.credentials import Credential
from flows.hushing import Hushed
from warehouse.records.errors import DeliveryError

# What these take as text they show as Markdown.
SHOW_MARKDOWN = frozenset({"discord", "fluxer", "guilded", "mmost", "mmosts", "revolt", "ryver", "zulip"})
# What these take as Markdown is a language of their own, without the escapes of Markdown.
OWN_MARKUP = frozenset({"evolution", "evolutions", "gchat"})
_TYPES = {"pause": "failure", "error": "failure", "delivery_failed": "failure", "go": "success", "recovered": "success"}


class AppriseChannel:
    """Sends each alert to the service behind one Apprise address (`slack://...`, `mailtos://...`)."""

    def __init__(self, url: Credential | str) -> None:
        """Keep the address without reading it; it holds the secret."""
        self._url = url if isinstance(url, Credential) else Credential.given(url)

    def send(self, alert: Alert) -> None:
        """Send it; return when the service has taken it.

        Apprise says only yes or no, and its own words may quote the address, so neither reason nor words are kept.

        Raises:
            DeliveryError: the address is missing or names no service, or the service did not take it (transient).
        """
        with _HUSHED:
            service = self._service()
            format, body = _body(alert, service)
            taken = _notify(service, body, _title(alert, service), format, _TYPES.get(alert.event, "warning"))
        if not taken:
            raise DeliveryError(
                f"{service.service_name} did not take the message; it is tried again. Look at the address in "
                f"{self._url.name} and at the service's own log.",
                transient=True,
            )

    def _service(self) -> Any:
        apprise = load()
        # Redirects would carry the message, and in some services the token, to whoever is named there.
        asset: Any = apprise.AppriseAsset(
            app_id="Gatehold", app_desc="Gatehold", app_url="", async_mode=False, http_redirects=False
        )
        asset.interpret_emojis = False
        # Nobody's picture is fetched from a third host because of an alert.
        asset.image_url_mask = asset.image_url_logo = ""
        service: Any = apprise.Apprise.instantiate(self._url.reveal(), asset=asset, suppress_exceptions=True)
        if not isinstance(service, apprise.NotifyBase):
            raise DeliveryError(
                f"What {self._url.name} holds is not an address that Apprise knows. Give one such as slack://... or "
                "mailtos://...; the message is tried again.",
                transient=True,
            )
        found: Any = service
        if "slack" in _schemas(found):
            # Else Apprise makes calls to everybody out of `!channel>` in the text.
            found.use_blocks = True
        return found


def _title(alert: Alert, service: Any) -> str:
    """A title for services that keep it apart (a mail's subject); where it would become part of the body, none."""
    apart = service.title_maxlen > 0 and str(service.notify_format.value) != "markdown"
    return as_guarded.guarded(headline(alert)) if apart and not _schemas(service) & SHOW_MARKDOWN else ""


def _body(alert: Alert, service: Any) -> tuple[str, str]:
    """Which format the service is given, and the alert in it."""
    format, render = _format(service)
    longest = min(service.body_maxlen, as_mrkdwn.LONGEST) if format == "mrkdwn" else service.body_maxlen
    return format, fitted(alert, render, longest)


def _format(service: Any) -> tuple[str, Callable[[Alert], str]]:
    schemas, takes = _schemas(service), str(service.notify_format.value)
    if "slack" in schemas and takes == "markdown":
        return "mrkdwn", as_mrkdwn.render
    if takes == "html":
        return "html", as_html.render
    if takes == "markdown" and not schemas & OWN_MARKUP:
        return "markdown", as_markdown.render
    if schemas & SHOW_MARKDOWN:
        return "text", as_markdown.render
    return "text", as_guarded.render


def _schemas(service: Any) -> set[str]:
    return set(service.schemas())


def _notify(service: Any, body: str, title: str, format: str, type: str) -> bool:
    apprise = load()
    sender = apprise.Apprise(asset=service.asset)
    sender.add(service)
    said: Any = sender.notify(
        body=body,
        title=title,
        notify_type=apprise.NotifyType(type),
        body_format=apprise.NotifyFormat("markdown" if format == "mrkdwn" else format),
    )
    return said is True


def load() -> Any:
    """Apprise with all its services loaded; one of them still looks for a module that Python is about to drop."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "'imghdr' is deprecated", DeprecationWarning)
        import apprise

        found: Any = apprise
        found.NotificationManager().load_modules()
    return found


_HUSHED = Hushed("apprise", "urllib3.connectionpool", "urllib3.util.retry", "requests", "MARKDOWN")
