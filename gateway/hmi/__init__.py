"""The operator's view: pages in a browser, from what a subscriber sees and what the historian keeps."""
