"""Every text of the screens, in one place, so that they can be translated."""

from __future__ import annotations

from typing import Final

LANGUAGE: Final = "en-US"
"""Of these texts, as browsers and screen readers know it."""

# Values
NO_VALUE: Final = "–"
NO_VALUE_YET: Final = "no value has arrived yet"
BAD: Final = "BAD"
STALE: Final = "STALE"
WAITING: Final = "waiting"
DOUBTFUL: Final = " ?"
FORCED: Final = "forced"
SIMULATED: Final = "simulated"
YES: Final = "yes"
NO: Final = "no"
SOURCE_AGE: Final = "measured {age} ago"

# Frame
OVERVIEW: Final = "Overview"
TRENDS: Final = "Trends"
ALARMS: Final = "Alarms"
EVENTS: Final = "Events"
HEALTH: Final = "Health"
LOG_IN: Final = "Log in"
LOG_OUT: Final = "Sign out"
LIGHT_OR_DARK: Final = "Light or dark"
SIZE: Final = "Size of type"
SIZES: Final = {"normal": "Normal", "large": "Large", "wall": "Wall screen"}
NO_ALARMS: Final = "no alarms"
ALARM_COUNTS: Final = "{priority}: {number}, {unacknowledged} to acknowledge"
LINK: Final = {
    "live": "live",
    "no_broker": "NO BROKER: values are stale",
    "offline": "GATEWAY OFFLINE: values are stale",
    "silent": "GATEWAY SILENT: values are stale",
}

# Login
USER: Final = "User"
PASSWORD: Final = "Password"  # noqa: S105 - a label
WRONG_LOGIN: Final = "User or password is wrong"
TOO_MANY: Final = "Too many failures: wait {seconds:.0f} s"
NOT_IN_CONFIG: Final = "The site's configuration has no such user"
LOGIN_HELP: Final = "Logins are made on the server with: cellgate hmi user add SITE.yaml NAME"

# Commands
LOCKED: Final = "The session is locked: log in again"
DONE: Final = "Done: {what}"
REFUSED: Final = "Refused: {reason}"
NOT_ALLOWED: Final = "Not allowed: {reason}"
NO_ANSWER: Final = "No reply: the command may or may not have been carried out"
LOGIN_TO_ACT: Final = "log in to act"

# Faceplate
LOOPS: Final = "Loops"
VALUES: Final = "Values"
INTERLOCKS: Final = "Interlocks and permissives"
PV: Final = "PV"
SP: Final = "SP"
OP: Final = "OP"
MODES: Final = {
    "auto": "AUTO",
    "cascade": "CAS",
    "remote": "RSP",
    "manual": "MAN",
    "out_of_service": "OOS",
    "tracking": "TRACK",
    "tuning": "TUNE",
}
NEW_SET_POINT: Final = "New set-point"
NEW_OUTPUT: Final = "New output (manual only)"
REASON: Final = "Reason"
CHANGE: Final = "Change …"
CONFIRM_SET_POINT: Final = "Set {name} from {before} to {after} {unit}?"
CONFIRM_OUTPUT: Final = "Move the output of {name} from {before} to {after} {unit}?"
CONFIRM_MODE: Final = "Put {name} in {mode}?"
CONFIRM: Final = "Confirm"
CANCEL: Final = "Cancel"
CLOSE: Final = "Close"
OPERATE: Final = "Operate"
TREND_OF_LOOP: Final = "Trend"
GUARDS: Final = "Guards"
TUNING: Final = "Tuning"
PERFORMANCE: Final = "Performance"
PROFILES: Final = "Profiles"
OPEN_TREND: Final = "Open as trend"
NEW_RAMP: Final = "Ramp of the set-point [{unit}/min]"
NO_RAMP: Final = "no ramp"
CONFIRM_RAMP: Final = "Let the set-point of {name} move at {rate} {unit}/min?"
NOT_A_RATE: Final = "Give a rate above 0"
IS_ALREADY: Final = "It is in {mode} already"
NOT_A_NUMBER: Final = "Give a number"
OUT_OF_LIMITS: Final = "Outside {low:g} to {high:g}"
ACTIVE: Final = "ACTIVE"
READY: Final = "ready"
BYPASS_BEGAN: Final = "BYPASSED"
BYPASS_ENDED: Final = "bypass ended"
BYPASSED: Final = "BYPASSED until {until} UTC, {state}"

INTERLOCK: Final = "Interlock: {name}"
PERMITS: Final = "permits"
FORBIDS: Final = "forbids"
DOES_NOT_HOLD: Final = "does not hold"
PERMISSIVE: Final = "Permissive: {name}"
FORCES: Final = "forces {forces}"
NOW: Final = "now {values}"
CAME_FIRST: Final = "CAME FIRST"
HELD_TOO: Final = "held too"
RESET: Final = "Reset"
BYPASS: Final = "Bypass for {minutes:g} min"
END_BYPASS: Final = "End the bypass"
CONFIRM_RESET: Final = "Reset {name}?"
CONFIRM_BYPASS: Final = "Bypass {name} for {minutes:g} min? What it protects from is then not prevented"
CONFIRM_END_BYPASS: Final = "End the bypass of {name}?"

# Tuning, performance, profiles
PARAMETER: Final = "Parameter"
PRESENT: Final = "now"
CONFIGURED: Final = "configured"
NEW_VALUE: Final = "New value"
NONE: Final = "none"
CONFIRM_TUNE: Final = "Change {parameter} of {name} from {before} to {after}?"
RELAY_TEST: Final = "Relay test"
NO_RELAY_TEST: Final = "The configuration allows none for this loop"
RELAY_BOUNDS: Final = "steps up to {amplitude}, ends at ± {deviation} from the set-point"
RELAY_ACTIONS: Final = {"start": "Start", "stop": "Stop"}
CONFIRM_RELAY: Final = {
    "start": "Start a relay test of {name}? Its output will step up and down",
    "stop": "End the relay test of {name}?",
}
RELAY_STATES: Final = {"started": "test runs", "finished": "test finished", "aborted": "test aborted"}
RELAY_CYCLE: Final = ", period {period:.4g} s, ultimate gain {gain:.4g}"
PROPOSAL_COLUMNS: Final = ("Rule", "kp", "ti [s]", "td [s]", "")
USE: Final = "Use"
CONFIRM_PROPOSAL: Final = "Tune {name} as {rule} proposes?"
NO_REPORT: Final = "Each loop is reported every {every}; no report yet"
REPORTED: Final = "Report of {time} UTC over {span}"
FIGURES: Final = {
    "service_percent": "In service", "normal_percent": "In normal mode", "saturated_percent": "At a limit",
    "mean_error": "Mean error", "mean_absolute_error": "Mean absolute error", "iae": "IAE",
    "variability_percent": "Variability (2σ of the mean)", "travel_per_hour": "Output travel per hour",
    "crossings_per_hour": "Set-point crossings per hour",
    "oscillating": "Oscillates",
}  # fmt: skip
PROFILE_STATES: Final = {
    "idle": "idle", "running": "RUNNING", "held": "HELD", "complete": "complete", "aborted": "aborted",
}  # fmt: skip
PROFILE_CAUSES: Final = {
    "command": "by command", "segment": "next segment", "timeout": "timeout", "mode": "mode of the loop",
    "phase": "by phase",
}  # fmt: skip
PROFILE_ACTIONS: Final = {"start": "Start", "hold": "Hold", "resume": "Resume", "abort": "Abort"}
CONFIRM_PROFILE: Final = {
    "start": "Start {name}? Nobody else moves the set-point while it runs", "hold": "Hold {name}?",
    "resume": "Resume {name}?", "abort": "Abort {name}? The set-point stays where it is",
}  # fmt: skip
SEGMENT_TO: Final = "to {goal}"
SEGMENT_RATE: Final = "at {rate}"
SEGMENT_OVER: Final = "over {time}"
SEGMENT_HOLD: Final = "hold {time}"
SEGMENT_UNTIL: Final = "until {condition}"
SEGMENT_WITHIN: Final = "(within {within})"
SEGMENT_TIMEOUT: Final = "[{time} at most, then {then}]"

# Filling line
PACKML: Final = "State"
LINE_STATE: Final = "State: {state}"
LINE_MODE: Final = "Mode: {mode}"
LINE_REASON: Final = "Why: {reason}"
PACKML_COMMANDS_OF: Final = "Commands"
PACKML_COMMANDS: Final = {
    "start": "Start", "stop": "Stop", "hold": "Hold", "unhold": "Unhold", "suspend": "Suspend",
    "unsuspend": "Unsuspend", "complete": "Complete", "reset": "Reset", "clear": "Clear", "abort": "Abort",
}  # fmt: skip
"""By the command, in the order of the buttons."""
CONFIRM_PACKML: Final = "{command} {name}?"
PACKML_MODES_OF: Final = "Mode"
PACKML_MODES: Final = {"production": "Production", "maintenance": "Maintenance", "manual": "Manual"}
CONFIRM_PACKML_MODE: Final = "{name}: mode {mode}?"
SPEED_AND_COUNTERS: Final = "Speed and counters"
THIS_BATCH: Final = "batch"
LINE_SPANS: Final = {THIS_BATCH: "This batch", "3600": "1 h", "28800": "8 h", "86400": "1 d"}
"""By the seconds that are looked back, as text: the choice is kept."""
NO_BATCH_NOW: Final = "In no batch now, or nothing is stored of its beginning"
BATCH_SINCE: Final = "{batch} since {since} UTC: "
OEE: Final = "Effectiveness (OEE)"
OEE_SHORT: Final = "OEE"
AVAILABILITY: Final = "Availability"
PERFORMANCE_OF_LINE: Final = "Performance"
QUALITY: Final = "Quality"
OEE_OF: Final = "{good} good of {total}; ran {run} of {planned} planned"
OEE_UNKNOWN: Final = "; nothing known of {time}"
OEE_TOO_FAST: Final = "; faster than its design speed: is that right?"
REJECTS: Final = "Rejects by reason"
STOPS: Final = "Stops"
NO_STOPS: Final = "No stop in this time"
LASTS: Final = " …"
WEIGHTS: Final = "Fill weights"
RUN_CHART: Final = "Weights one by one"
NO_WEIGHTS: Final = "No weights in the last 15 minutes"
WEIGHED: Final = "Last {count} weights: mean {mean:.4g} {unit}"
DEVIATION: Final = "deviation {deviation:.3g} {unit}"
WEIGHT_LIMITS: Final = "limits {low:.4g} to {high:.4g} {unit}"
CPK: Final = "Cpk {cpk:.2f}, {outside} outside"

# Clean rooms
CASCADE: Final = "Pressure cascade"
OUTSIDE: Final = "outside"
GRADE: Final = "Grade {grade}"
PARTICLES_05: Final = "Particles ≥ 0.5 µm"
PARTICLES_5: Final = "Particles ≥ 5 µm"
OVER_ROOM: Final = "Over {room}"
TEMPERATURE: Final = "Temperature"
HUMIDITY: Final = "Humidity"
DOOR_OPEN: Final = "door OPEN"
DOOR_CLOSED: Final = "door closed"
DOOR_UNKNOWN: Final = "door ?"
LIMIT_IS: Final = "limit {limit} 1/m^3 in operation"
NO_LIMIT: Final = "no limit is given for this grade"

# Units
RANGE: Final = "range {low:g} to {high:g} {unit}"
FROM_DEVICE: Final = "read from {device}"
CALCULATED: Final = "calculated: {expression}"
CAMPAIGN: Final = "campaign"
BATCH: Final = "batch"
PHASE: Final = "phase"
REASON_NUMBER: Final = "reason {number}"
RECENT: Final = "last 5 minutes"

# Trends
TAGS: Final = "Tags"
LIVE: Final = "Live"
SPANS: Final = {
    60: "1 min", 300: "5 min", 1800: "30 min", 3600: "1 h", 28800: "8 h", 86400: "1 d",
    604800: "7 d", 2592000: "30 d",
}  # fmt: skip
NO_HISTORY: Final = "The store does not answer: {reason}"
EARLIER: Final = "Earlier"
LATER: Final = "Later"
COPY_LINK: Final = "Copy a link to this stretch of time"
LINK_COPIED: Final = "Copied; the address of this page reopens this view, too"
TAG_LIST: Final = "List of tags"
DRAG_TAGS: Final = "Drag a tag onto the chart, or tap it"
MORE_TAGS: Final = "… and {number} more: type to find them"
NO_SUCH_TAG: Final = "There is no tag {name} that can be drawn"
ENOUGH_TAGS: Final = "A trend has at most eight tags"
MARKS: Final = "Marks"
MARK_KINDS: Final = {"phases": "Phases", "alarms": "Alarms", "events": "Events"}
LAY_OVER: Final = "Lay over"
LAY_OVER_TITLE: Final = "Lay batches or phases over one another, by the time since their start"
BY_TIME: Final = "By time"
REPORTS_LOST: Final = "{count} messages will not come: {why}"
LOSSES: Final = {
    "dropped": "the journal let the oldest go, for room or age",
    "trimmed": "asked for again, and no longer kept",
    "quarantined": "no broker takes them",
}
LEVELS: Final = {"batch": "Batches", "phase": "Phases"}
BATCH_COLUMNS: Final = {
    "unit": "Unit", "campaign": "Campaign", "batch": "Batch", "phase": "Phase", "start": "Start (UTC)",
    "length": "Length",
}  # fmt: skip
GOES_ON: Final = "goes on"
GROUPS: Final = "Saved groups"
GROUP_NAME: Final = "Name"
SAVE_GROUP: Final = "Save these"
FORGET_GROUP: Final = "Forget {name}"
LOGIN_FOR_GROUPS: Final = "Log in to save groups of your own"
EXPORT: Final = "Export"
EXPORT_CSV: Final = "CSV: every stored report"
EXPORT_PNG: Final = "Picture (PNG)"
EXPORT_SVG: Final = "Picture (SVG)"
NOTHING_TO_EXPORT: Final = "Nothing to export: the address needs tags that you may see, from and to"
TREND_WORDS: Final = {
    "chart": "Trend. Arrows move it, plus and minus zoom, A and B place cursors, End follows the present",
    "cursor": "Cursor", "tag": "Tag", "now": "Now", "least": "Min", "mean": "Mean", "greatest": "Max",
    "unit": "Unit", "show": "Show",
}  # fmt: skip

# Alarms
SUMMARY: Final = "Present alarms"
JOURNAL: Final = "Journal"
ACKNOWLEDGE: Final = "Acknowledge"
ALARM_COLUMNS: Final = {
    "priority": "Priority", "state": "State", "alarm": "Alarm", "unit": "Unit", "type": "Type",
    "value": "Value / limit", "since": "Since (UTC), age", "active": "Condition holds",
    "until": "Until (UTC), left", "silent": "Silent since (UTC)", "by": "By",
}  # fmt: skip
ALARM_STATES: Final = {
    "A": "normal", "B": "UNACKNOWLEDGED", "C": "acknowledged", "D": "returned, unacknowledged",
    "E": "latched, unacknowledged", "F": "latched", "G": "shelved", "H": "suppressed", "I": "out of service",
}  # fmt: skip
ALARM_TYPES: Final = {
    "high_high": "high high", "high": "high", "low": "low", "low_low": "low low", "deviation": "deviation",
    "rate_of_change": "rate of change", "discrete": "state", "off_normal": "off normal",
    "discrepancy": "does not follow", "communication": "no communication", "instrument": "instrument",
}  # fmt: skip
CAUSE: Final = "Cause"
CONSEQUENCE: Final = "Consequence"
ACTION: Final = "Action"
TIME_TO_RESPOND: Final = "Time to respond"

# Events and health
EVENT_COLUMNS: Final = {"time": "Time (UTC)", "unit": "Unit", "type": "Kind", "what": "What", "who": "Who"}
EVENT_KINDS: Final = {
    "alarm": "Alarm", "alarm_first_out": "First alarm of a group", "armed": "Outputs armed",
    "autotune": "Relay test", "bypass": "Bypass", "command": "Command", "condition": "Device's own alarm",
    "configuration": "Configuration", "context": "Campaign, batch, phase", "device": "Device",
    "device_notice": "Device's notice", "engine": "Engine", "first_out": "First interlock of a group",
    "gap": "Records lost", "gateway": "Gateway", "interlock": "Interlock", "journal": "Journal",
    "override": "Forced or simulated",
    "loop_performance": "Loop performance", "mode": "Mode", "profile": "Profile", "set_point": "Set-point",
    "tuning": "Tuning",
}  # fmt: skip
KINDS: Final = "Kinds"
COMMAND_DONE: Final = "done"
NO_CONTEXT: Final = "no campaign, batch or phase any more"
WHOLE_GATEWAY: Final = "Gateway as a whole"
EVENTS_SHOWN: Final = "{count} events"
EVENTS_MORE: Final = "; what was before {time} UTC has not been read"
SEARCH: Final = "Filter"
DEVICES: Final = "Devices"
ENGINE: Final = "Scan"
LATENESS: Final = "How late scans began"
DURATION: Final = "How long scans took"
STREAM: Final = "From report to store"
SERVICES: Final = "Services"
CLOCKS: Final = "Clocks"
DEVICE_COLUMNS: Final = {
    "name": "Device", "state": "State", "quality": "Quality of its tags",
    "latency": "Latency, median (worst)",
    "age": "Age of data", "clock": "Clock", "samples": "Samples", "written": "Written",
    "failed": "Write failures", "reason": "Reason",
}  # fmt: skip
QUALITY_SHARES: Final = "{good} good, {uncertain} uncertain, {bad} bad"
CLOCK_OFFSET: Final = "{ms:+.0f} ms"
SCAN_FIGURES: Final = {
    "scans": "Scans", "overruns": "Periods missed", "reports_refused": "Reports refused",
    "lateness_p50_us": "Late, median, µs", "lateness_p99_us": "Late, 99 %, µs",
    "lateness_p100_us": "Late, worst of the latest, µs", "duration_p50_us": "Took, median, µs",
    "duration_p99_us": "Took, 99 %, µs", "duration_p100_us": "Took, worst of the latest, µs",
}  # fmt: skip
LOOP_LAG: Final = "Worst lag of the {loop} loop, ms"
JOURNAL_FIGURES: Final = {
    "points": "Points journalled", "events": "Events journalled", "lost": "Records lost",
}  # fmt: skip
JOURNAL_DEPTH: Final = "Journal: records that a historian still lacks"
JOURNAL_SIZE: Final = "Journal: size, MB (of {most:,.0f})"
FORWARD_FIGURES: Final = {
    "sent": "Messages sent", "repeated": "Messages sent again", "acknowledged": "Acknowledged by the broker",
    "refused": "Not taken by the broker", "quarantined": "Set aside",
}  # fmt: skip
BROKER: Final = "Broker"
BROKER_STATES: Final = {True: "connected", False: "LOST"}
GATEWAY: Final = "Gateway"
CONFIGURATION: Final = "Configuration"
NOT_UNDERSTOOD: Final = "Messages not understood here"
HISTORIAN_STATE: Final = "{name}"
WELL: Final = "well, heard {age} ago"
NOT_WELL: Final = "NOT WELL, heard {age} ago"
HISTORIAN_OFFLINE: Final = "OFFLINE, heard {age} ago"
HISTORIAN_FIGURES: Final = {
    "points_stored": "points stored", "waiting": "messages that wait for the store", "gaps": "open gaps",
    "quarantined": "set aside", "trouble": "trouble",
}  # fmt: skip
GATEWAY_CLOCK: Final = "Gateway's clock"
SYNCHRONISED: Final = "kept by a time service, off by {ms:.1f} ms at most"
NOT_SYNCHRONISED: Final = "NOT kept by a time service"
CLOCK_UNKNOWN: Final = "the platform does not tell"
CLOCK_AGAINST_OURS: Final = "Its health, when it arrives here, is old by"
CLOCK_OF: Final = "{device}, against the gateway"
MORE_THAN: Final = "over"
NOT_FOUND: Final = "There is no such unit"

# Sessions
ROLE: Final = "role {role}"
LOCK: Final = "Lock"
UNLOCK: Final = "Unlock"
LOCKED_FOR: Final = "Locked. The password of {user} opens it again."
ANOTHER_USER: Final = "Another user …"
VIEW_WITHOUT_LOGIN: Final = "Look without login"
CHANGE_PASSWORD: Final = "Change password …"  # noqa: S105 - a label
OLD_PASSWORD: Final = "Present password"  # noqa: S105 - a label
NEW_PASSWORD: Final = "New password"  # noqa: S105 - a label
NEW_PASSWORD_AGAIN: Final = "New password again"  # noqa: S105 - a label
NOT_THE_SAME: Final = "The two new passwords are not the same"
BAD_PASSWORDS: Final = {
    "wrong": "The present password is wrong",
    "too_short": "A password has 12 characters at least",
    "too_plain": "Choose one that is new, without your name, with more different characters",
}

# Banner
PAGES: Final = "Pages"
UNITS: Final = "Units"
BANNER: Final = "Alarms"
SILENCE: Final = "Silence"
MUTE: Final = "Alarm sound off"
SOUND_BLOCKED: Final = "no sound: press"

# Alarm pages
SILENT: Final = "Shelved, suppressed, out of service"
SHELVED: Final = "Shelved by operators"
SUPPRESSED: Final = "Suppressed by design"
OUT_OF_SERVICE: Final = "Out of service"
NONE_SILENT: Final = "none"
UNIT: Final = "Unit"
PRIORITY: Final = "Priority"
ALL: Final = "all"
MARK_ALL: Final = "Mark all of the page"
MARK_ONE: Final = "Mark"
UNACKNOWLEDGED_ONLY: Final = "unacknowledged only"
HIDDEN: Final = "{number} more are hidden by the filter"
ACTS: Final = "Actions"
FIRST: Final = "FIRST"
PRIORITIES: Final = {"critical": "1 Critical", "high": "2 High", "medium": "3 Medium", "low": "4 Low"}
ACTIONS: Final = {
    "acknowledge": "Acknowledge", "reset": "Reset", "shelve": "Shelve …", "unshelve": "Unshelve",
    "remove_from_service": "Out of service …", "return_to_service": "Return to service",
}  # fmt: skip
ACKNOWLEDGE_MARKED: Final = "Acknowledge marked"
ACKNOWLEDGE_PAGE: Final = "Acknowledge page"
ACKNOWLEDGE_MANY: Final = "Acknowledge {number} of {unit}"
RESET_GROUP: Final = "Reset first-out"
NEVER_SHELVED: Final = "its class forbids to shelve it"
SHELVE_FOR: Final = "For how long"
COMMENT: Final = "Comment"
NEEDED: Final = "{what} is needed"
CONFIRMATION: Final = "How to tell that it is real"
BASIS: Final = "Basis of the limit"
APPROVAL: Final = "Approved by"
CLASS: Final = "class"
HAPPENED: Final = "What happened"
SPAN: Final = "Over"
UNTIL_UTC: Final = "Until (UTC)"
ALARM_CAUSES: Final = {
    "raise": "came", "clear": "went", "acknowledge": "acknowledged", "reset": "reset",
    "re-alarm": "called again", "shelve": "shelved", "unshelve": "unshelved",
    "expire": "shelf time over", "suppress": "suppressed",
    "unsuppress": "suppression over", "remove": "out of service", "return": "back in service",
    "first_out": "first out",
}  # fmt: skip
JOURNAL_COLUMNS: Final = {
    "time": "Time (UTC)", "priority": "Priority", "alarm": "Alarm", "unit": "Unit",
    "happened": "What happened", "state": "State", "value": "Value", "by": "By",
}  # fmt: skip
CANNOT_BE_TOLD: Final = "cannot be told"
GROUP_RESET: Final = "group reset"
NO_ENTRIES: Final = "nothing in this time"
ENTRIES: Final = "{number} entries read"
READ_ON: Final = "Read further back"
CONSOLE: Final = "Console"
MEASURING: Final = "reading …"
ALARMS_CALLED: Final = "{number} alarms called"
TOO_FEW_DAYS: Final = "fewer than 30 days are too few to judge by"
MEASURES: Final = "Measures (ISA-18.2, EEMUA 191, as commonly cited)"
MEASURE_COLUMNS: Final = {
    "measure": "Measure", "value": "Value", "good": "Good up to", "most": "Manageable up to",
    "verdict": "Verdict",
}  # fmt: skip
VERDICTS: Final = {"good": "good", "manageable": "manageable", "bad": "TOO MANY"}
TOP_TEN: Final = "The ten most frequent"
PRIORITIES_CALLED: Final = "Priorities that called"
ABOUT: Final = "about {share}"
NUISANCES: Final = "Nuisances"
CHATTERING: Final = "Chattering"
INDEX: Final = "index {index:.3f}/s"
FLEETING: Final = "Fleeting"
STALE_ALARMS: Final = "Standing for more than a day"
FLOODS: Final = "Floods"
FLOOD: Final = "{begin} to {end}: {number} alarms"
SILENCED: Final = "Silenced"
