"""Client-side apply: what was applied last, what is wanted now and what there is make one patch."""
