"""OPC UA: subscriptions, polled reads and writes of one server, through asyncua's channel and session."""
