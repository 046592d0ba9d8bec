"""The sections of the admin page, one a file, each with the constant `SECTION`."""
