"""Others doing the same work, each in a process of its own (see peer.py for the protocol)."""
