"""The table of alarms that stand: sorted and paged by the server, so that a browser has one page of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from nicegui import ui

from gateway.alarms.book import AlarmLine
from gateway.hmi import alarm_about, texts
from gateway.hmi.alarm_actions import AlarmActions
from gateway.hmi.alarm_rows import ORDERS, ordered, row
from gateway.hmi.frame import Screen

_PAGE: Final = 20
_MARK_SLOT: Final = """<q-td :props="props">
 <span :class="'alarm-box ' + props.row.classes">{{ props.value }}</span></q-td>"""
_NAME_SLOT: Final = """<q-td :props="props"><button type="button" class="link" :data-alarm="props.row.name"
 @click="$parent.$emit('about', props.row.name)">{{ props.value }}</button>
 <span v-if="props.row.first" class="mark first">{{ props.row.first }}</span>
 <div class="soft text-xs">{{ props.row.name }}</div></q-td>"""
_AGE_SLOT: Final = """<q-td :props="props">{{ props.value }}
 <div class="soft num" :data-since="props.row[props.col.name + '_ms']"></div></q-td>"""
_UNTIL_SLOT: Final = """<q-td :props="props">{{ props.row.until }}
 <div v-if="props.row.until_ms" class="soft num" :data-until="props.row.until_ms"></div></q-td>"""
_SELECT_ALL_SLOT: Final = f"""<q-checkbox dense v-model="props.selected" aria-label="{texts.MARK_ALL}" />"""
_SELECT_SLOT: Final = f"""<q-checkbox dense v-model="props.selected"
 :aria-label="'{texts.MARK_ONE} ' + props.row.name" />"""
_ACT_SLOT: Final = """<q-td :props="props"><div class="row no-wrap justify-end" style="gap:6px">
 <q-btn no-wrap v-for="act in props.row.acts.split(' ').filter(Boolean)" unelevated no-caps color="grey-8"
  :disable="Boolean(props.row['why_' + act])" :label="props.row['label_' + act]"
  :title="props.row['why_' + act]"
  :data-act="act + ' ' + props.row.name"
  @click="$parent.$emit('act', [act, props.row.name, props.row.occurrence])" />
 </div></q-td>"""


class AlarmTable:
    """Alarms in one browser, kept up to date."""

    def __init__(
        self,
        screen: Screen,
        actions: AlarmActions,
        columns: Sequence[str],
        lines: Callable[[], list[AlarmLine]],
        acts: Callable[[AlarmLine], Sequence[str]],
        empty: str,
        *,
        many: bool = False,
    ) -> None:
        """Make the table.

        Args:
            screen: the page.
            actions: what its viewer does with alarms.
            columns: names of the columns, from `texts.ALARM_COLUMNS`.
            lines: the alarms to show, the most urgent first.
            acts: names of the actions that an alarm's row offers.
            empty: what is said where there are none.
            many: rows can be marked, to do something with many of them.
        """
        self._screen, self._actions, self._lines, self._acts = screen, actions, lines, acts
        self._page, self._sort, self._descending = 1, "", False
        self._shown: tuple[int, object] = (-1, None)
        self.total = 0
        self.table = self._make(columns, empty, many=many)
        screen.refresher.add(self.refresh)

    def _make(self, names: Sequence[str], empty: str, *, many: bool) -> ui.table:
        columns: list[dict[str, Any]] = [
            {
                "name": name, "label": texts.ALARM_COLUMNS[name], "field": name, "align": "left",
                "sortable": name in ORDERS,
            }
            for name in names
        ]  # fmt: skip
        columns.append({"name": "act", "label": texts.ACTS, "field": "acts", "align": "right"})
        table = ui.table(
            columns=columns, rows=[], row_key="name", pagination=self._pagination(),
            selection="multiple" if many else None,
        ).classes("w-full")  # fmt: skip
        table.props(f'flat dense no-data-label="{empty}" :rows-per-page-options="[{_PAGE}]"')
        for column, slot in (
            ("priority", _MARK_SLOT), ("alarm", _NAME_SLOT), ("since", _AGE_SLOT),
            ("silent", _AGE_SLOT), ("until", _UNTIL_SLOT),
            ("act", _ACT_SLOT),
        ):  # fmt: skip
            table.add_slot(f"body-cell-{column}", slot)
        if many:
            table.add_slot("header-selection", _SELECT_ALL_SLOT)
            table.add_slot("body-selection", _SELECT_SLOT)
        table.on("request", self._turn)
        table.on("about", lambda event: alarm_about.show(self._screen, self._actions, str(event.args)))
        table.on("act", self._act)
        return table

    def _pagination(self) -> dict[str, Any]:
        return {
            "page": self._page, "rowsPerPage": _PAGE, "rowsNumber": self.total,
            "sortBy": self._sort, "descending": self._descending,
        }  # fmt: skip

    def _turn(self, event: Any) -> None:
        """Show another page, or another order."""
        wanted = event.args["pagination"]
        self._page, self._sort = int(wanted["page"]), str(wanted.get("sortBy") or "")
        self._descending = bool(wanted.get("descending"))
        self.refresh(again=True)

    def refresh(self, *, again: bool = False) -> None:
        """Send the rows of the page, if anything has changed."""
        version = self._screen.desk.live.alarms.version
        if self._shown[0] == version and not again:
            return
        lines = ordered(self._lines(), self._sort, descending=self._descending)
        self.total = len(lines)
        self._page = max(1, min(self._page, -(-len(lines) // _PAGE)))
        rows = [self._row(line) for line in lines[(self._page - 1) * _PAGE : self._page * _PAGE]]
        shown = rows, self._pagination()
        if shown != self._shown[1]:
            self.table.rows, self.table.pagination = rows, self._pagination()
        self._shown = version, shown

    def _row(self, line: AlarmLine) -> dict[str, Any]:
        site, book = self._screen.desk.site, self._screen.desk.live.alarms
        acts = self._acts(line)
        offered = {f"label_{act}": texts.ACTIONS[act] for act in acts}
        refused = {f"why_{act}": self._actions.why_not(act, line.name) or "" for act in acts}  # type: ignore[arg-type]
        return {
            **row(site, line, first=book.came_first(line.name)),
            "acts": " ".join(acts),
            **offered,
            **refused,
        }

    def seen(self, *, marked: bool) -> list[tuple[str, int]]:
        """Return what can be acknowledged as it was shown: of the page, or of the marked rows."""
        rows = self.table.selected if marked else self.table.rows
        return [(each["name"], int(each["occurrence"])) for each in rows if each["open"]]

    async def _act(self, event: Any) -> None:
        act, name, occurrence = event.args
        if act == "acknowledge":
            await self._actions.acknowledge([(name, int(occurrence))])
        elif act == "shelve":
            self._actions.shelve(name)
        elif act == "unshelve":
            await self._actions.unshelve(name)
        elif act == "return_to_service":
            await self._actions.return_to_service(name)
        elif act == "reset" and (line := self._actions.line(name)) is not None:
            await self._actions.reset(line)
