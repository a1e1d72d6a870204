"""Files that people bring: read apart from the server, with limits, and kept by their content.

`shelf` is where what was read lies, `readers` has a file per sort of file, `worker` is the process
that reads one, `desk` takes files in. Nothing of a file is ever run, unpickled or computed.
"""
