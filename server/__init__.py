"""Layerlab: a neural-network playground that trains on the server."""

__version__ = "0.1.0"
