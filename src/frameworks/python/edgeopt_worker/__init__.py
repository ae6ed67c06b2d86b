"""A framework's model behind edgeopt's agent protocol (docs/agent-protocol.md): one process, one model.

Besides the protocol's hello, load, run, inputs, bench, memory, unload and shutdown it knows `describe` and `export`.
"""
