"""What deploy/doctor runs: which checks, of what, in which order, and how they are reported."""
