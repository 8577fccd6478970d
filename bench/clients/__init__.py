"""Client libraries compared: each watches the same server's ConfigMaps from a process of its own, which is measured.

``contenders`` says who takes part and how far each can go. ``comparison`` stores the objects, starts one ``with_…``
module after the other and measures it from outside (``watched_process``). ``report`` prints what came out beside what
was measured before with client-go. The ``with_…`` modules speak one line protocol, ``orders``, so that all are measured
in the same way. See docs/benchmarks.md, "Clients".
"""
