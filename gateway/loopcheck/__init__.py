"""Loop check: drive outputs, compare inputs with a reference, and write the sheet that is signed."""
