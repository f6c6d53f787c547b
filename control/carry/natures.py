"""What every array of the state is when the engine goes on elsewhere: declared once, here.

A restart of the gateway and a change of the configuration are one act: new tables are built, and what
the old ones held is carried over by name. Whether a field is carried follows from its nature alone,
so a new column needs one entry here; a test refuses a column that has none.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from control.carry.axes import AXES, axis_of
from control.carry.kinds import Axis, Nature
from control.relay_layout import RELAY

__all__ = ["AXES", "NATURES", "Axis", "Nature", "axis_of"]


def _declare() -> Iterator[tuple[str, Nature]]:
    for where, nature, names in _DECLARED:
        for name in names.split():
            yield f"{where}.{name}", nature


_DECLARED: Final[tuple[tuple[str, Nature, str], ...]] = (
    ("image", Nature.LIVE, "value source_ns quality status"),
    # Tags. A filter's past outlives a restart; what was reported does not: all is reported anew.
    ("tags", Nature.DEFINITION, "definition patience_ns"),
    ("tags.reported", Nature.STATE, "measured_ns filtered"),
    ("tags.reported", Nature.CLOCK, "filtered_ns"),
    (
        "tags.reported",
        Nature.LIVE,
        "value source_ns quality ordinal refused count refused_total sampled_quality "
        "late_source_ns late_ordinal raw",
    ),
    ("tags.reported", Nature.LIVE_CLOCK, "at_ns arrived_ns changed_ns"),
    ("tags.reported", Nature.DEFINITION, "deadband heartbeat_ns"),
    ("tags.reported", Nature.DERIVED, "spare"),
    ("tags", Nature.DERIVED, "deadline_ns block_deadline_ns"),
    ("tags", Nature.LIVE_CLOCK, "alive_ns"),
    # Loops. Parameters are state: a person may have tuned them.
    ("loops", Nature.STATE, "kp ki td n b c kt leak bias integral derivative weighted"),
    ("loops", Nature.STATE, "out_low out_high out_rate out_rate_down sp_rate"),
    ("loops", Nature.OPERATED, "y target sp output applied goal mode"),
    ("loops", Nature.DEFINITION, "pv shown"),
    ("loops", Nature.DERIVED, "track"),
    ("loops", Nature.LIVE, "special"),
    ("loops.row", Nature.STATE, "kp ti td tt kp_factor ti_factor td_factor default_tt fallback"),
    ("loops.row", Nature.STATE, "sp_low sp_high shaped lead_s"),
    ("loops.row", Nature.DERIVED, "profiled"),
    # Profiles. One whose definition changed begins idle; its loop stays at its set-point.
    (
        "profiles.profiles",
        Nature.STATE,
        "in_phase state segment began_at counted_ns waited_ns cause ticket utc_ns announced_state changes",
    ),
    ("profiles.profiles", Nature.DEFINITION, "loop first last unit first_phase last_phase longest_ns"),
    ("profiles", Nature.DEFINITION, "segments phases"),
    ("loops.row", Nature.OPERATED, "mode_announced mode_changes mode_utc_ns mode_ticket"),
    (
        "loops.row",
        Nature.DEFINITION,
        "safe integral_only incremental ramp_from_pv fed_forward group "
        "time_factor direct bad_after_ns on_bad id slot output_tag reads_output "
        "link remote fed first_point last_point",
    ),
    ("loops.row", Nature.LIVE, "live forced force blocked"),
    ("loops.row", Nature.DERIVED, "tested"),
    ("loops.row", Nature.LIVE_CLOCK, "bad_since_ns"),
    # What stands before their law.
    (
        "shaping",
        Nature.STATE,
        "sp_hold filter_s gap gap_gain bias gain lead lag_s filtered lagged feed looked_up",
    ),
    ("shaping", Nature.DEFINITION, "disturbance over over_step points"),
    (
        "groups",
        Nature.DEFINITION,
        "first last period_ns slack_ns shaped scheduled nodes first_link last_link first_remote last_remote",
    ),
    ("groups", Nature.LIVE_CLOCK, "executed_ns"),
    # Structures. What a link gave stays: where its actuator is written on, it goes on from there.
    (
        "structures.links",
        Nature.DEFINITION,
        "start stop at_start at_stop tolerance from_loop from_node loop node slot tag readback",
    ),
    ("structures.links", Nature.OPERATED, "value actual"),
    ("structures.links", Nature.LIVE, "offset blocked ready"),
    (
        "structures.nodes",
        Nature.DEFINITION,
        "low high balance_ns kind shown first_input last_input first_link last_link",
    ),
    ("structures.nodes", Nature.OPERATED, "value actual"),
    ("structures.nodes", Nature.LIVE, "blocked ready"),
    ("structures.nodes", Nature.DERIVED, "selected"),
    ("structures", Nature.DEFINITION, "inputs"),
    ("structures.remotes", Nature.DEFINITION, "loop tag back_calculates shown"),
    ("structures.remotes", Nature.STATE, "ratio bias joins"),
    ("structures.remotes", Nature.LIVE_CLOCK, "bad_since_ns"),
    # How loops do is summed up since the start; a relay test does not outlive a change.
    ("performance", Nature.DEFINITION, "band normal_mode"),
    (
        "performance",
        Nature.LIVE,
        "observed_s in_control_s normal_s saturated_s pv error absolute_error square_error travel "
        "output_before lobe crossings detections",
    ),
    *(("relays", Nature.DERIVED, name) for name in RELAY.names or ()),
    # Alarms. The columns follow from the row's state and the definition, both the same.
    ("alarms", Nature.DEFINITION, "tag sign"),
    ("alarms", Nature.STATE, "threshold hot"),
    ("alarms.row", Nature.STATE, "limit trip clear"),  # a campaign's, while it is loaded
    (
        "alarms.row",
        Nature.DEFINITION,
        "on_ns off_ns period_ns re_alarm_ns shelve_ns latching group",
    ),
    (
        "alarms.row",
        Nature.STATE,
        "value violated_ns onset_ns annunciated_ns occurrence until_ns utc_ns ticket flags announced "
        "trigger changes order",
    ),
    ("alarms.row", Nature.CLOCK, "since_ns acknowledged_ns shelved_until_ns"),
    ("alarms.derived", Nature.DEFINITION, "slot entry first last reasons"),
    ("alarms.suppressions", Nature.DEFINITION, "entry unit first_phase last_phase first last"),
    ("alarms.suppressions", Nature.DERIVED, "holds"),
    ("alarms", Nature.DEFINITION, "watched suppressed phases members"),
    ("alarms.groups", Nature.DEFINITION, "tie_ns first_member last_member"),
    ("alarms.groups", Nature.ALARM_ROW, "first announced"),
    ("alarms.groups", Nature.STATE, "count onset_ns came_ns indeterminate utc_ns ticket changes"),
    # Expressions. After a restart the time before is a gap: nothing was evaluated meanwhile.
    ("program", Nature.DEFINITION, "code entries inputs"),
    ("memory", Nature.LIVE, "value quality register register_quality"),
    ("memory", Nature.LIVE_CLOCK, "evaluated_ns"),
    ("memory", Nature.STATE, "cells"),
    # Interlocks. One that acts goes on acting, also when its definition changed.
    ("logic.interlocks", Nature.OPERATED, "active announced changes utc_ns ticket"),
    ("logic.interlocks", Nature.STATE, "tripped first_out order"),
    (
        "logic.interlocks",
        Nature.DEFINITION,
        "first last first_condition last_condition group member latched on_bad",
    ),
    ("logic.interlocks", Nature.DERIVED, "demanded waits"),
    # A bypass does not outlive the definition that it was given for; its end is announced then.
    ("logic.bypasses", Nature.CLOCK, "until_ns"),
    ("logic.bypasses", Nature.STATE, "ends_ns utc_ns ticket changes"),
    ("logic.bypasses", Nature.OPERATED, "announced"),
    ("logic.bypasses", Nature.DEFINITION, "most_ns"),
    ("logic.groups", Nature.STATE, "first order utc_ns ticket announced changes"),
    ("logic.groups", Nature.LIVE, "scan"),
    ("logic.units", Nature.OPERATED, "phase"),
    ("logic", Nature.DEFINITION, "forces conditions guards asked"),
    # Outputs. After a restart nothing is written before it is known what the device holds.
    (
        "outputs.slots",
        Nature.LIVE,
        "value sent force resume forced live closing leave_at reason",
    ),
    ("outputs.slots", Nature.LIVE_CLOCK, "sent_ns"),
    ("outputs.slots", Nature.DEFINITION, "safe low high tag device loop link role"),
    ("outputs", Nature.DEFINITION, "slot_of_tag watchdogs"),
    # Whether a device is armed is what people said last; what holds it back is told anew at a start.
    ("outputs.devices", Nature.DEFINITION, "configured"),
    ("outputs.devices", Nature.OPERATED, "commanded"),
    ("outputs.devices", Nature.LIVE, "held"),
    # What is forced or simulated goes on under another configuration, and ends with the process.
    (
        "overrides.rows",
        Nature.LIVE,
        "value ends_ns kind ended ended_utc_ns ended_ticket "
        "under_value under_source_ns under_quality under_status",
    ),
    ("overrides.rows", Nature.LIVE_CLOCK, "until_ns"),
    ("overrides.rows", Nature.TAG_ROW, "tag"),
    ("overrides.rows", Nature.DERIVED, "slot"),
    ("overrides", Nature.DERIVED, "place"),
    ("maps", Nature.DEFINITION, "loop_row"),
    # The engine as a whole. `armed` outlives a restart: a person or the configuration armed it.
    ("counters", Nature.STATE, "occurrences armed"),
    ("counters", Nature.DEFINITION, "arm_at_start"),
    (
        "counters",
        Nature.LIVE,
        "scan armed_announced beats reports_refused outputs_refused statistics_refused "
        "transitions_deferred commands_deferred late unknown forced overruns",
    ),
    ("counters", Nature.LIVE_CLOCK, "scanned_ns beat_ns"),
    ("counters", Nature.DERIVED, "pending forcing testing overrides"),
)

NATURES: Final[dict[str, Nature]] = dict(_declare())
"""Nature of every plain array, and of every field of the structured ones, by its path."""
