"""The stages of a scan, one file each, in the order in which `control.scan` calls them."""
