"""The gateway as a Sparkplug B 3.0 edge node: a sink apart, with a connection and a will of its own.

What it sends is read from the journal behind the reports, and the journal never waits for it.

    layout.py     a configuration as devices and metrics; templates.py the classes of equipment
    births.py     the image as births;  data.py reports as data;  shown.py what hosts were shown last
    rules.py      bdSeq, primary host, coalesced rebirths: small state machines, pure
    journal_feed.py   the journal read twice: the present, and what is sent again as historical
    commands.py   NCMD and DCMD to the command door
    connection.py     before births and after data;  transmitter.py  a connection's one writer
    node.py           one connection after the other;  presence.py  which devices are there
"""
