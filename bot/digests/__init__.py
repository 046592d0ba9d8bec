"""What comes later and again: digests that people asked for, on a schedule, each once."""
