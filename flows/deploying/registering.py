"""Register a plan with the Prefect server that PREFECT_API_URL names; doing it again changes nothing."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from flows.deploying import events
from flows.deploying.automations import automations
from flows.deploying.plan import Plan
from flows.deploying.schedules import collision, schedules
from warehouse.records.errors import ServiceError, UsageError

if TYPE_CHECKING:
    from prefect.client.orchestration import SyncPrefectClient
    from prefect.events.schemas.automations import AutomationCore
    from prefect.flows import Flow


@dataclass(frozen=True, slots=True)
class Registered:
    """What stands on the server now: its address, pool, limit, deployments with their ids, and automations."""

    api: str
    pool: str
    writer_limit: str
    deployments: Mapping[str, str]
    automations: tuple[str, ...]


def register(plan: Plan, *, now: datetime) -> Registered:
    """What stands on the server after the plan was registered there.

    Raises:
        UsageError: PREFECT_API_URL names no server, or the work pool there is of another kind.
        ServiceError: the server cannot be reached or refuses something.
    """
    with server() as client:
        _pool(client, plan)
        client.upsert_global_concurrency_limit_by_name(plan.writer_limit, 1)
        ids = {job.flow: str(_deployment(client, plan, job.flow)) for job in plan.jobs}
        made = _automations(client, plan, ids)
        deployed = events.Told(
            events.DEPLOYED, plan.project_resource, plan.name, plan.name, now, now.isoformat(), {"deployments": ids}
        )
        events.send(client, [deployed])
        return Registered(str(client.api_url), plan.pool, plan.writer_limit, ids, made)


@contextmanager
def server() -> Iterator[SyncPrefectClient]:
    """A client of the server that PREFECT_API_URL names; what goes wrong between them is a ServiceError.

    Raises:
        UsageError: it names none; Prefect would start a server of its own that forgets all at the end.
        ServiceError: the server cannot be reached or refuses something.
    """
    import httpx
    from prefect.client.orchestration import get_client
    from prefect.exceptions import PrefectHTTPStatusError
    from prefect.settings import get_current_settings

    address = get_current_settings().api.url
    if not address:
        raise UsageError(
            "PREFECT_API_URL is not set, so there is no server to register with. Set it to the address of yours "
            '("http://127.0.0.1:4200/api"), or type `gatehold up`, which brings one along.'
        )
    try:
        with get_client(sync_client=True) as client:
            yield client
    except PrefectHTTPStatusError as error:
        raise ServiceError(f"The Prefect server refused it: {_reason(error)}", transient=False) from error
    except httpx.HTTPError as error:
        raise ServiceError(
            f"The Prefect server at {_shown(address)} cannot be reached ({type(error).__name__}). Is it running?",
            transient=True,
        ) from error


def _reason(error: Any) -> str:
    try:
        detail = error.response.json().get("detail")
    except (ValueError, AttributeError):
        detail = None
    return f"{error.response.status_code} {detail or ''}".strip()


def _shown(address: str) -> str:
    """The address without what may be a password."""
    from urllib.parse import urlsplit

    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.hostname}:{parts.port or ''}".rstrip(":")


def _pool(client: SyncPrefectClient, plan: Plan) -> None:
    """Make the work pool where it is absent; one that is there belongs to its owner and stays as it is."""
    from prefect.client.schemas.actions import WorkPoolCreate
    from prefect.exceptions import ObjectNotFound
    from prefect.utilities.asyncutils import run_coro_as_sync
    from prefect.workers.utilities import get_default_base_job_template_for_infrastructure_type as template_of

    try:
        found = client.read_work_pool(plan.pool)
    except ObjectNotFound:
        template = run_coro_as_sync(template_of(plan.pool_type))
        if template is None:
            raise ServiceError(
                f"The Prefect server has no template for work pools of kind {plan.pool_type}. Make the pool "
                f"{plan.pool} by hand, and deploy again.",
                transient=False,
            ) from None
        client.create_work_pool(WorkPoolCreate(name=plan.pool, type=plan.pool_type, base_job_template=template))
        return
    if found.type != plan.pool_type:
        raise UsageError(
            f"The work pool {plan.pool} is of kind {found.type} and not {plan.pool_type}. Name another under "
            "prefect.work_pool, or remove that one."
        )


def _deployment(client: SyncPrefectClient, plan: Plan, flow_name: str) -> uuid.UUID:
    from prefect.client.schemas.objects import ConcurrencyLimitStrategy, ConcurrencyOptions
    from prefect.flows import load_flow_from_entrypoint
    from prefect.utilities.callables import parameter_schema

    job = plan.job(flow_name)
    flow: Flow[..., Any] = load_flow_from_entrypoint(job.entrypoint)
    return client.create_deployment(
        flow_id=client.create_flow_from_name(flow.name),
        name=plan.name,
        version=flow.version,
        description=job.description,
        entrypoint=job.entrypoint,
        parameters=dict(job.parameters),
        schedules=schedules(plan, job),
        concurrency_limit=1,
        concurrency_options=ConcurrencyOptions(collision_strategy=ConcurrencyLimitStrategy(collision(job))),
        tags=[plan.name],
        work_pool_name=plan.pool,
        job_variables=dict(plan.job_variables),
        parameter_openapi_schema=parameter_schema(flow).model_dump(exclude_unset=True),
        enforce_parameter_schema=True,
        pull_steps=[],
    )


def _automations(client: SyncPrefectClient, plan: Plan, ids: Mapping[str, str]) -> tuple[str, ...]:
    """Names of the automations that stand now; those of the project that are no longer asked for are removed."""
    from prefect.events.schemas.automations import AutomationCore

    wanted = [AutomationCore.model_validate(a) for a in automations(plan, ids).values()]
    there = {automation.name: automation for automation in client.read_automations()}
    for automation in wanted:
        if (old := there.pop(automation.name, None)) is None:
            client.create_automation(automation)
        elif not _same(old, automation):
            client.update_automation(old.id, automation)
    for name, old in there.items():
        if name.startswith(f"{plan.name}: "):
            client.delete_automation(old.id)
    return tuple(automation.name for automation in wanted)


def _same(old: AutomationCore, new: AutomationCore) -> bool:
    """Whether nothing changed; an update would forget what the automation has seen."""
    keep = set(type(new).model_fields) - {"owner_resource", "tags"}
    return old.model_dump(mode="json", include=keep) == new.model_dump(mode="json", include=keep)
