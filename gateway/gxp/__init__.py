"""Records a GMP inspector accepts: who did what, when, why, and the proof that nothing was altered."""
