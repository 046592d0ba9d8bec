"""What stands between a turn and a vendor: every model call passes here, so each rule is kept in one place."""
