"""Each file ends in a `CHECK`; adding one is adding a file, a row in docs/doctor.md and a test that plants what it finds."""
