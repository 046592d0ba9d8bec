"""What goes into an answer and what hangs on it, apart from the command that asks for it."""
