"""From the engine's reports to the broker: report, journal, forward, and the words on the wire."""
