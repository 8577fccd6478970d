"""Objects in an editor: what ``edit`` and ``apply edit-last-applied`` share."""
