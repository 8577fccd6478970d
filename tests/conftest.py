"""Tests started in the background ignore SIGINT; those that press Ctrl-C need it as it is in a terminal."""

import signal

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
