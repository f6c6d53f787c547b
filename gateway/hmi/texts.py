"""Every text of the screens, in one place, so that they can be translated."""

from __future__ import annotations

from typing import Final

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
LOG_OUT: Final = "Lock"
NOT_LOGGED_IN: Final = "viewing"
DARK: Final = "Light or dark"
NO_ALARMS: Final = "no alarms"
ALARM_COUNTS: Final = "{active} active, {unacknowledged} to acknowledge"
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
LOGIN_HELP: Final = "Logins are made on the server with: cellgate hmi SITE.yaml --add-user NAME"

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
INTERLOCKS: Final = "Interlocks"
PROCESS: Final = "Process"
PV: Final = "PV"
SP: Final = "SP"
OP: Final = "OP"
AUTO: Final = "AUTO"
MANUAL: Final = "MAN"
MODES: Final = {"auto": AUTO, "manual": MANUAL}
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
TREND_OF_LOOP: Final = "Trend"
NOT_A_NUMBER: Final = "Give a number"
OUT_OF_LIMITS: Final = "Outside {low:g} to {high:g}"
ACTIVE: Final = "ACTIVE"
READY: Final = "ready"

# Trends
TAGS: Final = "Tags"
LIVE: Final = "Live"
SPANS: Final = {
    60: "1 min", 300: "5 min", 1800: "30 min", 3600: "1 h", 28800: "8 h", 86400: "1 d",
    604800: "7 d", 2592000: "30 d",
}  # fmt: skip
NO_HISTORY: Final = "The store does not answer: {reason}"
NO_TAGS: Final = "Choose tags to see their trend"
EARLIER: Final = "Earlier"
LATER: Final = "Later"
COPY_LINK: Final = "The address of this page reopens this view"

# Alarms
SUMMARY: Final = "Present alarms"
JOURNAL: Final = "Journal"
ACKNOWLEDGE: Final = "Acknowledge"
ACKNOWLEDGE_ALL: Final = "Acknowledge all shown"
ALARM_COLUMNS: Final = {
    "priority": "Priority", "state": "State", "name": "Alarm", "what": "What", "value": "Value",
    "limit": "Limit", "onset": "Since (UTC)", "age": "Age",
}  # fmt: skip
ALARM_STATES: Final = {
    "A": "normal", "B": "UNACKNOWLEDGED", "C": "acknowledged", "D": "returned, unacknowledged",
    "E": "latched, unacknowledged", "F": "latched", "G": "shelved", "H": "suppressed", "I": "out of service",
}  # fmt: skip
ALARM_TYPES: Final = {"high_high": "high high", "high": "high", "low": "low", "low_low": "low low"}
CAUSE: Final = "Cause"
CONSEQUENCE: Final = "Consequence"
ACTION: Final = "Action"
TIME_TO_RESPOND: Final = "Time to respond"

# Events and health
EVENT_COLUMNS: Final = {"time": "Time (UTC)", "unit": "Unit", "type": "Type", "what": "What", "who": "Who"}
SEARCH: Final = "Filter"
DEVICES: Final = "Devices"
ENGINE: Final = "Engine"
STREAM: Final = "From report to store"
SERVICES: Final = "Services"
DEVICE_COLUMNS: Final = {
    "name": "Device", "state": "State", "age": "Age of data", "samples": "Samples", "written": "Written",
    "failed": "Write failures", "reason": "Reason",
}  # fmt: skip
NOT_FOUND: Final = "There is no such unit"
