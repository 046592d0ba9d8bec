"""What `python -m bot` can do: a subcommand a file, named as it is typed. Only the one that was asked for is loaded."""
