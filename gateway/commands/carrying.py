"""Carrying commands out, one at a time and in order: what the engine, a context or a configuration does."""

from __future__ import annotations

import math
import time
from dataclasses import replace
from typing import Any

import numpy.typing as npt

from config.site import Site
from control import signal
from control.alarm_signal import SET_LIMIT
from gateway.batch.campaign_limits import campaign_of, limits_in
from gateway.batch.context import Context
from gateway.commands.alarms import acknowledge_page, is_on_alarm, page_rows
from gateway.commands.logic import phase_row
from gateway.commands.means import Means
from gateway.commands.message import CommandMessage
from gateway.commands.override_notes import note_override
from gateway.commands.overrides import refuse_unless_manual
from gateway.commands.record import Record
from gateway.commands.refusals import why_refused
from gateway.commands.rows import EngineRow, Refused
from gateway.commands.sanity import to_row
from gateway.commands.tuning import listed, tune_rows
from gateway.continuity.orders import ChangeRefused, Order
from gateway.gxp.audit import AuditEntry
from gateway.modes import word_of


class Carrying:
    """Does what authorised commands say, with an audit entry before and after."""

    def __init__(self, site: Site, means: Means, record: Record) -> None:
        """Wire it."""
        self._site, self._means, self._record = site, means, record

    async def carry_out(
        self, command: CommandMessage, entry: AuditEntry, unit: str
    ) -> tuple[float | None, float | None]:
        """Do it; return the value that held before and the one that holds now, where there are any.

        Raises:
            Refused: it cannot be done; the message says why.
        """
        if command.kind == "context":
            await self._enter_context(command, entry, unit)
            return None, None
        if command.kind == "apply":
            await self._change_configuration(command, entry)
            return None, None
        if command.alarms:
            return None, await self._acknowledge_page(command, entry)
        if command.parameters:
            await self._tune_together(command, entry)
            return None, None
        row = to_row(self._site, command)
        refuse_unless_manual(self._site, command, self._means.read_value)
        old = None if row.shown_by is None else self._means.read_value(row.shown_by)
        if old is not None and math.isnan(old):
            old = None
        entry = replace(entry, old=word_of(old) if command.kind == "mode" else old)
        if command.kind == "tune":
            entry = replace(entry, detail=command.parameter, new=row.value)
        if command.duration is not None:
            entry = replace(entry, detail=f"for {row.value2:g} s")
        await self._record.write(entry, command.id)
        answer = await self.by_engine(row, command)
        await self._record.on_disk(note_override, self._means.book, command, entry.role, answer)
        await self._record.write(replace(entry, outcome="done"))
        return old, _result(self._site, command, row, answer)

    async def by_engine(
        self, row: EngineRow, command: CommandMessage, *following: EngineRow
    ) -> npt.NDArray[Any]:
        """Let the engine do it (all of it, or nothing), and return its answer.

        Raises:
            Refused: it will not, or does not answer.
        """
        answer = await self._means.engine.ask(row, command, *following)
        if int(answer["kind"]) == signal.KIND_REFUSED:
            raise Refused(why_refused(self._site, command, answer))
        return answer

    async def _tune_together(self, command: CommandMessage, entry: AuditEntry) -> None:
        """Set several parameters of a loop in one act, which is one act on record too."""
        if command.kind != "tune":
            raise Refused(f"{command.kind} takes no parameters")
        rows = tune_rows(self._site, command)
        before = {name: self._means.read_value(f"{command.target}.{name}") for name in command.parameters}
        after = {name: row.value for name, row in zip(command.parameters, rows, strict=True)}
        entry = replace(entry, old=listed(before), new=listed(after), detail=" ".join(before))
        await self._record.write(entry, command.id)
        try:
            await self.by_engine(rows[0], command, *rows[1:])
        except Refused as error:
            raise Refused(f"{listed(after)}: {error}") from error
        await self._record.write(replace(entry, outcome="done"))

    async def _acknowledge_page(self, command: CommandMessage, entry: AuditEntry) -> float:
        if command.kind != "acknowledge":
            raise Refused(f"{command.kind} takes one alarm, not a page of them")
        rows = page_rows(self._site, command)
        entry = replace(entry, new=", ".join(f"{seen.alarm}={seen.occurrence}" for seen, _ in rows))
        await self._record.write(entry, command.id)
        count, left = await acknowledge_page(rows, lambda row: self.by_engine(row, command))
        await self._record.write(replace(entry, outcome=f"done, but not {left}" if left else "done"))
        return float(count)

    async def _change_configuration(self, command: CommandMessage, entry: AuditEntry) -> None:
        entry = replace(entry, old=self._site.fingerprint)
        await self._record.write(entry, command.id)
        order = Order(str(command.value), command.user, command.id, command.reason)
        try:
            done = await self._means.apply(order)
        except ChangeRefused as error:
            raise Refused(str(error)) from error
        await self._record.write(replace(entry, outcome="done", detail=done))

    async def _enter_context(self, command: CommandMessage, entry: AuditEntry, unit: str) -> None:
        if command.context is None or command.target != unit:
            raise Refused("context needs a unit as target, and campaign, batch and phase")
        contexts = self._means.contexts
        entry = replace(entry, new=" ".join(command.context.model_dump().values()))
        await self._record.write(entry, command.id)
        names = Context(**command.context.model_dump())
        before = campaign_of(contexts, unit, time.time_ns())
        await self.by_engine(phase_row(self._site, unit, names.phase), command)
        await self._record.on_disk(contexts.enter, unit, command.issued_ns, names)
        await self._record.write(replace(entry, outcome="done"))
        if names.campaign != before:
            await self._set_campaign_limits(command, entry, unit, before)

    async def _set_campaign_limits(
        self, command: CommandMessage, entry: AuditEntry, unit: str, before: str
    ) -> None:
        """Give the unit's alarms the limits of the campaign that was loaded, each on record."""
        campaign = campaign_of(self._means.contexts, unit, time.time_ns())
        for old, new in zip(
            limits_in(self._site, unit, before), limits_in(self._site, unit, campaign), strict=True
        ):
            await self.by_engine(EngineRow(SET_LIMIT, new.row, new.trip, new.clear), command)
            reason = (
                f"campaign {campaign}, approved by {new.approval}" if new.approval else "no campaign's limit"
            )
            limit = replace(entry, action="alarm_limit", target=new.alarm, old=old.text, new=new.text)
            if old.text != new.text:
                await self._record.write(replace(limit, reason=reason, outcome="done"))


def _result(site: Site, command: CommandMessage, row: EngineRow, answer: npt.NDArray[Any]) -> float | None:
    """Return the value that holds now; of an alarm only for how many seconds it lies on the shelf."""
    if is_on_alarm(site, command):
        return row.value if command.kind == "shelve" else None
    value = float(answer["value"])
    return None if math.isnan(value) else value
