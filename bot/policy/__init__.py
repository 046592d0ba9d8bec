"""The administrator's policy: which model may be asked by whom, where, about what; and which one answers by itself."""
