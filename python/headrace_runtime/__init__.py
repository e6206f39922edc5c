"""The interpreter's side of a session: its protocol, its captured output, its runs."""
