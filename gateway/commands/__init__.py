"""The one door that every command comes in by: who, may they, is it sane now, audit, engine."""
