"""The simulated plant: process models behind real protocol servers, on loopback.

It shares no code with drivers, control or gateway, so that a mistake there is not answered by
the same mistake here. It reads the site with `config`, and that is all it knows of Cellgate.
"""
