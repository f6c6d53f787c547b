"""The demo: a whole site on one machine, from the simulated equipment to the stored trend."""
