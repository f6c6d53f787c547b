"""What the tests of expressions share: an evaluator in plain Python, random trees, a rig."""
