"""What the commands over a server's objects share: how they reach it, what their arguments mean, how they fail."""
