"""An admission plugin for Steersman: passwords in Secrets have a least length."""
