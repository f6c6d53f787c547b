"""How to talk to equipment: one package per protocol behind one `Driver` protocol (`drivers.api`)."""
