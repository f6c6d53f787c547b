"""Modbus: plan (addresses to reads), codec and encode, links to the wire, driver."""
