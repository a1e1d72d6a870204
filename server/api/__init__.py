"""REST routers, the live socket, pages. Thin: parse, call, answer."""
